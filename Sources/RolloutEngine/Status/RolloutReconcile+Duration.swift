import Manifest

extension RolloutReconcile {
    /// Keeps `status.duration`: when the update began and ended, and how long people held it.
    mutating func updateDuration() {
        guard invalid == nil else { return }
        let isBeginning = old.currentPodHash != status.currentPodHash || old.currentPodHash.isEmpty || isRetry
        let isBackAtStable = !old.stableRS.isEmpty && status.currentPodHash == old.stableRS
        if isBeginning, !isBackAtStable || old.duration == nil {
            // Another template took its place; only metrics and logs ever tell.
            if var before = old.duration, before.finishedAt == nil, before.rolloutStartedAt != nil, !isRetry {
                stopManualPause(&before)
                report(before, as: "Superseded")
            }
            status.duration = RolloutDuration(rolloutStartedAt: now.wholeSeconds)
        }
        guard var duration = status.duration, duration.finishedAt == nil else { return }
        if isBeginning, isBackAtStable || isFastRollback {
            duration.completionStatus = "FastRolledBack"
        } else if isBeginning, isRollback {
            duration.completionStatus = "RolledBack"
        }
        if wasPromotedFully { duration.completionStatus = "FastPromoted" }
        countManualPause(&duration)
        if status.abort {
            duration.completionStatus = "Aborted"
            duration.finishedAt = now.wholeSeconds
        } else if status.isFullyPromoted, let current, !current.isNew, current.seen.availableReplicas >= replicas {
            if duration.completionStatus.isEmpty { duration.completionStatus = "Promoted" }
            duration.finishedAt = now.wholeSeconds
        }
        if duration.finishedAt != nil {
            stopManualPause(&duration)
            report(duration, as: duration.completionStatus)
        }
        status.duration = duration
    }

    private mutating func report(_ duration: RolloutDuration, as completion: String) {
        guard let start = duration.rolloutStartedAt else { return }
        finished = FinishedUpdate(
            status: completion, total: max(.zero, (duration.finishedAt ?? now.wholeSeconds) - start),
            manualPause: .seconds(duration.totalManualPauseDurationSeconds ?? 0))
    }

    private func countManualPause(_ duration: inout RolloutDuration) {
        let isHeld =
            rollout.spec.paused || status.hasPause(PauseReason.inconclusiveAnalysis)
            || status.hasPause(PauseReason.blueGreenPause) && !(blueGreen?.autoPromotionEnabled ?? true)
            || (status.hasPause(PauseReason.canaryPauseStep) && step?.pause != nil && step?.pause?.duration == nil)
        if isHeld {
            if duration.manualPauseStartedAt == nil { duration.manualPauseStartedAt = now.wholeSeconds }
        } else {
            stopManualPause(&duration)
        }
    }

    private func stopManualPause(_ duration: inout RolloutDuration) {
        guard let start = duration.manualPauseStartedAt else { return }
        let length = max(0, (now.wholeSeconds - start).components.seconds)
        duration.totalManualPauseDurationSeconds = (duration.totalManualPauseDurationSeconds ?? 0) &+ length
        duration.manualPauseStartedAt = nil
    }
}
