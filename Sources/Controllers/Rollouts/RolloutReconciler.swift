package import Kubernetes
package import Logging
package import Manifest
package import RolloutEngine

/// Observes a Rollout, asks the engine, and carries out what it says; holds no rules of its own.
package final class RolloutReconciler: Sendable {
    let api: any KubernetesAPI
    let caches: RolloutCaches
    let analyses: any RolloutAnalyses
    let routers: any RolloutRouters
    let workloads: RolloutWorkloads?
    let isStrict: Bool
    let verifyRetry: Duration
    let restoresWorkload: Bool
    let recorder: EventRecorder
    let clock: any WallClock
    let logger: Logger
    /// How long the next look waits for the caches to show a write of routes.
    ///
    /// Short, for a router's kind may be one that can be listed but not watched, and while its cache is behind its objects
    /// are read before they are written.
    let routePatience: Duration
    let pending: PendingWrites
    let holds = EvictionHolds()
    /// Since when Rollouts wait for the first list of the kind that their `workloadRef` names.
    private let workloadWaits = Lock<[ObjectKey: Timestamp]>([:])
    /// How long they wait before that is an error.
    private static let workloadPatience: Duration = .seconds(60)
    /// How long the write of a status waits for the Events that tell of it.
    let eventPatience: Duration
    /// Generations of Rollouts that did not let go of what cannot be read in them.
    let unremovable = Lock<[ObjectKey: Int64]>([:])
    /// Events of decisions that could not be carried out to their end.
    let announced = Lock<[ObjectKey: Announcement.Known]>([:])
    /// Called with each event after it was recorded, and the Rollout as the decision's last write left it, if it made one.
    let onEvent: @Sendable (Rollout, RolloutEvent, JSON?) -> Void
    /// Called when an update's end has been written.
    let onFinish: @Sendable (FinishedUpdate) -> Void
    /// What was decided lately, for bug reports.
    package let log = DecisionLog()
    private let waitings = Lock<[ObjectKey: Waiting]>([:])
    let farewells = Lock<[ObjectKey: Farewell]>([:])

    package init(
        api: any KubernetesAPI, caches: RolloutCaches, analyses: any RolloutAnalyses, routers: any RolloutRouters,
        workloads: RolloutWorkloads? = nil, isStrict: Bool = false, restoresWorkload: Bool = false,
        verifyRetry: Duration = RolloutSnapshot.defaultVerifyRetry, routePatience: Duration = .seconds(3),
        eventPatience: Duration = .milliseconds(250), recorder: EventRecorder, clock: any WallClock = SystemClock(),
        elapsed: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, logger: Logger,
        onEvent: @escaping @Sendable (Rollout, RolloutEvent, JSON?) -> Void = { _, _, _ in },
        onFinish: @escaping @Sendable (FinishedUpdate) -> Void = { _ in }
    ) {
        self.api = api
        self.caches = caches
        self.analyses = analyses
        self.routers = routers
        self.workloads = workloads
        self.isStrict = isStrict
        self.verifyRetry = verifyRetry
        self.routePatience = routePatience
        self.eventPatience = eventPatience
        pending = PendingWrites(now: elapsed)
        self.restoresWorkload = restoresWorkload
        self.recorder = recorder
        self.clock = clock
        var logger = logger
        logger[metadataKey: "controller"] = "Rollouts"
        self.logger = logger
        self.onEvent = onEvent
        self.onFinish = onFinish
    }

    /// What a Rollout waits for, as of its last reconcile.
    package func waiting(_ key: ObjectKey) -> Waiting? { waitings.withLock { $0[key] } }

    /// Reconciles one Rollout.
    /// - Returns: When to look again without an event.
    package func reconcile(_ key: ObjectKey) async throws -> Duration? {
        if let problem = caches.rollouts.problem(key) { return try await quarantine(key, problem) }
        guard let rollout = caches.rollouts.store.get(key) else {
            waitings.withLock { _ = $0.removeValue(forKey: key) }
            pending.forget(key)
            unremovable.withLock { _ = $0.removeValue(forKey: key) }
            workloadWaits.withLock { _ = $0.removeValue(forKey: key) }
            announced.withLock { _ = $0.removeValue(forKey: key) }
            try await leaveRoutes(key)
            try await routers.release(key) { [api] in try await api.get(.rollouts, key, subresource: nil) == nil }
            try await cleanUp(key, nil)
            return nil
        }
        // One of the same name has come, and has the say over its routes.
        farewells.withLock { _ = $0.removeValue(forKey: key) }
        if pending.isBehind(key) {
            if pending.isLate(key) { waitings.withLock { $0[key] = .watchBehind } }
            return .milliseconds(100)
        }
        if pending.takeDoubt(key) {
            // No precondition of a route or a Service tells that the Rollout has moved on: what they are told must not come
            // from the past.
            let live = try await api.get(.rollouts, key, subresource: nil)
            if let live, live.resourceVersion != rollout.resourceVersion {
                pending.note(key) { [store = caches.rollouts.store] in
                    store.get(key).map { $0.resourceVersion == rollout.resourceVersion } ?? false
                }
                logger.warning("the cache is behind", metadata: ["rollout": "\(key)"])
                return .seconds(1)
            }
        }
        try await cleanUp(key, rollout)
        let now = clock.now()
        if case .notYetKnown = workloads?.find(for: rollout), rollout.mayAwaitWorkload(at: now) {
            return try awaitWorkload(of: rollout, now)
        }
        workloadWaits.withLock { if !$0.isEmpty { $0[key] = nil } }
        guard areRoutersKnown(for: rollout) else { return .milliseconds(200) }
        var seen = observe(rollout)
        if seen.hasEarlierStrategy, !areRoutersKnown(for: seen.rollout) { return .milliseconds(200) }
        var decision = decide(seen, now: now)
        if decision.needsPods {
            seen.pods = try await pods(of: seen.rollout)
            decision = decide(seen, now: now)
        }
        log.note(seen, decision, now: now)
        // Before anything is written: whoever is told of the new status asks what it waits for.
        waitings.withLock { $0[key] = decision.waiting }
        do {
            try await perform(decision, for: seen.hasEarlierStrategy ? seen.rollout : rollout)
        } catch let error as RouterNotReady {
            logger.debug("routes wait", metadata: ["rollout": "\(key)", "error": "\(error)"])
            return .seconds(1)
        }
        logger.debug(
            "reconciled",
            metadata: ["rollout": "\(key)", "effects": "\(decision.effects.count)", "phase": "\(rollout.status.phase)"])
        // Whether that was refused or not, the Rollout has not been decided on.
        if decision.effects.contains(where: { if case .removeFromRollout = $0 { true } else { false } }) {
            return .milliseconds(50)
        }
        // What no eviction will change soon is decided on at once.
        if decision.effects.contains(where: {
            if case .evictPod(_, let uid) = $0 { holds.contains(uid, now: now) } else { false }
        }) {
            return .milliseconds(50)
        }
        return [decision.requeueAfter, routers.revisit(rollout)].compactMap(\.self).min()
    }

    private func awaitWorkload(of rollout: Rollout, _ now: Timestamp) throws -> Duration {
        let kind = rollout.spec.workloadRef?.kind ?? ""
        let since = workloadWaits.withLock { waits in
            let since = waits[rollout.key] ?? now
            waits[rollout.key] = since
            return since
        }
        guard now - since >= .seconds(2) else { return .milliseconds(200) }
        waitings.withLock { $0[rollout.key] = .workloadUnknown(kind, since: since) }
        guard now - since >= Self.workloadPatience else { return .milliseconds(200) }
        throw WorkloadsUnknown(kind: kind)
    }

    /// Whether the routers can be asked; one that cannot be read does not hold a deletion, which asks none.
    private func areRoutersKnown(for rollout: Rollout) -> Bool {
        rollout.isBeingDeleted || routers.areKnown(for: rollout)
    }

    /// Gathers what the engine looks at; makes no request.
    package func observe(_ rollout: Rollout) -> RolloutSnapshot {
        let namespace = rollout.key.namespace
        var workload: WorkloadFact?
        if case .found(let fact) = workloads?.find(for: rollout) { workload = fact }
        var rollout = rollout.resolved(with: workload)
        if !rollout.unreadable.isEmpty, unremovable.withLock({ $0[rollout.key] == rollout.generation }) {
            rollout.unreadable = []
        }
        var sets = caches.replicaSets.store.ownedBy(rollout.uid)
        if let selector = rollout.spec.selector, !selector.isEmpty {
            sets += caches.replicaSets.store.indexed(RolloutCaches.orphans, namespace).filter {
                $0.isSelected(by: selector)
            }
        }
        var seen = RolloutSnapshot(
            rollout: rollout, replicaSets: sets, analysisRuns: analyses.facts(of: rollout),
            services: services(of: rollout), traffic: routers.fact(for: rollout),
            referenceProblems: analyses.problems(of: rollout) + routers.problems(of: rollout), workload: workload,
            isStrict: isStrict)
        seen.verifyRetry = verifyRetry
        seen.restoresWorkload = restoresWorkload
        seen.takeLastValidStrategy(services: services, traffic: routers.fact)
        return seen
    }

    private func services(of rollout: Rollout) -> [String: ServiceFact] {
        var services: [String: ServiceFact] = [:]
        for name in rollout.serviceNames {
            services[name] = caches.services.store.get(ObjectKey(namespace: rollout.key.namespace, name: name))?.fact
        }
        return services
    }

    /// A Rollout that cannot even be decoded says so in its status; nothing else of it is touched, but for its finalizer
    /// where it is being deleted.
    private func quarantine(_ key: ObjectKey, _ problem: JSONError) async throws -> Duration? {
        let path = problem.fieldPath.isEmpty ? "the object" : problem.fieldPath
        let message =
            "The Rollout \"\(key.name)\" is invalid: \(path): \(problem.reason); correct it with kubectl edit rollout \(key.name) -n \(key.namespace)"
        let phaseMessage = "InvalidSpec: \(message)"
        guard let live = try await api.get(.rollouts, key, subresource: nil) else { return nil }
        if live.at("metadata", "deletionTimestamp") != nil { return try await letGo(live, problem) }
        let generation = live.at("metadata", "generation")?.intValue.map { String($0) }
        guard
            live.at("status", "message")?.stringValue != phaseMessage
                || generation != live.at("status", "observedGeneration")?.stringValue
        else { return nil }
        let time = JSON.string(clock.now().rfc3339)
        var conditions = (live.at("status", "conditions")?.arrayValue ?? []).filter {
            $0["type"]?.stringValue != "InvalidSpec"
        }
        conditions.append([
            "type": "InvalidSpec", "status": "True", "reason": "InvalidSpec", "message": .string(message),
            "lastUpdateTime": time, "lastTransitionTime": time,
        ])
        var status: JSON = [
            "phase": "Degraded", "message": .string(phaseMessage), "conditions": .array(conditions),
        ]
        status["observedGeneration"] = generation.map { .string($0) }
        _ = try await api.patch(
            .rollouts, key, .merge, ["status": status], subresource: "status",
            WriteOptions(fieldManager: FieldManagers.rollout))
        recorder.record(.warning, "InvalidSpec", message, regarding: ObjectEvent.Target(live))
        logger.warning("rollout cannot be read", metadata: ["rollout": "\(key)", "error": "\(problem)"])
        return nil
    }
}

/// The kind that a `workloadRef` names cannot be listed.
struct WorkloadsUnknown: Error, CustomStringConvertible {
    var kind: String
    var description: String {
        "no list of \(kind)s has come within 60 s; let the controller's role list and watch them"
    }
}

/// The names that our writes carry.
package enum FieldManagers {
    package static let rollout = "sluice-rollout"
    package static let traffic = "sluice-traffic"
    package static let sync = "argocd-controller"
    package static let analysis = "sluice-analysis"
    package static let release = "sluice-release"
}

extension RolloutCaches {
    /// Index of ReplicaSets that nobody owns, by namespace.
    package static let orphans = "orphans"

    /// How the ReplicaSet informer must be indexed.
    package static let replicaSetIndexes: [String: @Sendable (ReplicaSet) -> [String]] = [
        orphans: { $0.owner == nil ? [$0.key.namespace] : [] }
    ]
}
