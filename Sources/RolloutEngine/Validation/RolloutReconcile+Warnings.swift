extension RolloutReconcile {
    /// Tells of a spec's oddities once for each generation, in one Event.
    mutating func reportWarnings() {
        guard !rollout.warnings.isEmpty, old.observedGeneration != String(rollout.generation) else { return }
        events.append(
            RolloutEvent(
                "RolloutSpecWarning", rollout.warnings.map(\.description).joined(separator: ". "), isWarning: true))
    }
}
