import Manifest
import Testing
import TrafficEngine

private let shop = TrafficSubject(
    rollout: ObjectKey(namespace: "prod", name: "shop"), uid: "u1", canaryService: "shop-canary",
    stableService: "shop-stable")
private let path = "spec.strategy.canary.trafficRouting.appMesh"
private let hash = "rollouts-pod-template-hash"

private func reference(_ kind: String, _ name: String) -> ObjectReference {
    ObjectReference(group: "appmesh.k8s.aws", kind: kind, namespace: "prod", name: name)
}

private let service = reference("VirtualService", "vs")
private let virtualRouter = reference("VirtualRouter", "vr")
private let canaryNode = reference("VirtualNode", "shop-canary-vn")
private let stableNode = reference("VirtualNode", "shop-stable-vn")

private func router(_ more: JSON = [:]) throws -> any TrafficRouter {
    let mesh: JSON = [
        "virtualService": ["name": "vs"],
        "virtualNodeGroup": [
            "canaryVirtualNodeRef": ["name": "shop-canary-vn"], "stableVirtualNodeRef": ["name": "shop-stable-vn"],
        ],
    ]
    let configuration = try TrafficConfiguration(["appMesh": MergePatch.apply(more, to: mesh)])
    return try #require(configuration.routers(for: shop).first)
}

private func route(_ name: String, kind: String = "httpRoute", canary: Int, stable: Int) -> JSON {
    [
        "name": .string(name),
        kind: [
            "match": ["prefix": "/"],
            "action": [
                "weightedTargets": [
                    ["virtualNodeRef": ["name": "shop-canary-vn"], "weight": JSON(canary)],
                    ["virtualNodeRef": ["name": "shop-stable-vn", "namespace": "prod"], "weight": JSON(stable)],
                ]
            ],
        ],
    ]
}

private func node(_ hash: String? = nil) -> JSON {
    var node: JSON = [
        "apiVersion": "appmesh.k8s.aws/v1beta2", "metadata": ["name": "n", "resourceVersion": "5"],
        "spec": ["podSelector": ["matchLabels": ["app": "shop"]]],
    ]
    if let hash { node.set(.string(hash), at: "spec", "podSelector", "matchLabels", "rollouts-pod-template-hash") }
    return node
}

private func mesh(_ routes: JSON...) -> [ObjectReference: JSON] {
    [
        service: ["spec": ["provider": ["virtualRouter": ["virtualRouterRef": ["name": "vr"]]]]],
        virtualRouter: ["metadata": ["resourceVersion": "6"], "spec": ["routes": .array(routes)]],
        canaryNode: node(), stableNode: node(),
    ]
}

private func after(_ writes: [TrafficWrite], _ objects: [ObjectReference: JSON]) -> [ObjectReference: JSON] {
    var objects = objects
    for write in writes {
        guard case .mergePatch(let patch) = write.change else { continue }
        objects[write.reference] = MergePatch.apply(patch, to: objects[write.reference] ?? [:])
    }
    return objects
}

private func selected(_ object: JSON?) -> String? {
    object?.at("spec", "podSelector", "matchLabels", hash)?.stringValue
}

@Suite("App Mesh") struct AppMeshRouterTests {
    @Test("The VirtualService names the router, whose routes get the weights after the nodes got their hashes")
    func plan() throws {
        let router = try router()
        let objects = mesh(
            route("a", canary: 0, stable: 100), route("b", kind: "grpcRoute", canary: 5, stable: 95))
        #expect(router.references.map(\.reference) == [service, canaryNode, stableNode])
        #expect(router.references(namedIn: objects).map(\.reference) == [virtualRouter])
        #expect(router.validate(objects) == [])
        var intent = TrafficIntent(canaryWeight: 20, canaryHash: "c", stableHash: "s")
        let writes = try router.plan(intent, objects)
        #expect(writes.map(\.reference) == [stableNode, canaryNode, virtualRouter])
        let done = after(writes, objects)
        #expect(
            done[virtualRouter]?.at("spec", "routes") == [
                route("a", canary: 20, stable: 80), route("b", kind: "grpcRoute", canary: 20, stable: 80),
            ])
        #expect(selected(done[canaryNode]) == "c" && selected(done[stableNode]) == "s")
        #expect(done[canaryNode]?.annotations["argo-rollouts.argoproj.io/managed-by-rollouts"] == "shop")
        #expect(done[canaryNode]?.at("spec", "podSelector", "matchLabels", "app") == "shop")
        #expect(try router.plan(intent, done) == [])
        #expect(router.currentWeight(done) == 20)
        #expect(router.referencedHashes(done) == ["c", "s"])
        intent.weightsFirst = true
        #expect(try router.plan(intent, objects).map(\.reference) == [virtualRouter, stableNode, canaryNode])
    }

    @Test(
        "No two nodes select the same: a side without pods of its own selects none",
        arguments: [
            ("", "", "canary-hash", "stable-hash"), ("s", "s", "canary-hash", "s"), ("c", "", "c", "stable-hash"),
        ])
    func placeholders(canary: String, stable: String, canaryWanted: String, stableWanted: String) throws {
        let objects = mesh(route("a", canary: 0, stable: 100))
        let done = after(
            try router().plan(TrafficIntent(canaryWeight: 0, canaryHash: canary, stableHash: stable), objects), objects)
        #expect(selected(done[canaryNode]) == canaryWanted && selected(done[stableNode]) == stableWanted)
    }

    @Test("Only the routes that are named carry the weights")
    func routes() throws {
        let router = try router(["virtualService": ["routes": ["b"]]])
        let odd: JSON = ["name": "a", "httpRoute": ["action": ["weightedTargets": [["weight": 1]]]]]
        let objects = mesh(odd, route("b", canary: 0, stable: 100))
        #expect(router.validate(objects) == [])
        let done = after(try router.plan(TrafficIntent(canaryWeight: 20), objects), objects)
        #expect(done[virtualRouter]?.at("spec", "routes") == [odd, route("b", canary: 20, stable: 80)])
        #expect(
            try self.routes(["c"], objects).contains("spec.routes has no route \"c\""))
    }

    private func routes(_ names: JSON, _ objects: [ObjectReference: JSON]) throws -> String {
        try router(["virtualService": ["routes": names]]).validate(objects).map(\.description).joined()
    }

    @Test("49: what keeps the mesh from carrying weights is told with its field")
    func problems() throws {
        func problems(_ change: (inout [ObjectReference: JSON]) -> Void) throws -> [String] {
            var objects = mesh(route("a", canary: 0, stable: 100))
            change(&objects)
            return try router().validate(objects).map(\.description)
        }
        #expect(
            try problems { $0[service] = nil } == [
                "\(path).virtualService.name: VirtualService prod/vs does not exist; create it"
            ])
        #expect(
            try problems { $0[virtualRouter] = nil }.first?.contains("VirtualRouter prod/vr does not exist") == true)
        #expect(
            try problems { $0[service] = ["spec": ["provider": [:]]] } == [
                "\(path).virtualService: VirtualService prod/vs: it is not provided by a VirtualRouter; give it one"
            ])
        #expect(
            try problems { $0[canaryNode] = nil } == [
                "\(path).virtualNodeGroup.canaryVirtualNodeRef.name: VirtualNode prod/shop-canary-vn does not exist; create it"
            ])
        #expect(
            try problems {
                $0[stableNode]?.set(
                    "other", at: "metadata", "annotations", "argo-rollouts.argoproj.io/managed-by-rollouts")
            }.first?.contains("is managed by the Rollout other") == true)
        let lone: JSON = ["name": "a", "httpRoute": ["action": ["weightedTargets": [["weight": 1]]]]]
        #expect(
            try problems { $0[virtualRouter]?.set([lone], at: "spec", "routes") }.first?
                .contains("has 1 weighted targets; give it exactly 2") == true)
        #expect(
            try problems { $0[virtualRouter]?.set([["name": "a", "udpRoute": [:]]], at: "spec", "routes") }.first?
                .contains("is none of httpRoute") == true)
        #expect(try problems { $0[virtualRouter]?.set([], at: "spec", "routes") }.count == 1)
        #expect(try router(["virtualService": .null]).validate([:]).map(\.path) == ["\(path).virtualService.name"])
        #expect(
            try router(["virtualNodeGroup": .null]).validate(mesh(route("a", canary: 0, stable: 100))).map(\.path)
                .prefix(2) == [
                    "\(path).virtualNodeGroup.canaryVirtualNodeRef.name",
                    "\(path).virtualNodeGroup.stableVirtualNodeRef.name",
                ])
        for (missing, reason) in [
            (service, "VirtualServiceNotFound"), (virtualRouter, "VirtualRouterNotFound"),
            (stableNode, "VirtualNodeNotFound"),
        ] {
            var objects = mesh(route("a", canary: 0, stable: 100))
            objects[missing] = nil
            let error = #expect(throws: TrafficError.self) {
                try router().plan(TrafficIntent(canaryWeight: 0), objects)
            }
            #expect(error?.eventReason == reason)
        }
    }

    @Test("A Rollout that goes leaves all weight on the stable node, which selects by the user's labels")
    func cleanUp() throws {
        let objects = mesh(route("a", canary: 0, stable: 100))
        let running = after(
            try router().plan(TrafficIntent(canaryWeight: 40, canaryHash: "c", stableHash: "s"), objects), objects)
        let left = after(try router().cleanUp(running), running)
        #expect(left[virtualRouter]?.at("spec", "routes") == [route("a", canary: 0, stable: 100)])
        #expect(selected(left[stableNode]) == nil && selected(left[canaryNode]) == "canary-hash")
        #expect(left[stableNode]?.annotations == [:])
    }
}
