import Manifest
import Testing

@testable import RolloutEngine

/// Where this controller differs on purpose from the one whose objects it accepts: aborts and scale-downs.
@Suite("Deviations: aborts and delays") struct DeviationAbortTests {
    @Test("D4: an abort ends a full promotion")
    func d4Full() throws {
        var world = try DeviationWorld.basic()
        let stable = world.status.stableRS
        world.brokenImages = ["web:2"]
        world.breakPods(of: world.status.currentPodHash, leaving: 0)
        try world.edit(["status": ["promoteFull": true]])
        try world.run()
        #expect(world.status.promoteFull, "its pods are missing")
        try world.abort()
        for _ in 0..<3 { try world.run() }
        #expect(world.status.abort && !world.status.promoteFull && world.status.phase == "Degraded")
        #expect(world.status.stableRS == stable && world.stable?.replicas == 4 && world.current?.replicas == 0)
    }

    @Test("D4: an abort holds in a rollback within the window")
    func d4Window() throws {
        var spec = World.spec(replicas: 4, canary: ["steps": DeviationWorld.steps])
        spec["rollbackWindow"] = ["revisions": 1]
        var world = try DeviationWorld.updated(spec)
        try world.resume()
        try world.run()
        let second = world.status.stableRS
        world.brokenImages = ["web:1"]
        try world.setImage("web:1")
        try world.run()
        #expect(world.status.currentStepIndex == 2 && world.status.stableRS == second, "steps are skipped")
        try world.abort()
        for _ in 0..<3 { try world.run() }
        #expect(world.status.abort && world.status.phase == "Degraded" && world.status.stableRS == second)
        #expect(world.stable?.replicas == 4 && world.current?.replicas == 0)
    }

    @Test("D4: a pause of a person holds in a rollback within the window")
    func d4Paused() throws {
        var spec = World.spec(replicas: 4, canary: ["steps": DeviationWorld.steps])
        spec["rollbackWindow"] = ["revisions": 1]
        var world = try DeviationWorld.updated(spec)
        try world.resume()
        try world.run()
        let second = world.status.stableRS
        try world.edit(["spec": ["paused": true]])
        try world.setImage("web:1")
        for _ in 0..<3 { try world.run() }
        #expect(world.status.phase == "Paused" && world.status.stableRS == second && world.stable?.replicas == 4)
        try world.edit(["spec": ["paused": false]])
        try world.run()
        #expect(world.status.stableRS != second && world.status.phase == "Healthy")
    }

    @Test("D7: an abort delay of 0 keeps the canary's pods; strict, it takes them away", arguments: [false, true])
    func d7(isStrict: Bool) throws {
        var world = try DeviationWorld.routed(["abortScaleDownDelaySeconds": 0], isStrict: isStrict)
        try world.abort()
        try world.pass(1_000)
        #expect(world.status.weights?.canary.weight == 0)
        #expect(world.current?.replicas == (isStrict ? 0 : 2) && world.current?.scaleDownDeadline == nil)
    }

    @Test("D8: an abort's delay begins once the weight of 0 is confirmed")
    func d8() throws {
        var world = try DeviationWorld.routed()
        try world.abort()
        try world.reconcile()
        #expect(world.traffic?.canaryWeight == 0)
        var seen = world.snapshot()
        func deadline() -> String? {
            let updates = decide(seen, now: world.now).effects.compactMap { effect -> ReplicaSetUpdate? in
                if case .updateReplicaSet(let update) = effect { update } else { nil }
            }
            return updates.compactMap { $0.annotations[Keys.scaleDownDeadline] ?? nil }.first
        }
        for name in world.sets.keys where world.sets[name]?.hash == world.status.currentPodHash {
            world.sets[name]?.annotations[Keys.scaleDownDeadline] = nil
        }
        seen = world.snapshot()
        seen.traffic = TrafficFact(isInSync: true, verified: false)
        #expect(deadline() == nil)
        seen.traffic = TrafficFact(isInSync: true, verified: true)
        #expect(deadline() != nil)
    }

    @Test(
        "D9: a version that is replaced in mid-update waits its delay; strict, it goes at once",
        arguments: [false, true])
    func d9(isStrict: Bool) throws {
        var world = try DeviationWorld.routed(["scaleDownDelaySeconds": 60], isStrict: isStrict)
        let second = world.status.currentPodHash
        try world.setImage("web:3")
        try world.run()
        #expect(world.set(hash: second)?.replicas == (isStrict ? 0 : 2))
        #expect((world.set(hash: second)?.scaleDownDeadline != nil) == !isStrict)
        try world.pass(61)
        #expect(world.set(hash: second)?.replicas == 0)
    }

    @Test("D10: a canary's delay of 0 takes the old pods away at once")
    func d10() throws {
        var world = try DeviationWorld.routed(steps: [["setWeight": 50]], ["scaleDownDelaySeconds": 0])
        #expect(world.status.phase == "Healthy" && world.sets.values.map(\.replicas).sorted() == [0, 4])
        #expect(try world.reconcile().requeueAfter == nil)
    }

    @Test("D13: a canary that a person paused follows a new size, and an abort")
    func d13() throws {
        var world = try DeviationWorld.basic()
        try world.edit(["spec": ["paused": true]])
        try world.run()
        try world.edit(["spec": ["replicas": 8]])
        try world.run()
        #expect(world.stable?.replicas == 4 && world.current?.replicas == 4)
        try world.abort()
        try world.run()
        #expect(world.stable?.replicas == 8 && world.current?.replicas == 0 && world.status.phase == "Degraded")
    }

    @Test("D14: an abort's delay may be longer than the time between two looks")
    func d14() throws {
        var world = try DeviationWorld.routed(["abortScaleDownDelaySeconds": 5_000])
        try world.abort()
        try world.run()
        for _ in 0..<5 {
            try world.pass(900)
            #expect(world.current?.replicas == 2)
        }
        try world.pass(600)
        #expect(world.current?.replicas == 0)
    }

    @Test("D20: an abort with a least size reaches weight 0")
    func d20() throws {
        var world = try DeviationWorld.routed(
            replicas: 10, steps: [["setWeight": 20], ["setWeight": 50], ["pause": [:]]],
            ["dynamicStableScale": true, "minPodsPerReplicaSet": 3])
        #expect(world.status.phase == "Paused" && world.traffic?.canaryWeight == 50)
        try world.abort()
        try world.run()
        #expect(world.traffic?.canaryWeight == 0 && world.status.weights?.canary.weight == 0)
        #expect(world.current?.replicas == 0 && world.stable?.replicas == 10)
    }

    @Test("D22: a drained canary does not come back when stable pods fail or more are wanted")
    func d22() throws {
        var world = try DeviationWorld.routed(["dynamicStableScale": true])
        try world.abort()
        try world.run()
        #expect(world.current?.replicas == 0 && world.traffic?.canaryWeight == 0)
        world.brokenImages = ["web:1"]
        world.breakPods(of: world.status.stableRS, leaving: 1)
        try world.run()
        #expect(world.current?.replicas == 0 && world.traffic?.canaryWeight == 0)
        try world.edit(["spec": ["replicas": 10]])
        try world.run()
        #expect(world.current?.replicas == 0 && world.stable?.replicas == 10)
    }

    @Test("D31: an abort at the deadline is told once, and a message follows its facts")
    func d31() throws {
        var spec = World.spec(replicas: 2, canary: ["steps": DeviationWorld.steps])
        (spec["progressDeadlineSeconds"], spec["progressDeadlineAbort"]) = (60, true)
        var world = try World(spec: spec)
        try world.run()
        world.brokenImages = ["web:2"]
        try world.setImage("web:2")
        try world.run()
        for _ in 0..<3 { try world.pass(61) }
        #expect(world.status.abort && world.events.count { $0.reason == "RolloutAborted" } == 1)
        try world.edit(["spec": ["minReadySeconds": -1]])
        try world.run()
        let first = world.status.condition(.invalidSpec)?.message
        try world.edit(["spec": ["minReadySeconds": 0, "revisionHistoryLimit": -1]])
        try world.run()
        #expect(first != nil && world.status.condition(.invalidSpec)?.message != first)
    }
}
