import Manifest
import RolloutEngine
import Testing

@Suite("Events and messages") struct EventOrderTests {
    @Test("Events of a canary tell of deploy, pause, abort, retry and promotion in their order")
    func canary() throws {
        var world = try World(
            spec: World.spec(replicas: 1, canary: ["steps": [["setWeight": 50], ["pause": ["duration": "3s"]]]]))
        func told() -> [String] {
            defer { world.events = [] }
            return world.events.map(\.reason)
        }
        try world.run()
        #expect(
            told() == [
                "RolloutAddedToInformer", "RolloutNotCompleted", "RolloutUpdated", "NewReplicaSetCreated",
                "ScalingReplicaSet", "RolloutCompleted",
            ])
        try world.setImage("web:2")
        try world.run()
        #expect(
            told() == [
                "RolloutNotCompleted", "RolloutUpdated", "NewReplicaSetCreated", "ScalingReplicaSet",
                "RolloutStepCompleted", "RolloutPaused",
            ])
        try world.edit(["status": ["abort": true]])
        try world.run()
        #expect(told() == ["ScalingReplicaSet", "RolloutAborted"])
        try world.edit(["status": ["abort": false]])
        try world.run()
        #expect(told() == ["ScalingReplicaSet", "RolloutStepCompleted", "RolloutPaused"])
        world.now = world.now + .seconds(4)
        try world.run()
        #expect(told() == ["RolloutStepCompleted", "RolloutResumed", "ScalingReplicaSet", "RolloutCompleted"])
    }

    @Test("Events of a blue-green update tell of the switch before the end")
    func blueGreen() throws {
        var world = try World(spec: World.spec(replicas: 3, blueGreen: ["activeService": "active"]))
        try world.run()
        try world.setImage("web:2")
        try world.run()
        #expect(
            world.events.map(\.reason) == [
                "RolloutAddedToInformer", "RolloutUpdated", "NewReplicaSetCreated", "ScalingReplicaSet",
                "RolloutCompleted", "SwitchService", "RolloutUpdated", "NewReplicaSetCreated", "RolloutNotCompleted",
                "ScalingReplicaSet", "SwitchService", "RolloutCompleted",
            ])
    }

    @Test(
        "an Event about a ReplicaSet or a Service names the effect of its decision that it tells of", arguments: 0..<2)
    func targets(_ kind: Int) throws {
        var world = try World(
            spec: kind == 0
                ? RoutedCanaryTests.spec(steps: [["setWeight": 20], ["setWeight": 60], ["pause": [:]]])
                : World.spec(replicas: 3, blueGreen: ["activeService": "active", "previewService": "preview"]))
        try world.run()
        for image in ["web:2", "web:3"] {
            try world.setImage(image)
            try world.run()
        }
        try world.edit(["status": ["abort": true]])
        try world.pass(100)
        var reasons: Set<String> = []
        for decision in world.decisions.map(\.decision) {
            let changed = Set(decision.effects.compactMap(\.target))
            for event in decision.events {
                guard ["NewReplicaSetCreated", "ScalingReplicaSet", "SwitchService"].contains(event.reason) else {
                    #expect(event.target == nil, "\(event)")
                    continue
                }
                reasons.insert(event.reason)
                #expect(changed.contains(try #require(event.target, "\(event)")), "\(event)")
            }
        }
        #expect(reasons.count == 3)
    }

    @Test("what the others of a decision tell as well can be left out, the revision never")
    func implied() {
        func kept(_ reasons: String...) -> [String] {
            let events = reasons.map { RolloutEvent($0, "") }
            return events.filter { !$0.isImplied(among: events) }.map(\.reason)
        }
        #expect(
            kept("RolloutNotCompleted", "RolloutUpdated", "NewReplicaSetCreated", "ScalingReplicaSet")
                == ["NewReplicaSetCreated"])
        #expect(kept("RolloutUpdated", "ScalingReplicaSet", "SkipSteps") == ["RolloutUpdated", "SkipSteps"])
        #expect(
            kept("RolloutStepCompleted", "RolloutPaused", "RolloutCompleted", "RolloutAborted").count == 4)
    }

    @Test("what another controller worded is left as it stands")
    func handedOver() throws {
        var world = try World(
            spec: World.spec(replicas: 4, canary: ["steps": [["setWeight": 50], ["pause": [:]]]]))
        try world.run()
        try world.setImage("web:2")
        try world.run()
        #expect(world.status.phase == "Paused")
        let conditions = world.rollout.at("status", "conditions")?.arrayValue ?? []
        let foreign = conditions.map { condition in
            var condition = condition
            condition["message"] = "in other words"
            return condition
        }
        try world.edit(["status": ["conditions": .array(foreign), "duration": .null]])
        #expect(decide(world.snapshot(), now: world.now + .seconds(60)).effects.isEmpty)
    }
}
