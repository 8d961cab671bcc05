import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import RolloutEngine
import SluiceTestKit
import Testing

@Suite("When Events about a Rollout go out") struct AnnouncementTests {
    /// How many Events went out.
    private static func count(_ stand: RolloutStand) async -> Int {
        await stand.recorder.drain(for: .seconds(60))
        return stand.api.written.count { $0.hasSuffix(" events") }
    }

    @Test("they are written before the status that shows what they tell of, and not again where that is refused")
    func before() async throws {
        let stand = try await RolloutStand()
        let writer = Task { await stand.recorder.run() }
        defer { writer.cancel() }
        try await stand.create(.rollouts, RolloutStand.manifest(canary: ["steps": []]))
        try await stand.refresh()
        // The status cannot be written: somebody else has written meanwhile.
        try await stand.edit(["metadata": ["annotations": ["touched": "yes"]]])
        await #expect(throws: KubernetesError.self) { try await stand.reconciler.reconcile(stand.key) }
        #expect(try await stand.status().conditions.isEmpty)
        let first = await Self.count(stand)
        let noticed = stand.events.withLock { $0.map(\.reason) }
        #expect(
            noticed == ["NewReplicaSetCreated", "ScalingReplicaSet"], "metrics and notifications wait for the write")
        #expect(first > noticed.count)

        try await stand.run()
        #expect(try await stand.status().phase == "Healthy")
        let all = stand.events.withLock { $0.map(\.reason) }
        #expect(Set(all).count == all.count && all.contains("RolloutCompleted"))
        #expect(!all.contains("RolloutNotCompleted"), "the next look found the ReplicaSet, and no beginning")
        #expect(await Self.count(stand) == all.count + 1, "so this one alone went out without being noticed")
    }

    @Test("who sees a status finds them written")
    func behind() async throws {
        let stand = try await RolloutStand()
        let writer = Task { await stand.recorder.run() }
        defer { writer.cancel() }
        // Whether anybody writes is only sure once something is written.
        stand.recorder.record(
            .normal, "Other", "m",
            regarding: ObjectEvent.Target(
                apiVersion: "v1", kind: "Pod", key: ObjectKey(namespace: "default", name: "other")))
        await stand.recorder.drain(for: .seconds(60))
        try await stand.create(.rollouts, RolloutStand.manifest(canary: ["steps": []]))
        try await stand.refresh()
        _ = try await stand.reconciler.reconcile(stand.key)
        let written = stand.api.written
        let last = try #require(written.lastIndex { $0.hasSuffix(" events") })
        #expect(written.count { $0.hasSuffix(" events") } > 3)
        #expect(try last < #require(written.firstIndex { $0.hasSuffix(" rollouts/status") }), "\(written)")
    }

    @Test("what a status tells that was written is noticed once, also where the write behind it fails")
    func afterStatus() async throws {
        let stand = try await RolloutStand()
        try await stand.create(
            .rollouts, RolloutStand.manifest(canary: ["steps": [["setWeight": 25], ["pause": [:]]]]))
        try await stand.run()
        try await stand.setImage("web:2")
        try await stand.run()
        try await stand.setImage("web:3")
        try await stand.refresh()
        stand.events.withLock { $0 = [] }
        stand.finished.withLock { $0 = [] }
        stand.cluster.faults.add(
            .init(
                .fail(KubernetesError(code: 500, reason: "InternalError", message: "crash")), on: [.patch],
                resource: "rollouts.argoproj.io", skipping: 1))
        await #expect(throws: KubernetesError.self) { try await stand.reconciler.reconcile(stand.key) }
        #expect(stand.finished.withLock { $0.map(\.status) } == ["Superseded"])
        let noticed = stand.events.withLock { $0.map(\.reason) }
        #expect(noticed.contains("RolloutUpdated") && noticed.contains("NewReplicaSetCreated"))

        try await stand.run()
        let live = try await stand.rollout()
        #expect(live.annotations["rollout.argoproj.io/revision"] == "3")
        let updates = stand.events.withLock { $0.count { $0.reason == "RolloutUpdated" } }
        #expect(updates == 1, "the next decision tells the same of the same")
        #expect(stand.finished.withLock { $0.count } == 1)
    }

    @Test("what was noticed stays noticed where the next status is refused") func twice() async throws {
        let stand = try await RolloutStand()
        try await stand.create(
            .rollouts, RolloutStand.manifest(canary: ["steps": [["setWeight": 25], ["pause": [:]]]]))
        try await stand.run()
        try await stand.setImage("web:2")
        try await stand.refresh()
        stand.events.withLock { $0 = [] }
        stand.cluster.faults.add(
            .init(
                .fail(KubernetesError(code: 500, reason: "InternalError", message: "crash")), on: [.patch],
                resource: "rollouts.argoproj.io", skipping: 1))
        await #expect(throws: KubernetesError.self) { try await stand.reconciler.reconcile(stand.key) }
        #expect(stand.events.withLock { $0.count { $0.reason == "RolloutUpdated" } } == 1)

        stand.runtime.settle()
        try await stand.refresh()
        try await stand.edit(["metadata": ["annotations": ["touched": "yes"]]])
        stand.api.reset()
        await #expect(throws: KubernetesError.self) { try await stand.reconciler.reconcile(stand.key) }
        #expect(stand.api.written.contains("patch rollouts/status"))

        try await stand.run()
        #expect(try await stand.rollout().annotations["rollout.argoproj.io/revision"] == "2")
        #expect(stand.events.withLock { $0.count { $0.reason == "RolloutUpdated" } } == 1)
    }
}
