import Manifest
import Testing
import TrafficEngine

private let shop = TrafficSubject(
    rollout: ObjectKey(namespace: "prod", name: "shop"), uid: "u1", canaryService: "shop-canary",
    stableService: "shop-stable")
private let path = "spec.strategy.canary.trafficRouting.ambassador.mappings"
private let canary = reference("shop-map-canary")
private let start = Timestamp(seconds: 1_000)

private func reference(_ name: String) -> ObjectReference {
    ObjectReference(group: "getambassador.io", kind: "Mapping", namespace: "prod", name: name)
}

private func router(_ mappings: JSON = ["shop-map"]) throws -> any TrafficRouter {
    try #require(try TrafficConfiguration(["ambassador": ["mappings": mappings]]).routers(for: shop).first)
}

private func base(service: String = "http://shop-stable:8080", more: JSON = [:]) -> JSON {
    [
        "apiVersion": "getambassador.io/v2", "kind": "Mapping",
        "metadata": ["name": "shop-map", "namespace": "prod", "labels": ["ambassador_id": "blue"]],
        "spec": MergePatch.apply(more, to: ["prefix": "/shop/", "service": .string(service)]),
    ]
}

private func intent(_ weight: Int, at time: Timestamp = start) -> TrafficIntent {
    var intent = TrafficIntent(canaryWeight: weight)
    intent.now = time
    return intent
}

/// The canary Mapping as the server has it after a write.
private func after(_ writes: [TrafficWrite], _ live: JSON?) throws -> JSON? {
    try #require(writes.count == 1 && writes[0].reference == canary)
    switch writes[0].change {
    case .create(var object):
        object.set("1", at: "metadata", "resourceVersion")
        return object
    case .mergePatch(let patch):
        return MergePatch.apply(patch, to: live ?? [:])
    case .delete: return nil
    }
}

@Suite("Ambassador") struct AmbassadorRouterTests {
    @Test("The second Mapping is the user's with another Service and a weight")
    func create() throws {
        let router = try router()
        #expect(router.references.map(\.reference) == [reference("shop-map"), canary])
        #expect(router.validate([reference("shop-map"): base()]) == [])
        #expect(try router.plan(intent(0), [reference("shop-map"): base()]) == [], "no weight, no Mapping")
        let writes = try router.plan(intent(20), [reference("shop-map"): base()])
        #expect(writes.map(\.failureReason) == ["CanaryMappingCreationError"])
        let object = try #require(try after(writes, nil))
        #expect(object["spec"] == ["prefix": "/shop/", "service": "http://shop-canary:8080", "weight": 20])
        #expect(object.labels == ["ambassador_id": "blue"])
        #expect(object.at("metadata", "ownerReferences")?[0]?["uid"] == "u1")
        let objects = [reference("shop-map"): base(), canary: object]
        #expect(try router.plan(intent(20), objects) == [])
        #expect(router.currentWeight(objects) == 20)
        #expect(router.due(objects) == nil)
    }

    @Test("One without owner and weight is somebody else's route: told, and never written or deleted")
    func sameName() throws {
        let router = try router()
        let other: JSON = [
            "apiVersion": "getambassador.io/v2", "kind": "Mapping",
            "metadata": ["name": "shop-map-canary", "resourceVersion": "2"],
            "spec": ["prefix": "/canary-birds/", "service": "birds:80"],
        ]
        let objects = [reference("shop-map"): base(), canary: other]
        let message =
            "exists, carries no weight and is not controlled by this Rollout; give it another name, or delete it"
        #expect(
            router.validate(objects).map(\.description) == ["\(path)[0]: Mapping prod/shop-map-canary \(message)"])
        for weight in [0, 10] {
            let error = #expect(throws: TrafficError.self) { try router.plan(intent(weight), objects) }
            #expect(error == TrafficError(.owned, canary, "it \(message)"))
        }
    }

    @Test("It follows changes of the user's, and one without an owner is taken over", arguments: [20, 0])
    func update(weight: Int) throws {
        let router = try router()
        let old: JSON = [
            "apiVersion": "getambassador.io/v2", "kind": "Mapping",
            "metadata": ["name": "shop-map-canary", "resourceVersion": "2", "labels": ["mine": "x"]],
            "spec": ["prefix": "/old/", "service": "shop-canary:8080", "weight": JSON(weight), "timeout_ms": 1],
        ]
        let changed = base(more: ["prefix": "/new/"])
        let writes = try router.plan(intent(30), [reference("shop-map"): changed, canary: old])
        #expect(writes.map(\.eventReason) == ["CanaryMappingWeightUpdate"])
        let object = try #require(try after(writes, old))
        #expect(object["spec"] == ["prefix": "/new/", "service": "http://shop-canary:8080", "weight": 30])
        #expect(object.labels == ["ambassador_id": "blue", "mine": "x"])
        #expect(object.at("metadata", "ownerReferences")?[0]?["uid"] == "u1")
    }

    @Test("At the end of its weight it is kept for five seconds, and then deleted")
    func end() throws {
        let router = try router()
        let live = try #require(try after(try router.plan(intent(50), [reference("shop-map"): base()]), nil))
        var objects = [reference("shop-map"): base(), canary: live]
        let resting = try #require(try after(try router.plan(intent(0), objects), live))
        #expect(resting.at("spec", "weight") == 0)
        objects[canary] = resting
        let due = try #require(router.due(objects))
        #expect(due == start + .seconds(5))
        #expect(try router.plan(intent(0, at: start + .seconds(4)), objects) == [])
        let last = try router.plan(intent(0, at: due), objects)
        #expect(last.map(\.change) == [.delete(resourceVersion: "1")])
        #expect(last.map(\.failureReason) == ["CanaryMappingCleanupError"])
        let again = try #require(try after(try router.plan(intent(10, at: due), objects), resting))
        #expect(again.at("spec", "weight") == 10)
        objects[canary] = again
        #expect(router.due(objects) == nil, "it has weight again")
    }

    @Test("Of several Mappings each is brought there, and what fails is told with its own event")
    func several() throws {
        let router = try router(["gone", "shop-map"])
        let plan = router.planEach(intent(10), [reference("shop-map"): base()])
        #expect(plan.writes.map(\.reference) == [canary])
        #expect(plan.errors.map(\.code) == [.notFound])
        #expect(plan.errors.map(\.eventReason) == ["AmbassadorMappingNotFound"])
    }

    @Test(
        "A Mapping that cannot carry a canary is told, and nothing is written",
        arguments: [
            (base(more: ["weight": 5]), "it carries a weight of its own"),
            (base(service: "other:80"), "is not the stable Service shop-stable"),
            (base(service: "shop-stable-2:80"), "is not the stable Service shop-stable"),
            (base(service: "my-shop-stable"), "is not the stable Service shop-stable"),
        ] as [(JSON, String)])
    func problems(live: JSON, words: String) throws {
        let problem = try router().validate([reference("shop-map"): live]).first
        #expect(problem?.path == "\(path)[0]")
        #expect(problem?.message.contains(words) == true, "\(problem.debugDescription)")
        let error = #expect(throws: TrafficError.self) {
            try router().plan(intent(1), [reference("shop-map"): live])
        }
        #expect(error?.eventReason == "AmbassadorMappingConfigError")
    }

    @Test("One of another owner is left alone, and missing names are told")
    func foreign() throws {
        let foreign: JSON = ["metadata": ["ownerReferences": [["controller": true, "uid": "u2"]]]]
        let objects = [reference("shop-map"): base(), canary: foreign]
        #expect(try router().validate(objects).count == 1)
        for weight in [0, 10] {
            let error = #expect(throws: TrafficError.self) { try router().plan(intent(weight), objects) }
            #expect(error?.code == .owned)
        }
        #expect(
            try router().validate([:]).map(\.description) == [
                "\(path)[0]: Mapping prod/shop-map does not exist; create it"
            ])
        #expect(try router([]).validate([:]).map(\.path) == [path])
    }
}
