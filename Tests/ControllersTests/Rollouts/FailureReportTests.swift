import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@testable import Controllers
@testable import RolloutEngine

@Suite("What is told although something failed") struct FailureReportTests {
    private static let denied = KubernetesError(code: 403, reason: "Forbidden", message: "virtualservices is forbidden")

    @Test("an abort is recorded and told once, also while the router refuses its weight")
    func abort() async throws {
        let stand = try await RolloutReconcilerTests.routed()
        try await stand.setImage("web:2")
        try await stand.run()
        #expect(try await stand.status().weights?.canary.weight == 25)
        try await stand.edit(["status": ["abort": true]], "status")
        stand.api.refusals.withLock { $0["patch virtualservices"] = Self.denied }
        stand.events.withLock { $0 = [] }
        for _ in 0..<3 {
            try await stand.refresh()
            await #expect(throws: Self.denied) { try await stand.reconciler.reconcile(stand.key) }
        }
        let status = try await stand.status()
        #expect(status.abort && status.abortedAt != nil && status.phase == "Degraded")
        #expect(status.weights?.canary.weight == 25, "which it still has")
        #expect(stand.events.withLock { $0.count { $0.reason == "RolloutAborted" } } == 1)
        #expect(stand.events.withLock { !$0.contains { $0.reason == "TrafficWeightUpdated" } })
        stand.api.refusals.withLock { $0 = [:] }
        try await stand.run()
        #expect(try await stand.status().weights?.canary.weight == 0)
        #expect(stand.events.withLock { $0.count { $0.reason == "RolloutAborted" } } == 1)
    }

    @Test("a disruption budget that refuses does not hold the next look up, and is asked again later")
    func budget() async throws {
        let stand = try await RolloutReconcilerTests.routed()
        try await stand.setImage("web:2")
        try await stand.run()
        stand.clock.advance(by: .seconds(10))
        try await stand.edit(["spec": ["restartAt": .string(stand.clock.now().wholeSeconds.rfc3339)]])
        stand.clock.advance(by: .seconds(2))
        let refusal = KubernetesError(code: 429, reason: "TooManyRequests", message: "the budget needs them all")
        stand.api.refusals.withLock { $0["create pods"] = refusal }
        try await stand.refresh()
        // Each pod is asked for once.
        for _ in 0..<5 {
            #expect(try await stand.reconciler.reconcile(stand.key) == .milliseconds(50))
            try await stand.refresh()
        }
        stand.api.reset()
        let next = try await stand.reconciler.reconcile(stand.key)
        #expect(next.map { $0 > .seconds(10) } ?? false && !stand.api.written.contains("create pods"))
        stand.clock.advance(by: .seconds(31))
        try await stand.refresh()
        #expect(try await stand.reconciler.reconcile(stand.key) == .milliseconds(50))
    }

    @Test("the end of a Rollout is told once")
    func deleted() async throws {
        let stand = try await RolloutStand()
        try await stand.create(.rollouts, RolloutStand.manifest(canary: [:]))
        try await stand.run()
        let last = try #require(stand.caches.rollouts.store.get(stand.key))
        try await stand.api.delete(.rollouts, stand.key, DeleteOptions())
        stand.reconciler.noteGone(last)
        try await stand.refresh()
        for _ in 0..<2 { _ = try await stand.reconciler.reconcile(stand.key) }
        #expect(stand.events.withLock { $0.count { $0.reason == "RolloutDeleted" } } == 1)
    }

    @Test("a ReplicaSet that cannot be created is told in phase and observedGeneration, too")
    func createError() async throws {
        let stand = try await RolloutStand()
        try await stand.create(.rollouts, RolloutStand.manifest(canary: [:]))
        try await stand.run()
        #expect(try await stand.status().phase == "Healthy")
        let denied = KubernetesError(code: 403, reason: "Forbidden", message: "exceeded quota: pods")
        stand.api.refusals.withLock { $0["create replicasets"] = denied }
        try await stand.setImage("web:2")
        try await stand.refresh()
        await #expect(throws: denied) { try await stand.reconciler.reconcile(stand.key) }
        let live = try await stand.rollout()
        let status = try Rollout(live).status
        #expect(status.observedGeneration == live.at("metadata", "generation")?.intValue.map { String($0) })
        #expect(status.phase != "Healthy" && status.condition(.progressing)?.reason == "ReplicaSetCreateError")
    }

    @Test("what subscribers were told is no annotation of ReplicaSets")
    func notified() async throws {
        let stand = try await RolloutStand()
        try await stand.create(.rollouts, RolloutStand.manifest(canary: [:]))
        try await stand.edit(["metadata": ["annotations": ["sluice.dev/notified": "{}", "shop.example/team": "a"]]])
        try await stand.run()
        let annotations = try await stand.replicaSets().first?.annotations
        #expect(annotations?["shop.example/team"] == "a" && annotations?["sluice.dev/notified"] == nil)
    }

    @Test("D3: a malformed selector lets no ReplicaSet go")
    func malformedSelector() async throws {
        let stand = try await RolloutStand()
        try await stand.create(.rollouts, RolloutStand.manifest(canary: [:]))
        try await stand.run()
        try await stand.edit(["spec": ["selector": ["matchLabels": ["app": "a b"]]]])
        try await stand.run()
        #expect(try await stand.replicaSets().first?.owner != nil)
        #expect(try await stand.status().message.contains("selector is malformed"))
    }

    @Test("a deleted Rollout frees its Services, also one that lost its annotation", arguments: [false, true])
    func services(losesAnnotation: Bool) async throws {
        let stand = try await RolloutReconcilerTests.routed()
        let key = ObjectKey(namespace: "default", name: "web-stable")
        let service = { try await stand.api.get(.services, key, subresource: nil) }
        #expect(try await service()?.at("spec", "selector", "rollouts-pod-template-hash") != nil)
        if losesAnnotation {
            _ = try await stand.api.patch(
                .services, key, .merge, ["metadata": ["annotations": [Keys.managedBy: .null]]], subresource: nil,
                WriteOptions())
        }
        try await stand.refresh()
        let last = try #require(stand.caches.rollouts.store.get(stand.key))
        try await stand.api.delete(.rollouts, stand.key, DeleteOptions())
        stand.reconciler.noteGone(last)
        try await stand.refresh()
        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(try await service()?.at("spec", "selector", "rollouts-pod-template-hash") == nil)
    }
}
