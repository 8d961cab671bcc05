import Manifest

/// The rules that need other objects; those must be in the snapshot.
enum ReferenceValidation {
    static func problems(of seen: RolloutSnapshot) -> [FieldProblem] {
        let rollout = seen.rollout
        var problems: [FieldProblem] = []
        for (path, name) in rollout.serviceFields {
            guard let service = seen.services[name] else {
                problems.append(
                    .init(
                        path, .notFound,
                        "Service \"\(name)\" does not exist; create it in namespace \(rollout.key.namespace)"))
                continue
            }
            if let owner = service.managedBy, owner != rollout.key.name {
                problems.append(
                    .init(
                        path, .invalid,
                        "Service \"\(name)\" is managed by Rollout \"\(owner)\"; use another Service or remove its annotation \(Keys.managedBy)"
                    ))
            }
            let labels = rollout.spec.template?.labels ?? [:]
            for key in service.selector.keys.sorted()
            where key != Keys.podTemplateHash && labels[key] != service.selector[key] {
                problems.append(
                    .init(
                        path, .invalid,
                        "Service \"\(name)\" selects \(key)=\(service.selector[key] ?? ""), which the template's labels lack; make them agree"
                    ))
            }
        }
        return problems + seen.referenceProblems
    }
}
