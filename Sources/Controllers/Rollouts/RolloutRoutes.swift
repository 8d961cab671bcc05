package import Kubernetes
package import Logging
package import Manifest
package import RolloutEngine
import TrafficEngine

/// Carries weights into VirtualServices, DestinationRules and Ingresses, from caches of those kinds.
package final class RolloutRoutes: RolloutRouters {
    /// Writes of one reconcile that met a newer object are planned again from a fresh read.
    private static let conflictRetries = 5

    private let api: any KubernetesAPI
    private let caches: [String: Informer<UntypedObject>]
    private let replicaSets: Store<ReplicaSet>

    /// - Parameter caches: By kind: `VirtualService`, `DestinationRule`, `Ingress`.
    package init(api: any KubernetesAPI, caches: [Informer<UntypedObject>], replicaSets: Store<ReplicaSet>) {
        self.api = api
        self.caches = Dictionary(caches.map { ($0.resource.kind, $0) }, uniquingKeysWith: { $1 })
        self.replicaSets = replicaSets
    }

    /// Makes the caches, for the API version of Istio that the cluster serves.
    package static func caches(
        _ api: any KubernetesAPI, namespace: String?, istioVersion: String, logger: Logger
    ) -> [Informer<UntypedObject>] {
        [
            Resource(
                group: "networking.istio.io", version: istioVersion, plural: "virtualservices", kind: "VirtualService"),
            Resource(
                group: "networking.istio.io", version: istioVersion, plural: "destinationrules", kind: "DestinationRule"
            ),
            Resource(group: "networking.k8s.io", version: "v1", plural: "ingresses", kind: "Ingress"),
        ].map { Informer(api, $0, ListOptions(namespace: namespace), logger: logger) }
    }

    /// What a Rollout's routers look at, as `RolloutReference.route`; for the index of Rollouts.
    package static func references(of rollout: Rollout) -> [String] {
        guard let routing = Routing(rollout) else { return [] }
        return routing.references.map { RolloutReference.route($0.reference.kind, $0.reference.key) }
    }

    package func fact(for rollout: Rollout) -> TrafficFact? {
        guard let routing = Routing(rollout) else { return nil }
        let objects = objects(routing)
        let hashes = routing.routers.reduce(into: Set<String>()) { $0.formUnion($1.referencedHashes(objects)) }
        // An object that the cache has in an older state than we wrote is as we wrote it.
        let isBehind = routing.references.contains { reference in
            caches[reference.reference.kind]?.store.isBehind(reference.reference.key) ?? false
        }
        guard !isBehind, let weights = rollout.status.weights else {
            // With which routes it was written nobody knows: where they have to go, they are taken back once more.
            let hasRoutes = rollout.spec.canary?.hasManagedRoutes ?? false
            return TrafficFact(
                isInSync: isBehind, isInSyncWithoutRoutes: isBehind && !hasRoutes, referencedHashes: hashes)
        }
        var intent = TrafficIntent(
            canaryWeight: weights.canary.weight, stableWeight: weights.stable.weight, maxWeight: routing.maxWeight,
            canaryHash: weights.canary.podTemplateHash, stableHash: weights.stable.podTemplateHash,
            unavailableHashes: unavailable(rollout))
        let isBare = routing.configuration.plan(intent, for: routing.subject, objects).isEmpty
        intent.managedRoutes = rollout.recordedRoutes.compactMap(ManagedRoute.init)
        return TrafficFact(
            isInSync: intent.managedRoutes.isEmpty
                ? isBare : routing.configuration.plan(intent, for: routing.subject, objects).isEmpty,
            isInSyncWithoutRoutes: isBare, referencedHashes: hashes)
    }

    package func problems(of rollout: Rollout) -> [FieldProblem] {
        Self.problems(of: rollout, isComplete: true) { objects($0) }
    }

    /// What is wrong with the objects that a Rollout's routers change.
    /// - Parameter isComplete: An object that is not among them does not exist; else it may be elsewhere.
    package static func problems(
        of rollout: Rollout, isComplete: Bool, object: (ObjectReference) -> JSON?
    ) -> [FieldProblem] {
        problems(of: rollout, isComplete: isComplete) { routing in
            var objects: [ObjectReference: JSON] = [:]
            for reference in routing.references.map(\.reference) { objects[reference] = object(reference) }
            return objects
        }
    }

    private static func problems(
        of rollout: Rollout, isComplete: Bool, objects: (Routing) -> [ObjectReference: JSON]
    ) -> [FieldProblem] {
        let routing: Routing?
        do throws(JSONError) {
            routing = try Routing(reading: rollout)
        } catch {
            return [FieldProblem(error.fieldPath, .invalid, "\(error.reason); correct its type")]
        }
        guard let routing else { return [] }
        let found = objects(routing)
        let missing = Set(routing.references.filter { $0.isRequired && found[$0.reference] == nil }.map(\.path))
        return routing.routers.flatMap { $0.validate(found) }.compactMap { problem in
            let isMissing = missing.contains(problem.path)
            if isMissing, !isComplete { return nil }
            return FieldProblem(problem.path, isMissing ? .notFound : .invalid, problem.message)
        }
    }

    package func apply(
        _ request: TrafficRequest, for rollout: Rollout, telling events: inout [RolloutEvent]
    ) async throws {
        // Routers that cannot be read have not taken their weights: an abort must not go on as if they had.
        guard let routing = try Routing(reading: rollout) else { return }
        let recorded = rollout.status.weights?.canary
        let canary = replicaSets.ownedBy(rollout.uid).first { $0.hash == request.canaryHash }
        let intent = TrafficIntent(
            canaryWeight: request.canaryWeight, maxWeight: request.maxWeight, canaryHash: request.canaryHash,
            stableHash: request.stableHash, managedRoutes: request.routes.compactMap(ManagedRoute.init),
            // Routes reach the canary whatever its weight is.
            weightsFirst: (canary?.availableReplicas ?? 0) == 0
                && ((recorded?.weight ?? 0) > 0 || rollout.spec.canary?.hasManagedRoutes ?? false),
            unavailableHashes: unavailable(rollout))
        var objects = objects(routing)
        for attempt in 0...Self.conflictRetries {
            let plan = routing.configuration.plan(intent, for: routing.subject, objects)
            do {
                for write in plan.writes {
                    if let written = try await perform(write) { objects[write.reference] = written }
                    events.append(RolloutEvent(write.eventReason, write.eventMessage))
                }
                if let error = plan.errors.first(where: { $0.code != .waiting }) { throw error }
                if let error = plan.errors.first { throw RouterNotReady("\(error)") }
                return
            } catch let error as KubernetesError
                where (error.isConflict || error.isAlreadyExists) && attempt < Self.conflictRetries
            {
                objects = try await read(routing)
            }
        }
    }

    package func cleanUp(after rollout: Rollout) async throws {
        guard let routing = Routing(rollout) else { return }
        // The cache may lack our own last write; what is there now decides.
        let objects = try await read(routing)
        for router in routing.routers {
            for write in router.cleanUp(objects) {
                do throws(KubernetesError) {
                    _ = try await perform(write)
                } catch {
                    // Gone with its Rollout.
                    guard error.isNotFound else { throw error }
                }
            }
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

        /// A malformed configuration is a problem for validation; elsewhere it routes nothing.
        init?(_ rollout: Rollout) {
            guard let routing = try? Routing(reading: rollout) else { return nil }
            self = routing
        }

        init?(reading rollout: Rollout) throws(JSONError) {
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
                stableService: canary.stableService)
            routers = configuration.routers(for: subject)
            maxWeight = canary.maxWeight
            if routers.isEmpty { return nil }
        }
    }

    private func unavailable(_ rollout: Rollout) -> Set<String> {
        Set(
            replicaSets.ownedBy(rollout.uid).filter { $0.replicas > 0 && $0.availableReplicas < $0.replicas }
                .map(\.hash))
    }

    private func objects(_ routing: Routing) -> [ObjectReference: JSON] {
        var objects: [ObjectReference: JSON] = [:]
        for reference in routing.references.map(\.reference) {
            objects[reference] = caches[reference.kind]?.store.get(reference.key)?.json
        }
        return objects
    }

    private func read(_ routing: Routing) async throws(KubernetesError) -> [ObjectReference: JSON] {
        var objects: [ObjectReference: JSON] = [:]
        for reference in routing.references.map(\.reference) {
            guard let resource = caches[reference.kind]?.resource else { continue }
            objects[reference] = try await api.get(resource, reference.key, subresource: nil)
        }
        return objects
    }

    private func perform(_ write: TrafficWrite) async throws(KubernetesError) -> JSON? {
        guard let cache = caches[write.reference.kind] else { return nil }
        let options = WriteOptions(fieldManager: TrafficWrite.fieldManager)
        let written: JSON
        switch write.change {
        case .create(let object):
            written = try await api.create(
                cache.resource, namespace: write.reference.namespace, object, subresource: nil, options)
        case .mergePatch(let patch):
            written = try await api.patch(
                cache.resource, write.reference.key, .merge, patch, subresource: nil, options)
        }
        cache.store.noteWrite(write.reference.key, written.resourceVersion)
        return written
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
