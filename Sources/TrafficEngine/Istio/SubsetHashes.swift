import Manifest

/// Points the canary and stable subsets of a DestinationRule at ReplicaSets.
struct SubsetHashes {
    let subject: TrafficSubject
    let rule: IstioConfiguration.DestinationRule

    func problems(_ object: JSON?, _ reference: ObjectReference) -> [TrafficProblem] {
        let path = "\(IstioConfiguration.path).destinationRule"
        for (field, value) in [
            ("name", rule.name), ("canarySubsetName", rule.canarySubset), ("stableSubsetName", rule.stableSubset),
        ] where value.isEmpty {
            return [TrafficProblem("\(path).\(field)", "is required")]
        }
        guard rule.canarySubset != rule.stableSubset else {
            return [TrafficProblem("\(path).canarySubsetName", "canary and stable subset must differ")]
        }
        guard let object else { return [TrafficProblem("\(path).name", "\(reference) does not exist; create it")] }
        if let owner = otherOwner(of: object) {
            return [TrafficProblem("\(path).name", "\(reference) is managed by the Rollout \(owner)")]
        }
        let names = subsets(of: object).compactMap { $0["name"]?.stringValue }
        return [rule.canarySubset, rule.stableSubset].filter { !names.contains($0) }
            .map { TrafficProblem("\(path).name", "\(reference) has no subset \"\($0)\"; add it") }
    }

    func plan(
        _ intent: TrafficIntent, _ live: JSON, _ reference: ObjectReference
    ) throws(TrafficError) -> TrafficWrite? {
        if let owner = otherOwner(of: live) {
            throw TrafficError(.owned, reference, "it is managed by the Rollout \(owner)")
        }
        var subsets = subsets(of: live)
        for (name, hash) in [(rule.canarySubset, intent.canaryHash), (rule.stableSubset, intent.stableHash)] {
            guard let index = subsets.firstIndex(where: { $0["name"]?.stringValue == name }) else {
                throw TrafficError(.invalid, reference, "it has no subset \"\(name)\"")
            }
            let present = subsets[index].at("labels", TrafficKeys.hash)?.stringValue ?? ""
            guard present != hash else { continue }
            if subject.canaryService.isEmpty, subject.stableService.isEmpty, intent.unavailableHashes.contains(hash) {
                throw TrafficError(
                    .waiting, reference, "subset \"\(name)\" waits until ReplicaSet \(hash) has enough available pods")
            }
            subsets[index].set(hash.isEmpty ? nil : .string(hash), at: "labels", TrafficKeys.hash)
        }
        let wanted = intent.additional.sorted { utf8Order($0.service, $1.service) }
        let gone = Set(intent.formerAdditional).subtracting(wanted.map(\.service))
        subsets.removeAll { $0["name"]?.stringValue.map(gone.contains) ?? false }
        for destination in wanted {
            let labels: JSON = [TrafficKeys.hash: .string(destination.hash)]
            if let index = subsets.firstIndex(where: { $0["name"]?.stringValue == destination.service }) {
                subsets[index].set(.string(destination.hash), at: "labels", TrafficKeys.hash)
            } else {
                subsets.append(["name": .string(destination.service), "labels": labels])
            }
        }
        var desired = live
        desired.set(.array(subsets), at: "spec", "subsets")
        desired.set(.string(subject.rollout.name), at: "metadata", "annotations", TrafficKeys.managedBy)
        return .patch(
            reference, from: live, to: desired, event: "UpdatedDestinationRule",
            "DestinationRule \(reference.key) set to canary hash \(intent.canaryHash) and stable hash \(intent.stableHash)"
        )
    }

    func hashes(in object: JSON) -> Set<String> {
        let names = [rule.canarySubset, rule.stableSubset]
        return Set(
            subsets(of: object).filter { $0["name"]?.stringValue.map(names.contains) ?? false }
                .compactMap { $0.at("labels", TrafficKeys.hash)?.stringValue })
    }

    func cleanUp(_ live: JSON, _ reference: ObjectReference) -> TrafficWrite? {
        guard otherOwner(of: live) == nil else { return nil }
        var subsets = subsets(of: live)
        for index in subsets.indices {
            let name = subsets[index]["name"]?.stringValue
            guard name == rule.canarySubset || name == rule.stableSubset else { continue }
            subsets[index].set(nil, at: "labels", TrafficKeys.hash)
        }
        var desired = live
        if !subsets.isEmpty { desired.set(.array(subsets), at: "spec", "subsets") }
        desired.set(nil, at: "metadata", "annotations", TrafficKeys.managedBy)
        return .patch(
            reference, from: live, to: desired, event: "UpdatedDestinationRule",
            "DestinationRule \(reference.key) is no longer managed by Rollout \(subject.rollout)")
    }

    private func subsets(of object: JSON) -> [JSON] { object.at("spec", "subsets")?.arrayValue ?? [] }

    /// The Rollout that manages the rule, if it is another one.
    private func otherOwner(of object: JSON) -> String? {
        guard let owner = object.annotations[TrafficKeys.managedBy], owner != subject.rollout.name else { return nil }
        return owner
    }
}
