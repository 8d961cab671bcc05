import Manifest

extension Rollout {
    /// The Rollout with amounts of its pod template left out that are no quantities, each with a warning.
    ///
    /// Argo Rollouts reads them as if they were not written, and takes them out of the object by its first write. Whoever
    /// takes a Rollout from there has pods of such a template, which go on.
    func leavingOutUnreadable() -> Rollout {
        guard !problems.isEmpty, spec.workloadRef == nil, let found = spec.template?.withoutUnreadable else {
            return self
        }
        var rollout = self
        rollout.spec.template = found.template
        rollout.validate(ownTemplate: found.template, workload: .unknown)
        rollout.leftOut = found.leftOut
        // Who syncs the object would put it back for ever, and compares it with what stands in Git.
        if annotations[Keys.trackingID] == nil { rollout.unreadable = found.pointers }
        return rollout
    }
}

/// An amount of a container that is no quantity.
private struct UnreadableAmount {
    var list: String
    var index: Int
    /// `limits` or `requests`.
    var kind: String
    var name: String
    var value: JSON

    var warning: FieldProblem {
        FieldProblem(
            "spec.template.spec.\(list)[\(index)].resources.\(kind).\(name)", .invalid,
            "\(value.description.prefix(60)) is no quantity, and pods are made without it; write a number with a unit, such as 500m or 128Mi"
        )
    }

    var pointer: String {
        let name = name.replacing("~", with: "~0").replacing("/", with: "~1")
        return "/spec/template/spec/\(list)/\(index)/resources/\(kind)/\(name)"
    }
}

extension PodTemplate {
    /// Without amounts of containers that are no quantities, a warning of each, and where they stand in a Rollout; `nil` where
    /// there are none.
    ///
    /// A list of ephemeral containers that has one goes as a whole, as such lists do where Kubernetes' own types are
    /// decoded; one without is refused as ever.
    fileprivate var withoutUnreadable: (template: PodTemplate, leftOut: [FieldProblem], pointers: [String])? {
        let written = json
        var template = written
        var amounts: [UnreadableAmount] = []
        var pointers: [String] = []
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            guard let containers = written.at("spec", list)?.arrayValue else { continue }
            let found = containers.enumerated().flatMap { $0.element.unreadable(in: list, at: $0.offset) }
            guard !found.isEmpty else { continue }
            amounts += found
            if list == "ephemeralContainers" {
                template.set(nil, at: "spec", list)
                pointers.append("/spec/template/spec/\(list)")
            } else {
                template.set(
                    .array(containers.enumerated().map { $0.element.without(found, at: $0.offset) }), at: "spec", list)
                pointers += found.map(\.pointer)
            }
        }
        guard !amounts.isEmpty else { return nil }
        var reader = JSONReader(template.serialized())
        return (try? PodTemplate(&reader)).map { ($0, amounts.map(\.warning), pointers) }
    }
}

extension JSON {
    /// The amounts of a container that are no quantities.
    fileprivate func unreadable(in list: String, at index: Int) -> [UnreadableAmount] {
        ["limits", "requests"].flatMap { kind in
            (at("resources", kind)?.objectValue ?? [:])
                .filter { !$0.value.isNull && Quantity($0.value) == nil }
                .sorted { $0.key < $1.key }
                .map { UnreadableAmount(list: list, index: index, kind: kind, name: $0.key, value: $0.value) }
        }
    }

    fileprivate func without(_ amounts: [UnreadableAmount], at index: Int) -> JSON {
        var container = self
        for amount in amounts where amount.index == index {
            container.set(nil, at: "resources", amount.kind, amount.name)
        }
        return container
    }
}
