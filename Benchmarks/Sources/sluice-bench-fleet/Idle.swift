import EmbeddedCluster
import Kubernetes
import Manifest
import Transport

/// A controller beside Rollouts that do not change, and how soon it follows one that does.
enum Idle {
    static func measure(rollouts: Int, changes: Int) async throws {
        let stage = try await Stage()
        try await stage.createNamespaces(rollouts / 20 + 1)
        for number in 0..<rollouts { try await stage.createRollout(number) }
        let controller = stage.startController(resync: 5)
        let runtime = WorkloadRuntime(stage.cluster)
        let pods = Task { try await runtime.run() }
        try await stage.waitUntilIdle(rollouts: rollouts)
        try await unchanged(stage)
        try await changed(stage, number: rollouts, changes)
        withExtendedLifetime(controller) {}
        pods.cancel()
    }

    /// Every Rollout is looked at again every five seconds.
    private static func unchanged(_ stage: Stage) async throws {
        let client = HTTPClient()
        let (requests, reconciles) = (stage.server.requests, try await stage.reconciles(client))
        try await Task.sleep(for: .seconds(15))
        report("reconciles", try await stage.reconciles(client) - reconciles)
        report("requests", Double(stage.server.requests - requests))
    }

    private static func changed(_ stage: Stage, number: Int, _ changes: Int) async throws {
        let rollout = try await stage.createRollout(number, replicas: 1)
        let created = Lock<(image: String, at: ContinuousClock.Instant)?>(nil)
        let watch = Task {
            let start = try await stage.api.list(Kinds.replicaSet, ListOptions(), item: { _ in })
            try await stage.api.watch(Kinds.replicaSet, ListOptions(), from: start) { event in
                guard event.kind == .added else { return }
                let now = ContinuousClock.now
                let pod = try JSON(parsing: event.object).at("spec", "template", "spec")
                guard let image = pod?["containers"]?.arrayValue?.first?["image"]?.stringValue else { return }
                created.withLock { $0 = (image, now) }
            }
        }
        try await stage.waitUntilIdle(rollouts: number + 1)
        var took: [Double] = []
        for change in 0..<changes {
            let image = "registry.example.org/shop/service:2.\(change).0"
            let found = try await stage.api.get(Kinds.rollout, rollout.objectKey, subresource: nil) ?? rollout
            var containers = found.at("spec", "template", "spec", "containers")?.arrayValue ?? []
            containers[0]["image"] = .string(image)
            let patch: JSON = ["spec": ["template": ["spec": ["containers": .array(containers)]]]]
            let start = ContinuousClock.now
            _ = try await stage.api.patch(
                Kinds.rollout, rollout.objectKey, .merge, patch, subresource: nil, WriteOptions(fieldManager: "bench"))
            let deadline = start + .seconds(10)
            while ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(1))
                guard let seen = created.withLock({ $0 }), seen.image == image else { continue }
                took.append((seen.at - start) / .milliseconds(1))
                break
            }
            // The next change comes when this one has settled.
            try await Task.sleep(for: .milliseconds(300))
        }
        watch.cancel()
        report("changes", Double(took.count))
        report("median", took.isEmpty ? .infinity : took.sorted()[took.count / 2])
        report("slowest", took.max() ?? .infinity)
    }
}
