import Manifest
import RolloutEngine
import Testing

@Suite("Routed canary") struct RoutedCanaryTests {
    static func spec(replicas: Int = 10, steps: JSON, more: [String: JSON] = [:]) -> JSON {
        var canary: JSON = [
            "stableService": "web-stable", "canaryService": "web-canary",
            "trafficRouting": ["nginx": ["stableIngress": "web"]], "steps": steps,
        ]
        for (key, value) in more { canary[key] = value }
        return World.spec(replicas: replicas, canary: canary)
    }

    static let analysis: JSON = ["analysis": ["templates": [["templateName": "check"]]]]

    /// A world with the first version healthy and the second one deployed.
    static func updated(_ spec: JSON) throws -> World {
        var world = try World(spec: spec)
        try world.run()
        #expect(world.status.phase == "Healthy")
        world.events = []
        try world.setImage("web:2")
        try world.run()
        return world
    }

    @Test("a first deploy points both Services at its pods and records weight 0")
    func firstDeploy() throws {
        var world = try World(spec: Self.spec(steps: [["setWeight": 10]]))
        try world.run()
        #expect(world.status.phase == "Healthy")
        let hash = world.status.stableRS
        #expect(world.services.values.map(\.hash) == [hash, hash])
        #expect(world.services.values.map(\.managedBy) == ["web", "web"])
        #expect(world.status.weights?.canary.weight == 0 && world.status.weights?.stable.weight == 100)
    }

    @Test("autoscalers are told the pods of all ReplicaSets, as their selector counts them", arguments: [false, true])
    func autoscaler(isDynamic: Bool) throws {
        let world = try Self.updated(
            Self.spec(steps: [["setWeight": 50], ["pause": [:]]], more: ["dynamicStableScale": .bool(isDynamic)]))
        #expect(world.status.phase == "Paused" && world.status.replicas == (isDynamic ? 10 : 15))
        #expect(world.status.hpaReplicas == world.status.replicas)
    }

    @Test("a rollback to a dynamically scaled stable does not count pods that are on their way out")
    func countsThatLag() throws {
        var world = try Self.updated(
            Self.spec(replicas: 4, steps: [["setWeight": 25], ["pause": [:]]], more: ["dynamicStableScale": true]))
        let stable = world.status.stableRS
        #expect(world.set(hash: stable)?.replicas == 3 && world.traffic?.canaryWeight == 25)
        try world.setImage("web:1")
        var seen = world.snapshot()
        for index in seen.replicaSets.indices where seen.replicaSets[index].hash == stable {
            // Its controller has not yet taken the fourth pod away.
            seen.replicaSets[index].currentReplicas = 4
            seen.replicaSets[index].readyReplicas = 4
            seen.replicaSets[index].availableReplicas = 4
        }
        for effect in decide(seen, now: world.now).effects {
            if case .setTraffic(let request) = effect { #expect(request.canaryWeight == 25) }
            if case .switchService(let name, _, _) = effect { #expect(name != "web-canary") }
        }
    }

    @Test("weights follow the pods through all steps, and the old pods outlive the promotion by their delay")
    func walk() throws {
        var world = try Self.updated(
            Self.spec(steps: [["setWeight": 10], ["pause": [:]], ["setWeight": 50], ["pause": [:]]]))
        let first = world.status.stableRS
        let second = world.status.currentPodHash
        #expect(world.status.phase == "Paused" && world.status.currentStepIndex == 1)
        #expect(world.traffic?.canaryWeight == 10)
        #expect(world.set(hash: second)?.replicas == 1 && world.set(hash: first)?.replicas == 10)
        #expect(world.services["web-canary"]?.hash == second && world.services["web-stable"]?.hash == first)
        try world.edit(["status": ["pauseConditions": .null]])
        try world.run()
        #expect(world.status.currentStepIndex == 3 && world.traffic?.canaryWeight == 50)
        #expect(world.set(hash: second)?.replicas == 5 && world.set(hash: first)?.replicas == 10)
        try world.edit(["status": ["pauseConditions": .null]])
        try world.run()
        #expect(world.status.stableRS == second && world.status.phase == "Healthy")
        #expect(world.services["web-stable"]?.hash == second && world.weight(of: second) == 100)
        #expect(world.set(hash: first)?.replicas == 10 && world.set(hash: first)?.scaleDownDeadline != nil)
        #expect(decide(world.snapshot(), now: world.now).waiting?.reason == .scaleDownDelay)
        world.now = world.now + .seconds(31)
        try world.run()
        #expect(world.set(hash: first)?.replicas == 0)
        #expect(world.status.condition(.healthy)?.status == "True")
        #expect(
            world.events.map(\.reason).filter { $0 == "RolloutStepCompleted" || $0 == "RolloutCompleted" } == [
                "RolloutStepCompleted", "RolloutStepCompleted", "RolloutStepCompleted", "RolloutStepCompleted",
                "RolloutCompleted",
            ])
    }

    @Test("pods come before weight, and weight leaves before pods")
    func order() throws {
        var world = try World(spec: Self.spec(steps: [["setWeight": 10]]))
        try world.run()
        try world.setImage("web:2")
        let decision = try world.reconcile()
        let isTraffic = { (effect: RolloutEffect) in if case .setTraffic = effect { true } else { false } }
        let creation = decision.effects.firstIndex { if case .createReplicaSet = $0 { true } else { false } }
        #expect(creation != nil)
        for case .setTraffic(let request) in decision.effects { #expect(request.canaryWeight == 0) }
        world.stepPods()
        let next = try world.reconcile()
        #expect(next.effects.contains(where: isTraffic))
        #expect(world.traffic?.canaryWeight == 10)
    }

    @Test("a failed analysis takes the weight away in the decision that sees it, and the pods only after their delay")
    func failedAnalysis() throws {
        var world = try Self.updated(Self.spec(steps: [["setWeight": 20], Self.analysis, ["setWeight": 60]]))
        let (first, second) = (world.status.stableRS, world.status.currentPodHash)
        let name = "web-\(second)-2-1"
        #expect(world.runs.keys.sorted() == [name])
        #expect(world.runs[name]?.labels["rollout-type"] == "Step" && world.runs[name]?.labels["step-index"] == "1")
        #expect(decide(world.snapshot(), now: world.now).waiting?.reason == .analysisRunning)
        world.runs[name]?.phase = "Failed"
        world.runs[name]?.message = "metric \"errors\" assessed Failed: 0.1 > 0.05"
        let decision = try world.reconcile()
        #expect(world.traffic?.canaryWeight == 0)
        #expect(world.status.abort && world.status.phase == "Degraded" && world.status.currentStepIndex == 0)
        #expect(world.status.message.contains("metric \"errors\" assessed Failed: 0.1 > 0.05"))
        #expect(world.events.contains { $0.reason == "AnalysisRunFailed" && $0.isWarning })
        #expect(
            decision.effects.allSatisfy { if case .updateReplicaSet(let u) = $0 { u.replicas == nil } else { true } })
        try world.run()
        #expect(world.set(hash: second)?.replicas == 2 && world.set(hash: second)?.scaleDownDeadline != nil)
        #expect(world.services["web-canary"]?.hash == first)
        world.now = world.now + .seconds(31)
        try world.run()
        #expect(world.set(hash: second)?.replicas == 0 && world.set(hash: first)?.availableReplicas == 10)
        #expect(world.weight(of: first) == 100)
        #expect(world.events.filter { $0.reason == "RolloutAborted" }.count == 1)
    }

    @Test("a successful analysis moves on, and a new commit after an abort starts over")
    func successfulAnalysis() throws {
        var world = try Self.updated(
            Self.spec(steps: [["setWeight": 20], Self.analysis, ["setWeight": 60], ["pause": [:]]]))
        for name in world.runs.keys { world.runs[name]?.phase = "Successful" }
        try world.run()
        #expect(world.status.currentStepIndex == 3 && world.traffic?.canaryWeight == 60)
        try world.edit(["status": ["abort": true]])
        try world.run()
        #expect(world.status.condition(.progressing)?.reason == "RolloutAborted")
        try world.setImage("web:3")
        try world.run()
        #expect(!world.status.abort && world.status.currentStepIndex == 1)
        #expect(world.status.condition(.progressing)?.reason != "RolloutAborted")
        #expect(world.runs.values.contains { $0.labels["step-index"] == "1" && !$0.isFinished })
    }

    @Test("an inconclusive analysis pauses, and promoting it measures again")
    func inconclusive() throws {
        var world = try Self.updated(Self.spec(steps: [["setWeight": 20], Self.analysis, ["setWeight": 60]]))
        for name in world.runs.keys { world.runs[name]?.phase = "Inconclusive" }
        try world.run()
        #expect(world.status.message == "InconclusiveAnalysisRun" && world.status.controllerPause)
        #expect(decide(world.snapshot(), now: world.now).waiting?.reason == .inconclusiveAnalysis)
        try world.edit(["status": ["pauseConditions": .null]])
        try world.run()
        #expect(world.runs.keys.contains { $0.hasSuffix("-2-1.1") })
        for name in world.runs.keys where world.runs[name]?.isFinished == false {
            world.runs[name]?.phase = "Successful"
        }
        try world.run()
        #expect(world.status.currentStepIndex == 3)
    }

    @Test("background analysis lives across steps from its starting step, and its failure aborts")
    func background() throws {
        var world = try Self.updated(
            Self.spec(
                steps: [["setWeight": 20], ["pause": [:]], ["setWeight": 60], ["pause": [:]]],
                more: ["analysis": ["templates": [["templateName": "check"]], "startingStep": 2]]))
        #expect(world.runs.isEmpty)
        try world.edit(["status": ["pauseConditions": .null]])
        try world.run()
        #expect(world.runs.values.map(\.labels["rollout-type"]) == ["Background"])
        #expect(world.status.currentStepIndex == 3)
        for name in world.runs.keys { world.runs[name]?.phase = "Error" }
        try world.reconcile()
        #expect(world.status.abort && world.traffic?.canaryWeight == 0)
    }

    @Test("without enough stable pods no weight moves, and the wait has a name")
    func stableCapacity() throws {
        var world = try World(spec: Self.spec(steps: [["setWeight": 10], ["pause": [:]]]))
        try world.run()
        let first = world.status.stableRS
        try world.setImage("web:2")
        try world.reconcile()
        world.stepPods()
        let name = world.sets.values.first { $0.hash == first }?.name ?? ""
        world.sets[name]?.availableReplicas = 3
        let decision = try world.reconcile()
        #expect(decision.waiting?.reason == .stableCapacity)
        #expect(world.traffic?.canaryWeight == 0 && world.status.currentStepIndex == 0)
        world.sets[name]?.availableReplicas = 10
        try world.run()
        #expect(world.traffic?.canaryWeight == 10 && world.status.currentStepIndex == 1)
    }

    @Test(
        "stable needs as many pods as its share, rounded down",
        arguments: [(0, 10), (20, 8), (33, 6), (50, 5), (100, 0)])
    func gate(weight: Int, needed: Int) throws {
        for missing in [0, 1] where needed > 0 || missing == 0 {
            var world = try Self.updated(
                Self.spec(steps: [["setWeight": 60], ["setWeight": JSON(weight)], ["pause": [:]]]))
            // From another weight to this one, with one pod too few and with just enough.
            world.traffic?.canaryWeight = 60
            try world.edit([
                "status": [
                    "currentStepIndex": 1,
                    "canary": ["weights": ["canary": ["weight": 60], "stable": ["weight": 40]]],
                ]
            ])
            let stable = try #require(world.stable?.name)
            world.brokenImages = ["web:1"]
            world.sets[stable]?.availableReplicas = needed - missing
            try world.run()
            #expect(world.traffic?.canaryWeight == (missing == 0 ? weight : 60), "\(needed - missing) pods")
        }
    }

    @Test("an abort delay of 0 keeps the canary's pods; an abort with pods keeps their size until the deadline")
    func abortDelay() throws {
        var world = try Self.updated(
            Self.spec(steps: [["setWeight": 30], ["pause": [:]]], more: ["abortScaleDownDelaySeconds": 0]))
        let second = world.status.currentPodHash
        try world.edit(["status": ["abort": true]])
        try world.run()
        world.now = world.now + .seconds(1_000)
        try world.run()
        #expect(world.set(hash: second)?.replicas == 3 && world.traffic?.canaryWeight == 0)
        try world.edit(["status": ["abort": false]])
        try world.run()
        #expect(world.set(hash: second)?.scaleDownDeadline == nil && world.status.currentStepIndex == 1)
        #expect(world.traffic?.canaryWeight == 30)
    }

    @Test("a replaced canary gives its weight back and keeps its pods for the delay")
    func intermediate() throws {
        var world = try Self.updated(Self.spec(steps: [["setWeight": 40], ["pause": [:]]]))
        let second = world.status.currentPodHash
        try world.setImage("web:3")
        try world.run()
        #expect(world.status.currentStepIndex == 1 && world.traffic?.canaryWeight == 40)
        #expect(world.traffic?.canaryHash == world.status.currentPodHash)
        #expect(world.set(hash: second)?.replicas == 4 && world.set(hash: second)?.scaleDownDeadline != nil)
        world.now = world.now + .seconds(31)
        try world.run()
        #expect(world.set(hash: second)?.replicas == 0)
    }

    @Test("D9: the limit of delayed revisions counts replaced canaries, the newest first")
    func intermediateLimit() throws {
        var world = try Self.updated(
            Self.spec(steps: [["setWeight": 40], ["pause": [:]]], more: ["scaleDownDelayRevisionLimit": 1]))
        let second = world.status.currentPodHash
        try world.setImage("web:3")
        try world.run()
        let third = world.status.currentPodHash
        #expect(world.set(hash: second)?.replicas == 4)
        try world.setImage("web:4")
        try world.run()
        #expect(world.set(hash: third)?.replicas == 4 && world.set(hash: second)?.replicas == 0)
    }

    @Test("setCanaryScale sizes the canary apart from its weight", arguments: [("replicas", 4, 4), ("weight", 50, 5)])
    func canaryScale(_ key: String, _ value: Int, _ expected: Int) throws {
        let world = try Self.updated(
            Self.spec(steps: [["setCanaryScale": .object([key: JSON(value)])], ["setWeight": 10], ["pause": [:]]]))
        #expect(world.set(hash: world.status.currentPodHash)?.replicas == expected)
        #expect(world.traffic?.canaryWeight == 10 && world.status.currentStepIndex == 2)
    }

    @Test("a changed size is followed at the present weight, also while paused")
    func scaling() throws {
        var world = try Self.updated(Self.spec(steps: [["setWeight": 50], ["pause": [:]]]))
        let (first, second) = (world.status.stableRS, world.status.currentPodHash)
        try world.edit(["spec": ["paused": true]])
        try world.run()
        #expect(world.status.message == "manually paused")
        try world.edit(["spec": ["replicas": 4]])
        try world.run()
        #expect(world.set(hash: first)?.replicas == 4 && world.set(hash: second)?.replicas == 2)
        #expect(world.traffic?.canaryWeight == 50)
    }

    @Test("a timed pause ends at its instant")
    func timedPause() throws {
        var world = try Self.updated(Self.spec(steps: [["setWeight": 50], ["pause": ["duration": "1m"]]]))
        let decision = decide(world.snapshot(), now: world.now)
        #expect(decision.effects.isEmpty && decision.waiting?.reason == .pauseStep)
        let left = try #require(decision.requeueAfter)
        #expect(left > .seconds(58) && left <= .seconds(60))
        world.now = world.now + left + .milliseconds(1)
        try world.run()
        #expect(world.status.currentStepIndex == 2 && world.status.stableRS == world.status.currentPodHash)
    }
}
