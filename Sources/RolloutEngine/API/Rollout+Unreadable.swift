import Manifest

extension Rollout {
    /// The Rollout as Argo Rollouts reads one whose pod template holds amounts that are no quantities: as if they were not
    /// written.
    ///
    /// A habit for `--strict-compat` alone. Whoever misspells a memory request is better served by an error than by pods
    /// without one.
    package var withoutUnreadable: Rollout {
        guard !problems.isEmpty, spec.workloadRef == nil, let template = spec.template?.withoutUnreadable else {
            return self
        }
        var rollout = self
        rollout.spec.template = template
        rollout.validate(ownTemplate: template, workload: .unknown)
        return rollout
    }
}

extension PodTemplate {
    /// Without amounts of containers that are no quantities; `nil` where there are none.
    ///
    /// A list of ephemeral containers that has one goes as a whole, as such lists do where Kubernetes' own types are
    /// decoded; one without is refused as ever.
    fileprivate var withoutUnreadable: PodTemplate? {
        let written = json
        var template = written
        for list in ["containers", "initContainers"] {
            guard let containers = written.at("spec", list)?.arrayValue else { continue }
            template.set(.array(containers.map(\.withReadableAmounts)), at: "spec", list)
        }
        if let ephemeral = written.at("spec", "ephemeralContainers")?.arrayValue,
            ephemeral.contains(where: { $0.withReadableAmounts != $0 })
        {
            template.set(nil, at: "spec", "ephemeralContainers")
        }
        guard template != written else { return nil }
        var reader = JSONReader(template.serialized())
        return try? PodTemplate(&reader)
    }
}

extension JSON {
    /// A container with those of its amounts that are quantities.
    fileprivate var withReadableAmounts: JSON {
        var container = self
        for kind in ["limits", "requests"] {
            guard let amounts = at("resources", kind)?.objectValue else { continue }
            let readable = amounts.filter { Quantity($0.value) != nil }
            if readable.count < amounts.count { container.set(.object(readable), at: "resources", kind) }
        }
        return container
    }
}
