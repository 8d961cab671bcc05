import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import RolloutEngine
import SluiceTestKit
import Testing

@Suite("Kinds of routers that cannot be listed") struct UnreadableRouterTests {
    /// A Rollout by a VirtualService, which no list shows.
    private static func stand() async throws -> RolloutStand {
        let stand = try await RolloutStand(fillsRoutes: false)
        stand.cluster.faults.add(
            .init(
                .fail(KubernetesError(code: 500, reason: "InternalError", message: "no storage")), on: [.list, .watch],
                resource: "virtualservices.networking.istio.io", times: .max))
        try await stand.service("web-stable")
        try await stand.service("web-canary")
        var manifest = RolloutStand.manifest(canary: [
            "stableService": "web-stable", "canaryService": "web-canary",
            "trafficRouting": ["istio": ["virtualService": ["name": "web"]]],
        ])
        manifest.set([.string(Keys.restoreWorkload)], at: "metadata", "finalizers")
        try await stand.create(.rollouts, manifest)
        return stand
    }

    @Test(
        "one that fails to be listed for long is InvalidSpec with the cause, and one that fails for a moment is awaited"
    )
    func told() async throws {
        let stand = try await Self.stand()
        let caches = stand.routes.managed.map { cache in Task { await cache.run() } }
        defer { for cache in caches { cache.cancel() } }
        try await stand.refreshAllButRoutes()
        #expect(try await stand.reconciler.reconcile(stand.key) == .milliseconds(200))
        try await eventually("a list fails") { stand.routes.informers.contains { $0.health.failingSince != nil } }

        stand.clock.advance(by: .seconds(29))
        #expect(try await stand.reconciler.reconcile(stand.key) == .milliseconds(200))
        stand.clock.advance(by: .seconds(1))
        #expect(try await stand.reconciler.reconcile(stand.key) == .seconds(20))
        let condition = try await stand.status().conditions.first
        #expect(condition?.type == "InvalidSpec")
        #expect(
            condition?.message.contains(
                "spec.strategy.canary.trafficRouting.istio.virtualService.name: Invalid value: VirtualService of "
                    + "networking.istio.io cannot be read: 500 InternalError: no storage; ") == true,
            "\(condition?.message ?? "")")
        #expect(stand.events.withLock { $0.map(\.reason) } == ["InvalidSpec"])
    }

    @Test("one whose list neither comes nor fails is told too, counted from when it was first wanted")
    func neverListed() async throws {
        let stand = try await Self.stand()
        try await stand.refreshAllButRoutes()
        // Nobody runs the caches, so nothing is ever answered.
        #expect(try await stand.reconciler.reconcile(stand.key) == .milliseconds(200))
        stand.clock.advance(by: .seconds(119))
        #expect(try await stand.reconciler.reconcile(stand.key) == .milliseconds(200))
        stand.clock.advance(by: .seconds(1))
        #expect(try await stand.reconciler.reconcile(stand.key) == .seconds(20))
        let condition = try await stand.status().conditions.first
        #expect(condition?.type == "InvalidSpec")
        #expect(
            condition?.message.contains(
                "VirtualService of networking.istio.io cannot be read: it has not been listed yet; it is tried again")
                == true, "\(condition?.message ?? "")")
    }

    @Test("they do not hold a Rollout that is being deleted")
    func deleted() async throws {
        let stand = try await Self.stand()
        try await stand.api.delete(.rollouts, stand.key, DeleteOptions())
        try await stand.refreshAllButRoutes()
        #expect(try await stand.rollout().at("metadata", "deletionTimestamp") != nil)
        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(try await stand.rollout() == .null)
    }
}
