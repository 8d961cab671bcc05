/// Phase and message of a Rollout, from its spec and the status that is about to be written.
package enum PhaseRule {
    package static func phase(of status: RolloutStatus, spec: RolloutSpec, replicas: Int) -> (
        phase: String, message: String
    ) {
        for condition in status.conditions {
            if condition.type == RolloutCondition.Kind.invalidSpec.rawValue {
                return ("Degraded", "InvalidSpec: \(condition.message)")
            }
            if condition.reason == ProgressReason.aborted || condition.reason == ProgressReason.deadlineExceeded {
                return ("Degraded", "\(condition.reason): \(condition.message)")
            }
        }
        if spec.paused { return ("Paused", "manually paused") }
        if let pause = status.pauseConditions.first { return ("Paused", pause.reason) }
        if let restartAt = spec.restartAt, restartAt != status.restartedAt {
            return ("Progressing", "rollout is restarting")
        }
        if status.updatedReplicas < replicas { return ("Progressing", "more replicas need to be updated") }
        if status.availableReplicas < status.updatedReplicas {
            return ("Progressing", "updated replicas are still becoming available")
        }
        if spec.canary == nil, let blueGreen = spec.blueGreen {
            if status.activeSelector.isEmpty || status.activeSelector != status.currentPodHash {
                return ("Progressing", "active service cutover pending")
            }
            if !status.isFullyPromoted || status.stableRS.isEmpty {
                let isFinished = status.postPromotionAnalysis.map { $0.status != "Running" && $0.status != "Pending" }
                return blueGreen.postPromotionAnalysis != nil && !(isFinished ?? false)
                    ? ("Progressing", "waiting for analysis to complete")
                    : ("Progressing", "waiting for post-promotion verification to complete")
            }
        }
        if let canary = spec.canary {
            if canary.trafficRouting == nil, status.replicas > status.updatedReplicas {
                return ("Progressing", "old replicas are pending termination")
            }
            if !status.isFullyPromoted || status.stableRS.isEmpty {
                return ("Progressing", "waiting for all steps to complete")
            }
        }
        return ("Healthy", "")
    }

    /// What a client shows: the written phase, unless the controller has not seen the latest change yet.
    package static func shown(_ rollout: Rollout) -> (phase: String, message: String) {
        let status = rollout.status
        if let observed = Int64(status.observedGeneration), observed < rollout.generation {
            return ("Progressing", "waiting for rollout spec update to be observed")
        }
        if status.controllerPause, status.pauseConditions.isEmpty {
            return ("Progressing", "waiting for rollout to unpause")
        }
        if rollout.spec.workloadRef != nil,
            rollout.annotations[Keys.workloadGeneration] ?? "" != status.workloadObservedGeneration
        {
            return ("Progressing", "waiting for rollout spec update to be observed for the reference workload")
        }
        if status.phase.isEmpty { return phase(of: status, spec: rollout.spec, replicas: rollout.spec.desiredReplicas) }
        return (status.phase, status.message)
    }
}
