import Kubernetes
import Logging
import Manifest
import RolloutEngine

/// Pods are not cached: only restarts and ephemeral metadata look at them, and both are rare.
extension RolloutReconciler {
    /// How many times a pod's metadata is written before its error counts.
    private static let podTries = 3
    private static let podsAtOnce = 10

    /// The pods of a Rollout's ReplicaSets.
    func pods(of rollout: Rollout) async throws -> [PodFact] {
        let owners = Set(caches.replicaSets.store.ownedBy(rollout.uid).map(\.uid))
        let found = Lock<[PodFact]>([])
        let options = ListOptions(
            namespace: rollout.key.namespace, labelSelector: rollout.spec.selector?.text ?? Keys.podTemplateHash)
        _ = try await api.list(.pods, options) { bytes in
            let pod = try JSON(parsing: bytes)
            guard let fact = PodFact(pod), owners.contains(fact.ownerUID) else { return }
            found.withLock { $0.append(fact) }
        }
        let now = clock.now()
        return found.withLock { $0 }.map { pod in
            var pod = pod
            pod.isHeld = holds.contains(pod.uid, now: now)
            return pod
        }
    }

    /// Asks for a pod's eviction; a disruption budget may refuse, which is no failure.
    /// - Returns: Whether the pod goes.
    func evict(_ name: String, uid: String, of rollout: Rollout) async throws -> Bool {
        // `policy/v1` came with 1.22 and its predecessor went with 1.25.
        var refusal: KubernetesError?
        for version in ["policy/v1", "policy/v1beta1"] {
            let eviction: JSON = [
                "apiVersion": .string(version), "kind": "Eviction",
                "metadata": ["name": .string(name), "namespace": .string(rollout.key.namespace)],
                "deleteOptions": ["preconditions": ["uid": .string(uid)]],
            ]
            do throws(KubernetesError) {
                _ = try await api.create(
                    .pods, namespace: rollout.key.namespace, eviction, subresource: (name: "eviction", of: name),
                    WriteOptions(fieldManager: FieldManagers.rollout))
                return true
            } catch {
                if error.isNotFound || error.isConflict { return true }  // Gone, or another pod of that name.
                if error.code == 429 {
                    logger.info(
                        "eviction waits for a disruption budget",
                        metadata: ["rollout": "\(rollout.key)", "pod": "\(name)"])
                    return false
                }
                refusal = error
                guard error.code == 400 else { break }
            }
        }
        if let refusal { throw refusal }
        return true
    }

    /// Gives every pod of a ReplicaSet its ephemeral metadata, several at a time.
    func syncMetadata(_ request: PodMetadataRequest, of rollout: Rollout) async throws {
        let pods = Lock<[JSON]>([])
        let options = ListOptions(
            namespace: rollout.key.namespace, labelSelector: "\(Keys.podTemplateHash)=\(request.hash)")
        _ = try await api.list(.pods, options) { bytes in
            let pod = try JSON(parsing: bytes)
            guard PodFact(pod)?.ownerUID == request.uid else { return }
            pods.withLock { $0.append(pod) }
        }
        let due = pods.withLock { $0 }.compactMap { pod in request.patch(of: pod).map { (pod.objectKey, $0) } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, (key, patch)) in due.enumerated() {
                if index >= Self.podsAtOnce { try await group.next() }
                group.addTask { try await self.patchPod(key, patch) }
            }
            try await group.waitForAll()
        }
    }

    private func patchPod(_ key: ObjectKey, _ patch: JSON) async throws {
        for attempt in 1...Self.podTries {
            do throws(KubernetesError) {
                _ = try await api.patch(
                    .pods, key, .merge, patch, subresource: nil, WriteOptions(fieldManager: FieldManagers.rollout))
                return
            } catch {
                if error.isNotFound { return }
                guard attempt < Self.podTries else { throw error }
            }
            try await Task.sleep(for: .milliseconds(100 << attempt))
        }
    }
}

extension PodFact {
    /// - Returns: `nil` for a pod that nothing controls.
    init?(_ pod: JSON) {
        let owner = pod.at("metadata", "ownerReferences")?.arrayValue?.first { $0["controller"] == true }
        guard let uid = owner?["uid"]?.stringValue else { return nil }
        let ready = pod.at("status", "conditions")?.arrayValue?.first {
            $0["type"]?.stringValue == "Ready" && $0["status"]?.stringValue == "True"
        }
        let time = { (json: JSON?) in json?.stringValue.flatMap { Timestamp(rfc3339: $0) } }
        self.init(
            name: pod.objectKey.name, uid: pod.uid, ownerUID: uid,
            creationTimestamp: time(pod.at("metadata", "creationTimestamp")) ?? Timestamp(seconds: 0),
            readySince: ready.flatMap { time($0["lastTransitionTime"]) },
            isTerminating: pod.at("metadata", "deletionTimestamp").map { !$0.isNull } ?? false)
    }
}

extension PodMetadataRequest {
    /// The merge patch for a pod, or `nil` where it carries all of this already.
    func patch(of pod: JSON) -> JSON? {
        func differences(_ wanted: [String: String?], _ field: String) -> [String: JSON] {
            let present = pod.at("metadata", field)?.stringMap ?? [:]
            return wanted.filter { present[$0.key] != $0.value }.mapValues { $0.map { .string($0) } ?? .null }
        }
        let (labels, annotations) = (differences(labels, "labels"), differences(annotations, "annotations"))
        guard !labels.isEmpty || !annotations.isEmpty else { return nil }
        var metadata: JSON = ["uid": .string(pod.uid)]
        if !labels.isEmpty { metadata["labels"] = .object(labels) }
        if !annotations.isEmpty { metadata["annotations"] = .object(annotations) }
        return ["metadata": metadata]
    }
}
