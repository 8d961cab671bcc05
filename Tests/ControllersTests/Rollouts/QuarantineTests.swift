import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import RolloutEngine
import SluiceTestKit
import Testing

@Suite("A Rollout that cannot be decoded") struct QuarantineTests {
    @Test("says what is wrong in status and Event, once, while every other Rollout goes on")
    func quarantined() async throws {
        let stand = try await RolloutStand(checksTypes: false)
        let key = ObjectKey(namespace: "default", name: "bad")
        var bad = RolloutStand.manifest(canary: ["steps": []])
        bad.set("bad", at: "metadata", "name")
        bad.set("four", at: "spec", "replicas")
        try await stand.create(.rollouts, bad)
        try await stand.create(.rollouts, RolloutStand.manifest(canary: ["steps": []]))

        let (caches, recorder) = (stand.caches, stand.recorder)
        let tasks = [
            Task { await caches.rollouts.run() }, Task { await caches.replicaSets.run() },
            Task { await caches.services.run() }, Task { await recorder.run() },
        ]
        defer { for task in tasks { task.cancel() } }
        await caches.rollouts.waitUntilSynced()
        await caches.replicaSets.waitUntilSynced()
        await caches.services.waitUntilSynced()

        #expect(caches.rollouts.problem(key) != nil)
        #expect(try await stand.reconciler.reconcile(key) == nil)
        let live = try await stand.api.get(.rollouts, key, subresource: nil)
        let status = live?["status"]
        #expect(status?["phase"] == "Degraded")
        let message = status?["message"]?.stringValue ?? ""
        #expect(message.hasPrefix("InvalidSpec: The Rollout \"bad\" is invalid: spec.replicas: "))
        #expect(message.hasSuffix("; correct it with kubectl edit rollout bad -n default"))
        let condition = status?["conditions"]?[0]
        #expect(condition?["type"] == "InvalidSpec" && condition?["status"] == "True")

        // Nothing is written again, however often it is looked at.
        let version = live?.resourceVersion
        _ = try await stand.reconciler.reconcile(key)
        #expect(try await stand.api.get(.rollouts, key, subresource: nil)?.resourceVersion == version)

        // But that a later edit was seen is told, though it mends nothing.
        _ = try await stand.api.patch(
            .rollouts, key, .merge, ["spec": ["minReadySeconds": 1]], subresource: nil, WriteOptions())
        _ = try await stand.reconciler.reconcile(key)
        let edited = try await stand.api.get(.rollouts, key, subresource: nil)
        #expect(
            edited?.at("status", "observedGeneration")?.stringValue
                == edited?.at("metadata", "generation")?.intValue.map { String($0) })
        #expect(edited?.at("status", "conditions")?.arrayValue?.count == 1)

        await recorder.drain(for: .seconds(60))
        let events = Lock<[JSON]>([])
        _ = try await stand.api.list(.events, ListOptions(namespace: "default")) { bytes in
            let event = try JSON(parsing: bytes)
            if event.at("involvedObject", "name") == "bad" { events.withLock { $0.append(event) } }
        }
        #expect(events.withLock { $0.map { $0["reason"] } } == ["InvalidSpec"])

        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(try await stand.replicaSets().map(\.ownerUID) == [caches.rollouts.store.get(stand.key)?.uid])
    }

    private static let deployment = ObjectKey(namespace: "default", name: "old")

    /// One that is noted to have scaled its Deployment down from three pods; its cache runs in the task.
    private static func migrated() async throws -> (stand: RolloutStand, task: Task<Void, Never>) {
        let stand = try await RolloutStand(checksTypes: false)
        var bad = RolloutStand.manifest(canary: ["steps": []])
        bad.set("four", at: "spec", "replicas")
        bad.set(["apiVersion": "apps/v1", "kind": "Deployment", "name": "old"], at: "spec", "workloadRef")
        bad.set([.string(Keys.restoreWorkload), "shop.example/other"], at: "metadata", "finalizers")
        bad.set([Keys.workloadReplicas: "3"], at: "metadata", "annotations")
        try await stand.create(.rollouts, bad)
        let template = bad.at("spec", "template") ?? .null
        try await stand.create(
            .deployments,
            [
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "old"],
                "spec": ["replicas": 0, "selector": ["matchLabels": ["app": "web"]], "template": template],
            ])
        let caches = stand.caches
        let task = Task { await caches.rollouts.run() }
        await caches.rollouts.waitUntilSynced()
        #expect(caches.rollouts.problem(stand.key) != nil)
        return (stand, task)
    }

    private static func finalizers(_ stand: RolloutStand) async throws -> Int {
        try await stand.rollout().at("metadata", "finalizers")?.arrayValue?.count ?? 0
    }

    private static func replicas(_ stand: RolloutStand) async throws -> Int64? {
        try await stand.api.get(.deployments, deployment, subresource: nil)?.at("spec", "replicas")?.intValue
    }

    @Test("is let go when it is deleted, and its Deployment gets its size back")
    func deleted() async throws {
        let (stand, task) = try await Self.migrated()
        defer { task.cancel() }
        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(try await Self.finalizers(stand) == 2)
        try await stand.api.delete(.rollouts, stand.key, DeleteOptions())
        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(try await stand.rollout().at("metadata", "finalizers") == ["shop.example/other"])
        #expect(try await Self.replicas(stand) == 3)

        stand.api.reset()
        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(stand.api.written == [])
    }

    @Test(
        "stays where its Deployment cannot be scaled for a moment", arguments: [FaultPlan.Verb.get, .patch],
        [
            KubernetesError(code: 503, reason: "ServiceUnavailable", message: "etcd has no leader"),
            KubernetesError(code: 401, reason: "Unauthorized", message: "the token has expired"),
        ])
    func disturbed(_ verb: FaultPlan.Verb, _ error: KubernetesError) async throws {
        let (stand, task) = try await Self.migrated()
        defer { task.cancel() }
        try await stand.api.delete(.rollouts, stand.key, DeleteOptions())
        stand.cluster.faults.add(.init(.fail(error), on: [verb], resource: "deployments.apps"))
        await #expect(throws: error) { try await stand.reconciler.reconcile(stand.key) }
        #expect(try await Self.finalizers(stand) == 2)
        _ = try await stand.reconciler.reconcile(stand.key)
        #expect(try await Self.finalizers(stand) == 1)
        #expect(try await Self.replicas(stand) == 3)
    }

    @Test("does not stay for what will not change, nor longer than the progress deadline")
    func finallyLetGo() async throws {
        for (code, reason, wait) in [(403, "Forbidden", 0), (422, "Invalid", 0), (503, "ServiceUnavailable", 600)] {
            let (stand, task) = try await Self.migrated()
            defer { task.cancel() }
            try await stand.api.delete(.rollouts, stand.key, DeleteOptions())
            stand.clock.advance(by: .seconds(wait))
            stand.cluster.faults.add(
                .init(
                    .fail(KubernetesError(code: code, reason: reason, message: "no")), on: [.patch],
                    resource: "deployments.apps"))
            _ = try await stand.reconciler.reconcile(stand.key)
            #expect(try await Self.finalizers(stand) == 1, "\(code)")
            #expect(try await Self.replicas(stand) == 0, "\(code)")
        }
    }
}
