extension Rollout {
    /// The Services that the strategy names, with the fields that name them.
    package var serviceFields: [(path: String, name: String)] {
        var fields: [(path: String, name: String)] = []
        if let canary = spec.canary {
            let root = "spec.strategy.canary"
            fields = [("\(root).stableService", canary.stableService), ("\(root).canaryService", canary.canaryService)]
            if let pingPong = canary.pingPong {
                fields.append(("\(root).pingPong.pingService", pingPong.pingService))
                fields.append(("\(root).pingPong.pongService", pingPong.pongService))
            }
        } else if let blueGreen = spec.blueGreen {
            let root = "spec.strategy.blueGreen"
            fields = [
                ("\(root).activeService", blueGreen.activeService),
                ("\(root).previewService", blueGreen.previewService),
            ]
        }
        return fields.filter { !$0.name.isEmpty }
    }

    package var serviceNames: [String] { serviceFields.map(\.name) }

    /// The Rollout with the template, and where it has none the selector, of the workload that it refers to.
    ///
    /// Both live in memory alone and are never written. Without the workload the Rollout is invalid, and has no template.
    package func resolved(with workload: WorkloadFact?) -> Rollout {
        guard let reference = spec.workloadRef else { return self }
        var rollout = self
        let workload = reference.isSupported ? workload : nil
        rollout.spec.template = workload?.template
        if rollout.spec.selector == nil, rollout.spec.selectorProblem == nil {
            rollout.spec.selector = workload?.selector
        }
        rollout.validate(ownTemplate: spec.template, workload: workload == nil ? .missing : .found)
        return rollout
    }
}
