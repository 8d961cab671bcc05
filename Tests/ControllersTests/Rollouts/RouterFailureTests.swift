import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@testable import RolloutEngine

@Suite("Router calls that fail") struct RouterFailureTests {
    private static let virtualServices = RolloutReconcilerTests.virtualServices
    private static let crash = KubernetesError(code: 500, reason: "InternalError", message: "crash")

    private static func virtualService(_ name: String) -> JSON {
        [
            "apiVersion": "networking.istio.io/v1alpha3", "kind": "VirtualService",
            "metadata": ["name": .string(name)],
            "spec": [
                "hosts": [.string(name)],
                "http": [
                    [
                        "route": [
                            ["destination": ["host": "web-stable"], "weight": 100],
                            ["destination": ["host": "web-canary"], "weight": 0],
                        ]
                    ]
                ],
            ],
        ]
    }

    /// A healthy first version behind these VirtualServices.
    private static func stand(_ names: String..., steps: JSON) async throws -> RolloutStand {
        let stand = try await RolloutStand()
        try await stand.service("web-stable")
        try await stand.service("web-canary")
        for name in names { try await stand.create(virtualServices, virtualService(name)) }
        try await stand.create(
            .rollouts,
            RolloutStand.manifest(canary: [
                "stableService": "web-stable", "canaryService": "web-canary", "steps": steps,
                "trafficRouting": [
                    "istio": ["virtualServices": .array(names.map { ["name": .string($0)] })],
                    "managedRoutes": [["name": "beta"]],
                ],
            ]))
        try await stand.run()
        return stand
    }

    private static func http(_ stand: RolloutStand, _ name: String) async throws -> JSON? {
        try await stand.api.get(
            virtualServices, ObjectKey(namespace: "default", name: name), subresource: nil)?.at("spec", "http")
    }

    @Test("what was written before a failed write of the same call is told once, and the rest when it is written")
    func events() async throws {
        let stand = try await Self.stand("first", "second", steps: [["setWeight": 25], ["pause": [:]]])
        try await stand.setImage("web:2")
        stand.cluster.faults.add(
            .init(.fail(Self.crash), on: [.patch], resource: "virtualservices.networking.istio.io", name: "second"))
        await #expect(throws: KubernetesError.self) { try await stand.run() }
        func told(_ name: String) -> Int {
            stand.events.withLock { $0.count { $0.message.contains("VirtualService default/\(name) ") } }
        }
        #expect(told("first") == 1 && told("second") == 0)
        try await stand.run()
        #expect(try await Self.http(stand, "second")?[0]?["route"]?[1]?["weight"] == 25)
        #expect(told("first") == 1 && told("second") == 1)
    }

    @Test(
        "what routers took and their cache lacks is known as well as what it shows",
        arguments: [
            (25, ["beta"], false, true, false, true), (25, [], false, false, true, true),
            (60, ["beta"], false, false, false, false), (25, ["beta"], true, false, false, true),
            (25, [], true, true, true, true),
        ] as [(Int, [String], Bool, Bool, Bool, Bool)])
    func taken(
        weight: Int, names: [String], isAborted: Bool, isInSync: Bool, withoutRoutes: Bool, areWeights: Bool
    ) async throws {
        let header: JSON = ["name": "beta", "match": [["headerName": "x-team", "headerValue": ["exact": "qa"]]]]
        let stand = try await Self.stand(
            "web", steps: [["setWeight": 25], ["setHeaderRoute": header], ["pause": [:]]])
        try await stand.setImage("web:2")
        try await stand.run()
        var rollout = try await Rollout(stand.rollout())
        let recorded = try #require(rollout.status.weights)
        let routes = RolloutRoutes(api: stand.api, caches: stand.routes, replicaSets: stand.caches.replicaSets.store)
        // Once more than what stands, so that there is something to write each time.
        for weight in [weight + 1, weight] {
            let request = TrafficRequest(
                canaryWeight: weight, maxWeight: 100, canaryHash: recorded.canary.podTemplateHash,
                stableHash: recorded.stable.podTemplateHash, canaryService: "web-canary", stableService: "web-stable",
                routes: rollout.recordedRoutes.filter { names.contains($0.name) })
            var events: [RolloutEvent] = []
            try await routes.apply(request, for: rollout, telling: &events) { _ in }
        }
        rollout.status.abort = isAborted
        for isBehind in [true, false] {
            if !isBehind { try await stand.refresh() }
            let fact = try #require(routes.fact(for: rollout))
            #expect(fact.isInSync == isInSync && fact.isInSyncWithoutRoutes == withoutRoutes, "behind: \(isBehind)")
            #expect(fact.areWeightsInSync == areWeights, "behind: \(isBehind)")
        }
    }

    @Test("D6: a step stays open while the router refuses its route, and completes with it")
    func route() async throws {
        let stand = try await Self.stand(
            "web",
            steps: [
                ["setWeight": 25], ["pause": [:]],
                [
                    "setHeaderRoute": [
                        "name": "beta", "match": [["headerName": "x-team", "headerValue": ["exact": "qa"]]],
                    ]
                ], ["pause": [:]],
            ])
        try await stand.setImage("web:2")
        try await stand.run()
        stand.cluster.faults.add(
            .init(.fail(Self.crash), on: [.patch], resource: "virtualservices.networking.istio.io", times: 2))
        try await stand.edit(["status": ["pauseConditions": .null]], "status")
        for _ in 0..<2 { await #expect(throws: KubernetesError.self) { try await stand.run() } }
        #expect(try await stand.status().currentStepIndex ?? 0 <= 2)
        #expect(stand.events.withLock { $0.contains { $0.reason == "TrafficRoutingError" } })
        try await stand.run()
        #expect(try await stand.status().currentStepIndex == 3)
        let http = try await Self.http(stand, "web")
        #expect(http?[0]?["name"] == "beta" && http?[1]?["route"]?[1]?["weight"] == 25)
        try await stand.edit(["status": ["abort": true]], "status")
        stand.api.reset()
        try await stand.settle()
        #expect(try await Self.http(stand, "web")?.arrayValue?.count == 1)
        #expect(stand.api.written.count { $0.contains("virtualservices") } == 1, "\(stand.api.written)")
    }
}
