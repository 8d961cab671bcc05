import Manifest

extension RolloutReconcile {
    /// The template was released before: its ReplicaSet is the stable one or older than it.
    var isRollback: Bool {
        // Before anything was stable there is nothing to go back to, whatever this decision makes stable.
        guard !old.stableRS.isEmpty, let currentIndex, let stableIndex, !sets[currentIndex].isNew else { return false }
        // ReplicaSets stand in the order of their creation.
        return currentIndex <= stableIndex
    }

    /// So few revisions lie between the stable ReplicaSet and this older one that its steps are skipped.
    var isInRollbackWindow: Bool {
        guard rollout.spec.rollbackWindow > 0, let currentIndex, let stableIndex, currentIndex < stableIndex,
            !sets[currentIndex].isNew
        else { return false }
        let between = sets[(currentIndex + 1)..<stableIndex].count {
            $0.seen.label(Keys.experimentName) == nil && $0.seen.annotations[Keys.experimentName] == nil
        }
        return between < rollout.spec.rollbackWindow
    }

    /// A rollback to what ran a moment ago: no pause and no analysis stand in its way.
    var isFastRollback: Bool {
        guard isRollback, let current else { return false }
        if current.hash == status.stableRS || isInRollbackWindow { return true }
        return blueGreen != nil && current.annotation(Keys.fastRollback) == status.stableRS
    }

    /// Writes down that the ReplicaSet still had its pods when the rollback began: its deadline is removed at once, and
    /// with it what told so.
    mutating func rememberFastRollback() {
        guard blueGreen != nil, isRollback, let index = currentIndex, sets[index].hash != status.stableRS,
            let deadline = sets[index].seen.scaleDownDeadline.flatMap({ Timestamp(rfc3339: $0) }), deadline > now
        else { return }
        annotate(index, Keys.fastRollback, status.stableRS)
    }

    /// Takes the note away where it no longer tells anything.
    mutating func forgetFastRollback() {
        for index in sets.indices where sets[index].annotation(Keys.fastRollback) != nil {
            // Without its pods it is an update like any other.
            if index != currentIndex || sets[index].hash == status.stableRS || sets[index].spec == 0 && replicas > 0 {
                annotate(index, Keys.fastRollback, nil)
            }
        }
    }

    // MARK: Newer revisions

    /// The ReplicaSet of the update that is under way, where a newer template has to wait for its end.
    func queuedBehind(_ template: PodTemplate) -> Int? {
        guard rollout.annotations[Keys.onNewRevision] == "queue", isUnderWay(old) else { return nil }
        let index = sets.firstIndex { $0.hash == old.currentPodHash }
        return index.flatMap { sets[$0].seen.templateDigest == template.digest ? nil : $0 }
    }

    /// A newer revision that arrives in mid-update goes out in full at once.
    func isHotfix(over status: RolloutStatus) -> Bool {
        rollout.annotations[Keys.onNewRevision] == "hotfix" && isUnderWay(status)
    }

    func isUnderWay(_ status: RolloutStatus) -> Bool {
        !status.stableRS.isEmpty && !status.currentPodHash.isEmpty && !status.isFullyPromoted && !status.abort
            && status.condition(.progressing)?.reason != ProgressReason.aborted
    }
}
