import Kubernetes
import Logging
import Manifest
import RolloutEngine

extension RolloutReconciler {
    /// Frees Services that name this Rollout as their manager but that it no longer refers to.
    ///
    /// Without this a Service would go on selecting a hash of which there are no pods. Costs a look into an index
    /// where there is nothing to do.
    func cleanUp(_ key: ObjectKey, _ rollout: Rollout?) async throws {
        let managed = caches.services.store.indexed(RolloutCaches.managers, key.description)
        guard !managed.isEmpty else { return }
        let used = rollout?.spec.canary.map { Set([$0.canaryService, $0.stableService]) } ?? []
        for service in managed where !used.contains(service.key.name) {
            if rollout == nil, try await api.get(.rollouts, key, subresource: nil) != nil {
                return  // Not in our cache, but there: another instance's.
            }
            // A Rollout that cannot be acted on may come to name it again; its traffic is left alone.
            if let rollout, !rollout.problems.isEmpty { return }
            let patch: JSON = [
                "metadata": [
                    "resourceVersion": .string(service.resourceVersion), "annotations": [Keys.managedBy: .null],
                ],
                "spec": ["selector": [Keys.podTemplateHash: .null]],
            ]
            let written = try await api.patch(
                .services, service.key, .merge, patch, subresource: nil,
                WriteOptions(fieldManager: FieldManagers.rollout))
            caches.services.store.noteWrite(service.key, written.resourceVersion)
            logger.info("freed a Service", metadata: ["rollout": "\(key)", "service": "\(service.key)"])
        }
    }
}

extension RolloutCaches {
    /// Index of Services by the Rollout that manages them.
    package static let managers = "managers"

    /// How the Service informer must be indexed.
    package static let serviceIndexes: [String: @Sendable (CachedService) -> [String]] = [
        managers: { service in
            service.fact.managedBy.map { [ObjectKey(namespace: service.key.namespace, name: $0).description] } ?? []
        }
    ]
}
