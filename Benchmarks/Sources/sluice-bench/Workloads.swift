import Foundation
import Glibc
import Kubernetes
import Manifest
import RolloutEngine

extension Rollout: CachedObject {}
extension ReplicaSet: CachedObject {}

private let replicaSets = Resource(group: "apps", version: "v1", plural: "replicasets", kind: "ReplicaSet")
private let rollouts = Resource(group: "argoproj.io", version: "v1alpha1", plural: "rollouts", kind: "Rollout")

/// What is measured, each in a process of its own.
enum Workloads {
    /// Decodes a list into an informer's store, as the controller does.
    static func decode(_ path: String) async throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let informer = Informer<ReplicaSet>(FileAPI(paths: [:], loaded: ["replicasets": bytes]), replicaSets)
        let before = ProcessNumbers.cpu
        let start = ContinuousClock.now
        await synced {
            await informer.run()
        } until: {
            await informer.waitUntilSynced()
        }
        let took = ContinuousClock.now - start
        report("cpu", ProcessNumbers.cpu - before)
        report("wall", took.inSeconds)
        report("peak", Double(ProcessNumbers.peak))
        report("kept", Double(ProcessNumbers.resident))
        report("objects", Double(informer.store.count))
        report("quarantined", Double(informer.quarantined.count))
        withExtendedLifetime(informer) {}
    }

    /// Decodes a list and keeps nothing, which shows what decoding itself needs.
    static func stream(_ path: String) async throws {
        let digest = Lock(UInt64(0))
        _ = try await FileAPI(paths: ["replicasets": path]).readList(
            replicaSets, ListOptions(),
            item: { reader in
                let object = try ReplicaSet.decode(&reader)
                digest.withLock { $0 &+= object.templateDigest }
            })
        report("peak", Double(ProcessNumbers.peak))
    }

    /// Where the time of decoding goes: each step with those before it.
    static func steps(_ path: String) async throws {
        for name in ["skip", "metadata", "decode"] {
            let before = ProcessNumbers.cpu
            _ = try await FileAPI(paths: ["replicasets": path]).readList(
                replicaSets, ListOptions(),
                item: { reader in
                    switch name {
                    case "metadata": _ = try ObjectHeader(&reader)
                    case "decode": _ = try ReplicaSet.decode(&reader)
                    default: try reader.skipValue()
                    }
                })
            print(name, ProcessNumbers.cpu - before)
        }
    }

    /// Reads the whole list with Foundation's JSONSerialization.
    static func foundation(_ path: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let before = ProcessNumbers.cpu
        let tree = try JSONSerialization.jsonObject(with: data)
        report("cpu", ProcessNumbers.cpu - before)
        report("peak", Double(ProcessNumbers.peak))
        withExtendedLifetime(tree) {}
        // The process ends here: taking the tree apart is no part of reading it.
        fflush(nil)
        _exit(0)
    }

    /// Fills the stores of a fleet and looks at what is resident.
    static func memory(_ replicaSetPath: String, _ rolloutPath: String) async {
        let api = FileAPI(paths: ["replicasets": replicaSetPath, "rollouts": rolloutPath])
        let first = Informer<Rollout>(api, rollouts)
        let second = Informer<ReplicaSet>(api, replicaSets)
        let client = KubernetesClient(ClusterConfiguration(server: "http://127.0.0.1:1"))
        await synced {
            async let one: Void = first.run()
            async let two: Void = second.run()
            _ = await (one, two)
        } until: {
            await first.waitUntilSynced()
            return await second.waitUntilSynced()
        }
        report("resident", Double(ProcessNumbers.resident))
        report("peak", Double(ProcessNumbers.peak))
        report("rollouts", Double(first.store.count))
        report("replicasets", Double(second.store.count))
        report("quarantined", Double(first.quarantined.count + second.quarantined.count))
        withExtendedLifetime((first, second, client)) {}
    }

    /// Decides about one Rollout in mid-canary, over and over.
    static func decision(_ times: Int) throws {
        try decide(about: try decoded(Fixtures.rollout(7)), sets: 0..<3, times)
    }

    /// The same with many steps, and ReplicaSets of earlier revisions.
    static func decision(_ times: Int, steps: Int, oldSets: Int) throws {
        var json = try JSON(parsing: Fixtures.rollout(7))
        let list = (0..<steps).map { index -> JSON in
            index % 2 == 0 ? ["setWeight": .int(Int64(index + 2))] : ["pause": ["duration": "5m"]]
        }
        json.set(.array(list), at: "spec", "strategy", "canary", "steps")
        json.set(.int(Int64(oldSets)), at: "spec", "revisionHistoryLimit")
        // Its third is the newest, so those behind it are older ones.
        try decide(about: try decoded(json.description), sets: 0..<3 + oldSets, times)
    }

    private static func decoded(_ text: String) throws -> Rollout {
        var reader = JSONReader(Array(text.utf8))
        return try Rollout.decode(&reader)
    }

    private static func decide(about rollout: Rollout, sets: Range<Int>, _ times: Int) throws {
        let count = sets.count
        let sets = try sets.map { index in
            var reader = JSONReader(Array(Fixtures.replicaSet(21 + index).utf8))
            var set = try ReplicaSet.decode(&reader)
            set.annotations[Keys.revision] = String(index < 3 ? count - 2 + index : count - index)
            guard index >= 3 else { return set }
            // Of another Rollout, and made an earlier revision of this one.
            let owner = set.owner
            set.owner = owner.map { OwnerReference(kind: $0.kind, name: rollout.key.name, uid: rollout.uid) }
            set.labels["app"] = rollout.key.name
            set.key = ObjectKey(namespace: rollout.key.namespace, name: set.name)
            (set.replicas, set.currentReplicas, set.readyReplicas, set.availableReplicas) = (0, 0, 0, 0)
            set.annotations[Keys.desiredReplicas] = "0"
            set.creationTimestamp = Timestamp(seconds: set.creationTimestamp.seconds - 3_600 * Int64(index))
            set.templateDigest &+= UInt64(index)
            return set
        }
        let seen = RolloutSnapshot(
            rollout: rollout, replicaSets: sets,
            services: [
                rollout.spec.canary?.canaryService ?? "": ServiceFact(selector: [:]),
                rollout.spec.canary?.stableService ?? "": ServiceFact(selector: [:]),
            ], traffic: TrafficFact(isInSync: true, verified: true))
        var effects = 0
        let before = ProcessNumbers.cpu
        for index in 0..<times {
            let decision = RolloutEngine.decide(seen, now: Timestamp(seconds: 1_795_251_600 + Int64(index % 60)))
            effects &+= decision.effects.count
        }
        report("microseconds", (ProcessNumbers.cpu - before) * 1e6 / Double(times))
        report("effects", Double(effects) / Double(times))
    }

    private static func synced(
        _ run: @escaping @Sendable () async -> Void, until: @escaping @Sendable () async -> Bool
    ) async {
        await withTaskGroup { group in
            group.addTask { await run() }
            _ = await until()
            group.cancelAll()
        }
    }
}
