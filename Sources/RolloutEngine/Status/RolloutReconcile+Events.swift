/// Events stand in the order in which the steps of a decision would have happened one by one: what begins an update comes
/// before what it does.
extension RolloutReconcile {
    /// What comes ahead of all other Events of this decision.
    /// - Parameter isRenumbered: The Rollout gets another revision number.
    func openingEvents(isRenumbered: Bool) -> [RolloutEvent] {
        var opening: [RolloutEvent] = []
        // Only of one that no controller has looked at yet: a start on known Rollouts writes nothing.
        let isUnknown = old.observedGeneration.isEmpty && old.conditions.isEmpty
        if isUnknown {
            opening.append(RolloutEvent("RolloutAddedToInformer", "Rollout \(rollout.key) is seen for the first time"))
        }
        let isComplete = !status.stableRS.isEmpty && status.isFullyPromoted
        let wasComplete = old.condition(.completed)?.status == "True"
        let begins = !isComplete && wasComplete || blueGreen == nil && isUnknown && didCreate
        let beginning =
            begins ? [RolloutEvent("RolloutNotCompleted", "the update to revision \(revision) has begun")] : []
        if blueGreen == nil { opening += beginning }
        if isRenumbered { opening.append(RolloutEvent("RolloutUpdated", "updated to revision \(revision)")) }
        if didCreate, let current {
            opening.append(
                RolloutEvent(
                    "NewReplicaSetCreated", "created ReplicaSet \(current.name) (revision \(revision))",
                    of: .replicaSet(current.name)))
        }
        if blueGreen != nil { opening += beginning }
        return opening
    }

    /// Tells of a pause that began or ended.
    mutating func reportPauses() {
        let paused = status.pauseConditions.first.map { RolloutEvent("RolloutPaused", "paused: \($0.reason)") }
        // A person took the pause away since the last look, and that was taken notice of.
        let isResumedByUser =
            old.controllerPause && old.pauseConditions.isEmpty && (didAddPause || !status.controllerPause)
        guard isResumedByUser || !old.pauseConditions.isEmpty else {
            if let paused { events.append(paused) }
            return
        }
        // The next pause may begin in the decision that ends one.
        let isOver = status.pauseConditions.allSatisfy { !old.pauseConditions.contains($0) }
        guard isOver, !status.abort else { return }
        // What the end of the pause let happen comes after it.
        let step = events.firstIndex { $0.reason == "RolloutStepCompleted" }
        events.insert(RolloutEvent("RolloutResumed", "resumed"), at: step.map { $0 + 1 } ?? 0)
        if let paused { events.append(paused) }
    }
}
