package import Manifest

/// Names a fact by the state it left behind, so that a restarted controller names it the same.
package enum FactIdentity {
    /// The identity of `trigger` for a Rollout as it is now.
    package static func of(_ trigger: String, _ rollout: JSON) -> String {
        let status = rollout["status"] ?? .null
        func text(_ path: String...) -> String { status.at(path: path).map(plain) ?? "" }
        var parts = [rollout.uid, trigger]
        // A retry of an update, and another update to the same template, begin anew.
        let run = [text("currentPodHash"), text("duration", "rolloutStartedAt")]
        switch trigger {
        case "on-rollout-aborted": parts += [text("currentPodHash"), text("abortedAt")]
        case "on-rollout-completed": parts += [text("stableRS"), text("duration", "rolloutStartedAt")]
        case "on-rollout-paused":
            // A pause goes on when a second reason for it comes.
            let starts = (status["pauseConditions"]?.arrayValue ?? []).compactMap { $0["startTime"].map(plain) }
            parts += [text("currentPodHash"), starts.min() ?? ""]
        case "on-rollout-step-completed": parts += run + [text("currentStepIndex"), text("currentStepHash")]
        case "on-rollout-not-completed": parts += run
        case "on-rollout-updated":
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

    /// Whether the state tells which one of its kind a trigger's fact is: a run of an analysis may be gone from it.
    package static func isNamed(_ trigger: String, in rollout: JSON) -> Bool {
        let prefix = "on-analysis-run-"
        guard trigger.hasPrefix(prefix) else { return true }
        return runs(rollout["status"] ?? .null).contains { $0.phase.lowercased() == trigger.dropFirst(prefix.count) }
    }

    /// Whether people can bring a Rollout into the state that a trigger's event leaves, too, as by skipping a step.
    ///
    /// While a controller runs, such an event alone counts; only after a start the state has to do.
    package static func isAmbiguous(_ trigger: String) -> Bool { trigger == "on-rollout-step-completed" }

    /// The triggers whose events have fired for certain, for otherwise the Rollout's state would be another.
    ///
    /// A controller that died between writing the status and telling people finds here what it still has to tell. What a
    /// state may also come from without the event, such as steps that were skipped, is not among them.
    package static func implied(by rollout: JSON) -> [String] {
        let status = rollout["status"] ?? .null
        func text(_ path: String...) -> String { status.at(path: path)?.stringValue ?? "" }
        let stable = text("stableRS")
        let completion = text("duration", "completionStatus")
        let isAborted = status["abort"]?.boolValue ?? false
        var triggers: [String] = []
        if isAborted, !text("abortedAt").isEmpty { triggers.append("on-rollout-aborted") }
        if !(status["pauseConditions"]?.arrayValue ?? []).isEmpty { triggers.append("on-rollout-paused") }
        if !stable.isEmpty, stable == text("currentPodHash") {
            // Who goes back to the stable template completes nothing.
            if !["Aborted", "FastRolledBack"].contains(completion) { triggers.append("on-rollout-completed") }
        } else if !stable.isEmpty, let step = status["currentStepIndex"]?.intValue, step > 0, !isAborted,
            !(status["promoteFull"]?.boolValue ?? false), completion != "FastRolledBack"
        {
            triggers.append("on-rollout-step-completed")
        }
        if rollout.annotations["rollout.argoproj.io/revision"] != nil { triggers.append("on-rollout-updated") }
        for run in runs(status) where !run.phase.isEmpty && run.phase != "Pending" {
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
