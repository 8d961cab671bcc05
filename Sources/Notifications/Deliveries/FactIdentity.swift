package import Manifest

/// Names a fact by the state it left behind, so that a restarted controller names it the same.
package enum FactIdentity {
    /// The identity of `trigger` for a Rollout as it is now.
    package static func of(_ trigger: String, _ rollout: JSON) -> String {
        let status = rollout["status"] ?? .null
        func text(_ path: String...) -> String { status.at(path: path).map(plain) ?? "" }
        var parts = [rollout.uid, trigger]
        switch trigger {
        case "on-rollout-aborted": parts += [text("currentPodHash"), text("abortedAt")]
        case "on-rollout-completed":
            parts += [text("stableRS"), rollout.annotations["rollout.argoproj.io/revision"] ?? ""]
        case "on-rollout-paused":
            let pauses = status["pauseConditions"]?.arrayValue ?? []
            parts +=
                [text("currentPodHash")]
                + pauses.map { "\($0["reason"].map(plain) ?? "") \($0["startTime"].map(plain) ?? "")" }.sorted()
        case "on-rollout-step-completed":
            parts += [text("currentPodHash"), text("currentStepIndex"), text("currentStepHash")]
        case "on-rollout-updated", "on-rollout-not-completed":
            parts += [rollout.annotations["rollout.argoproj.io/revision"] ?? text("currentPodHash")]
        case _ where trigger.hasPrefix("on-analysis-run-"):
            let phase = trigger.dropFirst("on-analysis-run-".count)
            parts += runs(status).filter { $0.phase.lowercased() == phase }.map { "\($0.name) \($0.phase)" }.sorted()
        default:
            // Nothing of such an event stays in the status; the object's version is the best name there is.
            parts += [rollout.resourceVersion]
        }
        return parts.map { "\($0.utf8.count):\($0)" }.joined()
    }

    /// Whether a trigger's fact stays in the state, and keeps its name while the object changes otherwise.
    package static func isLasting(_ trigger: String) -> Bool {
        let lasting = [
            "on-rollout-aborted", "on-rollout-completed", "on-rollout-paused", "on-rollout-step-completed",
            "on-rollout-updated", "on-rollout-not-completed",
        ]
        return lasting.contains(trigger) || trigger.hasPrefix("on-analysis-run-")
    }

    /// The triggers that a Rollout's present state stands for.
    ///
    /// A controller that died between writing the status and telling people finds here what it still has to tell.
    package static func implied(by rollout: JSON) -> [String] {
        let status = rollout["status"] ?? .null
        var triggers: [String] = []
        if status["abort"]?.boolValue ?? false, status["abortedAt"]?.stringValue != nil {
            triggers.append("on-rollout-aborted")
        }
        if !(status["pauseConditions"]?.arrayValue ?? []).isEmpty { triggers.append("on-rollout-paused") }
        if let stable = status["stableRS"]?.stringValue, !stable.isEmpty,
            stable == status["currentPodHash"]?.stringValue
        {
            triggers.append("on-rollout-completed")
        }
        if rollout.annotations["rollout.argoproj.io/revision"] != nil { triggers.append("on-rollout-updated") }
        if let step = status["currentStepIndex"]?.intValue, step > 0, !triggers.contains("on-rollout-aborted") {
            triggers.append("on-rollout-step-completed")
        }
        for run in runs(status) where !run.phase.isEmpty {
            triggers.append("on-analysis-run-\(run.phase.lowercased())")
        }
        return Array(Set(triggers)).sorted()
    }

    private static func runs(_ status: JSON) -> [(name: String, phase: String)] {
        let paths = [
            ["canary", "currentStepAnalysisRunStatus"], ["canary", "currentBackgroundAnalysisRunStatus"],
            ["blueGreen", "prePromotionAnalysisRunStatus"], ["blueGreen", "postPromotionAnalysisRunStatus"],
        ]
        return paths.compactMap { path in
            guard let run = status.at(path: path), let name = run["name"]?.stringValue else { return nil }
            return (name, run["status"]?.stringValue ?? "")
        }
    }

    private static func plain(_ value: JSON) -> String { value.stringValue ?? value.description }
}
