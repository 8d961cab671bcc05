import Manifest

extension RolloutReconcile {
    /// All pods are of the stable template and available, and the steps are done.
    var isHealthy: Bool {
        guard status.updatedReplicas == replicas, status.availableReplicas == replicas, !isQueueing,
            old.observedGeneration == String(rollout.generation)
        else { return false }
        if let blueGreen {
            return status.activeSelector == status.currentPodHash
                && (blueGreen.previewService.isEmpty || status.previewSelector == status.currentPodHash)
        }
        return status.replicas == replicas && status.isFullyPromoted && !status.stableRS.isEmpty
            && (stepIndex == endIndex || status.currentStepIndex == nil)
    }

    /// Something moved since the last status write.
    var hasProgressed: Bool {
        let isStepMoved =
            status.currentStepIndex != old.currentStepIndex && status.currentStepIndex != nil
            && old.currentStepIndex != nil
        return status.updatedReplicas != old.updatedReplicas
            || status.replicas - status.updatedReplicas < old.replicas - old.updatedReplicas
            || status.readyReplicas > old.readyReplicas || status.availableReplicas > old.availableReplicas
            || status.stableRS != old.stableRS || isStepMoved || status.activeSelector != old.activeSelector
            || status.previewSelector != old.previewSelector || status.currentStepHash != old.currentStepHash
            || isAnalysisOver
    }

    /// An analysis of a blue-green update was waited for, and has ended in this decision.
    private var isAnalysisOver: Bool {
        guard blueGreen != nil else { return false }
        return [
            (old.prePromotionAnalysis, status.prePromotionAnalysis),
            (old.postPromotionAnalysis, status.postPromotionAnalysis),
        ]
        .contains { before, now in isUnfinished(before) && before?.name == now?.name && !isUnfinished(now) }
    }

    private func isUnfinished(_ run: RolloutStatus.AnalysisRunStatus?) -> Bool {
        run.map { $0.status == "Running" || $0.status == "Pending" } ?? false
    }

    private var isPaused: Bool { !status.pauseConditions.isEmpty || rollout.spec.paused }

    /// The progress deadline does not count: the step may take as long as it likes, or old pods await their deadline.
    private var suspendsDeadline: Bool {
        if step?.isIndefinite ?? false { return true }
        if old.condition(.paused)?.status == "True" || isPaused || invalid != nil { return true }
        if isAwaitingAnalysis { return true }
        guard isStrict || status.isFullyPromoted else { return false }
        return otherIndices.contains { index in
            let set = sets[index]
            if set.spec > 0 { return set.annotation(Keys.scaleDownDeadline) != nil }
            // Its time has just come: its pods go, and what they kept from being over is over when they are gone.
            return set.seen.currentReplicas > 0
        }
    }

    /// A blue-green update may wait for its analyses as long as they take, as a canary's steps may.
    private var isAwaitingAnalysis: Bool {
        guard blueGreen != nil, !status.isFullyPromoted else { return false }
        return isUnfinished(status.prePromotionAnalysis) || isUnfinished(status.postPromotionAnalysis)
    }

    private var deadline: Timestamp? {
        guard let progressing = old.condition(.progressing), progressing.reason != ProgressReason.aborted,
            progressing.reason != ProgressReason.paused
        else { return nil }
        return progressing.lastUpdateTime + .seconds(rollout.spec.progressDeadlineSeconds)
    }

    private var isTimedOut: Bool {
        // The clock starts over when an invalid spec has been mended.
        if old.condition(.invalidSpec) != nil { return false }
        guard let deadline else { return false }
        return old.condition(.progressing)?.reason == ProgressReason.deadlineExceeded || deadline < now
    }

    func abortsForDeadline() -> Bool {
        rollout.spec.progressDeadlineAbort && !status.abort && !status.isFullyPromoted && !status.stableRS.isEmpty
            && !hasProgressed && !suspendsDeadline && isTimedOut
    }

    mutating func armDeadline() {
        guard !status.abort, !suspendsDeadline, status.condition(.progressing)?.reason != ProgressReason.available,
            let progressing = status.condition(.progressing), progressing.reason != ProgressReason.paused
        else { return }
        let time = progressing.lastUpdateTime + .seconds(rollout.spec.progressDeadlineSeconds + 1)
        if time > now { wake(at: time) }
    }

    mutating func updateConditions() {
        if let problem = invalid {
            status.set(
                .invalidSpec, "True", "InvalidSpec", "The Rollout \"\(rollout.key.name)\" is invalid: \(problem)",
                now: now)
        } else {
            status.remove(.invalidSpec)
        }
        if isHealthy, !isPaused {
            status.set(.healthy, "True", "RolloutHealthy", "Rollout is healthy", now: now)
        } else if old.condition(.healthy) != nil, !isHealthy {
            status.set(.healthy, "False", "RolloutHealthy", "Rollout is not healthy", now: now)
        }
        updateProgressing()
        reportGate()
        let isAvailable =
            blueGreen == nil ? status.availableReplicas >= replicas : active.map { isSaturated($0) } ?? false
        status.set(
            .available, isAvailable ? "True" : "False", "AvailableReason",
            isAvailable ? "Rollout has minimum availability" : "Rollout does not have minimum availability", now: now)
        updateFailure()
        updateCompleted()
        let wasPaused = status.condition(.paused)?.status == "True"
        if isPaused != wasPaused, !status.abort {
            status.set(
                .paused, isPaused ? "True" : "False", "RolloutPaused",
                isPaused ? "Rollout is paused" : "Rollout is not paused", now: now)
        }
    }

    private mutating func updateProgressing() {
        let before = old.condition(.progressing)
        let name = current?.name ?? ""
        func progress(_ value: String, _ reason: String, _ message: String, isFresh: Bool = false) {
            status.set(.progressing, value, reason, message, now: now, isFresh: isFresh)
        }
        if status.abort {
            var message = "Rollout aborted update to revision \(revision)"
            if let abortCause {
                message += ": \(abortCause)"
            } else if before?.reason == ProgressReason.aborted {
                message = before?.message ?? message
            }
            if before?.reason != ProgressReason.aborted {
                events.append(RolloutEvent("RolloutAborted", message, isWarning: true))
            }
            return progress("False", ProgressReason.aborted, abortGate(message))
        }
        if isPaused, !status.isFullyPromoted {
            return progress("Unknown", ProgressReason.paused, "Rollout is paused")
        }
        if didCreate {
            return progress("True", ProgressReason.created, "Created new replica set \"\(name)\"", isFresh: true)
        }
        if isHealthy {
            return progress("True", ProgressReason.available, "ReplicaSet \"\(name)\" has successfully progressed.")
        }
        let turnedUnhealthy =
            old.condition(.healthy)?.status == "True" && status.isFullyPromoted
            && before?.reason == ProgressReason.available
        if turnedUnhealthy, !hasProgressed || status.stableRS == old.stableRS {
            return progress(
                "True", ProgressReason.notAvailable, "ReplicaSet \"\(name)\" is not available", isFresh: true)
        }
        if hasProgressed || old.condition(.invalidSpec) != nil && before != nil {
            return progress("True", ProgressReason.updated, "ReplicaSet \"\(name)\" is progressing.", isFresh: true)
        }
        if before == nil {
            return progress("True", ProgressReason.found, "Found existing replica set \"\(name)\"")
        }
        if isRetry {
            return progress("Unknown", ProgressReason.retry, "Rollout is retried after an abort")
        }
        if before?.reason == ProgressReason.paused, !isPaused, !status.isFullyPromoted {
            return progress("Unknown", ProgressReason.resumed, "Rollout is resumed")
        }
        if !suspendsDeadline, isTimedOut {
            progress("False", ProgressReason.deadlineExceeded, "ReplicaSet \"\(name)\" has timed out progressing.")
        }
    }

    /// An abort's message, and beside it that the canary still has traffic, as long as it does.
    private func abortGate(_ message: String) -> String {
        let gate = "; waiting for stable capacity: the canary keeps weight "
        let cause = message.firstRange(of: gate).map { String(message[..<$0.lowerBound]) } ?? message
        guard let weight = status.weights?.canary.weight, weight > 0 else { return cause }
        return "\(cause)\(gate)\(weight) until ReplicaSet \"\(stable?.name ?? "")\" has pods for it"
    }

    /// Says which gate keeps a step from its traffic, and takes that back once the gate is open.
    private mutating func reportGate() {
        guard hasRouter, !status.abort, !isPaused, !status.isFullyPromoted, invalid == nil,
            let progressing = status.condition(.progressing), progressing.status != "False"
        else { return }
        let gate = "Waiting for stable capacity: "
        let message: String
        if isStableCapacityMissing {
            message = gate + "ReplicaSet \"\(stable?.name ?? "")\" has too few available pods for its traffic"
        } else if progressing.message.hasPrefix(gate) {
            message = "ReplicaSet \"\(current?.name ?? "")\" is progressing."
        } else {
            return
        }
        status.retell(.progressing, message)
    }

    private mutating func updateFailure() {
        let failing = [currentIndex].compactMap { $0 } + sets.indices
        let failures = failing.compactMap { sets[$0].seen.failure }
        guard let failure = failures.first else {
            return status.remove(.replicaFailure)
        }
        status.set(.replicaFailure, "True", failure.reason, failure.message, now: now)
    }

    private mutating func updateCompleted() {
        let isComplete = !status.stableRS.isEmpty && status.isFullyPromoted
        status.set(
            .completed, isComplete ? "True" : "False", "RolloutCompleted",
            isComplete ? "RolloutCompleted" : "Rollout is not complete", now: now)
    }
}
