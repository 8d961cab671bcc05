extension RolloutReconcile {
    /// Tells of a spec's oddities once for each generation, in one Event.
    mutating func reportWarnings() {
        let warnings = rollout.warnings + rollout.leftOut
        guard !warnings.isEmpty, old.observedGeneration != String(rollout.generation) else { return }
        events.append(RolloutEvent(specWarnings: warnings))
    }
}

extension RolloutEvent {
    init(specWarnings: [FieldProblem]) {
        self.init("RolloutSpecWarning", specWarnings.map(\.description).joined(separator: ". "), isWarning: true)
    }
}
