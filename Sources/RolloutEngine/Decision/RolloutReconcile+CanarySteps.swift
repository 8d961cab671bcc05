import Manifest

extension RolloutReconcile {
    /// Adds the pause of the present step once.
    mutating func pauseAtStep() {
        guard let pause = step?.pause, !rollout.spec.paused, !status.abort, !status.isFullyPromoted else { return }
        if !status.controllerPause, !status.hasPause(PauseReason.canaryPauseStep) {
            addPause(PauseReason.canaryPauseStep)
        }
        if let end = pauseEnd(pause), end >= now { wake(at: end + .milliseconds(1)) }
    }

    /// Takes the present step's pause away when its time is over, and leaves the step as it is.
    ///
    /// For an update that an inconclusive analysis holds: a further step could move traffic that nobody vouches for.
    mutating func endTimedPause() {
        guard let pause = step?.pause, let end = pauseEnd(pause) else { return }
        if now > end {
            status.pauseConditions.removeAll { $0.reason == PauseReason.canaryPauseStep }
        } else {
            wake(at: end + .milliseconds(1))
        }
    }

    private func pauseEnd(_ pause: PauseStep) -> Timestamp? {
        guard let seconds = pause.seconds,
            let start = status.pauseConditions.first(where: { $0.reason == PauseReason.canaryPauseStep })?.startTime
        else { return nil }
        return start + .seconds(seconds)
    }

    /// Moves the steps on: promotes, keeps an abort at the start, or completes one step; `true` for another pass.
    mutating func advance() -> Bool {
        didReachPause = true
        if status.promoteFull || isInRollbackWindow, !status.abort {
            status.pauseConditions = []
            status.currentStepIndex = endIndex
        }
        if let cause = promotionCause {
            promote(cause)
            return false
        }
        if status.abort {
            status.currentStepIndex = canary.steps.isEmpty ? nil : status.isFullyPromoted ? endIndex : 0
            return false
        }
        guard let index = stepIndex, let step, !rollout.spec.paused, isComplete(step) else { return false }
        status.currentStepIndex = index + 1
        status.pauseConditions.removeAll { $0.reason == PauseReason.canaryPauseStep }
        if status.pauseConditions.isEmpty { status.controllerPause = false }
        status.stepAnalysis = nil
        events.append(
            RolloutEvent(
                "RolloutStepCompleted", "step \(index + 1) of \(canary.steps.count) completed (\(step.summary))",
                stepIndex: index + 1))
        reportUnsupportedRoutes(of: step, index)
        return true
    }

    private func isComplete(_ step: CanaryStep) -> Bool {
        if let pause = step.pause {
            if status.hasPause(PauseReason.canaryPauseStep) { return pauseEnd(pause).map { now > $0 } ?? false }
            return status.controllerPause
        }
        if step.setCanaryScale != nil { return areCountsAtTarget }
        if let weight = step.setWeight {
            guard areCountsAtTarget else { return false }
            // Nothing gets traffic where there are to be no pods at all.
            return !hasRouter || replicas == 0
                || (status.weights?.canary.weight == weight && status.weights?.verified != false)
        }
        if step.analysis != nil { return hasSucceeded(status.stepAnalysis) }
        return !step.routes.isEmpty && areStepRoutesSet
    }

    /// Why the current ReplicaSet becomes the stable one now, or `nil`.
    private var promotionCause: String? {
        guard let current else { return nil }
        if status.stableRS.isEmpty { return "initial deploy" }
        if status.abort { return nil }
        let available = current.available(of: replicas)
        guard
            available >= replicas
                || canary.replicaProgressThreshold.isMet(wanted: replicas, spec: current.spec, available: available)
        else { return nil }
        if status.promoteFull { return "full promotion" }
        if current.hash == status.stableRS { return "rollback to the stable ReplicaSet" }
        if isDynamicRollbackPending { return nil }
        guard stepIndex == endIndex else { return nil }
        if hasRouter, endIndex != nil, replicas > 0 {
            // All traffic must have been seen on the canary before the stable pods may go.
            guard status.weights?.canary.weight == maxWeight, status.weights?.verified != false else { return nil }
        }
        if isInRollbackWindow { return "rollback within the window" }
        return canary.steps.isEmpty ? "all pods are available" : "all \(canary.steps.count) steps completed"
    }

    mutating func promote(_ cause: String) {
        guard let current else { return }
        status.pauseConditions = []
        status.controllerPause = false
        status.abort = false
        wasPromotedFully = wasPromotedFully || status.promoteFull
        status.promoteFull = false
        status.currentStepIndex = endIndex
        guard status.stableRS != current.hash else { return }
        status.stableRS = current.hash
        status.scaleUpPreviewCheckPoint = false
        if canary.pingPong != nil { status.stablePingPong = status.stablePingPong == "ping" ? "pong" : "ping" }
        assignRoles()
        events.append(
            RolloutEvent("RolloutCompleted", "completed update to revision \(revision) (\(current.hash)): \(cause)"))
    }
}
