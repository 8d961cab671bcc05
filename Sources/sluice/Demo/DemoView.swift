import EmbeddedCluster
import Manifest

/// Draws the demo as a live tree: the rollout's steps and weight, its pods by colour, what answered, and the verdicts.
struct DemoView: Sendable {
    /// Escape codes for the colours that versions are called by.
    private static let colours = ["blue": "34", "green": "32", "red": "31", "yellow": "33", "purple": "35"]
    private static let barWidth = 40

    var usesColour: Bool

    /// A picture that fits the terminal: where there is little room, old notes go first.
    func picture(welcome: [String], story: [String], notes: [String], rows height: Int) -> [String] {
        // The last row stays free.
        let rows = max(1, height - 1)
        var lines = welcome + [""] + story
        // With few rows, blank lines are worth less than news.
        if lines.count + 1 + min(notes.count, 4) > rows { lines.removeAll(where: \.isEmpty) }
        let room = rows - lines.count - 1
        if room > 0 { lines += [""] + notes.suffix(room) }
        return lines
    }

    /// The story so far, as a tree.
    func lines(act: Int, commit: String, state: DemoState, load: LoadGenerator.Tally) -> [String] {
        var lines: [String] = []
        let title =
            switch act {
            case 1: "Act 1: a good version"
            case 2: "Act 2: a bad version"
            case 3: "Act 3: a hand edit"
            default: "The shop opens"
            }
        lines.append(bold(title) + (commit.isEmpty ? "" : "   commit \(commit.prefix(7))"))
        lines.append("")
        let status = state.rollout["status"]
        let step = status?["currentStepIndex"]?.intValue ?? 0
        let steps = state.rollout.at("spec", "strategy", "canary", "steps")?.arrayValue?.count ?? 0
        lines.append("rollout/shop   \(icon(state.rolloutPhase)) \(state.rolloutPhase)   step \(step)/\(steps)")
        if let message = status?["message"]?.stringValue, !message.isEmpty { lines.append("│  \(message)") }
        lines.append("├─ canary \(bar(Int(state.weight))) \(state.weight) %")
        lines.append("├─ pods   \(pods(state))")
        for run in state.runs.values.sorted(by: { $0.objectKey < $1.objectKey }).suffix(3) {
            let phase = run.at("status", "phase")?.stringValue ?? "Pending"
            lines.append("├─ \(icon(phase)) analysis \(run.objectKey.name)   \(measurements(run))")
        }
        let total = max(1, load.versions.values.reduce(0, +))
        let shares = load.versions.sorted { $0.key < $1.key }.filter { !$0.key.isEmpty }
            .map { paint("\($0.key) \($0.value * 100 / total) %", $0.key) }
        lines.append("└─ answers \(shares.joined(separator: "  "))   errors \(load.errors)   lost \(load.lost)")
        lines.append("")
        for release in state.releases.values.sorted(by: { Self.age($0) < Self.age($1) }).suffix(4) {
            let phase = release.at("status", "phase")?.stringValue ?? "Syncing"
            let revision = release.at("spec", "revision")?.stringValue?.prefix(7) ?? ""
            let reason = release.at("status", "reason")?.stringValue ?? ""
            lines.append("release \(revision)   \(icon(phase)) \(phase) \(reason)")
        }
        return lines
    }

    private static func age(_ release: JSON) -> (String, ObjectKey) {
        // One that has not begun is the newest.
        (release.at("status", "startedAt")?.stringValue ?? "~", release.objectKey)
    }

    private func bar(_ percent: Int) -> String {
        let filled = max(0, min(Self.barWidth, percent * Self.barWidth / 100))
        return String(repeating: "█", count: filled) + String(repeating: "░", count: Self.barWidth - filled)
    }

    private func pods(_ state: DemoState) -> String {
        state.pods.values.sorted { $0.objectKey < $1.objectKey }.map { pod in
            let image = pod.at("spec", "containers")?[0]?["image"]?.stringValue ?? ""
            let tag = String(image.split(separator: ":").last ?? "")
            let ready = (pod.at("status", "conditions")?.arrayValue ?? []).contains {
                $0["type"]?.stringValue == "Ready" && $0["status"]?.stringValue == "True"
            }
            return paint(ready ? "●" : "○", tag)
        }.joined(separator: " ")
    }

    private func measurements(_ run: JSON) -> String {
        let result = run.at("status", "metricResults")?[0]
        let values = (result?["measurements"]?.arrayValue ?? []).suffix(5).map { measurement in
            if measurement.at("metadata", "sluice.dev/outcome")?.stringValue == "no-data" { return "no data" }
            let value = (measurement["value"]?.stringValue ?? "").filter { $0 != "[" && $0 != "]" }
            return "\(icon(measurement["phase"]?.stringValue ?? "")) \(value.prefix(6))"
        }
        return values.joined(separator: "  ")
    }

    private func icon(_ phase: String) -> String {
        switch phase {
        case "Healthy", "Successful", "Released", "Healed": paint("✔", "green")
        case "Degraded", "Failed", "Error", "Aborted", "Rejected": paint("✖", "red")
        case "Paused": paint("॥", "yellow")
        default: paint("◌", "blue")
        }
    }

    private func paint(_ text: String, _ colour: String) -> String {
        guard usesColour, let code = Self.colours[colour] else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }

    private func bold(_ text: String) -> String { usesColour ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
}
