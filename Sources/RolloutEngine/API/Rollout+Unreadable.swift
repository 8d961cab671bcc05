import Manifest

extension Rollout {
    /// The Rollout with amounts of its pod template left out that are no quantities, each with a warning.
    ///
    /// Argo Rollouts reads them as if they were not written, and whoever takes a Rollout from there has pods of such a
    /// template, which go on.
    func leavingOutUnreadable() -> Rollout {
        guard !problems.isEmpty, spec.workloadRef == nil, let found = spec.template?.withoutUnreadable else {
            return self
        }
        var rollout = self
        rollout.spec.template = found.template
        rollout.validate(ownTemplate: found.template, workload: .unknown)
        rollout.warnings += found.leftOut
        return rollout
    }
}

extension PodTemplate {
    /// Without amounts of containers that are no quantities, and a word on each; `nil` where there are none.
    ///
    /// A list of ephemeral containers that has one goes as a whole, as such lists do where Kubernetes' own types are
    /// decoded; one without is refused as ever.
    fileprivate var withoutUnreadable: (template: PodTemplate, leftOut: [FieldProblem])? {
        let written = json
        var template = written
        var leftOut: [FieldProblem] = []
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            guard let containers = written.at("spec", list)?.arrayValue else { continue }
            var readable: [JSON] = []
            let before = leftOut.count
            for (index, container) in containers.enumerated() {
                readable.append(
                    container.withReadableAmounts(path: "spec.template.spec.\(list)[\(index)]", leftOut: &leftOut))
            }
            guard leftOut.count > before else { continue }
            template.set(list == "ephemeralContainers" ? nil : .array(readable), at: "spec", list)
        }
        guard !leftOut.isEmpty else { return nil }
        var reader = JSONReader(template.serialized())
        return (try? PodTemplate(&reader)).map { ($0, leftOut) }
    }
}

extension JSON {
    /// A container with those of its amounts that are quantities.
    fileprivate func withReadableAmounts(path: String, leftOut: inout [FieldProblem]) -> JSON {
        var container = self
        for kind in ["limits", "requests"] {
            guard let amounts = at("resources", kind)?.objectValue else { continue }
            var readable: [String: JSON] = [:]
            for (name, amount) in amounts.sorted(by: { $0.key < $1.key }) {
                if Quantity(amount) != nil {
                    readable[name] = amount
                } else {
                    leftOut.append(
                        FieldProblem(
                            "\(path).resources.\(kind).\(name)", .invalid,
                            "\(amount.description.prefix(60)) is no quantity, and pods are made without it; write a number with a unit, such as 500m or 128Mi"
                        ))
                }
            }
            if readable.count < amounts.count { container.set(.object(readable), at: "resources", kind) }
        }
        return container
    }
}
