import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import RolloutEngine
import SluiceTestKit
import Testing

@Suite("Rollout reconciler on an embedded cluster") struct RolloutReconcilerTests {
    static let steps: JSON = [
        ["setWeight": 25], ["pause": [:]], ["setWeight": 50], ["analysis": ["templates": [["templateName": "check"]]]],
    ]

    static let ingress = Resource(group: "networking.k8s.io", version: "v1", plural: "ingresses", kind: "Ingress")
    static let virtualServices = Resource(
        group: "networking.istio.io", version: "v1alpha3", plural: "virtualservices", kind: "VirtualService")

    /// A stand with the first version of a routed Rollout running.
    static func routed() async throws -> RolloutStand {
        let stand = try await RolloutStand()
        try await stand.service("web-stable")
        try await stand.service("web-canary")
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
                                ["destination": ["host": "web-stable"], "weight": 100],
                                ["destination": ["host": "web-canary"], "weight": 0],
                            ],
                        ]
                    ],
                ],
            ])
        try await stand.create(
            .rollouts,
            RolloutStand.manifest(canary: [
                "stableService": "web-stable", "canaryService": "web-canary", "steps": steps,
                "trafficRouting": ["istio": ["virtualService": ["name": "web"]]],
            ]))
        try await stand.run()
        return stand
    }

    static func weight(_ stand: RolloutStand) async throws -> Int64? {
        let object = try await stand.api.get(
            virtualServices, ObjectKey(namespace: "default", name: "web"), subresource: nil)
        return object?.at("spec", "http")?[0]?["route"]?[1]?["weight"]?.intValue
    }

    @Test("a first deploy becomes healthy, and then nothing is written any more")
    func firstDeploy() async throws {
        let stand = try await RolloutStand()
        try await stand.create(.rollouts, RolloutStand.manifest(canary: ["steps": Self.steps]))
        try await stand.run()
        let status = try await stand.status()
        #expect(status.phase == "Healthy" && status.condition(.healthy)?.status == "True")
        let set = try #require(try await stand.replicaSets().first)
        #expect(set.availableReplicas == 4 && set.name == "web-\(status.stableRS)" && set.revision == 1)
        stand.api.reset()
        for _ in 0..<3 {
            stand.clock.advance(by: .seconds(3_600))
            _ = try await stand.reconciler.reconcile(stand.key)
        }
        #expect(stand.api.written == [])
        #expect(stand.reconciler.waiting(stand.key) == nil)
    }

    @Test("from image change to first pause a basic canary takes at most six requests")
    func requests() async throws {
        let stand = try await RolloutStand()
        try await stand.create(.rollouts, RolloutStand.manifest(canary: ["steps": Self.steps]))
        try await stand.run()
        try await stand.setImage("web:2")
        stand.api.reset()
        try await stand.settle()
        #expect(stand.api.writes <= 4, "\(stand.api.written)")
        try await stand.run()
        #expect(try await stand.status().phase == "Paused")
        #expect(stand.api.writes <= 6, "\(stand.api.written)")
        #expect(stand.reconciler.waiting(stand.key)?.reason == .pauseStep)
    }

    @Test("what it waits for is known before anything that tells of it is written")
    func waitingFirst() async throws {
        let stand = try await RolloutStand()
        try await stand.create(.rollouts, RolloutStand.manifest(canary: ["steps": Self.steps]))
        try await stand.run()
        #expect(stand.reconciler.waiting(stand.key) == nil)
        try await stand.setImage("web:2")
        try await stand.refresh()
        stand.api.refusals.withLock {
            $0["create replicasets"] = KubernetesError(code: 500, reason: "InternalError", message: "made up")
        }
        await #expect(throws: (any Error).self) { try await stand.reconciler.reconcile(stand.key) }
        #expect(stand.reconciler.waiting(stand.key) != nil)
    }

    @Test("a routed canary walks its weights and is promoted")
    func walk() async throws {
        let stand = try await Self.routed()
        #expect(try await stand.status().phase == "Healthy")
        try await stand.setImage("web:2")
        try await stand.run()
        #expect(try await Self.weight(stand) == 25)
        try await stand.edit(["status": ["pauseConditions": .null]], "status")
        try await stand.run()
        #expect(try await Self.weight(stand) == 50)
        stand.analyses.finish("Successful")
        try await stand.run()
        let status = try await stand.status()
        #expect(status.phase == "Healthy" && status.stableRS == status.currentPodHash)
        #expect(try await Self.weight(stand) == 0)
        let service = try await stand.api.get(
            .services, ObjectKey(namespace: "default", name: "web-stable"), subresource: nil)
        #expect(service?.at("spec", "selector", Keys.podTemplateHash)?.stringValue == status.stableRS)
        stand.clock.advance(by: .seconds(31))
        try await stand.run()
        #expect(try await stand.replicaSets().map(\.replicas) == [0, 4])
    }

    @Test("a failed analysis puts the weight back in one reconcile")
    func failedAnalysis() async throws {
        let stand = try await Self.routed()
        try await stand.setImage("web:2")
        try await stand.run()
        try await stand.edit(["status": ["pauseConditions": .null]], "status")
        try await stand.run()
        stand.analyses.finish("Failed", "metric \"errors\" assessed Failed")
        try await stand.refresh()
        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(try await Self.weight(stand) == 0)
        let status = try await stand.status()
        #expect(status.abort && status.message.contains("metric \"errors\" assessed Failed"))
    }

    @Test("whichever request fails, the next reconciles end in the same place", arguments: 0..<14)
    func crashes(_ victim: Int) async throws {
        let stand = try await Self.routed()
        try await stand.setImage("web:2")
        stand.cluster.faults.add(
            .init(
                .fail(KubernetesError(code: 500, reason: "InternalError", message: "crash")),
                on: [.create, .patch], skipping: victim, times: 1))
        for _ in 0..<4 {
            do { try await stand.run() } catch is KubernetesError { continue }
        }
        stand.cluster.faults.clear()
        try await stand.run()
        #expect(try await stand.status().phase == "Paused")
        #expect(try await Self.weight(stand) == 25)
        #expect(try await stand.replicaSets().map(\.replicas) == [4, 1])
        let events = stand.events.withLock { $0 }
        #expect(events.count { $0.reason == "ScalingReplicaSet" && $0.message.hasSuffix("from 0 to 1") } == 1)
        #expect(events.count { $0.reason == "NewReplicaSetCreated" } == 2, "each is told once, whatever failed")
        #expect(events.count { $0.message.contains("VirtualService") } == 1)
    }

    @Test("a stale cache makes no second write")
    func staleCache() async throws {
        let stand = try await RolloutStand()
        try await stand.create(.rollouts, RolloutStand.manifest(canary: ["steps": Self.steps]))
        try await stand.refresh()
        _ = try await stand.reconciler.reconcile(stand.key)
        let writes = stand.api.writes
        #expect(try await stand.reconciler.reconcile(stand.key) == .milliseconds(100))
        #expect(stand.api.writes == writes)
    }

    @Test("an invalid Rollout says so and is left alone")
    func invalid() async throws {
        let stand = try await RolloutStand()
        try await stand.create(.rollouts, RolloutStand.manifest(canary: ["stableService": "missing"]))
        try await stand.run()
        let status = try await stand.status()
        #expect(status.phase == "Degraded")
        #expect(
            status.message.contains("spec.strategy.canary.stableService: Not found: Service \"missing\" does not exist")
        )
        #expect(try await stand.replicaSets().isEmpty)
        try await stand.service("missing")
        try await stand.run()
        #expect(try await stand.status().phase == "Healthy")
    }

    @Test("a Service that is no longer named is freed, and so are those of a deleted Rollout")
    func cleanUp() async throws {
        let stand = try await Self.routed()
        let canary = ObjectKey(namespace: "default", name: "web-canary")
        #expect(try await stand.api.get(.services, canary, subresource: nil)?.annotations[Keys.managedBy] == "web")
        _ = try await stand.api.delete(.rollouts, stand.key, DeleteOptions())
        try await stand.settle()
        let service = try await stand.api.get(.services, canary, subresource: nil)
        #expect(service?.annotations[Keys.managedBy] == nil)
        #expect(service?.at("spec", "selector") == ["app": "web"])
    }

    @Test("a ReplicaSet without an owner is adopted, and one that no longer matches is released")
    func adoption() async throws {
        let stand = try await RolloutStand()
        try await stand.create(.rollouts, RolloutStand.manifest(canary: ["steps": Self.steps]))
        try await stand.run()
        let set = try #require(try await stand.replicaSets().first)
        _ = try await stand.api.patch(
            .replicaSets, set.key, .merge, ["metadata": ["ownerReferences": .null]], subresource: nil, WriteOptions())
        try await stand.run()
        #expect(try await stand.replicaSets().map(\.owner?.name) == ["web"])
        #expect(try await stand.status().phase == "Healthy")
    }
}
