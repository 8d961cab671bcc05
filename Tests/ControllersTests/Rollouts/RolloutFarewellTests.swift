import Controllers
import Kubernetes
import Manifest
import RolloutEngine
import SluiceTestKit
import Testing

@Suite("Routes of a Rollout that is gone or malformed") struct RolloutFarewellTests {
    static let virtualServices = Resource(
        group: "networking.istio.io", version: "v1alpha3", plural: "virtualservices", kind: "VirtualService")
    static let destinationRules = Resource(
        group: "networking.istio.io", version: "v1alpha3", plural: "destinationrules", kind: "DestinationRule")
    static let key = ObjectKey(namespace: "default", name: "web")

    /// A Rollout by subsets that stands in the middle of its canary.
    static func midCanary() async throws -> RolloutStand {
        let stand = try await bySubsets()
        try await stand.setImage("web:2")
        try await stand.run()
        return stand
    }

    /// A Rollout by subsets whose first version runs.
    /// - Parameter threshold: `replicaProgressThreshold`.
    static func bySubsets(threshold: JSON? = nil) async throws -> RolloutStand {
        let stand = try await RolloutStand()
        try await stand.create(
            virtualServices,
            [
                "apiVersion": "networking.istio.io/v1alpha3", "kind": "VirtualService", "metadata": ["name": "web"],
                "spec": [
                    "hosts": ["web"],
                    "http": [
                        [
                            "name": "primary",
                            "route": [
                                ["destination": ["host": "web", "subset": "stable"], "weight": 100],
                                ["destination": ["host": "web", "subset": "canary"], "weight": 0],
                            ],
                        ]
                    ],
                ],
            ])
        try await stand.create(
            destinationRules,
            [
                "apiVersion": "networking.istio.io/v1alpha3", "kind": "DestinationRule", "metadata": ["name": "web"],
                "spec": [
                    "host": "web",
                    "subsets": [
                        ["name": "stable", "labels": ["app": "web"]], ["name": "canary", "labels": ["app": "web"]],
                    ],
                ],
            ])
        var manifest = RolloutStand.manifest(canary: [
            "steps": [["setWeight": 25], ["pause": [:]]],
            "trafficRouting": [
                "istio": [
                    "virtualService": ["name": "web"],
                    "destinationRule": [
                        "name": "web", "canarySubsetName": "canary", "stableSubsetName": "stable",
                    ],
                ]
            ],
        ])
        manifest.set(threshold, at: "spec", "strategy", "canary", "replicaProgressThreshold")
        try await stand.create(.rollouts, manifest)
        try await stand.run()
        return stand
    }

    static func weights(_ stand: RolloutStand) async throws -> [Int64?] {
        let object = try await stand.api.get(virtualServices, key, subresource: nil)
        return (object?.at("spec", "http")?[0]?["route"]?.arrayValue ?? []).map { $0["weight"]?.intValue }
    }

    @Test("a deleted Rollout leaves its VirtualService on stable and its DestinationRule without hashes")
    func leavesClean() async throws {
        let stand = try await Self.midCanary()
        #expect(try await Self.weights(stand) == [75, 25])
        let last = try #require(stand.caches.rollouts.store.get(stand.key))
        try await stand.api.delete(.rollouts, stand.key, DeleteOptions())
        stand.reconciler.noteGone(last)
        try await stand.refresh()
        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(try await Self.weights(stand) == [100, 0])
        let rule = try await stand.api.get(Self.destinationRules, Self.key, subresource: nil)
        #expect(rule?.annotations["argo-rollouts.argoproj.io/managed-by-rollouts"] == nil)
        let subsets = rule?.at("spec", "subsets")?.arrayValue ?? []
        #expect(subsets.map { $0["labels"] } == [["app": "web"], ["app": "web"]])
        stand.api.reset()
        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(stand.api.written == [])
    }

    @Test("a Rollout that is there but no longer ours keeps its routes")
    func anotherInstances() async throws {
        let stand = try await Self.midCanary()
        let last = try #require(stand.caches.rollouts.store.get(stand.key))
        try await stand.edit(["metadata": ["labels": ["argo-rollouts.argoproj.io/controller-instance-id": "other"]]])
        stand.reconciler.noteGone(last)
        try await stand.refresh()
        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(try await Self.weights(stand) == [75, 25])
    }

    @Test("routes that went with their Rollout are no failure")
    func goneTogether() async throws {
        let stand = try await Self.midCanary()
        let last = try #require(stand.caches.rollouts.store.get(stand.key))
        try await stand.api.delete(.rollouts, stand.key, DeleteOptions())
        try await stand.api.delete(Self.virtualServices, Self.key, DeleteOptions())
        stand.reconciler.noteGone(last)
        try await stand.refresh()
        #expect(try await stand.reconciler.reconcile(stand.key) == nil)
    }

    @Test(
        "a malformed router configuration is named with its path and cure",
        arguments: [
            (["istio": "web"], "spec.strategy.canary.trafficRouting.istio"),
            (["istio": ["virtualService": "web"]], "spec.strategy.canary.trafficRouting.istio.virtualService"),
            (
                ["istio": ["virtualService": ["name": 7]]],
                "spec.strategy.canary.trafficRouting.istio.virtualService.name"
            ),
            (
                ["istio": ["virtualService": ["name": "web", "routes": "primary"]]],
                "spec.strategy.canary.trafficRouting.istio.virtualService.routes"
            ),
            (["nginx": ["stableIngress": ["web"]]], "spec.strategy.canary.trafficRouting.nginx.stableIngress"),
            (
                ["nginx": ["stableIngress": "web", "canaryIngressAnnotations": ["a": 1]]],
                "spec.strategy.canary.trafficRouting.nginx.canaryIngressAnnotations.a"
            ),
        ] as [(JSON, String)])
    func malformed(routing: JSON, path: String) async throws {
        let stand = try await RolloutStand()
        let rollout = try Rollout(
            RolloutStand.manifest(canary: ["stableService": "s", "canaryService": "c", "trafficRouting": routing]))
        let routes = RolloutRoutes(api: stand.api, caches: stand.routes, replicaSets: stand.caches.replicaSets.store)
        let problems = routes.problems(of: rollout)
        #expect(problems.map(\.path) == [path])
        #expect(problems.allSatisfy { $0.message.hasPrefix("expected") && $0.message.hasSuffix("; correct its type") })
    }
}
