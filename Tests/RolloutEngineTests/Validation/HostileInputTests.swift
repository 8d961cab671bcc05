import Manifest
import Testing

@testable import RolloutEngine

@Suite("Input that nobody means well") struct HostileInputTests {
    @Test("a thousand steps are read, judged and walked")
    func manySteps() throws {
        let steps = (0..<1_000).map { index -> JSON in
            index % 2 == 0 ? ["setWeight": JSON(index / 10)] : ["pause": ["duration": 1]]
        }
        var world = try World(spec: World.spec(replicas: 2, canary: ["steps": .array(steps)]))
        #expect(world.typed.problems.isEmpty)
        try world.run()
        try world.setImage("web:2")
        try world.run()
        #expect(world.sets.values.allSatisfy { (0...3).contains($0.replicas) })
        let bad = steps + [["setWeight": -1]]
        let rollout = try ValidationTests.rollout(ValidationTests.canary(["steps": .array(bad)]))
        #expect(rollout.problems.map(\.path) == ["spec.strategy.canary.steps[1000].setWeight"])
    }

    @Test("a template of a megabyte is read, and its parts are judged")
    func largeTemplate() throws {
        let variables = (0..<2_000).map { index -> JSON in
            ["name": .string("V\(index)"), "value": .string(String(repeating: "x", count: 500))]
        }
        var spec = World.spec(replicas: 2, canary: [:])
        spec.set([["name": "web", "image": "web:1", "env": .array(variables)]], at: "template", "spec", "containers")
        var world = try World(spec: spec)
        #expect(world.typed.spec.template?.bytes.count ?? 0 > 1 << 20)
        #expect(world.typed.problems.isEmpty)
        try world.run()
        #expect(world.status.phase == "Healthy")
    }

    @Test("the largest number of replicas overflows nothing", arguments: InvalidRolloutTests.strategies)
    func manyReplicas(_ row: InvalidRolloutTests.Row) throws {
        let largest = Int(Int32.max)
        var world = try World(spec: World.spec(replicas: largest, strategy: row.strategy))
        #expect(world.typed.problems.isEmpty)
        for _ in 0..<20 {
            for effect in try world.reconcile().effects {
                if case .updateReplicaSet(let update) = effect { #expect((update.replicas ?? 0) <= 2 * largest) }
            }
            // Pods one by one would take all day.
            world.sets = world.sets.mapValues { set in
                var set = set
                set.observedGeneration = set.generation
                set.currentReplicas = set.replicas
                set.readyReplicas = set.replicas
                set.availableReplicas = set.replicas
                return set
            }
        }
        #expect(world.sets.values.map(\.replicas) == [largest])
        try world.edit(["spec": ["replicas": 3]])
        try world.reconcile()
        #expect(world.sets.values.allSatisfy { $0.replicas <= largest })
    }

    static let huge: [JSON] = [
        ["spec": ["replicas": 2_147_483_648]], ["spec": ["replicas": -2_147_483_649]],
        ["spec": ["minReadySeconds": 9_223_372_036_854_775_807]], ["spec": ["progressDeadlineSeconds": 1e300]],
        ["spec": ["revisionHistoryLimit": 1.5]], ["spec": ["replicas": true]], ["spec": ["selector": "app=web"]],
        ["spec": ["template": []]], ["spec": ["template": ["metadata": ["labels": ["app": 1]]]]],
        ["spec": ["template": ["spec": ["containers": [["name": "web", "ports": [["containerPort": "80"]]]]]]]],
        ["spec": ["strategy": []]], ["spec": ["strategy": ["canary": ["steps": [[]]]]]],
        ["spec": ["strategy": ["canary": ["maxSurge": 1.5]]]], ["spec": ["strategy": ["canary": ["pingPong": 1]]]],
        ["spec": ["strategy": ["canary": ["trafficRouting": [1]]]]], ["spec": ["workloadRef": "web"]],
        ["spec": ["restartAt": "yesterday"]], ["spec": "web"], ["metadata": ["labels": 1]],
    ]

    @Test("numbers that do not fit and values of wrong types are errors, not crashes and not sizes", arguments: huge)
    func wrong(_ patch: JSON) throws {
        do {
            let rollout = try ValidationTests.rollout(patch)
            #expect(!rollout.problems.isEmpty, "\(patch)")
            var world = try World(spec: World.spec(replicas: 1, canary: [:]))
            world.now = world.now + .seconds(1)
            let decision = decide(RolloutSnapshot(rollout: rollout), now: world.now)
            #expect(
                decision.effects.allSatisfy { if case .createReplicaSet = $0 { false } else { true } }, "\(patch)")
        } catch let error as JSONError {
            #expect(!error.fieldPath.isEmpty || !error.reason.isEmpty)
        }
    }

    @Test("raw parts of wrong types are judged without a crash")
    func rawParts() throws {
        for value: JSON in [
            1, "x", true, [], [[1]], [:], ["match": 1], ["match": [1, "a", .null]], ["templates": [1]],
        ] {
            for key in ["setHeaderRoute", "setMirrorRoute", "experiment", "plugin"] {
                let rollout = try ValidationTests.rollout(ValidationTests.steps(.object([key: value])))
                #expect(!rollout.problems.isEmpty)
            }
            for router in ["istio", "nginx", "alb", "smi", "ambassador", "appMesh", "traefik", "apisix", "plugins"] {
                let rollout = try ValidationTests.rollout(
                    ValidationTests.canary(["trafficRouting": .object([router: value])]))
                #expect(!rollout.problems.isEmpty)
            }
        }
    }
}
