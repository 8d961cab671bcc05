import Manifest
import Testing
import TrafficEngine

private let shop = TrafficSubject(
    rollout: ObjectKey(namespace: "prod", name: "shop"), uid: "u1", canaryService: "shop-canary",
    stableService: "shop-stable")
private let reference = ObjectReference(
    group: "traefik.io", kind: "TraefikService", namespace: "prod", name: "split")
private let field = "spec.strategy.canary.trafficRouting.traefik.weightedTraefikServiceName"

private func router(_ traefik: JSON = ["weightedTraefikServiceName": "split"]) throws -> any TrafficRouter {
    try #require(try TrafficConfiguration(["traefik": traefik]).routers(for: shop).first)
}

private func entry(_ name: String, _ weight: JSON?, namespace: String? = nil) -> JSON {
    var entry: JSON = ["name": .string(name), "port": 80]
    if let weight { entry["weight"] = weight }
    if let namespace { entry["namespace"] = .string(namespace) }
    return entry
}

private func service(_ entries: [JSON]) -> JSON {
    [
        "apiVersion": "traefik.io/v1alpha1", "kind": "TraefikService",
        "metadata": ["name": "split", "resourceVersion": "9"],
        "spec": ["weighted": ["services": .array(entries), "sticky": ["cookie": [:]]]],
    ]
}

private func entries(after writes: [TrafficWrite]) -> [JSON]? {
    guard case .mergePatch(let patch)? = writes.first?.change else { return nil }
    return patch.at("spec", "weighted", "services")?.arrayValue
}

@Suite("Traefik") struct TraefikRouterTests {
    @Test("Both entries get their weights, others stay, and only they are written")
    func weights() throws {
        let router = try router()
        let live = service([
            entry("shop-stable", 100), entry("shop-canary", nil), entry("shop-canary", 3, namespace: "other"),
            entry("api", 7),
        ])
        #expect(router.validate([reference: live]) == [])
        let writes = try router.plan(TrafficIntent(canaryWeight: 20), [reference: live])
        let wanted = [
            entry("shop-stable", 80), entry("shop-canary", 20), entry("shop-canary", 3, namespace: "other"),
            entry("api", 7),
        ]
        #expect(
            writes.map(\.change) == [
                .mergePatch([
                    "metadata": ["resourceVersion": "9"], "spec": ["weighted": ["services": .array(wanted)]],
                ])
            ])
        #expect(writes.map(\.failureReason) == ["TraefikServiceUpdateError"])
        #expect(try router.plan(TrafficIntent(canaryWeight: 20), [reference: service(wanted)]) == [])
        #expect(router.currentWeight([reference: service(wanted)]) == 20)
        #expect(
            entries(after: router.cleanUp([reference: service(wanted)]))?.prefix(2).map { $0["weight"] } == [100, 0])
    }

    @Test("Experiments are appended with the canary's port, and go when they end")
    func experiments() throws {
        let intent = TrafficIntent(canaryWeight: 20, additional: [.init(service: "exp-a", hash: "h", weight: 10)])
        let live = service([entry("shop-stable", 80, namespace: "prod"), entry("shop-canary", 20)])
        let with = try #require(entries(after: try router().plan(intent, [reference: live])))
        #expect(
            with == [
                entry("shop-stable", 70, namespace: "prod"), entry("shop-canary", 20),
                ["name": "exp-a", "kind": "Service", "port": 80, "weight": 10],
            ])
        let end = TrafficIntent(canaryWeight: 20, formerAdditional: ["exp-a"])
        let without = entries(after: try router().plan(end, [reference: service(with)]))
        #expect(without == [entry("shop-stable", 80, namespace: "prod"), entry("shop-canary", 20)])
    }

    @Test("11: without an entry for each side nothing is written, and what is missing is told")
    func problems() throws {
        let lame = service([entry("shop-stable", 100), entry("shop-canary", 0, namespace: "other")])
        let error = #expect(throws: TrafficError.self) {
            try router().plan(TrafficIntent(canaryWeight: 1), [reference: lame])
        }
        #expect(error?.code == .invalid)
        #expect(
            try router().validate([reference: lame]).map(\.description) == [
                "\(field): TraefikService prod/split: spec.weighted.services has no entry for the Service shop-canary; add one"
            ])
        #expect(
            try router().validate([:]).map(\.description) == [
                "\(field): TraefikService prod/split does not exist; create it"
            ])
        #expect(throws: TrafficError.self) { try router().plan(TrafficIntent(canaryWeight: 1), [:]) }
        #expect(try router([:]).validate([:]).map(\.description) == ["\(field): is required"])
        #expect(try router().cleanUp([:]) == [])
    }
}
