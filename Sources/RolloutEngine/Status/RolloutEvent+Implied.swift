extension RolloutEvent {
    /// Whether the other Events of the same decision tell as much, so that it can be left out where too many wait.
    package func isImplied(among events: [RolloutEvent]) -> Bool {
        switch reason {
        // Beside those that name the revision and the weights they tell little more.
        case "RolloutNotCompleted", "ScalingReplicaSet", "RolloutAddedToInformer": true
        // `NewReplicaSetCreated` names the revision too.
        case "RolloutUpdated": events.contains { $0.reason == "NewReplicaSetCreated" }
        default: false
        }
    }
}
