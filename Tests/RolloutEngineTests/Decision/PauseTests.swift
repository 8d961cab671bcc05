import Manifest
import Testing

@testable import RolloutEngine

@Suite("Pauses that end") struct PauseTests {
    @Test("a promotion that meets a new size is carried out after it", arguments: [false, true])
    func newSize(isRouted: Bool) throws {
        var world = isRouted ? try DeviationWorld.routed() : try DeviationWorld.basic()
        #expect(world.status.currentStepIndex == 1 && world.status.phase == "Paused")
        try world.resume()
        try world.edit(["spec": ["replicas": 6]])
        try world.run()
        #expect(world.status.phase == "Healthy" && world.status.isFullyPromoted)
    }

    @Test("an inconclusive analysis that a person passed over while the size changed is measured again")
    func inconclusive() throws {
        var world = try DeviationWorld.routed(steps: [["setWeight": 25], RoutedCanaryTests.analysis])
        let run = try #require(world.runs.keys.first)
        world.runs[run]?.phase = "Inconclusive"
        try world.run()
        #expect(world.status.message == "InconclusiveAnalysisRun")
        try world.resume()
        try world.edit(["spec": ["replicas": 6]])
        try world.run()
        #expect(world.status.pauseConditions.isEmpty && world.runs["\(run).1"]?.phase == "Running")
    }

    @Test("each pause is told, also one that begins in the decision that ends another")
    func told() throws {
        var world = try DeviationWorld.basic(
            replicas: 5,
            [
                "steps": [
                    ["setWeight": 20], ["pause": ["duration": 6]], ["setWeight": 22], ["pause": [:]], ["setWeight": 24],
                    ["pause": [:]],
                ]
            ])
        let reasons = { (world: World) in
            world.events.map(\.reason).filter { $0.hasPrefix("RolloutPaused") || $0.hasPrefix("RolloutResumed") }
        }
        #expect(reasons(world) == ["RolloutPaused"])
        try world.pass(8)
        #expect(world.status.currentStepIndex == 3 && world.status.phase == "Paused")
        #expect(reasons(world) == ["RolloutPaused", "RolloutResumed", "RolloutPaused"])
        try world.resume()
        try world.run()
        #expect(world.status.currentStepIndex == 5 && world.status.phase == "Paused")
        #expect(
            reasons(world) == ["RolloutPaused", "RolloutResumed", "RolloutPaused", "RolloutResumed", "RolloutPaused"])
    }

    @Test(
        "steps that change in mid-update get analyses of their own, also beside a new size", arguments: [false, true])
    func changedAnalysis(isResized: Bool) throws {
        var world = try DeviationWorld.routed(steps: [RoutedCanaryTests.analysis, ["pause": [:]]])
        let first = try #require(world.status.stepAnalysis?.name)
        #expect(world.runs[first]?.phase == "Running")
        let other: JSON = ["analysis": ["templates": [["templateName": "other"]]]]
        var spec: JSON = ["strategy": ["canary": ["steps": [other, ["pause": [:]]]]]]
        if isResized { spec["replicas"] = 6 }
        try world.edit(["spec": spec])
        try world.run()
        #expect(world.status.stepAnalysis?.name == "\(first).1" && world.runs[first]?.isTerminating == true)
    }

    @Test(
        "D13: a Rollout that is paused at no pods gets them when its size changes", arguments: ["canary", "blueGreen"])
    func pausedAtZero(_ strategy: String) throws {
        let spec =
            strategy == "canary"
            ? World.spec(replicas: 2, canary: ["steps": DeviationWorld.steps])
            : World.spec(replicas: 2, blueGreen: BlueGreenTests.plain)
        var world = try World(spec: spec)
        try world.run()
        try world.edit(["spec": ["replicas": 0]])
        try world.run()
        #expect(world.current?.replicas == 0)
        try world.edit(["spec": ["paused": true]])
        try world.run()
        try world.edit(["spec": ["replicas": 3]])
        try world.run()
        #expect(world.current?.replicas == 3 && world.current?.availableReplicas == 3)
    }

    @Test(
        "D13: a canary that is held follows the size to the end, down and up", arguments: [(100, 40), (10, 4), (4, 40)])
    func heldSizes(from: Int, to: Int) throws {
        var world = try DeviationWorld.basic(replicas: from)
        try world.edit(["spec": ["paused": true]])
        try world.run()
        try world.edit(["spec": ["replicas": JSON(to)]])
        try world.run()
        #expect(world.current?.replicas == to / 2 && world.stable?.replicas == to / 2)
        #expect(world.current?.annotations[Keys.desiredReplicas] == String(to))
        #expect(world.stable?.annotations[Keys.desiredReplicas] == String(to))
    }

    @Test("a routed update without pods ends")
    func zero() throws {
        var spec = RoutedCanaryTests.spec(replicas: 0, steps: [["setWeight": 20], ["setWeight": 50]])
        spec["progressDeadlineSeconds"] = 600
        let world = try DeviationWorld.updated(spec)
        #expect(world.status.phase == "Healthy" && world.status.isFullyPromoted && world.status.currentStepIndex == 2)
    }

    @Test("a first revision is promoted, and nothing of it is a rollback, also where its status was never written")
    func firstRevision() throws {
        var world = try World(spec: World.spec(replicas: 2, canary: ["steps": DeviationWorld.steps]))
        let (_, decision) = world.look()
        var version = world.rollout.resourceVersion
        for case .createReplicaSet(let set, let digest) in decision.effects {
            try world.perform(.createReplicaSet(set, digest: digest), seenVersion: &version)
        }
        try world.run()
        #expect(world.status.duration?.completionStatus == "Promoted")
    }

    @Test("a full promotion ends with the promotion, also where pods are missing then")
    func promoteFull() throws {
        var world = try DeviationWorld.basic()
        try world.edit(["status": ["promoteFull": true]])
        try world.run()
        #expect(world.status.isFullyPromoted)
        world.breakPods(of: world.status.stableRS, leaving: 1)
        world.brokenImages = ["web:2"]
        try world.edit(["status": ["promoteFull": true]])
        try world.run()
        #expect(!world.status.promoteFull)
    }
}
