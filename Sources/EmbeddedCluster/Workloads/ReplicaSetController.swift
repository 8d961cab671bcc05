import Kubernetes
import Manifest

/// Keeps as many pods as a ReplicaSet asks for.
struct ReplicaSetController {
    let cluster: ClusterAPI

    func reconcile(_ key: ObjectKey) throws(KubernetesError) -> Duration? {
        guard let set = cluster.store.get("replicasets.apps", key)?.json, !set.isBeingDeleted else { return nil }
        let active = cluster.ownedPods(set.uid).filter(\.isActivePod)
        let wanted = Int(clamping: set.at("spec", "replicas")?.intValue ?? 1)
        if active.count < wanted {
            for _ in active.count..<min(wanted, active.count + 500) { try createPod(of: set) }
        } else if active.count > wanted {
            let pods = try cluster.kind("pods")
            for pod in active.sorted(by: Self.goesFirst).prefix(active.count - wanted) {
                _ = try? cluster.delete(pods, pod.objectKey, DeleteOptions(uid: pod.uid))
            }
        }
        return try writeStatus(key, set)
    }

    private func createPod(of set: JSON) throws(KubernetesError) {
        var pod: JSON = ["apiVersion": "v1", "kind": "Pod", "spec": set.at("spec", "template", "spec") ?? .emptyObject]
        var metadata: JSON = [
            "generateName": .string("\(set.objectKey.name)-"),
            "ownerReferences": [
                [
                    "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": .string(set.objectKey.name),
                    "uid": .string(set.uid),
                    "controller": true, "blockOwnerDeletion": true,
                ]
            ],
        ]
        for name in ["labels", "annotations"] { metadata[name] = set.at("spec", "template", "metadata", name) }
        if let finalizers = set.at("spec", "template", "metadata", "finalizers") { metadata["finalizers"] = finalizers }
        pod["metadata"] = metadata
        try cluster.create("pods", namespace: set.objectKey.namespace, pod)
    }

    /// Cheap pods first, then those that serve least, then the youngest.
    private static func goesFirst(_ left: JSON, _ right: JSON) -> Bool {
        func rank(_ pod: JSON) -> (Int, Int, String) {
            let cost = pod.annotations["controller.kubernetes.io/pod-deletion-cost"].flatMap { Int($0) } ?? 0
            return (pod.isReadyPod ? 1 : 0, cost, pod.at("metadata", "creationTimestamp")?.stringValue ?? "")
        }
        let (a, b) = (rank(left), rank(right))
        if a.0 != b.0 { return a.0 < b.0 }
        if a.1 != b.1 { return a.1 < b.1 }
        return a.2 == b.2 ? left.objectKey > right.objectKey : a.2 > b.2
    }

    private func writeStatus(_ key: ObjectKey, _ set: JSON) throws(KubernetesError) -> Duration? {
        let pods = cluster.ownedPods(set.uid).filter(\.isActivePod)
        let labels = LabelSelector(matchLabels: set.at("spec", "template", "metadata", "labels")?.stringMap ?? [:])
        let ready = pods.filter(\.isReadyPod)
        let minimum = Duration.seconds(set.at("spec", "minReadySeconds")?.intValue ?? 0)
        let now = cluster.clock.now()
        var wait: Duration?
        let available = ready.count { pod in
            let left =
                minimum
                - (now
                    - (pod.condition("Ready")?["lastTransitionTime"]?.stringValue.flatMap { Timestamp(rfc3339: $0) }
                        ?? now))
            if minimum > .zero, left > .zero { wait = min(wait ?? left, left) }
            return minimum == .zero || left <= .zero
        }
        var status: JSON = ["replicas": JSON(pods.count), "observedGeneration": set.at("metadata", "generation") ?? 1]
        let counts = [
            ("fullyLabeledReplicas", pods.count { labels.matches($0.labels) }), ("readyReplicas", ready.count),
            ("availableReplicas", available),
        ]
        for (name, count) in counts where count > 0 { status[name] = JSON(count) }
        if let conditions = set.at("status", "conditions") { status["conditions"] = conditions }
        try cluster.writeStatus("replicasets.apps", key, uid: set.uid, status)
        return wait
    }
}

extension ClusterAPI {
    /// Pods that name this uid as an owner, by name.
    func ownedPods(_ uid: String) -> [JSON] { owned(uid, in: "pods") }

    func owned(_ uid: String, in collection: String) -> [JSON] {
        store.dependents(ofUID: uid).filter { $0.collection == collection }
            .compactMap { store.get($0.collection, $0.key)?.json }
    }

    /// Replaces a status where it differs.
    func writeStatus(_ name: String, _ key: ObjectKey, uid: String, _ status: JSON) throws(KubernetesError) {
        let kind = try kind(name)
        guard let stored = store.get(kind.definition.collection, key), stored.uid == uid,
            stored.json["status"] != status
        else { return }
        var object = stored.json
        object["status"] = status
        _ = try replace(
            kind, stored, with: object, subresource: "status", WriteOptions(fieldManager: "kube-controller-manager"),
            owned: nil)
    }

    /// Writes an object that a controller has changed.
    func rewrite(_ name: String, _ object: JSON) throws(KubernetesError) {
        _ = try update(
            kind(name), object.objectKey, object, subresource: nil,
            WriteOptions(fieldManager: "kube-controller-manager"))
    }
}
