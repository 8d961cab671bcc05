// swift-format-ignore-file

/// The dashboard: one page without anything from elsewhere, fed by server-sent events.
enum DashboardPage {
    static let html = #"""
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sluice</title>
<style>
:root { color-scheme: light dark;
  --bg: light-dark(#f6f7f9, #12151a); --card: light-dark(#fff, #1b2027); --line: light-dark(#dfe3e8, #2d353f);
  --text: light-dark(#1b1f24, #e6eaef); --dim: light-dark(#57606a, #98a3b0); --good: light-dark(#177245, #4cc38a);
  --bad: light-dark(#b3261e, #ff7b72); --wait: light-dark(#8a5a00, #e3b341); --go: light-dark(#0b61c4, #6cb6ff); }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; background: var(--bg); color: var(--text); }
header { display: flex; gap: 1rem; align-items: baseline; padding: 1rem 1.5rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.2rem; margin: 0; } #link { color: var(--dim); }
main { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; padding: 1.5rem; max-width: 72rem; margin: auto; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.25rem; overflow-x: auto; }
h2 { font-size: 1.05rem; margin: 0; display: inline; } h3 { font-size: .85rem; margin: 1rem 0 .3rem; color: var(--dim); font-weight: 600; }
.badge { border-radius: 999px; padding: .1rem .6rem; font-size: .8rem; font-weight: 600; border: 1px solid currentColor; }
.Healthy, .Successful, .Released { color: var(--good); } .Degraded, .Failed, .Error, .Rejected { color: var(--bad); }
.Paused, .Inconclusive { color: var(--wait); } .Progressing, .Running, .Pending, .Syncing { color: var(--go); }
.head { display: flex; gap: .75rem; align-items: center; flex-wrap: wrap; } .dim { color: var(--dim); }
.waiting { margin: .6rem 0 0; padding: .5rem .75rem; border-left: 3px solid var(--wait); background: color-mix(in srgb, var(--wait) 9%, transparent); }
ol.steps { list-style: none; display: flex; flex-wrap: wrap; gap: .35rem; margin: 0; padding: 0; }
ol.steps li { padding: .1rem .55rem; border: 1px solid var(--line); border-radius: 6px; font-size: .82rem; color: var(--dim); }
ol.steps li.done { color: var(--good); } ol.steps li.current { color: var(--text); border-color: var(--go); box-shadow: inset 0 0 0 1px var(--go); }
.weight { display: flex; height: 1.4rem; border-radius: 6px; overflow: hidden; border: 1px solid var(--line); font-size: .78rem; }
.weight span { display: flex; align-items: center; justify-content: center; min-width: 0; white-space: nowrap; transition: flex-grow .5s; overflow: hidden; }
.weight .canary { background: color-mix(in srgb, var(--wait) 40%, var(--card)); } .weight .stable { background: color-mix(in srgb, var(--good) 25%, var(--card)); }
table { border-collapse: collapse; width: 100%; font-size: .87rem; } th { text-align: left; font-weight: 600; color: var(--dim); }
td, th { padding: .2rem .6rem .2rem 0; vertical-align: top; } td code { white-space: nowrap; } code { font: .85em ui-monospace, monospace; }
.pod { display: inline-block; width: .8rem; height: .8rem; border-radius: 50%; margin-right: .2rem; border: 2px solid var(--go); }
.pod.ready { background: var(--good); border-color: var(--good); } .pod.bad { background: var(--bad); border-color: var(--bad); }
.value { display: inline-block; padding: 0 .4rem; margin: 0 .2rem .2rem 0; border: 1px solid currentColor; border-radius: 4px; font: .8rem ui-monospace, monospace; }
button { font: inherit; padding: .25rem .8rem; border-radius: 6px; border: 1px solid var(--line); background: var(--bg); color: var(--text); cursor: pointer; }
button:hover { border-color: var(--go); } .actions { margin-left: auto; display: flex; gap: .4rem; }
#empty { text-align: center; color: var(--dim); padding: 3rem; }
</style>
</head>
<body>
<header><h1>Sluice</h1><span class="dim">rollouts, live</span><span id="link" role="status">connecting…</span></header>
<main id="list" aria-live="polite"><p id="empty">Looking for rollouts…</p></main>
<script>
"use strict";
const list = document.getElementById("list"), link = document.getElementById("link"), seen = new Map();
const el = (tag, cls, text) => { const e = document.createElement(tag); if (cls) e.className = cls; if (text !== undefined) e.textContent = text; return e; };
const id = r => r.namespace + "/" + r.name;
function section(card, title, node) { card.append(el("h3", "", title), node); }
function weightBar(r) {
  const bar = el("div", "weight"), w = r.actualWeight ?? 0;
  bar.setAttribute("role", "img"); bar.setAttribute("aria-label", `canary ${w} percent, stable ${100 - w} percent`);
  const c = el("span", "canary", w > 6 ? `canary ${w} %` : ""), s = el("span", "stable", w < 94 ? `stable ${100 - w} %` : "");
  c.style.flexGrow = w; s.style.flexGrow = 100 - w; bar.append(c, s); return bar;
}
function draw(r) {
  const card = el("article"); card.id = id(r);
  const head = el("div", "head");
  head.append(el("h2", "", r.name), el("span", "dim", r.namespace), el("span", "badge " + r.phase, r.phase || "Unknown"));
  if (r.message) head.append(el("span", "dim", r.message));
  const actions = el("div", "actions");
  const verbs = r.phase === "Degraded" ? [["retry", "Retry"]] : r.phase === "Healthy" ? [["restart", "Restart"]] : [["promote", "Promote"], ["promoteFull", "Promote fully"], ["abort", "Abort"]];
  for (const [verb, label] of verbs) {
    const b = el("button", "", label); b.setAttribute("aria-label", `${label} ${id(r)}`);
    b.onclick = async () => {
      if (verb !== "promote" && verb !== "retry" && !confirm(`${label}: ${id(r)}?`)) return;
      const a = await fetch(`api/v1/rollouts/${r.namespace}/${r.name}/${verb}`, { method: "PUT" });
      if (!a.ok) alert((await a.text()) || a.statusText);
    };
    actions.append(b);
  }
  if (r.actionsEnabled) head.append(actions);
  card.append(head);
  if (r.waiting) {
    const w = el("p", "waiting"); w.append(el("strong", "", r.waiting.reason + ": "), r.waiting.message || "");
    if (r.waiting.since) w.append(el("span", "dim", ` since ${new Date(r.waiting.since).toLocaleTimeString()}`));
    if (r.waiting.movedBy) w.append(el("span", "dim", ` — ${r.waiting.movedBy}`));
    card.append(w);
  }
  if (r.steps?.length) {
    const ol = el("ol", "steps");
    for (const s of r.steps) { const li = el("li", s.state, s.text); if (s.state === "current") li.setAttribute("aria-current", "step"); ol.append(li); }
    section(card, `Steps ${r.step}/${r.steps.length}`, ol);
  }
  if (r.strategy === "Canary") section(card, "Traffic", weightBar(r));
  if (r.revisions?.length) {
    const t = el("table"), h = el("tr"); for (const c of ["Revision", "ReplicaSet", "Role", "Image", "Ready", "Pods"]) h.append(el("th", "", c)); t.append(h);
    for (const v of r.revisions) {
      const tr = el("tr"), name = el("td"); name.append(el("code", "", v.name));
      tr.append(el("td", "", v.revision), name, el("td", "", (v.roles || []).join(", ")), el("td", "", v.image || ""), el("td", "", `${v.available}/${v.replicas}`));
      const pods = el("td");
      for (const p of v.pods || []) { const d = el("span", "pod " + (p.ready ? "ready" : /BackOff|Error|Failed/.test(p.status) ? "bad" : "")); d.title = `${p.name}: ${p.status}`; d.setAttribute("role", "img"); d.setAttribute("aria-label", d.title); pods.append(d); }
      tr.append(pods); t.append(tr);
    }
    section(card, "Revisions", t);
  }
  if (r.analysisRuns?.length) {
    const t = el("table");
    for (const a of r.analysisRuns) {
      const tr = el("tr"), values = el("td"); tr.append(el("td", a.phase, a.phase));
      const n = el("td"); n.append(el("code", "", a.name)); tr.append(n);
      for (const m of a.metrics || []) {
        values.append(el("span", "dim", m.name + " "));
        for (const x of m.measurements || []) { const v = el("span", "value " + (x.outcome === "no-data" ? "Inconclusive" : x.phase), x.outcome === "no-data" ? "no data" : x.value || x.phase); v.title = x.message || x.phase; values.append(v); }
      }
      if (a.message) values.append(el("div", "dim", a.message));
      tr.append(values); t.append(tr);
    }
    section(card, "Analysis", t);
  }
  if (r.verdict) {
    const p = el("p"); p.append(el("span", "badge " + r.verdict.phase, r.verdict.phase), " ", el("code", "", (r.verdict.revision || "").slice(0, 12)), " " + (r.verdict.message || r.verdict.reason || ""));
    section(card, "Commit", p);
  }
  return card;
}
function put(r) {
  seen.set(id(r), r); document.getElementById("empty")?.remove();
  const old = document.getElementById(id(r)), card = draw(r);
  if (old) { const active = document.activeElement?.getAttribute?.("aria-label"); old.replaceWith(card); if (active) card.querySelector(`[aria-label="${CSS.escape(active)}"]`)?.focus(); return; }
  const next = [...list.children].find(e => e.id > card.id); list.insertBefore(card, next ?? null);
}
function none() { if (seen.size === 0 && !document.getElementById("empty")) { const p = el("p"); p.id = "empty"; list.append(p); } const p = document.getElementById("empty"); if (p) p.textContent = "No rollouts yet."; }
async function full(r) { try { const a = await fetch(`api/v1/rollouts/${r.namespace}/${r.name}`); if (a.ok) put(await a.json()); } catch { put(r); } }
function connect() {
  const source = new EventSource("api/v1/rollouts/watch");
  source.onopen = () => { link.textContent = "● live"; };
  source.onerror = () => { link.textContent = "○ reconnecting…"; };
  source.addEventListener("list", e => { const items = JSON.parse(e.data), keys = new Set(items.map(id));
    for (const k of [...seen.keys()]) if (!keys.has(k)) { document.getElementById(k)?.remove(); seen.delete(k); }
    items.slice(0, 200).forEach(full); if (items.length === 0) none();
    link.textContent = items.length > 200 ? `● live, the first 200 of ${items.length}` : "● live"; });
  source.addEventListener("rollout", e => put(JSON.parse(e.data)));
  source.addEventListener("gone", e => { const k = id(JSON.parse(e.data)); document.getElementById(k)?.remove(); seen.delete(k); if (seen.size === 0) none(); });
}
connect();
</script>
</body>
</html>
"""#
}
