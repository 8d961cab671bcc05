extension RolloutReconcile {
    /// Tells of a spec's oddities once for each generation, in one Event.
    mutating func reportWarnings() {
        guard !rollout.warnings.isEmpty, old.observedGeneration != String(rollout.generation) else { return }
        events.append(RolloutEvent(specWarnings: rollout.warnings))
    }
}

extension RolloutEvent {
    init(specWarnings: [FieldProblem]) {
        self.init("RolloutSpecWarning", specWarnings.map(\.description).joined(separator: ". "), isWarning: true)
    }
}
