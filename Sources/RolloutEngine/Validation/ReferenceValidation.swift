import Manifest

/// The rules that need other objects; those must be in the snapshot.
package enum ReferenceValidation {
    static func problems(of seen: RolloutSnapshot) -> [FieldProblem] {
        problems(of: seen.rollout, services: seen.services, isComplete: true) + seen.referenceProblems
    }

    /// What is wrong with the Services that a Rollout names, by rule and then by field.
    /// - Parameter isComplete: A Service that is not among them does not exist; else it may be elsewhere.
    package static func problems(
        of rollout: Rollout, services: [String: ServiceFact], isComplete: Bool
    ) -> [FieldProblem] {
        var findings = FieldFindings()
        let labels = rollout.spec.template?.labels
        for (path, name) in rollout.serviceFields {
            guard let service = services[name] else {
                findings.check(
                    isComplete, row: 40, path,
                    "Service \"\(name)\" does not exist; create it in namespace \(rollout.key.namespace)", .notFound)
                continue
            }
            // Without its workload the Rollout's labels are not known.
            for key in labels == nil ? [] : service.selector.keys.sorted()
            where key != Keys.podTemplateHash && labels?[key] != service.selector[key] {
                findings.check(
                    true, row: 41, path,
                    "Service \"\(name)\" selects \(key)=\(service.selector[key] ?? ""), which the template's labels lack; make them agree"
                )
            }
            if let owner = service.managedBy {
                findings.check(
                    owner != rollout.key.name, row: 42, path,
                    "Service \"\(name)\" is managed by Rollout \"\(owner)\"; use another Service or remove its annotation \(Keys.managedBy)"
                )
            }
        }
        return findings.problems
    }
}
