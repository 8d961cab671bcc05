package import Controllers
package import Kubernetes
package import Manifest
package import RolloutEngine

/// What the dashboard shows, read from the controller's caches; pods and runs of one rollout are read when somebody looks.
package final class RolloutDashboard: DashboardSource {
    private let api: any KubernetesAPI
    private let caches: RolloutCaches
    private let waiting: @Sendable (ObjectKey) -> Waiting?
    private let record: @Sendable (ObjectKey) -> String?
    private let leading: @Sendable () -> Leadership
    private let releasesNamespace: String
    private let enablesActions: Bool
    private let listeners = Lock<[Int: AsyncStream<ObjectKey>.Continuation]>([:])
    private let nextListener = Lock(0)

    /// - Parameters:
    ///   - waiting: What a rollout waits for, as of its last reconcile.
    ///   - leading: Whether this process decides.
    ///   - releasesNamespace: Where Releases stand.
    package init(
        api: any KubernetesAPI, caches: RolloutCaches, waiting: @escaping @Sendable (ObjectKey) -> Waiting?,
        record: @escaping @Sendable (ObjectKey) -> String? = { _ in nil },
        leading: @escaping @Sendable () -> Leadership = { Leadership(isHere: true, holder: "") },
        releasesNamespace: String, enablesActions: Bool
    ) {
        self.api = api
        self.caches = caches
        self.waiting = waiting
        self.record = record
        self.leading = leading
        self.releasesNamespace = releasesNamespace
        self.enablesActions = enablesActions
    }

    /// Tells viewers that a rollout has changed; register with the informers.
    package func changed(_ key: ObjectKey) {
        for listener in listeners.withLock({ Array($0.values) }) { listener.yield(key) }
    }

    package func changes() -> AsyncStream<ObjectKey> {
        let (stream, continuation) = AsyncStream<ObjectKey>.makeStream(bufferingPolicy: .bufferingNewest(256))
        let id = nextListener.withLock { next in
            next += 1
            return next
        }
        listeners.withLock { $0[id] = continuation }
        continuation.onTermination = { [listeners] _ in listeners.withLock { _ = $0.removeValue(forKey: id) } }
        return stream
    }

    package func recording(_ key: ObjectKey) -> String? { record(key) }

    package var leadership: Leadership { leading() }

    package func rollouts() -> [JSON] { caches.rollouts.store.all.map(summary) }

    package func rollout(_ key: ObjectKey) async throws -> JSON? {
        guard let rollout = caches.rollouts.store.get(key) else { return nil }
        var picture = summary(rollout)
        let sets = caches.replicaSets.store.ownedBy(rollout.uid).filter { $0.replicas > 0 || isNamed($0, by: rollout) }
        let pods = try await items(.pods, key.namespace, rollout.spec.selector?.text)
        picture["revisions"] = .array(
            sets.sorted { ($0.revision ?? 0) > ($1.revision ?? 0) }.prefix(20).map { set in
                revision(set, of: rollout, pods)
            })
        let runs = try await items(Self.analysisRuns, key.namespace, nil).filter { run in
            (run.at("metadata", "ownerReferences")?.arrayValue ?? []).contains { $0["uid"]?.stringValue == rollout.uid }
        }
        picture["analysisRuns"] = .array(
            runs.sorted { created($0) > created($1) }.prefix(5).map(analysis))
        if let release = try await release(of: key) { picture["verdict"] = release }
        return picture
    }

    package func act(_ action: DashboardAction, on key: ObjectKey) async throws {
        let changes = ObjectChanges(api, fieldManager: "sluice-dashboard")
        switch action {
        case .promote: try await changes.promote(key, .next)
        case .promoteFull: try await changes.promote(key, .full)
        case .abort: try await changes.send(.abort, to: .rollouts, key)
        case .retry: try await changes.send(.retry, to: .rollouts, key)
        case .restart: try await changes.send(.restart(at: SystemClock().now()), to: .rollouts, key)
        }
    }

    // MARK: Pictures

    private func summary(_ rollout: Rollout) -> JSON {
        let status = rollout.status
        let canary = rollout.spec.canary
        let count = canary?.steps.count ?? 0
        let step = count == 0 ? 0 : min(max(0, status.currentStepIndex ?? 0), count)
        var picture: JSON = [
            "namespace": .string(rollout.key.namespace), "name": .string(rollout.key.name),
            "phase": .string(status.phase), "message": .string(status.message),
            "strategy": canary == nil ? "BlueGreen" : "Canary", "step": JSON(step),
            "actualWeight": JSON(weight(rollout)), "actionsEnabled": .bool(enablesActions),
            "replicas": [
                "desired": JSON(rollout.spec.desiredReplicas), "current": JSON(status.replicas),
                "updated": JSON(status.updatedReplicas), "ready": JSON(status.readyReplicas),
                "available": JSON(status.availableReplicas),
            ],
            "steps": .array(
                (canary?.steps ?? []).prefix(200).enumerated().map { index, entry in
                    [
                        "text": .string(entry.summary),
                        "state": index < step ? "done" : index == step ? "current" : "next",
                    ]
                }),
        ]
        if let waiting = waiting(rollout.key) {
            picture["waiting"] = [
                "reason": .string(waiting.reason.rawValue), "message": .string(waiting.message),
                "since": waiting.since.map { .string($0.rfc3339) } ?? .null, "movedBy": .string(waiting.movedBy),
            ]
        }
        return picture
    }

    /// The canary's share of traffic: what the router was told, or without one the share of pods.
    private func weight(_ rollout: Rollout) -> Int {
        let status = rollout.status
        if let weights = status.weights { return weights.canary.weight }
        guard !status.isFullyPromoted, status.replicas > 0 else { return 0 }
        return min(100, max(0, status.updatedReplicas) * 100 / status.replicas)
    }

    private func isNamed(_ set: ReplicaSet, by rollout: Rollout) -> Bool {
        set.hash == rollout.status.stableRS || set.hash == rollout.status.currentPodHash
    }

    private func revision(_ set: ReplicaSet, of rollout: Rollout, _ pods: [JSON]) -> JSON {
        var roles: [JSON] = []
        if set.hash == rollout.status.stableRS { roles.append("stable") }
        if set.hash == rollout.status.currentPodHash, set.hash != rollout.status.stableRS { roles.append("canary") }
        let own = pods.filter { $0.labels[Keys.podTemplateHash] == set.hash }.sorted { $0.objectKey < $1.objectKey }
        return [
            "name": .string(set.name), "revision": JSON(set.revision ?? 0), "roles": .array(roles),
            "image": .string(set.images.joined(separator: ", ")), "replicas": JSON(set.replicas),
            "available": JSON(set.availableReplicas),
            "pods": .array(
                own.prefix(100).map { pod in
                    let conditions = pod.at("status", "conditions")?.arrayValue ?? []
                    let waiting = pod.at("status", "containerStatuses")?[0]?.at("state", "waiting", "reason")
                    return [
                        "name": .string(pod.objectKey.name),
                        "status": waiting ?? pod.at("status", "phase") ?? "Pending",
                        "ready": .bool(
                            conditions.contains {
                                $0["type"]?.stringValue == "Ready" && $0["status"]?.stringValue == "True"
                            }),
                    ]
                }),
        ]
    }

    private func analysis(_ run: JSON) -> JSON {
        let results = run.at("status", "metricResults")?.arrayValue ?? []
        return [
            "name": .string(run.objectKey.name), "phase": run.at("status", "phase") ?? "Pending",
            "message": run.at("status", "message") ?? "", "metrics": .array(results.map(metric)),
        ]
    }

    private func metric(_ result: JSON) -> JSON {
        let measurements = result["measurements"]?.arrayValue ?? []
        return [
            "name": result["name"] ?? "", "phase": result["phase"] ?? "",
            "measurements": .array(measurements.suffix(8).map(measurement)),
        ]
    }

    private func measurement(_ measurement: JSON) -> JSON {
        [
            "value": measurement["value"] ?? "", "phase": measurement["phase"] ?? "",
            "message": measurement["message"] ?? "",
            // Tells no data from bad data, and both from a server that did not answer.
            "outcome": measurement.at("metadata", "sluice.dev/outcome") ?? "",
        ]
    }

    private func release(of key: ObjectKey) async throws -> JSON? {
        let releases = try await items(Self.releases, releasesNamespace, nil).filter { release in
            (release.at("status", "changed")?.arrayValue ?? []).contains {
                $0["kind"]?.stringValue == "Rollout" && $0["name"]?.stringValue == key.name
                    && $0["namespace"]?.stringValue == key.namespace
            }
        }
        guard let newest = releases.max(by: { created($0) < created($1) }) else { return nil }
        return [
            "phase": newest.at("status", "phase") ?? "", "reason": newest.at("status", "reason") ?? "",
            "message": newest.at("status", "message") ?? "", "revision": newest.at("spec", "revision") ?? "",
        ]
    }

    private func created(_ object: JSON) -> String {
        object.at("metadata", "creationTimestamp")?.stringValue ?? ""
    }

    private func items(_ resource: Resource, _ namespace: String, _ selector: String?) async throws -> [JSON] {
        let items = Lock<[JSON]>([])
        do throws(KubernetesError) {
            _ = try await api.list(resource, ListOptions(namespace: namespace, labelSelector: selector)) { bytes in
                let object = try JSON(parsing: bytes)
                items.withLock { $0.append(object) }
            }
        } catch {
            // Where the kind is not installed there is nothing to show of it.
            guard error.isNotFound else { throw error }
        }
        return items.withLock { $0 }
    }

    private static let analysisRuns = Resource(
        group: "argoproj.io", version: "v1alpha1", plural: "analysisruns", kind: "AnalysisRun")
    private static let releases = Resource(
        group: "sluice.dev", version: "v1alpha1", plural: "releases", kind: "Release", subresources: ["status"])
}
