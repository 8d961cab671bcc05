import Manifest

extension RolloutReconcile {
    /// One way through the blue-green pipeline; `true` asks for another one at once.
    mutating func blueGreenPass() -> Bool {
        guard let blueGreen else { return false }
        if isScalingEvent {
            scale()
            countPods()
            // A retry that comes with a new size is known as one only now.
            if isRetry { forgetRuns() }
            return false
        }
        switchPreview(blueGreen)
        // An abort gives the traffic back first, so that the delay of the new pods begins in the same decision.
        if status.abort { switchActive(blueGreen) }
        scale()
        pauseBeforePromotion(blueGreen)
        raiseCheckPoint(blueGreen)
        switchActive(blueGreen)
        status.previewSelector = serviceHash(blueGreen.previewService)
        status.activeSelector = serviceHash(blueGreen.activeService)
        countPods()
        switch analyse() {
        case .proceed: break
        case .pauseRequested: return false
        case .abortRequested: return true
        }
        if status.promoteFull || isInRollbackWindow, !status.abort { status.pauseConditions = [] }
        let before = status.stableRS
        if let cause = blueGreenCause(blueGreen) { promote(cause) }
        // Pods are only taken away when the promotion is written. The deadline goes with it, for it is what tells a rollback
        // that comes at once that the old pods are still there.
        if status.stableRS != before, let index = otherIndices.first(where: { sets[$0].hash == before }) {
            startDelay(index)
        }
        cleanUpHistory()
        return abortAtDeadline()
    }

    // MARK: Services

    private mutating func switchPreview(_ blueGreen: BlueGreenStrategy) {
        // Preview shows what is coming, from its first pod on.
        guard !isHalted else { return }
        ensure(blueGreen.previewService, currentIndex, checksPods: false)
    }

    private mutating func switchActive(_ blueGreen: BlueGreenStrategy) {
        let name = blueGreen.activeService
        if status.abort {
            // Stable pods that cannot serve yet are no improvement on those that serve now.
            guard let stable, stable.available > 0 || (active?.available ?? 0) == 0 else { return }
            return ensure(name, stableIndex, checksPods: false)
        }
        guard !isHalted else { return }
        // Something took the hash away. The pods that had the traffic get it back; nothing is promoted by that.
        if serviceHash(name).isEmpty, let stable, stable.available > 0,
            distinctStable != nil || !old.activeSelector.isEmpty
        {
            return ensure(name, stableIndex, checksPods: false)
        }
        guard isAtWantedSize, isSaturated else { return }
        if isFastTracked || isPauseOver(blueGreen) && isPreviewApproved(blueGreen) {
            ensure(name, currentIndex, checksPods: false)
        }
    }

    /// The ReplicaSet that the active Service selects.
    var active: WorkingReplicaSet? {
        guard let blueGreen else { return nil }
        let hash = serviceHash(blueGreen.activeService)
        return hash.isEmpty ? nil : sets.first { $0.hash == hash }
    }

    /// Neither pause nor analysis stands before the switch.
    private var isFastTracked: Bool {
        status.isFullyPromoted || status.stableRS.isEmpty || status.promoteFull || isFastRollback
            || (active != nil && active === current)
    }

    // MARK: Sizes

    /// The size of the current ReplicaSet before and after promotion.
    func wantedPreviewSize(_ blueGreen: BlueGreenStrategy) -> Int {
        guard let preview = blueGreen.previewReplicaCount, let current else { return replicas }
        guard let active, active !== current else { return replicas }
        return Self.previewSize(
            replicas: replicas, preview: max(0, preview), isRecorded: old.currentPodHash == current.hash,
            promotesFull: status.promoteFull || isFastRollback,
            isPaused: rollout.spec.paused || !status.pauseConditions.isEmpty,
            hasCheckPoint: status.scaleUpPreviewCheckPoint)
    }

    /// The table of preview sizes while another ReplicaSet is active.
    static func previewSize(
        replicas: Int, preview: Int, isRecorded: Bool, promotesFull: Bool, isPaused: Bool, hasCheckPoint: Bool
    ) -> Int {
        if promotesFull { return replicas }
        if !isRecorded { return preview }
        return !isPaused && hasCheckPoint ? replicas : preview
    }

    private var isAtWantedSize: Bool {
        guard let blueGreen, let current, !current.isNew else { return false }
        let wanted = wantedPreviewSize(blueGreen)
        return current.spec == wanted && current.seen.replicas == wanted && current.seen.availableReplicas == wanted
    }

    /// All pods of the full size are there, and were asked for as such.
    private var isSaturated: Bool { current.map { isSaturated($0) } ?? false }

    func isSaturated(_ set: WorkingReplicaSet) -> Bool {
        !set.isNew && set.spec == replicas && set.seen.replicas == replicas && set.seen.availableReplicas == replicas
            && set.annotation(Keys.desiredReplicas) == String(replicas)
    }

    // MARK: Pause

    private mutating func pauseBeforePromotion(_ blueGreen: BlueGreenStrategy) {
        didReachPause = true
        guard !status.abort, !isHalted, isAtWantedSize || isFastTracked else { return }
        if isFastTracked || status.scaleUpPreviewCheckPoint || !blueGreen.pausesBeforePromotion {
            status.pauseConditions.removeAll { $0.reason == PauseReason.blueGreenPause }
            return
        }
        guard isPreviewApproved(blueGreen) else { return }
        guard let pause = status.pauseConditions.first(where: { $0.reason == PauseReason.blueGreenPause }) else {
            if !status.controllerPause { addPause(PauseReason.blueGreenPause) }
            if status.hasPause(PauseReason.blueGreenPause), blueGreen.autoPromotionEnabled {
                wake(at: now.wholeSeconds + .seconds(blueGreen.autoPromotionSeconds) + .milliseconds(1))
            }
            return
        }
        guard blueGreen.autoPromotionEnabled else { return }
        let end = pause.startTime + .seconds(blueGreen.autoPromotionSeconds)
        if now > end {
            isBlueGreenTimeUp = true
            status.pauseConditions.removeAll { $0.reason == PauseReason.blueGreenPause }
        } else {
            wake(at: end + .milliseconds(1))
        }
    }

    private func isPauseOver(_ blueGreen: BlueGreenStrategy) -> Bool {
        if status.scaleUpPreviewCheckPoint || isBlueGreenTimeUp { return true }
        if didAddPause { return false }
        if !blueGreen.pausesBeforePromotion { return true }
        // A person took the pause away.
        return status.controllerPause && !status.hasPause(PauseReason.blueGreenPause)
    }

    /// One way: once preview has proved itself, it grows to its full size and is never asked again.
    private mutating func raiseCheckPoint(_ blueGreen: BlueGreenStrategy) {
        guard let preview = blueGreen.previewReplicaCount else {
            status.scaleUpPreviewCheckPoint = false
            return
        }
        guard !status.scaleUpPreviewCheckPoint, !status.abort, !isHalted, !status.isFullyPromoted, isAtWantedSize,
            isPauseOver(blueGreen), isPreviewApproved(blueGreen), current?.seen.availableReplicas == max(0, preview),
            active !== current
        else { return }
        status.scaleUpPreviewCheckPoint = true
        scale()
    }

    func isPreviewApproved(_ blueGreen: BlueGreenStrategy) -> Bool {
        guard let analysis = blueGreen.prePromotionAnalysis, !analysis.templates.isEmpty else { return true }
        return hasSucceeded(status.prePromotionAnalysis)
    }

    // MARK: Analysis

    /// The run before the switch may start: preview is all there.
    var mayStartPrePromotion: Bool {
        guard let blueGreen, let current, active !== current else { return false }
        // Where nothing is active, it is asked for at its full size.
        if let preview = blueGreen.previewReplicaCount, !status.scaleUpPreviewCheckPoint, active != nil {
            return current.spec == max(0, preview) && current.seen.replicas == current.spec
                && current.seen.availableReplicas == current.spec
        }
        return isSaturated
    }

    /// The run after the switch may start: the new pods have the traffic.
    var mayStartPostPromotion: Bool { active != nil && active === current && isSaturated }

    // MARK: Promotion

    private func blueGreenCause(_ blueGreen: BlueGreenStrategy) -> String? {
        guard let current else { return nil }
        if status.stableRS.isEmpty { return "initial deploy" }
        guard let active, active === current else { return nil }
        if status.promoteFull { return "full promotion" }
        if isFastRollback, !status.abort {
            return isInRollbackWindow ? "rollback within the window" : "fast rollback"
        }
        if status.abort { return nil }
        if let analysis = blueGreen.postPromotionAnalysis, !analysis.templates.isEmpty,
            !hasSucceeded(status.postPromotionAnalysis)
        {
            return nil
        }
        return "blue-green update finished"
    }

    /// Old pods stay until the analysis after the switch has told that the new ones are good.
    var keepsOldForAnalysis: Bool {
        guard let blueGreen, let analysis = blueGreen.postPromotionAnalysis, !analysis.templates.isEmpty,
            blueGreen.scaleDownDelaySeconds == nil, active != nil, active === current
        else { return false }
        return !status.isFullyPromoted && !status.abort && !hasSucceeded(status.postPromotionAnalysis)
    }
}
