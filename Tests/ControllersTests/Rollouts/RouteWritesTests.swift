import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@testable import RolloutEngine

@Suite("A Rollout's own writes of routes") struct RouteWritesTests {
    private static let mappings = Resource(
        group: "getambassador.io", version: "v2", plural: "mappings", kind: "Mapping")
    private static let second = ObjectKey(namespace: "default", name: "web-canary")

    @Test("the next look waits until the cache shows them, and what it shows before that is not in sync")
    func awaited() async throws {
        let stand = try await RolloutReconcilerTests.routed()
        try await stand.setImage("web:2")
        stand.api.reset()
        try await eventually("the weights are written") {
            try await stand.refresh()
            _ = try await stand.reconciler.reconcile(stand.key)
            stand.runtime.settle()
            return stand.api.written.contains("patch virtualservices")
        }
        let routers = RolloutRoutes(api: stand.api, caches: stand.routes, replicaSets: stand.caches.replicaSets.store)
        try await stand.refreshAllButRoutes()
        let rollout = try #require(stand.caches.rollouts.store.get(stand.key))
        #expect(rollout.status.weights?.canary.weight == 25)
        #expect(routers.fact(for: rollout)?.isInSync == false)

        stand.api.reset()
        #expect(try await stand.reconciler.reconcile(stand.key) == .milliseconds(100))
        #expect(stand.api.written == [])
        try await stand.refresh()
        #expect(try await stand.reconciler.reconcile(stand.key) != .milliseconds(100))
        #expect(routers.fact(for: rollout)?.isInSync == true)
    }

    @Test("the next look does not wait long, and an abort is seen where the cache never shows them")
    func unwatched() async throws {
        let stand = try await RolloutReconcilerTests.routed()
        try await stand.setImage("web:2")
        stand.api.reset()
        while !stand.api.written.contains("patch virtualservices") {
            try await stand.refresh()
            _ = try await stand.reconciler.reconcile(stand.key)
            stand.runtime.settle()
        }
        try await stand.edit(["status": ["abort": true]], "status")
        try await stand.refreshAllButRoutes()
        stand.api.reset()
        stand.elapsed.withLock { $0 += .milliseconds(2_900) }
        #expect(try await stand.reconciler.reconcile(stand.key) == .milliseconds(100))
        #expect(stand.reconciler.waiting(stand.key)?.reason == .watchBehind)
        stand.elapsed.withLock { $0 += .milliseconds(100) }
        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(stand.reconciler.waiting(stand.key)?.reason != .watchBehind)
        #expect(stand.api.written.contains("patch virtualservices"))
        let service = ObjectKey(namespace: "default", name: "web")
        let live = try await stand.api.get(RolloutReconcilerTests.virtualServices, service, subresource: nil)
        #expect(live?.at("spec", "http")?[0]?["route"]?[1]?["weight"] == 0)
    }

    @Test("a write of the Rollout that the watch never shows is named, and given up for what the server tells")
    func unwatchedRollout() async throws {
        let stand = try await RolloutReconcilerTests.routed()
        try await stand.refresh()
        try await stand.setImage("web:2")
        try await stand.refresh()
        stand.api.reset()
        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(stand.api.written.contains("patch rollouts/status"))
        stand.elapsed.withLock { $0 += .seconds(2) }
        #expect(try await stand.reconciler.reconcile(stand.key) == .milliseconds(100))
        #expect(stand.reconciler.waiting(stand.key)?.reason == .watchBehind)
        stand.elapsed.withLock { $0 += .seconds(30) }
        stand.api.reset()
        #expect(try await stand.reconciler.reconcile(stand.key) == .seconds(1), "the server has a newer one")
        #expect(stand.api.written == [])
        try await stand.refresh()
        #expect(try await stand.reconciler.reconcile(stand.key) != .milliseconds(100))
    }

    /// A Rollout whose second Mapping has its weight of 25.
    private static func mapped() async throws -> RolloutStand {
        let stand = try await RolloutStand()
        try await stand.serve(mappings)
        try await stand.service("web-stable")
        try await stand.service("web-canary")
        try await stand.create(
            mappings,
            [
                "apiVersion": "getambassador.io/v2", "kind": "Mapping", "metadata": ["name": "web"],
                "spec": ["prefix": "/", "service": "web-stable"],
            ])
        try await stand.create(
            .rollouts,
            RolloutStand.manifest(canary: [
                "stableService": "web-stable", "canaryService": "web-canary",
                "steps": [["setWeight": 25], ["pause": [:]]],
                "trafficRouting": ["ambassador": ["mappings": ["web"]]],
            ]))
        try await stand.run()
        try await stand.setImage("web:2")
        try await stand.run()
        #expect(try await stand.api.get(mappings, second, subresource: nil)?.at("spec", "weight") == 25)
        return stand
    }

    /// One whose second Mapping has lost its weight, at the moment when it is to go.
    private static func withdrawn() async throws -> RolloutStand {
        let stand = try await mapped()
        try await stand.edit(["status": ["abort": true]], "status")
        try await stand.run()
        #expect(try await stand.api.get(mappings, second, subresource: nil)?.at("spec", "weight") == 0)
        stand.clock.advance(by: .seconds(7))
        return stand
    }

    private static func deletions(_ stand: RolloutStand) -> Int {
        stand.events.withLock { $0.count { $0.message.contains("Mapping default/web-canary deleted") } }
    }

    @Test("a Mapping that is deleted is told once, and awaited") func deleted() async throws {
        let stand = try await Self.withdrawn()
        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(try await stand.api.get(Self.mappings, Self.second, subresource: nil) == nil)
        #expect(Self.deletions(stand) == 1)
        stand.api.reset()
        try await stand.refreshAllButRoutes()
        #expect(try await stand.reconciler.reconcile(stand.key) == .milliseconds(100))
        try await stand.run()
        #expect(Self.deletions(stand) == 1 && !stand.api.written.contains("delete mappings"))
    }

    @Test("a Mapping that is gone already is not told of") func gone() async throws {
        let stand = try await Self.withdrawn()
        try await stand.api.delete(Self.mappings, Self.second, DeleteOptions())
        stand.api.reset()
        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(stand.api.written.contains("delete mappings") && Self.deletions(stand) == 0)
    }

    @Test("a Mapping that somebody deleted is no failure of the next revision, though the cache shows it still")
    func lost() async throws {
        let stand = try await Self.mapped()
        try await stand.api.delete(Self.mappings, Self.second, DeleteOptions())
        try await stand.setImage("web:3")
        stand.events.withLock { $0 = [] }
        stand.api.reset()
        for _ in 0..<20 where !stand.api.written.contains("patch mappings") {
            try await stand.refreshAllButRoutes()
            _ = try await stand.reconciler.reconcile(stand.key)
            stand.runtime.settle()
        }
        #expect(stand.events.withLock { $0.filter(\.isWarning).map(\.message) } == [])
        try await stand.run()
        #expect(try await stand.api.get(Self.mappings, Self.second, subresource: nil)?.at("spec", "weight") == 25)
    }

    @Test("a Mapping that we deleted counts as gone, though the cache shows it still") func counted() async throws {
        let stand = try await Self.withdrawn()
        _ = try await stand.reconciler.reconcile(stand.key)
        try await stand.refreshAllButRoutes()
        let rollout = try #require(stand.caches.rollouts.store.get(stand.key))
        let routers = RolloutRoutes(
            api: stand.api, caches: stand.routes, replicaSets: stand.caches.replicaSets.store, clock: stand.clock)
        let weights = try #require(rollout.status.weights)
        var events: [RolloutEvent] = []
        stand.api.reset()
        try await routers.apply(Self.request(25, weights), for: rollout, telling: &events) { _ in }
        #expect(stand.api.written == ["create mappings"])
        try await stand.refresh()
        try await routers.apply(Self.request(30, weights), for: rollout, telling: &events) { _ in }
        #expect(stand.api.written == ["create mappings", "patch mappings"])
    }

    private static func request(_ weight: Int, _ weights: TrafficWeights) -> TrafficRequest {
        TrafficRequest(
            canaryWeight: weight, maxWeight: 100, canaryHash: weights.canary.podTemplateHash,
            stableHash: weights.stable.podTemplateHash, canaryService: weights.canary.serviceName,
            stableService: weights.stable.serviceName)
    }

    @Test("they count until the cache shows them, for the Rollout and the configuration that they were made for")
    func taken() async throws {
        let stand = try await RolloutReconcilerTests.routed()
        try await stand.setImage("web:2")
        try await stand.run()
        let routers = RolloutRoutes(
            api: stand.api, caches: stand.routes, replicaSets: stand.caches.replicaSets.store, clock: stand.clock)
        var rollout = try #require(stand.caches.rollouts.store.get(stand.key))
        let weights = try #require(rollout.status.weights)
        var events: [RolloutEvent] = []
        try await routers.apply(Self.request(30, weights), for: rollout, telling: &events) { _ in }
        rollout.status.weights?.canary.weight = 30
        rollout.status.weights?.stable.weight = 70
        #expect(routers.fact(for: rollout)?.isInSync == true)
        let changes: [(inout Rollout) -> Void] = [
            { $0.uid = "another" },
            { $0.status.weights?.canary.serviceName = "other" },
            { $0.status.weights?.stable.serviceName = "other" },
            { $0.spec.canary?.trafficRouting?.maxTrafficWeight = 1_000 },
        ]
        for (index, change) in changes.enumerated() {
            var changed = rollout
            change(&changed)
            #expect(routers.fact(for: changed)?.areWeightsInSync == false, "\(index)")
        }

        try await stand.refresh()
        #expect(routers.fact(for: rollout)?.isInSync == true)
        // As after a write that this process cannot tell of any more.
        let service = ObjectReference(
            group: "networking.istio.io", kind: "VirtualService", namespace: "default", name: "web")
        stand.routes.noteWrite(service, "999999999")
        #expect(routers.fact(for: rollout)?.isInSync == false)
    }
}
