import Manifest

/// AWS App Mesh: weights in the VirtualRouter of a VirtualService, and hashes in two VirtualNodes.
struct AppMeshRouter: TrafficRouter {
    private static let group = "appmesh.k8s.aws"
    /// The kinds of route that have weighted targets.
    private static let routeKinds = ["httpRoute", "http2Route", "grpcRoute", "tcpRoute"]

    let name = "appMesh"
    let configuration: AppMeshConfiguration
    let subject: TrafficSubject

    private enum Side: CaseIterable {
        case canary, stable
    }

    private func reference(_ kind: String, _ name: String) -> ObjectReference {
        ObjectReference(group: Self.group, kind: kind, namespace: subject.rollout.namespace, name: name)
    }

    private var service: ObjectReference { reference("VirtualService", configuration.virtualService) }

    private func node(_ side: Side) -> ObjectReference {
        reference("VirtualNode", side == .canary ? configuration.canaryNode : configuration.stableNode)
    }

    private func nodeField(_ side: Side) -> String {
        "\(AppMeshConfiguration.path).virtualNodeGroup.\(side == .canary ? "canary" : "stable")VirtualNodeRef.name"
    }

    private static let serviceField = "\(AppMeshConfiguration.path).virtualService"

    var references: [TrafficReference] {
        var found = [TrafficReference(reference: service, isRequired: true, path: "\(Self.serviceField).name")]
        for side in Side.allCases where !node(side).name.isEmpty {
            found.append(TrafficReference(reference: node(side), isRequired: true, path: nodeField(side)))
        }
        return configuration.virtualService.isEmpty ? [] : found
    }

    /// The VirtualRouter, which the VirtualService names.
    func references(namedIn objects: [ObjectReference: JSON]) -> [TrafficReference] {
        guard let name = objects[service].flatMap(routerName) else { return [] }
        return [
            TrafficReference(
                reference: reference("VirtualRouter", name), isRequired: true, path: "\(Self.serviceField).name")
        ]
    }

    var kindsNamedInObjects: [GroupKind] { [GroupKind(group: Self.group, kind: "VirtualRouter")] }

    private func routerName(_ service: JSON) -> String? {
        let name = service.at("spec", "provider", "virtualRouter", "virtualRouterRef", "name")?.stringValue
        return name?.isEmpty == false ? name : nil
    }

    // MARK: Validation

    func validate(_ objects: [ObjectReference: JSON]) -> [TrafficProblem] {
        if subject.canaryService.isEmpty || subject.stableService.isEmpty {
            return [TrafficProblem(AppMeshConfiguration.path, "canaryService and stableService are required")]
        }
        if configuration.virtualService.isEmpty { return [TrafficProblem("\(Self.serviceField).name", "is required")] }
        var problems: [TrafficProblem] = []
        for side in Side.allCases {
            let node = node(side)
            if node.name.isEmpty {
                problems.append(TrafficProblem(nodeField(side), "is required"))
            } else if let object = objects[node] {
                if let owner = otherOwner(of: object) {
                    problems.append(TrafficProblem(nodeField(side), "\(node) is managed by the Rollout \(owner)"))
                }
            } else {
                problems.append(TrafficProblem(nodeField(side), "\(node) does not exist; create it"))
            }
        }
        if problems.isEmpty, configuration.canaryNode == configuration.stableNode {
            problems.append(TrafficProblem(nodeField(.canary), "canary and stable must be two virtual nodes"))
        }
        do throws(TrafficError) {
            let router = try router(objects)
            _ = try weighted(router.object, router.reference, TrafficIntent(canaryWeight: 0))
        } catch {
            let isMissing = error.code == .notFound
            problems.append(
                TrafficProblem(
                    isMissing ? "\(Self.serviceField).name" : Self.serviceField,
                    "\(error.reference)\(isMissing ? "" : ":") \(error.reason)"))
        }
        return problems
    }

    private func router(
        _ objects: [ObjectReference: JSON]
    ) throws(TrafficError) -> (reference: ObjectReference, object: JSON) {
        guard let service = objects[self.service] else { throw missing(self.service, "VirtualServiceNotFound") }
        guard let name = routerName(service) else {
            throw TrafficError(.invalid, self.service, "it is not provided by a VirtualRouter; give it one")
        }
        let reference = reference("VirtualRouter", name)
        guard let router = objects[reference] else { throw missing(reference, "VirtualRouterNotFound") }
        return (reference, router)
    }

    private func missing(_ reference: ObjectReference, _ reason: String) -> TrafficError {
        var error = TrafficError(.notFound, reference, "does not exist; create it")
        error.eventReason = reason
        return error
    }

    // MARK: Weights

    /// All routes, those that carry the weights with those of the intent.
    private func weighted(
        _ router: JSON, _ reference: ObjectReference, _ intent: TrafficIntent
    ) throws(TrafficError) -> [JSON] {
        var routes = router.at("spec", "routes")?.arrayValue ?? []
        let names = routes.compactMap { $0["name"]?.stringValue }
        if let absent = configuration.routes.first(where: { !names.contains($0) }) {
            throw TrafficError(.invalid, reference, "spec.routes has no route \"\(absent)\"; add it or correct routes")
        }
        if routes.isEmpty { throw TrafficError(.invalid, reference, "spec.routes is empty; add a route") }
        for index in routes.indices {
            let name = routes[index]["name"]?.stringValue ?? ""
            guard configuration.routes.isEmpty || configuration.routes.contains(name) else { continue }
            guard let kind = Self.routeKinds.first(where: { routes[index][$0]?.isObject == true }) else {
                throw TrafficError(
                    .invalid, reference,
                    "route \"\(name)\" is none of \(Self.routeKinds.joined(separator: ", ")); name the others in routes"
                )
            }
            var targets = routes[index].at(kind, "action", "weightedTargets")?.arrayValue ?? []
            guard targets.count == 2 else {
                throw TrafficError(
                    .invalid, reference,
                    "route \"\(name)\" has \(targets.count) weighted targets; give it exactly 2")
            }
            for side in Side.allCases {
                guard let place = targets.firstIndex(where: { isTarget(side, $0) }) else {
                    throw TrafficError(
                        .invalid, reference, "route \"\(name)\" has no weighted target \(node(side).name); add it")
                }
                targets[place]["weight"] = JSON(side == .canary ? intent.canaryWeight : 100 - intent.canaryWeight)
            }
            routes[index].set(.array(targets), at: kind, "action", "weightedTargets")
        }
        return routes
    }

    private func isTarget(_ side: Side, _ target: JSON) -> Bool {
        let namespace = target.at("virtualNodeRef", "namespace")?.stringValue ?? ""
        return target.at("virtualNodeRef", "name")?.stringValue == node(side).name
            && (namespace.isEmpty || namespace == subject.rollout.namespace)
    }

    private func weights(
        _ intent: TrafficIntent, _ objects: [ObjectReference: JSON]
    ) throws(TrafficError) -> TrafficWrite? {
        let router = try router(objects)
        var desired = router.object
        desired.set(.array(try weighted(router.object, router.reference, intent)), at: "spec", "routes")
        return .patch(
            router.reference, from: router.object, to: desired, event: "VirtualRouterUpdated",
            "VirtualRouter \(router.reference.key) set to canary weight \(intent.canaryWeight)")
    }

    // MARK: Hashes

    /// The mesh refuses two nodes with the same selector, so a side without pods of its own selects a hash of none.
    private func hash(_ side: Side, _ intent: TrafficIntent) -> String {
        let stable = intent.stableHash.isEmpty ? "stable-hash" : intent.stableHash
        guard side == .canary else { return stable }
        return intent.canaryHash.isEmpty || intent.canaryHash == stable ? "canary-hash" : intent.canaryHash
    }

    private func hashes(
        _ intent: TrafficIntent, _ objects: [ObjectReference: JSON]
    ) throws(TrafficError) -> [TrafficWrite] {
        // Stable first: after a promotion both have the new pods for a moment, and no node that gets traffic has none.
        [try hash(.stable, intent, objects), try hash(.canary, intent, objects)].compactMap(\.self)
    }

    private func hash(
        _ side: Side, _ intent: TrafficIntent, _ objects: [ObjectReference: JSON]
    ) throws(TrafficError) -> TrafficWrite? {
        let node = node(side)
        guard let live = objects[node] else { throw missing(node, "VirtualNodeNotFound") }
        if let owner = otherOwner(of: live) {
            throw TrafficError(.owned, node, "it is managed by the Rollout \(owner)")
        }
        let hash = hash(side, intent)
        var desired = live
        desired.set(.string(hash), at: "spec", "podSelector", "matchLabels", TrafficKeys.hash)
        desired.set(.string(subject.rollout.name), at: "metadata", "annotations", TrafficKeys.managedBy)
        return .patch(
            node, from: live, to: desired, event: "VirtualNodeUpdated",
            "VirtualNode \(node.key) set to hash \(hash)")
    }

    private func selected(_ node: JSON) -> String? {
        node.at("spec", "podSelector", "matchLabels", TrafficKeys.hash)?.stringValue
    }

    /// The Rollout that manages a node, if it is another one.
    private func otherOwner(of node: JSON) -> String? {
        guard let owner = node.annotations[TrafficKeys.managedBy], owner != subject.rollout.name else { return nil }
        return owner
    }

    func plan(_ intent: TrafficIntent, _ objects: [ObjectReference: JSON]) throws(TrafficError) -> [TrafficWrite] {
        let hashes = try hashes(intent, objects)
        let weights = try weights(intent, objects).map { [$0] } ?? []
        return intent.weightsFirst ? weights + hashes : hashes + weights
    }

    // MARK: What the objects say

    func currentWeight(_ objects: [ObjectReference: JSON]) -> Int? {
        guard let router = try? router(objects) else { return nil }
        for route in router.object.at("spec", "routes")?.arrayValue ?? [] {
            for kind in Self.routeKinds {
                let targets = route.at(kind, "action", "weightedTargets")?.arrayValue ?? []
                guard let target = targets.first(where: { isTarget(.canary, $0) }) else { continue }
                return target["weight"]?.intValue.map { Int(clamping: $0) }
            }
        }
        return nil
    }

    func referencedHashes(_ objects: [ObjectReference: JSON]) -> Set<String> {
        Set(Side.allCases.compactMap { objects[node($0)].flatMap(selected) })
    }

    /// All traffic on stable, whose node selects by the user's labels alone; the canary's selects nothing.
    func cleanUp(_ objects: [ObjectReference: JSON]) -> [TrafficWrite] {
        var writes: [TrafficWrite] = []
        if let write = try? weights(TrafficIntent(canaryWeight: 0), objects) { writes.append(write) }
        for side in Side.allCases {
            let node = node(side)
            guard let live = objects[node], otherOwner(of: live) == nil, selected(live) != nil else { continue }
            var desired = live
            desired.set(
                side == .canary ? "canary-hash" : Optional<JSON>.none, at: "spec", "podSelector", "matchLabels",
                TrafficKeys.hash)
            desired.set(nil, at: "metadata", "annotations", TrafficKeys.managedBy)
            if let write = TrafficWrite.patch(
                node, from: live, to: desired, event: "VirtualNodeUpdated",
                "VirtualNode \(node.key) is no longer managed by Rollout \(subject.rollout)")
            {
                writes.append(write)
            }
        }
        return writes
    }
}
