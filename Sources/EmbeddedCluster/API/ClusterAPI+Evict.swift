import Kubernetes
import Manifest

extension ClusterAPI {
    /// Evictions; other subresources cannot be created.
    func createSubresource(
        _ kind: ServedKind, _ key: ObjectKey, _ name: String, _ object: JSON, _ options: WriteOptions
    ) throws(KubernetesError) -> JSON {
        guard kind.definition.name == "pods", name == "eviction" else { throw .noSuchResource }
        try checkBudgets(key)
        let grace = object.at("deleteOptions", "gracePeriodSeconds")?.intValue
        _ = try delete(
            kind, key,
            DeleteOptions(
                uid: object.at("deleteOptions", "preconditions", "uid")?.stringValue,
                gracePeriodSeconds: grace.map { Int(clamping: $0) }, dryRun: options.dryRun))
        return ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201]
    }

    /// Refuses while a PodDisruptionBudget has none to spare; pods that are not ready cost nothing.
    private func checkBudgets(_ key: ObjectKey) throws(KubernetesError) {
        guard let pod = store.get("pods", key)?.json, pod.isReadyPod, pod.isActivePod else { return }
        for budget in store.list("poddisruptionbudgets.policy", namespace: key.namespace).objects {
            guard let json = budget.json.at("spec", "selector"), let selector = try? LabelSelector(json),
                selector.matches(pod.labels)
            else { continue }
            let covered = store.list("pods", namespace: key.namespace).objects.map(\.json).filter {
                $0.isActivePod && selector.matches($0.labels)
            }
            guard covered.count(where: \.isReadyPod) <= Self.wanted(budget.json["spec"], of: covered.count) else {
                continue
            }
            throw KubernetesError(
                code: 429, reason: "TooManyRequests",
                message: "cannot evict pod \(key.name): it would violate the disruption budget \(budget.key.name)")
        }
    }

    /// Healthy pods that a budget asks for; percentages round up.
    private static func wanted(_ spec: JSON?, of expected: Int) -> Int {
        func count(_ value: JSON) -> Int {
            guard let text = value.stringValue else { return Int(clamping: value.intValue ?? 0) }
            let percent = Int(text.dropLast()) ?? 0
            return (expected * min(max(percent, 0), 100) + 99) / 100
        }
        if let most = spec?["maxUnavailable"] { return expected - min(expected, count(most)) }
        return spec?["minAvailable"].map(count) ?? 0
    }
}
