import Manifest

extension RolloutReconcile {
    /// The one thing that the Rollout waits for after this decision; `nil` when it is healthy.
    var waiting: Waiting? {
        let name = rollout.key.name
        let progressing = status.condition(.progressing)
        if let invalid {
            return Waiting(
                reason: .invalidSpec, message: "\(invalid)", since: status.condition(.invalidSpec)?.lastTransitionTime,
                movedBy: "whoever edits the Rollout")
        }
        if status.abort, let weight = status.weights?.canary.weight, weight > 0 {
            return Waiting(
                reason: .stableCapacity,
                message:
                    "the aborted canary keeps weight \(weight): the stable ReplicaSet has too few available pods for it",
                since: status.abortedAt, movedBy: "the pods of \(stable?.name ?? "the stable ReplicaSet")")
        }
        if status.abort {
            return Waiting(
                reason: .aborted, message: progressing?.message ?? "the update is aborted", since: status.abortedAt,
                movedBy: "a new template, or `kubectl sluice retry \(name)`")
        }
        if rollout.spec.paused {
            return Waiting(
                reason: .pausedByUser, message: "spec.paused is set",
                since: status.condition(.paused)?.lastTransitionTime,
                movedBy: "`kubectl sluice promote \(name)`")
        }
        if status.hasPause(PauseReason.inconclusiveAnalysis) {
            return Waiting(
                reason: .inconclusiveAnalysis, message: "an analysis could not tell good from bad",
                since: status.pauseConditions.first { $0.reason == PauseReason.inconclusiveAnalysis }?.startTime,
                movedBy: "`kubectl sluice promote \(name)` or `kubectl sluice abort \(name)`")
        }
        if let pause = status.pauseConditions.first, let blueGreen {
            let end =
                blueGreen.autoPromotionEnabled ? "for \(blueGreen.autoPromotionSeconds)s" : "until someone promotes it"
            return Waiting(
                reason: .promotion, message: "\(current?.name ?? "the preview") is ready and waits \(end)",
                since: pause.startTime,
                movedBy: "`kubectl sluice promote \(name)`\(blueGreen.autoPromotionEnabled ? " or the clock" : "")")
        }
        if let pause = status.pauseConditions.first {
            let length = step?.pause?.text.map { "for \($0)" } ?? "until someone promotes it"
            return Waiting(
                reason: .pauseStep, message: "step \((stepIndex ?? 0) + 1) pauses \(length)", since: pause.startTime,
                movedBy: "`kubectl sluice promote \(name)`")
        }
        if podsToRestart > 0 {
            return Waiting(
                reason: .restart,
                message: "\(podsToRestart) pods are older than restartAt and are evicted one after another",
                since: rollout.spec.restartAt, movedBy: "the pods, and disruption budgets that hold them")
        }
        if isStableCapacityMissing {
            let held = step.flatMap {
                $0.routes.isEmpty ? nil : ", so step \((stepIndex ?? 0) + 1) (\($0.summary)) waits"
            }
            return Waiting(
                reason: .stableCapacity,
                message: "the stable ReplicaSet has too few available pods for its traffic\(held ?? "")",
                since: progressing?.lastUpdateTime, movedBy: "the pods of \(stable?.name ?? "the stable ReplicaSet")")
        }
        if status.weights?.verified == false {
            return Waiting(
                reason: .trafficUnverified, message: "the router has not confirmed the weights",
                since: progressing?.lastUpdateTime, movedBy: "the traffic router")
        }
        return waitingForPods(progressing)
    }

    private func waitingForPods(_ progressing: RolloutCondition?) -> Waiting? {
        let since = progressing?.lastUpdateTime
        let awaited =
            blueGreen == nil
            ? step?.analysis != nil ? status.stepAnalysis : nil
            : status.isFullyPromoted
                ? nil : active === current ? status.postPromotionAnalysis : status.prePromotionAnalysis
        if let run = awaited, !hasSucceeded(run) {
            return Waiting(
                reason: .analysisRunning, message: "AnalysisRun \(run.name) is \(run.status)", since: since,
                movedBy: "the metrics of \(run.name)")
        }
        if let current,
            current.isNew || current.seen.currentReplicas != current.spec
                || current.seen.observedGeneration < current.seen.generation
        {
            return Waiting(
                reason: .replicaSetController,
                message:
                    "\(current.name) has \(current.isNew ? 0 : current.seen.currentReplicas) of \(current.spec) pods",
                since: since, movedBy: "the ReplicaSet controller")
        }
        if let current, current.seen.availableReplicas < current.spec {
            return Waiting(
                reason: .podsUnavailable,
                message: "\(current.name) has \(current.seen.availableReplicas) of \(current.spec) pods available",
                since: since, movedBy: "the pods of \(current.name)")
        }
        if let index = otherIndices.first(where: { sets[$0].spec > 0 || sets[$0].seen.currentReplicas > 0 }) {
            let set = sets[index]
            if let deadline = set.annotation(Keys.scaleDownDeadline) {
                return Waiting(
                    reason: .scaleDownDelay, message: "\(set.name) is kept until \(deadline)", since: since,
                    movedBy: "the clock")
            }
            return Waiting(
                reason: .oldPods, message: "\(set.name) has \(set.seen.currentReplicas) pods that are to go",
                since: since,
                movedBy: "the ReplicaSet controller")
        }
        if let stable = distinctStable,
            stable.seen.currentReplicas != stable.spec || stable.seen.availableReplicas < stable.spec
        {
            return Waiting(
                reason: .replicaSetController,
                message: "\(stable.name) has \(stable.seen.availableReplicas) of \(stable.spec) pods available",
                since: since,
                movedBy: "the ReplicaSet controller")
        }
        guard status.phase != "Healthy" else { return nil }
        return Waiting(
            reason: .podsUnavailable,
            message:
                "\(status.updatedReplicas) of \(replicas) pods are updated, \(status.availableReplicas) available, "
                + "\(status.replicas) in all",
            since: since, movedBy: "the pods")
    }
}
