import Kubernetes
import Logging
import Manifest
package import RolloutEngine

extension RolloutReconciler {
    /// Frees Services that name this Rollout as their manager but that it no longer refers to.
    ///
    /// Without this a Service would go on selecting a hash of which there are no pods. Costs a look into an index
    /// where there is nothing to do.
    func cleanUp(_ key: ObjectKey, _ rollout: Rollout?) async throws {
        let managed = caches.services.store.indexed(RolloutCaches.managers, key.description)
        guard !managed.isEmpty else { return }
        let used = Set(rollout?.serviceNames ?? [])
        for service in managed where !used.contains(service.key.name) {
            if rollout == nil, try await api.get(.rollouts, key, subresource: nil) != nil {
                return  // Not in our cache, but there: another instance's.
            }
            // A Rollout that cannot be acted on may come to name it again; its traffic is left alone.
            if let rollout, !decide(observe(rollout), now: clock.now()).problems.isEmpty { return }
            try await free(service, of: key)
        }
    }

    /// Frees what a Rollout that is gone named, also where somebody took its name off the Service.
    private func freeServices(of gone: Rollout) async throws {
        for name in gone.serviceNames {
            let key = ObjectKey(namespace: gone.key.namespace, name: name)
            guard let service = caches.services.store.get(key), service.fact.managedBy == nil,
                !service.fact.hash.isEmpty,
                caches.rollouts.store.indexed(RolloutCaches.references, RolloutReference.service(key)).isEmpty
            else { continue }
            try await free(service, of: gone.key)
        }
    }

    private func free(_ service: CachedService, of key: ObjectKey) async throws {
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

extension RolloutReconciler {
    /// Rollouts whose routes are to be left clean; more that go at the same time are not remembered.
    private static let farewellLimit = 1_000
    private static let farewellTries = 5
    private static let farewellAge: Duration = .seconds(60)

    /// Remembers the last known spec of a Rollout that vanished, so that its end is told and its routes can be left clean.
    package func noteGone(_ rollout: Rollout) {
        farewells.withLock { farewells in
            guard farewells.count < Self.farewellLimit || farewells[rollout.key] != nil else { return }
            farewells[rollout.key] = Farewell(rollout: rollout, noted: clock.now())
        }
    }

    /// Leaves the routes of a deleted Rollout clean, as far as its last known spec tells.
    ///
    /// Best effort: without a finalizer nothing waits for this, so it gives up after some tries.
    func leaveRoutes(_ key: ObjectKey) async throws {
        guard let farewell = farewells.withLock({ $0[key] }) else { return }
        do {
            // In the cluster but not in our cache: another instance's.
            if try await api.get(.rollouts, key, subresource: nil) == nil {
                // Whoever has just come to lead, finds those that are long gone, of which another one told.
                let isRecent = clock.now() - farewell.noted < Self.farewellAge
                if isRecent, !farewell.isTold {
                    farewells.withLock { $0[key]?.isTold = true }
                    record(RolloutEvent("RolloutDeleted", "Rollout \(key) is deleted"), farewell.rollout)
                }
                if farewell.rollout.spec.canary?.trafficRouting != nil {
                    try await routers.cleanUp(after: farewell.rollout)
                    logger.info("left routes clean", metadata: ["rollout": "\(key)"])
                }
                if isRecent { try await freeServices(of: farewell.rollout) }
            }
            farewells.withLock { _ = $0.removeValue(forKey: key) }
        } catch {
            let givesUp = farewells.withLock { farewells in
                farewells[key]?.tries += 1
                guard let tries = farewells[key]?.tries, tries >= Self.farewellTries else { return false }
                farewells[key] = nil
                return true
            }
            guard givesUp else { throw error }
            logger.warning("routes not left clean", metadata: ["rollout": "\(key)", "error": "\(error)"])
        }
    }
}

extension RolloutReconciler {
    /// Takes the finalizer off a Rollout that is being deleted and cannot be decoded, so that it does not stay for ever.
    ///
    /// How many pods its Deployment needs is read where it can be; nobody waits for them. An error that may pass keeps the
    /// finalizer, for nobody else knows that number, but not for longer than a progress deadline.
    /// - Throws: What kept the Deployment from being scaled and is to be tried again.
    func letGo(_ live: JSON, _ problem: JSONError) async throws -> Duration? {
        let key = live.objectKey
        let finalizers = (live.at("metadata", "finalizers")?.arrayValue ?? []).compactMap(\.stringValue)
        guard finalizers.contains(Keys.restoreWorkload) else { return nil }
        let options = WriteOptions(fieldManager: FieldManagers.rollout)
        let workload = live.at("spec", "workloadRef")
        let noted = live.annotations[Keys.workloadReplicas].flatMap { Int($0) }
        if let noted, workload?["kind"] == "Deployment", let name = workload?["name"]?.stringValue {
            let deployment = ObjectKey(namespace: key.namespace, name: name)
            do throws(KubernetesError) {
                let present = try await api.get(.deployments, deployment, subresource: nil)
                if let present, (present.at("spec", "replicas")?.intValue ?? 1) < Int64(noted) {
                    try await scale(deployment, to: noted)
                }
            } catch {
                warn(unscaled: deployment, for: key, error)
                let since = live.at("metadata", "deletionTimestamp")?.stringValue.flatMap(Timestamp.init(rfc3339:))
                // Its own deadline may be what cannot be read.
                let patience = Duration.seconds(RolloutSpec().progressDeadlineSeconds)
                if error.isRetriable || error.isUnauthorized, let since, clock.now() - since < patience { throw error }
            }
        }
        let left = finalizers.filter { $0 != Keys.restoreWorkload }
        _ = try await api.patch(
            .rollouts, key, .merge,
            [
                "metadata": [
                    "resourceVersion": .string(live.resourceVersion), "finalizers": left.isEmpty ? .null : JSON(left),
                ]
            ], subresource: nil, options)
        logger.warning(
            "let a Rollout go that cannot be read", metadata: ["rollout": "\(key)", "error": "\(problem)"])
        return nil
    }
}

/// A Rollout that is gone, as it was last seen.
struct Farewell: Sendable {
    var rollout: Rollout
    var noted: Timestamp
    var tries = 0
    var isTold = false
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
