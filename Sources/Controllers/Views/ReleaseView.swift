package import Manifest
import RolloutEngine

/// The way of one commit: what it changed, which revisions came of it, what was measured, and the verdict.
package struct ReleaseView: Sendable {
    package let release: JSON
    private let now: Timestamp
    /// Rollouts that decide on it, each with its ReplicaSets and AnalysisRuns.
    private let rollouts: [RolloutTrace]

    package init(_ release: JSON, rollouts: [RolloutTrace] = [], now: Timestamp) {
        self.release = release
        self.rollouts = rollouts
        self.now = now
    }

    /// Orders Releases of an application by when they were made.
    package static func isOlder(_ left: JSON, _ right: JSON) -> Bool {
        (left.at("spec", "sequence")?.intValue ?? 0, left.objectKey)
            < (right.at("spec", "sequence")?.intValue ?? 0, right.objectKey)
    }

    package var phase: String { text("status", "phase", or: "Syncing") }
    package var revision: String { text("spec", "revision") }

    package var icon: StatusIcon {
        switch phase {
        case "Released": .ok
        case "Rejected": .bad
        case "Superseded": .neutral
        default: .progressing
        }
    }

    /// `Rejected (AnalysisFailed)`.
    package var summary: String {
        let reason = text("status", "reason")
        return reason.isEmpty ? phase : "\(phase) (\(reason))"
    }

    /// Rollouts that the release names, to be looked up for a trace.
    package var rolloutKeys: [ObjectKey] {
        (release.at("spec", "rollouts")?.arrayValue ?? []).map { ApplicationView.reference($0).key }
    }

    package func tree(_ style: TextStyle = .plain) -> String {
        var lines = ["Commit \(revision)"]
        lines.append("└──Release \(release.objectKey)  \(icon.styled(summary).styled(style))\(duration)")
        var items: [(text: String, children: [String])] = []
        let message = text("status", "message")
        if !message.isEmpty { items.append((message, [])) }
        let changed = (release.at("status", "changed")?.arrayValue ?? []).map { entry in
            "\(entry["change"]?.stringValue ?? "Modified") \(ApplicationView.reference(entry))"
        }
        if !changed.isEmpty { items.append(("Objects", changed)) }
        for rollout in rollouts { items.append(("Rollout \(rollout.key)", rollout.lines(of: release, style))) }
        let evidence = (release.at("status", "evidence")?.arrayValue ?? []).map { evidenceLine($0, style) }
        if !evidence.isEmpty { items.append(("Evidence", evidence)) }
        let verdict = verdictLines
        items.append(("Verdict: \(summary)", verdict))
        for (index, item) in items.enumerated() {
            let isLast = index == items.count - 1
            lines.append("   " + (isLast ? "└──" : "├──") + item.text)
            for (child, text) in item.children.enumerated() {
                let branch = child == item.children.count - 1 ? "└──" : "├──"
                lines.append("   " + (isLast ? "   " : "│  ") + branch + text)
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private var duration: String {
        guard let start = Timestamp(rfc3339: text("status", "startedAt")) else { return "" }
        guard let end = Timestamp(rfc3339: text("status", "endedAt")) else {
            return "  for \(AgeText.text(now - start))"
        }
        return "  after \(AgeText.text(end - start))"
    }

    private func evidenceLine(_ entry: JSON, _ style: TextStyle) -> String {
        func field(_ name: String) -> String { entry[name]?.stringValue ?? "" }
        var line = StatusIcon.analysis(field("phase")).styled(ApplicationView.reference(entry).description).styled(
            style)
        if !field("metric").isEmpty { line += " \(field("metric"))" }
        if !field("value").isEmpty { line += " = \(field("value"))" }
        if !field("condition").isEmpty { line += " (wanted \(field("condition")))" }
        if !field("message").isEmpty { line += ": \(field("message"))" }
        return line
    }

    private var verdictLines: [String] {
        var lines: [String] = []
        if phase == "Rejected" { lines.append("on rejection: \(text("spec", "onRejection", or: "restore"))") }
        if let time = release.at("status", "restoredAt")?.stringValue { lines.append("restored at \(time)") }
        if let time = release.at("status", "settledAt")?.stringValue { lines.append("settled at \(time)") }
        let revert = text("status", "revertedBy")
        if !revert.isEmpty { lines.append("reverted by commit \(revert)") }
        return lines
    }

    private func text(_ path: String..., or absent: String = "") -> String {
        let text = release.at(path: path)?.stringValue ?? ""
        return text.isEmpty ? absent : text
    }
}

/// One Rollout of a release, with what is left of its ReplicaSets and AnalysisRuns.
package struct RolloutTrace: Sendable {
    package var key: ObjectKey
    private var replicaSets: [JSON]
    private var analysisRuns: [JSON]
    private var rollout: JSON

    /// - Parameters:
    ///   - replicaSets: Those of the namespace.
    ///   - analysisRuns: Those of the namespace.
    package init(_ rollout: JSON, replicaSets: [JSON], analysisRuns: [JSON]) {
        self.rollout = rollout
        key = rollout.objectKey
        self.replicaSets = replicaSets.filter { $0.isOwned(by: rollout.uid) }
        self.analysisRuns = analysisRuns.filter { $0.isOwned(by: rollout.uid) }
    }

    /// Revisions and runs that were made while the release was open.
    fileprivate func lines(of release: JSON, _ style: TextStyle) -> [String] {
        let start = release.at("status", "startedAt")?.stringValue.flatMap(Timestamp.init(rfc3339:))
        let end = release.at("status", "endedAt")?.stringValue.flatMap(Timestamp.init(rfc3339:))
        func isOfRelease(_ object: JSON) -> Bool {
            guard let start,
                let made = object.at("metadata", "creationTimestamp")?.stringValue.flatMap(Timestamp.init(rfc3339:))
            else { return false }
            // Creation times have whole seconds, and the last step of a release may fall into its last one.
            return made >= start.wholeSeconds && end.map { made <= $0 } ?? true
        }
        let facts = RolloutFacts(rollout)
        var lines: [String] = []
        for set in replicaSets.filter(isOfRelease) {
            let hash = set.labels[Keys.podTemplateHash] ?? ""
            let view = ReplicaSetView(set, pods: [], roles: facts.roles(hash: hash), now: Timestamp(seconds: 0))
            let roles = view.roles.isEmpty ? "" : " (\(view.roles.joined(separator: ", ")))"
            lines.append("revision:\(view.revision) ReplicaSet \(view.name)\(roles)")
        }
        for run in analysisRuns.filter(isOfRelease).sorted(by: { $0.objectKey < $1.objectKey }) {
            let view = RunView(run, now: Timestamp(seconds: 0))
            let counts = view.info.map { "\($0.icon.rawValue) \($0.count)" }.joined(separator: ",")
            lines.append(
                "AnalysisRun \(view.name) " + StatusIcon.analysis(view.phase).styled(view.phase).styled(style)
                    + (counts.isEmpty ? "" : "  \(counts)"))
        }
        return lines
    }
}
