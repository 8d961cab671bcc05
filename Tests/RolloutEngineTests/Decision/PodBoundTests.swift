import Manifest
import Testing

@testable import RolloutEngine

@Suite("Pods that a status still counts") struct PodBoundTests {
    private func set(size: Int, available: Int, generation: Int64, observed: Int64, bound: String? = nil) -> ReplicaSet
    {
        var set = ReplicaSet(key: ObjectKey(namespace: "shop", name: "web-1"), uid: "u", resourceVersion: "1")
        (set.replicas, set.availableReplicas, set.generation, set.observedGeneration) =
            (size, available, generation, observed)
        if let bound { set.annotations[Keys.podBound] = bound }
        return set
    }

    @Test(
        "a growth notes how many pods are known, where the status counts more",
        arguments: [
            // It shrank to 3, and the status has not seen that.
            (3, 4, Int64(2), Int64(1), nil, "3@3"),
            // The status was written before its controller took the pod away.
            (3, 4, 2, 2, nil, "3@3"),
            // It grew before, and the status has not followed that either.
            (4, 4, 3, 1, "3@3", "3@4"),
            (2, 4, 4, 1, "3@3", "2@5"),
            // Nothing is on its way out.
            (3, 3, 2, 2, nil, nil), (4, 2, 2, 1, nil, nil), (4, 4, 3, 3, "3@3", nil),
            // No generation comes after the last one.
            (3, 4, .max, 1, nil, nil),
        ] as [(Int, Int, Int64, Int64, String?, String?)])
    func notes(size: Int, available: Int, generation: Int64, observed: Int64, before: String?, note: String?) {
        let set = set(size: size, available: available, generation: generation, observed: observed, bound: before)
        #expect(PodBound(growing: WorkingReplicaSet(set))?.text == note)
    }

    @Test(
        "no more pods than noted are believed in, until the status has seen the growth",
        arguments: [
            ("3@3", Int64(1), 3), ("3@3", 2, 3), ("3@3", 3, 4), ("9@3", 1, 4), ("0@3", 1, 0),
            // Not ours, or not of this ReplicaSet.
            ("3@4", 1, 4), ("-1@3", 1, 4), ("3", 1, 4), ("3@3@3", 1, 4), ("@", 1, 4), ("", 1, 4),
            ("99999999999999999999@3", 1, 4), ("3@99999999999999999999", 1, 4),
        ])
    func believes(bound: String, observed: Int64, available: Int) {
        let set = set(size: 4, available: 4, generation: 3, observed: observed, bound: bound)
        #expect(set.believed.availableReplicas == available)
        #expect(WorkingReplicaSet(set).available == available)
    }

    @Test("a rollback gives stable no traffic for a pod that its last shrinking took")
    func rollback() throws {
        var world = try CanaryExtrasTests.dynamic(4, [25])
        let name = try #require(world.stable?.name)
        #expect(world.traffic?.canaryWeight == 25 && world.stable?.replicas == 3)
        // Its own controller has not got round to the smaller size.
        world.sets[name]?.availableReplicas = 4
        world.sets[name]?.currentReplicas = 4
        world.sets[name]?.observedGeneration -= 1
        try world.setImage("web:1")
        try world.settle()
        #expect(world.sets[name]?.replicas == 4 && world.traffic?.canaryWeight == 25)
        // It took a pod away for the size before, and starts one for the present size.
        let generation = try #require(world.sets[name]?.generation)
        world.sets[name]?.observedGeneration = generation
        world.sets[name]?.availableReplicas = 3
        try world.settle()
        #expect(world.traffic?.canaryWeight == 25)
        try world.run()
        #expect(world.traffic?.canaryWeight == 0 && world.status.phase == "Healthy")
    }
}
