package import Kubernetes
package import Manifest
package import RolloutEngine
import TrafficEngine

/// Carries weights into the objects of meshes and ingresses, from caches of those kinds.
package final class RolloutRoutes: RolloutRouters {
    /// Writes of one reconcile that met a newer object, or none any more, are planned again from a fresh read.
    private static let conflictRetries = 5

    private let api: any KubernetesAPI
    private let caches: RouteCaches
    private let replicaSets: Store<ReplicaSet>
    private let clock: any WallClock
    /// What the routers of each Rollout took last from this process, with all that was asked for, until their caches show it;
    /// none where a part failed.
    private let taken = Lock<[ObjectKey: Taken]>([:])

    private struct Taken: Sendable {
        /// Of the Rollout.
        var uid: String
        var request: TrafficRequest
    }

    package init(
        api: any KubernetesAPI, caches: RouteCaches, replicaSets: Store<ReplicaSet>,
        clock: any WallClock = SystemClock()
    ) {
        self.api = api
        self.caches = caches
        self.replicaSets = replicaSets
        self.clock = clock
    }

    /// What a Rollout's routers look at, as `RolloutReference.route`; for the index of Rollouts.
    package static func references(of rollout: Rollout) -> [String] {
        guard let routing = Routing(rollout) else { return [] }
        let named = routing.references.map { RolloutReference.route($0.reference.kind, $0.reference.key) }
        // Which ones of these an object names is not known here, so any of the namespace counts.
        let unnamed = routing.routers.flatMap(\.kindsNamedInObjects).map {
            RolloutReference.route($0.kind, ObjectKey(namespace: rollout.key.namespace, name: ""))
        }
        return named + unnamed
    }

    package func areKnown(for rollout: Rollout) -> Bool {
        guard let routing = Routing(rollout) else { return true }
        var areKnown = true
        // Asks for all of them at once.
        for kind in routing.kinds { if case .notYetKnown = caches.state(kind) { areKnown = false } }
        return areKnown
    }

    package func revisit(_ rollout: Rollout) -> Duration? {
        guard let routing = Routing(rollout) else { return nil }
        let objects = routing.gather { caches.get($0) }
        return routing.routers.compactMap { $0.due(objects) }.min().map { max(.milliseconds(100), $0 - clock.now()) }
    }

    package func fact(for rollout: Rollout) -> TrafficFact? {
        let recorded = rollout.status.weights.map {
            TrafficSubject.Services(canary: $0.canary.serviceName, stable: $0.stable.serviceName)
        }
        guard let routing = Routing(rollout, services: recorded) else {
            taken.withLock { _ = $0.removeValue(forKey: rollout.key) }
            return nil
        }
        let objects = routing.gather { caches.get($0) }
        let hashes = routing.routers.reduce(into: Set<String>()) { $0.formUnion($1.referencedHashes(objects)) }
        // What the cache has in an older state than we wrote may hold anything; what was written last counts.
        if isBehind(routing, objects) { return fact(of: taken.withLock { $0[rollout.key] }, for: rollout, hashes) }
        taken.withLock { _ = $0.removeValue(forKey: rollout.key) }
        guard let weights = rollout.status.weights else {
            return TrafficFact(isInSync: false, referencedHashes: hashes)
        }
        var intent = TrafficIntent(
            canaryWeight: weights.canary.weight, stableWeight: weights.stable.weight, maxWeight: routing.maxWeight,
            canaryHash: weights.canary.podTemplateHash, stableHash: weights.stable.podTemplateHash,
            unavailableHashes: unavailable(rollout))
        intent.now = clock.now()
        let isBare = routing.configuration.plan(intent, for: routing.subject, objects).isEmpty
        intent.managedRoutes = rollout.recordedRoutes.compactMap(ManagedRoute.init)
        let isInSync =
            intent.managedRoutes.isEmpty
            ? isBare : routing.configuration.plan(intent, for: routing.subject, objects).isEmpty
        var areWeightsInSync = isInSync || isBare
        if !areWeightsInSync, rollout.spec.canary?.hasManagedRoutes ?? false {
            intent.managedRoutes = []
            intent.leavesRoutes = true
            areWeightsInSync = routing.configuration.plan(intent, for: routing.subject, objects).isEmpty
        }
        return TrafficFact(
            isInSync: isInSync, isInSyncWithoutRoutes: isBare, areWeightsInSync: areWeightsInSync,
            referencedHashes: hashes)
    }

    /// What routers say that took a request which their caches do not show yet; nothing where it is not known.
    private func fact(of taken: Taken?, for rollout: Rollout, _ hashes: Set<String>) -> TrafficFact {
        let unknown = TrafficFact(isInSync: false, referencedHashes: hashes)
        guard let taken, taken.uid == rollout.uid, let weights = rollout.status.weights else { return unknown }
        let request = taken.request
        // The status of what they took may have been refused.
        guard request.canaryWeight == weights.canary.weight, request.maxWeight == rollout.spec.canary?.maxWeight,
            request.canaryHash == weights.canary.podTemplateHash, request.stableHash == weights.stable.podTemplateHash,
            request.canaryService == weights.canary.serviceName, request.stableService == weights.stable.serviceName
        else { return unknown }
        return TrafficFact(
            isInSync: request.routes == rollout.recordedRoutes, isInSyncWithoutRoutes: request.routes.isEmpty,
            areWeightsInSync: true, referencedHashes: hashes)
    }

    package func problems(of rollout: Rollout) -> [FieldProblem] {
        Self.problems(of: rollout, isComplete: true, state: { caches.state($0) }, object: { caches.get($0) })
    }

    /// What is wrong with the objects that a Rollout's routers change.
    /// - Parameters:
    ///   - isComplete: An object that is not among them does not exist; else it may be elsewhere.
    ///   - state: What is known of a kind.
    package static func problems(
        of rollout: Rollout, isComplete: Bool, state: (GroupKind) -> RouteCaches.State = { _ in .known },
        object: (ObjectReference) -> JSON?
    ) -> [FieldProblem] {
        let routing: Routing?
        do throws(JSONError) {
            routing = try Routing(reading: rollout)
        } catch {
            return [FieldProblem(error.fieldPath, .invalid, "\(error.reason); correct its type")]
        }
        guard let routing else { return [] }
        let unreadable = routing.unreadable(state)
        guard unreadable.isEmpty else { return unreadable }
        let found = routing.gather(object)
        let missing = Set(
            routing.references(namedIn: found).filter { $0.isRequired && found[$0.reference] == nil }.map(\.path))
        return routing.routers.flatMap { $0.validate(found) }.compactMap { problem in
            let isMissing = missing.contains(problem.path)
            if isMissing, !isComplete { return nil }
            return FieldProblem(problem.path, isMissing ? .notFound : .invalid, problem.message)
        }
    }

    package func apply(
        _ request: TrafficRequest, for rollout: Rollout, telling events: inout [RolloutEvent],
        noteWrite: (@escaping @Sendable () -> Bool) -> Void
    ) async throws {
        // Routers that cannot be read have not taken their weights: an abort must not go on as if they had.
        let services = TrafficSubject.Services(canary: request.canaryService, stable: request.stableService)
        taken.withLock { _ = $0.removeValue(forKey: rollout.key) }
        guard let routing = try Routing(reading: rollout, services: services) else { return }
        let recorded = rollout.status.weights?.canary
        let canary = replicaSets.ownedBy(rollout.uid).first { $0.hash == request.canaryHash }
        var intent = TrafficIntent(
            canaryWeight: request.canaryWeight, maxWeight: request.maxWeight, canaryHash: request.canaryHash,
            stableHash: request.stableHash, managedRoutes: request.routes.compactMap(ManagedRoute.init),
            // Routes reach the canary whatever its weight is.
            weightsFirst: (canary?.availableReplicas ?? 0) == 0
                && ((recorded?.weight ?? 0) > 0 || rollout.spec.canary?.hasManagedRoutes ?? false),
            unavailableHashes: unavailable(rollout))
        intent.now = clock.now()
        var objects = routing.gather { caches.get($0) }
        // To a cache that lacks our last write, what that changed may look as if it stood as it is wanted.
        if isBehind(routing, objects) { objects = try await read(routing) }
        for attempt in 0...Self.conflictRetries {
            let plan = routing.configuration.plan(intent, for: routing.subject, objects)
            var failure: (write: TrafficWrite, error: KubernetesError)?
            for write in plan.writes {
                do throws(KubernetesError) {
                    if try await perform(write) {
                        events.append(RolloutEvent(write.eventReason, write.eventMessage))
                    }
                    noteWrite { [caches] in caches.lacks(write) }
                } catch {
                    failure = (write, error)
                    break
                }
            }
            if let failure {
                // An object that is gone is made anew, or its absence is what the next plan complains of.
                let canRepeat =
                    failure.error.isConflict || failure.error.isAlreadyExists || failure.error.isNotFound
                guard canRepeat, attempt < Self.conflictRetries else {
                    if !failure.error.isConflict, !failure.write.failureReason.isEmpty {
                        let message = "cannot write \(failure.write.reference): \(failure.error)"
                        events.append(RolloutEvent(failure.write.failureReason, message, isWarning: true))
                    }
                    throw failure.error
                }
                objects = try await read(routing)
                continue
            }
            let errors = plan.errors.filter { $0.code != .waiting }
            for error in errors where !error.eventReason.isEmpty {
                events.append(RolloutEvent(error.eventReason, "\(error)", isWarning: true))
            }
            if let error = errors.first { throw error }
            if let error = plan.errors.first { throw RouterNotReady("\(error)") }
            taken.withLock { $0[rollout.key] = Taken(uid: rollout.uid, request: request) }
            return
        }
    }

    package func cleanUp(after rollout: Rollout) async throws {
        guard let routing = Routing(rollout) else { return }
        // The cache may lack our own last write; what is there now decides.
        let objects = try await read(routing)
        for router in routing.routers {
            for write in router.cleanUp(objects) {
                try await performIfThere(write)
            }
        }
    }

    package func release(_ key: ObjectKey, whenGone isGone: () async throws -> Bool) async throws {
        taken.withLock { _ = $0.removeValue(forKey: key) }
        let writes = caches.ingresses(recording: key).compactMap { ALBOrphans.release(key.name, from: $0) }
        guard !writes.isEmpty, try await isGone() else { return }
        for write in writes { try await performIfThere(write) }
    }

    private func performIfThere(_ write: TrafficWrite) async throws(KubernetesError) {
        do throws(KubernetesError) {
            _ = try await perform(write)
        } catch {
            // Gone with its Rollout.
            guard error.isNotFound else { throw error }
        }
    }

    // MARK: Inside

    /// A Rollout's routing with its routers.
    private struct Routing {
        let configuration: TrafficConfiguration
        let subject: TrafficSubject
        let routers: [any TrafficRouter]
        let maxWeight: Int
        var references: [TrafficReference] { routers.flatMap(\.references) }
        var kinds: Set<GroupKind> {
            Set(references.map(\.reference.groupKind) + routers.flatMap(\.kindsNamedInObjects))
        }

        /// A malformed configuration is a problem for validation; elsewhere it routes nothing.
        init?(_ rollout: Rollout, services: TrafficSubject.Services? = nil) {
            guard let routing = try? Routing(reading: rollout, services: services) else { return nil }
            self = routing
        }

        /// - Parameter services: The roles of `pingPong` where they are not those of the status.
        init?(reading rollout: Rollout, services: TrafficSubject.Services? = nil) throws(JSONError) {
            guard let canary = rollout.spec.canary, let routing = canary.trafficRouting else { return nil }
            var json = JSON.object(routing.routers)
            if let weight = routing.maxTrafficWeight { json["maxTrafficWeight"] = JSON(weight) }
            // What a step sets is taken back, also where a list that an abort meets has lost its name.
            let listed = routing.managedRoutes ?? []
            let others = canary.steps.flatMap(\.routes).map(\.name).filter { !listed.contains($0) }
            json["managedRoutes"] = .array((listed + others).map { ["name": .string($0)] })
            configuration = try TrafficConfiguration(json)
            subject = TrafficSubject(
                rollout: rollout.key, uid: rollout.uid, canaryService: canary.canaryService,
                stableService: canary.stableService,
                pingPong: canary.pingPong == nil ? nil : services ?? canary.services(rollout.status))
            routers = configuration.routers(for: subject)
            maxWeight = canary.maxWeight
            if routers.isEmpty { return nil }
        }

        /// All references, with those that the objects name.
        func references(namedIn objects: [ObjectReference: JSON]) -> [TrafficReference] {
            references + routers.flatMap { $0.references(namedIn: objects) }
        }

        /// The objects that the routers look at.
        func gather(_ find: (ObjectReference) -> JSON?) -> [ObjectReference: JSON] {
            var objects: [ObjectReference: JSON] = [:]
            for reference in references.map(\.reference) { objects[reference] = find(reference) }
            for reference in references(namedIn: objects).map(\.reference) where objects[reference] == nil {
                objects[reference] = find(reference)
            }
            return objects
        }

        /// What keeps their kinds from being read, for the first field of each.
        func unreadable(_ state: (GroupKind) -> RouteCaches.State) -> [FieldProblem] {
            var seen: Set<GroupKind> = []
            let first = references.first?.path ?? TrafficConfiguration.path
            let fields =
                references.map { (path: $0.path, kind: $0.reference.groupKind) }
                + routers.flatMap(\.kindsNamedInObjects).map { (path: first, kind: $0) }
            return fields.compactMap { reference in
                let kind = reference.kind
                guard seen.insert(kind).inserted else { return nil }
                switch state(kind) {
                case .known, .notYetKnown: return nil
                case .notServed:
                    return FieldProblem(
                        reference.path, .notFound,
                        "the cluster serves no \(kind.kind) of \(kind.group) in the version that is spoken; install its CustomResourceDefinition"
                    )
                case .forbidden(let why):
                    return FieldProblem(
                        reference.path, .invalid, "\(kind.kind) of \(kind.group) cannot be read: \(why); grant it")
                case .unreadable(let why):
                    return FieldProblem(
                        reference.path, .invalid,
                        "\(kind.kind) of \(kind.group) cannot be read: \(why); it is tried again until the API server lists it"
                    )
                }
            }
        }
    }

    /// The caches lack one of our own writes of these objects.
    private func isBehind(_ routing: Routing, _ objects: [ObjectReference: JSON]) -> Bool {
        routing.references(namedIn: objects).contains { caches.isBehind($0.reference) }
    }

    private func unavailable(_ rollout: Rollout) -> Set<String> {
        let threshold = rollout.spec.canary?.replicaProgressThreshold
        return Set(
            replicaSets.ownedBy(rollout.uid).filter {
                threshold.lacksPods(replicas: $0.replicas, available: $0.availableReplicas)
            }.map(\.hash))
    }

    private func read(_ routing: Routing) async throws(KubernetesError) -> [ObjectReference: JSON] {
        var objects: [ObjectReference: JSON] = [:]
        func read(_ references: [TrafficReference]) async throws(KubernetesError) {
            for reference in references.map(\.reference) {
                guard let resource = caches.resource(reference.groupKind) else { continue }
                objects[reference] = try await api.get(resource, reference.key, subresource: nil)
            }
        }
        try await read(routing.references)
        try await read(routing.routers.flatMap { $0.references(namedIn: objects) })
        return objects
    }

    /// - Returns: Whether it has changed something: nothing where what is to be deleted is gone already.
    private func perform(_ write: TrafficWrite) async throws(KubernetesError) -> Bool {
        guard let resource = caches.resource(write.reference.groupKind) else { return false }
        let options = WriteOptions(fieldManager: TrafficWrite.fieldManager)
        let written: JSON
        switch write.change {
        case .create(var object):
            // Of several versions that a kind has had, the one that this cluster is spoken to in.
            object["apiVersion"] = .string(resource.apiVersion)
            object["kind"] = .string(resource.kind)
            written = try await api.create(
                resource, namespace: write.reference.namespace, object, subresource: nil, options)
        case .mergePatch(let patch):
            written = try await api.patch(resource, write.reference.key, .merge, patch, subresource: nil, options)
        case .delete(let resourceVersion):
            let wasThere = try await api.delete(
                resource, write.reference.key, DeleteOptions(resourceVersion: resourceVersion))
            caches.noteDeletion(write.reference, of: resourceVersion)
            return wasThere
        }
        caches.noteWrite(write.reference, written.resourceVersion)
        return true
    }
}

extension CanaryStrategy {
    /// The Services of both sides as the status has them.
    fileprivate func services(_ status: RolloutStatus) -> TrafficSubject.Services? {
        guard let pingPong else { return nil }
        return status.stablePingPong == "ping"
            ? .init(canary: pingPong.pongService, stable: pingPong.pingService)
            : .init(canary: pingPong.pingService, stable: pingPong.pongService)
    }
}

extension ManagedRoute {
    /// A route as a step asks for it; `nil` where it matches nothing.
    fileprivate init?(_ step: ManagedRouteStep) {
        switch step.kind {
        case .header: self.init(setHeaderRoute: step.json)
        case .mirror: self.init(setMirrorRoute: step.json)
        }
    }
}
