import Manifest
import Testing
import TrafficEngine

private let shop = TrafficSubject(
    rollout: ObjectKey(namespace: "prod", name: "shop-rollout"), uid: "u1", canaryService: "shop-canary",
    stableService: "shop-stable")

private func reference(_ name: String = "shop-rollout") -> ObjectReference {
    ObjectReference(group: "split.smi-spec.io", kind: "TrafficSplit", namespace: "prod", name: name)
}

private func router(_ smi: JSON = ["rootService": "shop"], _ subject: TrafficSubject = shop) throws
    -> any TrafficRouter
{
    try #require(try TrafficConfiguration(["smi": smi]).routers(for: subject).first)
}

private func created(_ writes: [TrafficWrite]) throws -> JSON {
    guard case .create(var object)? = writes.first?.change else { throw JSONError("nothing is created") }
    object.set("3", at: "metadata", "resourceVersion")
    return object
}

@Suite("SMI") struct SMIRouterTests {
    @Test("A TrafficSplit of the Rollout's own is created with the canary first and stable last")
    func create() throws {
        let router = try router()
        #expect(router.validate([:]) == [])
        let intent = TrafficIntent(canaryWeight: 20, additional: [.init(service: "exp-a", hash: "h", weight: 10)])
        let writes = try router.plan(intent, [:])
        #expect(writes.map(\.eventReason) == ["TrafficSplitCreated"])
        #expect(writes.map(\.failureReason) == ["TrafficSplitNotCreated"])
        let object = try created(writes)
        #expect(
            object["spec"] == [
                "service": "shop",
                "backends": [
                    ["service": "shop-canary", "weight": 20], ["service": "exp-a", "weight": 10],
                    ["service": "shop-stable", "weight": 70],
                ],
            ])
        #expect(object.at("metadata", "name") == "shop-rollout")
        #expect(object.at("metadata", "ownerReferences")?[0]?["uid"] == "u1")
        #expect(try router.plan(intent, [reference(): object]) == [])
        #expect(router.currentWeight([reference(): object]) == 20)
        #expect(router.cleanUp([reference(): object]) == [])
    }

    @Test("The root is the stable Service, and the name the Rollout's, where none is given")
    func defaults() throws {
        let router = try router(["trafficSplitName": "split"])
        #expect(router.references.map(\.reference) == [reference("split")])
        #expect(
            try created(try router.plan(TrafficIntent(canaryWeight: 0), [:])).at("spec", "service") == "shop-stable")
    }

    @Test("Backends are replaced as a whole, and a weight of the same value stays as it is written")
    func update() throws {
        let router = try router()
        var live = try created(try router.plan(TrafficIntent(canaryWeight: 20), [:]))
        let texts: JSON = [
            ["service": "shop-canary", "weight": "20"], ["service": "shop-stable", "weight": "80"],
        ]
        live.set(texts, at: "spec", "backends")
        live.set(["a"], at: "spec", "matches")
        #expect(try router.plan(TrafficIntent(canaryWeight: 20), [reference(): live]) == [])
        live.set(.array((texts.arrayValue ?? []) + [["service": "exp-a", "weight": 5]]), at: "spec", "backends")
        let writes = try router.plan(TrafficIntent(canaryWeight: 30), [reference(): live])
        #expect(writes.map(\.eventReason) == ["TrafficSplitModified"])
        #expect(
            writes.map(\.change) == [
                .mergePatch([
                    "metadata": ["resourceVersion": "3"],
                    "spec": [
                        "backends": [
                            ["service": "shop-canary", "weight": 30], ["service": "shop-stable", "weight": 70],
                        ]
                    ],
                ])
            ])
    }

    @Test("A TrafficSplit of another owner is left alone")
    func foreign() throws {
        let live: JSON = ["metadata": ["name": "shop-rollout"]]
        #expect(try router().validate([reference(): live]).map(\.path) == ["spec.strategy.canary.trafficRouting.smi"])
        let error = #expect(throws: TrafficError.self) {
            try router().plan(TrafficIntent(canaryWeight: 1), [reference(): live])
        }
        #expect(error?.code == .owned)
        let bare = TrafficSubject(rollout: shop.rollout, uid: "u1")
        #expect(try router([:], bare).validate([:]).count == 1)
    }
}
