import Manifest
import Testing

@testable import RolloutEngine

@Suite("Restarts beside other things") struct RestartTests {
    /// A routed canary at half of the traffic whose pods are all due for a restart.
    private func due() throws -> World {
        var world = try DeviationWorld.routed()
        #expect(world.traffic?.canaryWeight == 50 && world.status.phase == "Paused")
        world.now = world.now + .seconds(10)
        try world.edit(["spec": ["restartAt": .string(world.now.wholeSeconds.rfc3339)]])
        world.now = world.now + .seconds(2)
        return world
    }

    private func evicted(_ decision: RolloutDecision) -> Int {
        decision.effects.count { if case .evictPod = $0 { true } else { false } }
    }

    @Test("an abort goes first, whatever pods are due")
    func abort() throws {
        var world = try due()
        #expect(evicted(world.look().decision) == 1)
        try world.abort()
        let decision = try world.reconcile()
        #expect(evicted(decision) == 0 && world.traffic?.canaryWeight == 0)
        world.now = world.now + .seconds(1)
        #expect(evicted(world.look().decision) == 1, "the restart goes on after it")
    }

    @Test("pods whose eviction was refused hold nothing else up")
    func refused() throws {
        var world = try due()
        world.pods = world.pods.map { pod in
            var pod = pod
            pod.isHeld = true
            return pod
        }
        try world.resume()
        let decision = try world.reconcile()
        #expect(evicted(decision) == 0 && decision.requeueAfter.map { $0 <= .seconds(30) } ?? false)
        #expect(world.status.currentStepIndex == 2, "the promotion of a person takes effect")
        #expect(world.status.restartedAt == nil)
    }

    @Test("a time with a fraction of a second ends, too")
    func fraction() throws {
        var world = try World(spec: World.spec(replicas: 1, canary: [:]))
        try world.run()
        world.now = world.now.wholeSeconds + .seconds(10)
        try world.edit(["spec": ["restartAt": .string(world.now.rfc3339.replacing("Z", with: ".5Z"))]])
        world.now = world.now + .seconds(2)
        for _ in 0..<4 {
            try world.run()
            world.now = world.now + .seconds(31)
        }
        #expect(world.status.restartedAt == world.typed.spec.restartAt)
        #expect(try world.reconcile().effects.isEmpty)
    }

    @Test("an abort of blue-green goes first until the Service is back at stable")
    func blueGreen() throws {
        var world = try BlueGreenTests.updating(["postPromotionAnalysis": BlueGreenTests.analysis])
        try world.run()
        #expect(world.services["active"]?.hash == world.status.currentPodHash && !world.status.isFullyPromoted)
        world.now = world.now + .seconds(10)
        try world.edit(["spec": ["restartAt": .string(world.now.wholeSeconds.rfc3339)]])
        world.now = world.now + .seconds(2)
        // It was written down, but the Service could not be switched.
        try world.edit(["status": ["abort": true, "abortedAt": .string(world.now.rfc3339)]])
        let decision = try world.reconcile()
        #expect(evicted(decision) == 0 && world.services["active"]?.hash == world.status.stableRS)
    }

    @Test(
        "without an abort's status nothing is written where traffic cannot be moved, and with it the runs that decided")
    func statusWithoutTraffic() throws {
        var world = try due()
        try world.resume()
        let promoted = try world.reconcile()
        #expect(promoted.statusWithoutTraffic == nil && promoted.eventsWithoutTraffic.isEmpty)
        var update = try BlueGreenTests.updating(["postPromotionAnalysis": BlueGreenTests.analysis])
        try update.run()
        let run = try #require(update.status.postPromotionAnalysis?.name)
        update.runs[run]?.phase = "Failed"
        let decision = update.look().decision
        let status = decision.statusWithoutTraffic?["status"]
        #expect(status?["abort"] == true && status?["phase"] == "Degraded")
        #expect(status?.at("blueGreen", "postPromotionAnalysisRunStatus", "status") == "Failed")
        #expect(status?.at("blueGreen", "activeSelector") == nil)
        #expect(decision.eventsWithoutTraffic.map(\.reason).sorted() == ["AnalysisRunFailed", "RolloutAborted"])
    }
}
