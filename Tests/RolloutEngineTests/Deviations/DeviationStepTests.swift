import Manifest
import Testing

@testable import RolloutEngine

/// Where this controller differs on purpose from the one whose objects it accepts: steps, weights and deadlines.
@Suite("Deviations: steps and weights") struct DeviationStepTests {
    @Test("D5: a weight that could not be set completes no step, and the wait is named")
    func d5() throws {
        var world = try World(spec: RoutedCanaryTests.spec(replicas: 4, steps: [["setWeight": 25], ["setWeight": 50]]))
        try world.run()
        let stable = world.status.stableRS
        world.brokenImages = ["web:1"]
        world.breakPods(of: stable, leaving: 1)
        try world.setImage("web:2")
        try world.run()
        #expect(world.status.currentStepIndex == 0 && world.status.stableRS == stable)
        #expect(world.traffic?.canaryWeight == 0)
        #expect(decide(world.snapshot(), now: world.now).waiting?.reason == .stableCapacity)
        let message = { world.status.condition(.progressing)?.message ?? "" }
        #expect(
            message()
                == "Waiting for stable capacity: ReplicaSet \"web-\(stable)\" has too few available pods for its traffic"
        )
        world.brokenImages = []
        try world.run()
        #expect(world.status.stableRS == world.status.currentPodHash)
        #expect(!message().contains("stable capacity"), "an open gate is not told of")
    }

    @Test("D6: a header or mirror route that could not be set completes no step", arguments: ["header", "mirror"])
    func d6(_ kind: String) throws {
        let route = kind == "header" ? ManagedRouteTests.beta : ManagedRouteTests.shadow
        var world = try ManagedRouteTests.updated(
            ["setCanaryScale": ["replicas": 2]], ManagedRouteTests.pause, route, ManagedRouteTests.pause)
        let stable = world.status.stableRS
        world.brokenImages = ["web:1"]
        world.breakPods(of: stable, leaving: 1)
        try world.resume()
        try world.run()
        #expect(world.status.currentStepIndex == 2 && world.traffic?.routes == [])
        #expect(
            world.status.condition(.progressing)?.message
                == "Waiting for stable capacity: ReplicaSet \"web-\(stable)\" has too few available pods for its traffic"
        )
        let waiting = decide(world.snapshot(), now: world.now).waiting
        #expect(waiting?.reason == .stableCapacity)
        let held = kind == "header" ? "setHeaderRoute: beta" : "setMirrorRoute: shadow"
        #expect(waiting?.message.hasSuffix("so step 3 (\(held)) waits") ?? false)
        world.brokenImages = []
        try world.run()
        #expect(world.status.currentStepIndex == 3 && world.traffic?.routes.count == 1)
        #expect(world.status.condition(.progressing)?.message.contains("stable capacity") == false)
    }

    @Test("D18: only old pods of a promoted Rollout hold the deadline up; strict, any do", arguments: [false, true])
    func d18(isStrict: Bool) throws {
        var spec = RoutedCanaryTests.spec(
            replicas: 2, steps: [["setWeight": 50]], more: ["scaleDownDelaySeconds": 9_000])
        spec["progressDeadlineSeconds"] = 60
        var world = try DeviationWorld.updated(spec, isStrict: isStrict)
        try world.pass(100)
        #expect(world.status.phase == "Healthy", "the old pods wait, and nothing else does")
        world.brokenImages = ["web:3"]
        try world.setImage("web:3")
        try world.run()
        try world.pass(100)
        #expect(world.status.phase == (isStrict ? "Progressing" : "Degraded"))
    }

    @Test("D18: strict, the deadline counts where no old pods wait")
    func d18Strict() throws {
        var spec = World.spec(replicas: 2, canary: ["steps": DeviationWorld.steps])
        spec["progressDeadlineSeconds"] = 60
        var world = try World(spec: spec)
        world.isStrict = true
        try world.run()
        world.brokenImages = ["web:2"]
        try world.setImage("web:2")
        try world.run()
        try world.pass(100)
        #expect(world.status.message.hasPrefix("ProgressDeadlineExceeded"))
    }

    @Test("D21: a threshold of more pods than the step has is met by all of them")
    func d21() throws {
        let world = try DeviationWorld.basic(
            ["steps": DeviationWorld.steps, "replicaProgressThreshold": ["type": "Pods", "value": 4]])
        #expect(world.status.phase == "Paused" && world.current?.replicas == 2)
    }

    @Test("D29: what the router confirms is recorded each time")
    func d29() throws {
        let world = try DeviationWorld.routed()
        var seen = world.snapshot()
        for verified in [false, true, nil] {
            seen.traffic = TrafficFact(isInSync: true, verified: verified)
            let patch = decide(seen, now: world.now).status?.at("status", "canary", "weights")
            if verified == nil {
                // Recorded as unknown already, so there is nothing to write.
                #expect(patch == nil)
            } else {
                #expect(patch?["verified"]?.boolValue == verified)
            }
        }
        // Of unchanged weights a router that cannot tell takes nothing back, and nobody waits for its answer.
        for (recorded, patch) in [(true, nil), (false, .null)] as [(Bool, JSON?)] {
            seen.rollout.status.weights?.verified = recorded
            #expect(decide(seen, now: world.now).status?.at("status", "canary", "weights", "verified") == patch)
        }
        seen.rollout.status.weights?.verified = true
        seen.traffic = TrafficFact(isInSync: false, verified: nil)
        let rewritten = decide(seen, now: world.now).status
        #expect(
            rewritten?.at("status", "canary", "weights", "verified") == .null,
            "an old confirmation does not stay for what is written again: \(rewritten ?? [:])")
    }

    @Test("D33: without steps the canary's weight stays 0, and the stable Service moves all traffic at the end")
    func d33() throws {
        var world = try World(spec: RoutedCanaryTests.spec(replicas: 2, steps: []))
        try world.run()
        let first = world.status.stableRS
        try world.setImage("web:2")
        var weights: Set<Int> = []
        for _ in 0..<20 {
            try world.settle()
            weights.insert(world.traffic?.canaryWeight ?? 0)
            world.stepPods()
        }
        #expect(weights == [0] && world.status.stableRS != first)
        #expect(world.services["web-stable"]?.hash == world.status.stableRS)
    }

    @Test(
        "D34: a fixed canary size leaves stable at its share of the traffic; strict, at full size",
        arguments: [false, true])
    func d34(isStrict: Bool) throws {
        let world = try DeviationWorld.routed(
            replicas: 10, steps: [["setWeight": 20], ["setCanaryScale": ["replicas": 3]], ["pause": [:]]],
            ["dynamicStableScale": true], isStrict: isStrict)
        #expect(world.status.phase == "Paused" && world.current?.replicas == 3)
        #expect(world.stable?.replicas == (isStrict ? 10 : 8))
    }

    @Test("D39: an inconclusive background analysis that a person accepts is not measured again")
    func d39() throws {
        var world = try DeviationWorld.basic([
            "steps": [["setWeight": 50], ["pause": ["duration": "1h"]]],
            "analysis": ["templates": [["templateName": "always"]]],
        ])
        let run = try #require(world.runs.keys.first)
        world.runs[run]?.phase = "Inconclusive"
        try world.run()
        #expect(world.status.pauseConditions.map(\.reason).contains("InconclusiveAnalysisRun"))
        let labels = (world.runs[run]?.labels ?? [:]).merging(["sluice.dev/inconclusive-accepted": "true"]) { $1 }
        world.runs[run] = AnalysisRunFact(name: run, uid: run, phase: "Inconclusive", labels: labels)
        try world.edit(["status": ["pauseConditions": .null]])
        try world.run()
        #expect(world.status.stableRS == world.status.currentPodHash && world.runs.count == 1)
    }

    @Test("a timed pause ends though an inconclusive analysis holds the update, and nothing moves by that")
    func timedPauseUnderInconclusive() throws {
        var world = try DeviationWorld.routed(
            replicas: 1, steps: [["setWeight": 10], ["pause": ["duration": "30s"]]],
            ["analysis": ["templates": [["templateName": "always"]], "startingStep": 1]])
        let run = try #require(world.runs.keys.first)
        world.runs[run]?.phase = "Inconclusive"
        try world.run()
        #expect(world.status.message == "CanaryPauseStep", "the pause that came first is named")
        let wait = try world.reconcile().requeueAfter
        #expect(wait.map { $0 <= .seconds(31) } ?? false, "it wakes at the pause's end")
        try world.pass(31)
        #expect(world.status.message == "InconclusiveAnalysisRun" && world.status.currentStepIndex == 1)
        // With one pod the canary could take all traffic at the end of the steps.
        #expect(world.traffic?.canaryWeight == 10 && world.status.stableRS != world.status.currentPodHash)
        try world.resume()
        try world.run()
        world.runs["\(run).1"]?.phase = "Successful"
        try world.run()
        #expect(world.status.stableRS == world.status.currentPodHash && world.runs.count == 2)
    }

    @Test("a person's pause counts from its first moment, the clock's never", arguments: [true, false])
    func manualPause(isTimed: Bool) throws {
        let pause: JSON = isTimed ? ["duration": "1h"] : .emptyObject
        var world = try DeviationWorld.basic(["steps": [["setWeight": 50], ["pause": pause]]])
        #expect((world.status.duration?.manualPauseStartedAt == nil) == isTimed)
        try world.abort()
        try world.run()
        #expect(world.status.duration?.completionStatus == "Aborted")
        #expect(world.status.duration?.totalManualPauseDurationSeconds == (isTimed ? nil : 0))
        let written = world.rollout.at("status", "duration", "totalManualPauseDurationSeconds")
        #expect(written == (isTimed ? nil : .int(0)))
    }

    @Test("D40: names and defaults are the documented ones")
    func d40() throws {
        #expect(Keys.scaleDownDeadline == "scale-down-deadline")
        let limits = SurgeLimits(replicas: 8, maxSurge: nil, maxUnavailable: nil)
        #expect(limits.surge == 2 && limits.unavailable == 2)
        let canary: JSON = ["replicaProgressThreshold": ["type": "Pods", "value": 1], "steps": DeviationWorld.steps]
        var world = try World(spec: World.spec(replicas: 4, canary: canary))
        try world.run()
        world.brokenImages = ["web:2"]
        try world.setImage("web:2")
        try world.settle()
        world.brokenImages = []
        let name = try #require(world.current?.name)
        let size = world.sets[name]?.replicas ?? 0
        world.sets[name]?.currentReplicas = size
        world.breakPods(of: world.status.currentPodHash, leaving: 1)
        world.brokenImages = ["web:2"]
        try world.run()
        #expect(world.status.phase == "Paused", "one pod is enough for a strategy whose threshold is one")
    }
}
