import Manifest
import Testing

@testable import RolloutEngine

/// Rare orders of events in which traffic and pods could part; the simulation found each of them.
@Suite("Traffic that changes hands") struct TrafficHandoverTests {
    /// `web:2` has three quarters of the traffic, and stable too few pods to take anything back.
    static func short(_ more: [String: JSON] = [:]) throws -> World {
        var world = try DeviationWorld.routed(steps: [["setWeight": 25], ["setWeight": 75], ["pause": [:]]], more)
        #expect(world.traffic?.canaryWeight == 75 && world.current?.availableReplicas == 3)
        world.brokenImages = ["web:1"]
        world.breakPods(of: world.status.stableRS, leaving: 0)
        return world
    }

    @Test("a new revision does not inherit the weight of the one before it", arguments: [false, true])
    func inheritsNothing(isAborted: Bool) throws {
        var world = try Self.short()
        if isAborted {
            // What stable cannot take stays recorded, while the Service brings what it can to stable.
            world.breakPods(of: world.status.stableRS, leaving: 1)
            try world.abort()
            try world.settle()
            #expect(world.services["web-canary"]?.hash == world.status.stableRS && world.traffic?.canaryWeight == 75)
        }
        let before = world.services["web-canary"]?.hash
        try world.setImage("web:3")
        try world.run()
        #expect(world.current?.availableReplicas == 1 && world.services["web-canary"]?.hash == before)
        #expect(world.weight(of: world.status.currentPodHash) == 0)
        world.brokenImages = []
        try world.run()
        #expect(world.weight(of: world.status.currentPodHash) == 75 && world.status.phase == "Paused")
    }

    @Test("a new revision takes over from pods that are gone, and grows to what it serves then")
    func takesOver() throws {
        var world = try Self.short()
        world.brokenImages.insert("web:2")
        world.breakPods(of: world.status.currentPodHash, leaving: 0)
        try world.setImage("web:3")
        try world.run()
        #expect(world.weight(of: world.status.currentPodHash) == 75 && world.current?.availableReplicas == 3)
        #expect(world.status.currentStepIndex == 0)
    }

    @Test("ping and pong hand over as the canary Service does")
    func pingPong() throws {
        var spec = World.spec(
            replicas: 4,
            canary: [
                "steps": [["setWeight": 25], ["setWeight": 75], ["pause": [:]]],
                "trafficRouting": ["istio": ["virtualService": ["name": "web"]]],
                "pingPong": ["pingService": "ping", "pongService": "pong"],
            ])
        spec["progressDeadlineSeconds"] = 600
        var world = try DeviationWorld.updated(spec)
        let second = world.status.currentPodHash
        #expect(world.services["pong"]?.hash == second && world.traffic?.canaryWeight == 75)
        world.brokenImages = ["web:1"]
        world.breakPods(of: world.status.stableRS, leaving: 0)
        try world.edit([
            "spec": ["strategy": ["canary": ["steps": [["setCanaryScale": ["weight": 100]], ["pause": [:]]]]]]
        ])
        try world.setImage("web:3")
        try world.run()
        #expect(world.current?.availableReplicas == 4 && world.services["pong"]?.hash == second)
    }

    @Test("stable keeps the pods for a promotion's traffic of which the status does not know yet")
    func unrecordedPromotion() throws {
        var world = try CanaryExtrasTests.dynamic(4, [25, 75])
        let first = world.status.stableRS
        try world.edit(["status": ["promoteFull": true]])
        try world.run()
        let second = world.status.stableRS
        #expect(second != first && world.stable?.replicas == 4)
        try world.edit([
            "status": [
                "canary": [
                    "weights": [
                        "canary": ["podTemplateHash": .string(second), "serviceName": "web-canary", "weight": 100],
                        "stable": ["podTemplateHash": .string(first), "serviceName": "web-stable", "weight": 0],
                    ]
                ]
            ]
        ])
        world.breakPods(of: second, leaving: 3)
        try world.setImage("web:3")
        try world.reconcile()
        #expect(world.status.stableRS == second && world.stable?.replicas == 4)
    }

    @Test("an abort sends nothing to a canary that never had traffic, whatever the one before it had")
    func abortsUnserved() throws {
        var world = try CanaryExtrasTests.dynamic(8, [25, 75])
        let first = world.status.stableRS
        try world.edit(["status": ["promoteFull": true]])
        try world.run()
        let second = world.status.stableRS
        let weights: JSON = [
            "canary": ["podTemplateHash": .string(second), "serviceName": "web-canary", "weight": 100],
            "stable": ["podTemplateHash": .string(first), "serviceName": "web-stable", "weight": 0],
        ]
        // All of that promotion was written but for the weights that follow it.
        try world.edit(["status": ["canary": ["weights": weights]]])
        world.traffic?.canaryWeight = 100
        world.traffic?.canaryHash = second
        world.traffic?.stableHash = first
        try world.setImage("web:3")
        world.breakPods(of: second, leaving: 5)
        try world.reconcile()
        world.stepPods()
        world.breakPods(of: second, leaving: 5)
        try world.settle()
        let third = world.status.currentPodHash
        #expect(world.current?.availableReplicas ?? 0 > 1 && world.weight(of: third) == 0)
        try world.abort()
        for _ in 0..<12 {
            try world.reconcile()
            #expect(world.weight(of: third) == 0 && world.stable?.replicas == 8)
        }
        try world.run()
        #expect(world.traffic?.canaryWeight == 0 && world.weight(of: second) == 100)
    }

    @Test("a dynamic stable keeps the pods for what the canary's Service brings it")
    func canaryServiceOfStable() throws {
        var world = try CanaryExtrasTests.dynamic(8, [25])
        #expect(world.stable?.replicas == 6)
        let stable = world.status.stableRS
        world.services["web-canary"]?.selector[Keys.podTemplateHash] = stable
        world.brokenImages = ["web:2"]
        world.breakPods(of: world.status.currentPodHash, leaving: 0)
        try world.settle()
        #expect(world.weight(of: stable) == 100 && world.stable?.replicas == 8)
    }

    @Test("a revision that comes back keeps the pods for what the stable Service never took from it")
    func neverSwitched() throws {
        var world = try DeviationWorld.routed()
        let first = try #require(world.stable)
        try world.edit(["status": ["promoteFull": true]])
        try world.run()
        #expect(world.status.phase == "Healthy" && world.status.stableRS != first.hash)
        // The promotion was written, and nothing after it.
        let destination: JSON = ["podTemplateHash": .string(first.hash), "serviceName": "web-stable", "weight": 100]
        try world.edit(["status": ["canary": ["weights": ["canary": ["weight": 0], "stable": destination]]]])
        world.services["web-stable"]?.selector[Keys.podTemplateHash] = first.hash
        world.traffic?.stableHash = first.hash
        world.sets[first.name]?.replicas = 4
        world.sets[first.name]?.currentReplicas = 4
        world.sets[first.name]?.availableReplicas = 4
        world.brokenImages = ["web:2"]
        world.breakPods(of: world.status.stableRS, leaving: 0)
        try world.setImage("web:1")
        try world.settle()
        #expect(world.status.currentPodHash == first.hash && world.current?.replicas == 4)
        world.brokenImages = []
        try world.run()
        #expect(world.status.phase == "Paused" && world.current?.replicas == 2 && world.weight(of: first.hash) == 50)
    }

    @Test("no pods go while routers hold something else than what is recorded")
    func unknownTraffic() throws {
        var world = try DeviationWorld.routed()
        #expect(world.traffic?.canaryWeight == 50 && world.current?.replicas == 2)
        world.traffic?.canaryWeight = 100
        try world.edit(["spec": ["replicas": 2]])
        // A change of the size leaves the routers alone, so for one look nothing shrinks.
        try world.reconcile()
        #expect(world.current?.replicas == 2 && world.stable?.replicas == 4)
        try world.settle()
        #expect(world.traffic?.canaryWeight == 50 && world.current?.replicas == 1 && world.stable?.replicas == 2)
    }

    @Test("a dynamic stable keeps the pods for traffic of which nothing is recorded yet")
    func nothingRecorded() throws {
        var world = try DeviationWorld.routed(
            steps: [["setCanaryScale": ["weight": 50]], ["pause": [:]]], ["dynamicStableScale": true])
        #expect(world.stable?.replicas == 4 && world.current?.replicas == 2)
        // The routers were told for the first time, and the status of that was never written.
        try world.edit(["status": ["canary": ["weights": .null]], "spec": ["replicas": 2]])
        try world.reconcile()
        #expect(world.stable?.replicas == 2 && world.current?.replicas == 1)
        try world.run()
        #expect(world.stable?.replicas == 2 && world.weight(of: world.status.stableRS) == 100)
    }

    @Test("a dynamic stable grows to what a new revision leaves it, however the canary is sized apart from its weight")
    func sizedApart() throws {
        var world = try CanaryExtrasTests.dynamic(4, [25, 75])
        #expect(world.traffic?.canaryWeight == 75 && world.stable?.replicas == 1)
        try world.edit([
            "spec": [
                "strategy": [
                    "canary": ["steps": [["setCanaryScale": ["weight": 50]], ["setWeight": 5], ["pause": [:]]]]
                ]
            ]
        ])
        try world.setImage("web:3")
        try world.run()
        #expect(world.status.currentStepIndex == 2 && world.weight(of: world.status.currentPodHash) == 5)
        #expect(world.stable?.replicas == 4 && world.current?.replicas == 2)
    }

    @Test("a rollback that jumps over the steps gets traffic no faster than pods")
    func rollbackInWindow() throws {
        var spec = RoutedCanaryTests.spec(replicas: 4, steps: [["setWeight": 75], ["pause": ["duration": 1]]])
        spec["rollbackWindow"] = ["revisions": 3]
        var world = try DeviationWorld.updated(spec)
        try world.pass(2)
        #expect(world.status.phase == "Healthy")
        try world.pass(60)
        let first = try #require(world.sets.values.first { $0.hash != world.status.stableRS })
        // One pod is up already, so all steps are skipped at once.
        world.sets[first.name]?.replicas = 1
        world.sets[first.name]?.currentReplicas = 1
        world.sets[first.name]?.availableReplicas = 1
        try world.setImage("web:1")
        try world.settle()
        #expect(world.status.currentPodHash == first.hash && world.current?.replicas == 4)
        #expect(world.status.currentStepIndex == 2 && world.traffic?.canaryWeight == 25)
        try world.run()
        #expect(world.status.stableRS == first.hash && world.status.phase == "Healthy")
    }

    @Test("a revision that is promoted in full gets another's weight no faster than pods")
    func promotedInFull() throws {
        var world = try DeviationWorld.routed(steps: [["setWeight": 75], ["pause": [:]]])
        #expect(world.traffic?.canaryWeight == 75)
        world.breakPods(of: world.status.stableRS, leaving: 3)
        world.brokenImages = ["web:1"]
        try world.setImage("web:3")
        try world.edit(["status": ["promoteFull": true]])
        try world.settle()
        try world.edit(["status": ["promoteFull": true]])
        try world.settle()
        let name = try #require(world.current?.name)
        world.sets[name]?.currentReplicas = 4
        world.sets[name]?.availableReplicas = 1
        try world.settle()
        #expect(world.traffic?.canaryHash == world.status.currentPodHash && world.traffic?.canaryWeight == 25)
    }

    @Test("the only stable pod's traffic is not given back while it restarts")
    func onlyPod() throws {
        var world = try DeviationWorld.routed(replicas: 1)
        #expect(world.traffic?.canaryWeight == 50)
        world.breakPods(of: world.status.stableRS, leaving: 0)
        world.traffic?.canaryWeight = 100
        try world.reconcile()
        #expect(world.traffic?.canaryWeight == 100)
        try world.run()
        #expect(world.traffic?.canaryWeight == 50)
    }

    @Test("pods that a list does not show have no part in a decision, whatever the cache counts")
    func evictedPods() throws {
        var world = try DeviationWorld.routed(steps: [["pause": [:]], ["setWeight": 50], ["pause": [:]]])
        try world.resume()
        try world.settle()
        let name = try #require(world.current?.name)
        world.sets[name]?.replicas = 2
        world.sets[name]?.currentReplicas = 2
        world.sets[name]?.availableReplicas = 2
        let stable = try #require(world.stable)
        // The old pods are gone, those of the canary have no successors yet, and the cache knows of neither.
        world.pods = (0..<4).map {
            PodFact(
                name: "\(stable.name)-\($0)", uid: "\($0)", ownerUID: stable.uid, creationTimestamp: world.now,
                readySince: world.now)
        }
        try world.edit(["spec": ["restartAt": .string(world.now.rfc3339)]])
        world.now = world.now + .seconds(1)
        try world.reconcile()
        #expect(world.status.restartedAt == world.typed.spec.restartAt)
        #expect(world.traffic?.canaryWeight == 0 && world.services["web-canary"]?.hash == stable.hash)
    }

    @Test("pods that are on their way out get no traffic")
    func leavingPods() throws {
        var world = try DeviationWorld.routed(["dynamicStableScale": true])
        let name = try #require(world.current?.name)
        try world.edit(["status": ["canary": ["weights": ["canary": ["weight": 0], "stable": ["weight": 100]]]]])
        world.traffic?.canaryWeight = 0
        // An earlier look has taken the size away; the ReplicaSet's controller has not followed yet.
        world.sets[name]?.replicas = 0
        try world.edit(["status": ["promoteFull": true]])
        try world.reconcile()
        #expect(world.current?.replicas == 4 && world.traffic?.canaryWeight == 0)
    }

    @Test("pods that were active outlive the abort that takes their traffic by one look")
    func formerlyActive() throws {
        var world = try World(
            spec: World.spec(
                replicas: 2,
                blueGreen: [
                    "activeService": "web-active", "scaleDownDelayRevisionLimit": 0, "scaleDownDelaySeconds": 60,
                    "postPromotionAnalysis": ["templates": [["templateName": "post"]]],
                ]))
        try world.run()
        try world.setImage("web:2")
        try world.run()
        let second = world.status.currentPodHash
        #expect(world.services["web-active"]?.hash == second && world.status.stableRS != second)
        world.brokenImages = ["web:3"]
        try world.setImage("web:3")
        try world.run()
        try world.abort()
        try world.reconcile()
        #expect(world.services["web-active"]?.hash == world.status.stableRS && world.set(hash: second)?.replicas == 2)
        try world.run()
        #expect(world.set(hash: second)?.replicas == 0)
    }

    // MARK: Ping and pong

    static func pingPong(_ steps: JSON, dynamic: Bool = false) throws -> World {
        let canary: JSON = [
            "steps": steps, "trafficRouting": ["istio": ["virtualService": ["name": "web"]]],
            "pingPong": ["pingService": "ping", "pongService": "pong"], "dynamicStableScale": .bool(dynamic),
        ]
        return try DeviationWorld.updated(World.spec(replicas: 4, canary: canary))
    }

    @Test("pods stay while ping or pong still brings them traffic, whatever revision that is recorded for")
    func servedByPong() throws {
        var world = try Self.pingPong([["setWeight": 50], ["pause": [:]]])
        let second = try #require(world.current)
        try world.setImage("web:3")
        try world.settle()
        let third = try #require(world.current)
        #expect(world.traffic?.canaryWeight == 0)
        // Routers know the third revision with the weight of the second one, whose pods pong still selects.
        world.services["pong"]?.selector[Keys.podTemplateHash] = second.hash
        let destination: JSON = ["podTemplateHash": .string(third.hash), "serviceName": "pong", "weight": 50]
        try world.edit([
            "status": [
                "currentStepIndex": 1, "canary": ["weights": ["canary": destination, "stable": ["weight": 50]]],
            ]
        ])
        world.traffic?.canaryWeight = 50
        world.sets[third.name]?.currentReplicas = 2
        world.sets[third.name]?.availableReplicas = 1
        world.now = world.now + .seconds(3_600)
        try world.settle()
        #expect(world.weight(of: second.hash) == 50 && world.set(hash: second.hash)?.replicas == 2)
        try world.run()
        #expect(world.weight(of: third.hash) == 50)
    }

    @Test("what routers still bring to pods of which nothing is recorded keeps them")
    func unrecordedTraffic() throws {
        var world = try Self.pingPong([["setWeight": 50], ["pause": [:]]], dynamic: true)
        let (stable, second) = (world.status.stableRS, world.status.currentPodHash)
        #expect(world.weight(of: second) == 50 && world.current?.replicas == 2)
        world.brokenImages = ["web:1"]
        let none: JSON = ["podTemplateHash": .string(stable), "serviceName": "pong", "weight": 0]
        try world.edit(["status": ["canary": ["weights": ["canary": none, "stable": ["weight": 100]]]]])
        try world.setImage("web:1")
        try world.run()
        #expect(world.weight(of: second) == 50 && world.set(hash: second)?.replicas == 2)
        world.brokenImages = []
        try world.run()
        #expect(world.weight(of: stable) == 100 && world.set(hash: second)?.replicas == 0)
    }

    @Test("a Service that selects no pods keeps no weight for a revision that cannot take it over yet")
    func deadPong() throws {
        var world = try Self.pingPong([["setWeight": 50], ["pause": [:]]])
        let second = try #require(world.current)
        try world.edit(["metadata": ["annotations": ["sluice.dev/on-new-revision": "hotfix"]]])
        try world.setImage("web:3")
        // The pods of the third revision are there, those of the second are gone, and no status tells of either.
        let before = world.rollout["status"] ?? .emptyObject
        try world.reconcile()
        world.stepPods()
        let third = try #require(world.current)
        world.sets[third.name]?.currentReplicas = 4
        world.sets[third.name]?.availableReplicas = 4
        world.sets[second.name]?.replicas = 0
        world.sets[second.name]?.availableReplicas = 0
        try world.edit(["status": .null])
        try world.edit(["status": before])
        try world.reconcile()
        #expect(world.services["pong"]?.hash == second.hash && world.traffic?.canaryWeight == 0)
        try world.run()
        #expect(world.status.stableRS == third.hash && world.weight(of: third.hash) == 100)
    }

    @Test("no weight is given to a Service that selects another revision")
    func hotfix() throws {
        var world = try Self.pingPong([["setCanaryScale": ["weight": 50]], ["pause": [:]]], dynamic: true)
        let second = world.status.currentPodHash
        try world.setImage("web:3")
        try world.run()
        let third = world.status.currentPodHash
        #expect(world.services["pong"]?.hash == third && world.current?.availableReplicas == 2)
        // Those of the second revision have not gone yet.
        let name = try #require(world.set(hash: second)?.name)
        world.sets[name]?.replicas = 2
        world.sets[name]?.currentReplicas = 2
        world.sets[name]?.availableReplicas = 2
        try world.edit(["metadata": ["annotations": ["sluice.dev/on-new-revision": "hotfix"]]])
        try world.setImage("web:2")
        try world.reconcile()
        #expect(world.status.currentPodHash == second && world.status.promoteFull && world.weight(of: third) == 0)
        try world.run()
        #expect(world.status.stableRS == second && world.status.phase == "Healthy")
    }

    @Test("routers that hold something else than what is recorded are set right before pods go, and that is possible")
    func setsRight() throws {
        let steps: JSON = [
            ["setCanaryScale": ["weight": 50]], ["setCanaryScale": ["matchTrafficWeight": true]], ["setWeight": 25],
            ["pause": [:]],
        ]
        var world = try DeviationWorld.routed(steps: steps, ["dynamicStableScale": true])
        let (stable, canary) = (try #require(world.stable), try #require(world.current))
        try world.edit([
            "status": [
                "currentStepIndex": 0, "pauseConditions": .null, "controllerPause": .null,
                "canary": ["weights": ["canary": ["weight": 50], "stable": ["weight": 50]]],
            ]
        ])
        world.traffic?.canaryWeight = 0
        for (name, count) in [(stable.name, 3), (canary.name, 4)] {
            world.sets[name]?.replicas = count
            world.sets[name]?.currentReplicas = count
            world.sets[name]?.availableReplicas = count
        }
        try world.reconcile()
        #expect(world.set(hash: canary.hash)?.replicas == 4 && world.set(hash: stable.hash)?.replicas == 4)
        try world.run()
        #expect(world.status.phase == "Paused" && world.traffic?.canaryWeight == 25)
        #expect(world.set(hash: canary.hash)?.replicas == 1 && world.set(hash: stable.hash)?.replicas == 3)
    }

    @Test("stable takes back what it can from a canary without pods")
    func deadCanary() throws {
        var world = try CanaryExtrasTests.dynamic(4, [25, 75])
        #expect(world.traffic?.canaryWeight == 75 && world.stable?.replicas == 1)
        let stable = try #require(world.stable?.name)
        world.brokenImages = ["web:2"]
        world.breakPods(of: world.status.currentPodHash, leaving: 0)
        try world.abort()
        try world.settle()
        // The fourth pod finds no node.
        world.sets[stable]?.currentReplicas = 4
        world.sets[stable]?.availableReplicas = 3
        try world.settle()
        #expect(world.traffic?.canaryWeight == 25)
        #expect(world.status.message.contains("the canary keeps weight 25"))
        #expect(world.look().decision.waiting?.reason == .stableCapacity)
    }

    @Test("an abort says that the canary still has traffic, as long as it does")
    func abortGate() throws {
        var world = try DeviationWorld.routed(replicas: 10)
        world.brokenImages = ["web:1"]
        world.breakPods(of: world.status.stableRS, leaving: 9)
        try world.abort()
        try world.run()
        #expect(world.traffic?.canaryWeight == 50 && world.status.message.contains("the canary keeps weight 50"))
        #expect(world.look().decision.waiting?.reason == .stableCapacity)
        try world.run()
        #expect(world.status.message.ranges(of: "keeps weight").count == 1)
        world.brokenImages = []
        try world.run()
        #expect(world.traffic?.canaryWeight == 0 && !world.status.message.contains("keeps weight"))
        #expect(world.look().decision.waiting?.reason == .aborted)
    }

    @Test("pods of which a late status does not tell are no broken first revision")
    func lateStatus() throws {
        var world = try World(spec: World.spec(replicas: 5, blueGreen: BlueGreenTests.plain))
        try world.settle()
        let first = try #require(world.current?.name)
        // All are there, and neither the ReplicaSet's status nor that of the Rollout tells so.
        let (uid, now) = (world.sets[first]?.uid ?? "", world.now)
        world.pods = (0..<5).map {
            PodFact(name: "\(first)-\($0)", uid: "\($0)", ownerUID: uid, creationTimestamp: now, readySince: now)
        }
        try world.setImage("web:2")
        try world.settle()
        #expect(world.sets[first]?.replicas == 5 && world.status.stableRS == world.sets[first]?.hash)
    }

    @Test("D9: old pods of a dynamic canary that another replaces stay for the delay")
    func dynamicIntermediate() throws {
        var world = try CanaryExtrasTests.dynamic(4, [50])
        let second = try #require(world.current?.name)
        try world.setImage("web:3")
        try world.run()
        #expect(world.sets[second]?.scaleDownDeadline != nil && world.sets[second]?.replicas ?? 0 > 0)
        try world.pass(31)
        #expect(world.sets[second]?.replicas == 0)
    }

    @Test("the promise of a deadline holds until the pods that it kept are gone")
    func deadlineOfOldPods() throws {
        var spec = RoutedCanaryTests.spec(replicas: 1, steps: [["setWeight": 50]], more: ["scaleDownDelaySeconds": 14])
        spec["progressDeadlineSeconds"] = 8
        var world = try DeviationWorld.updated(spec)
        #expect(world.status.phase == "Healthy")
        world.now = world.now + .seconds(20)
        try world.settle()
        #expect(world.sets.values.contains { $0.replicas == 0 && $0.currentReplicas == 1 })
        #expect(world.status.phase == "Healthy")
        try world.run()
        #expect(world.status.phase == "Healthy" && !world.events.contains { $0.reason == "ProgressDeadlineExceeded" })
    }

    private static func pingPong(
        _ replicas: Int, _ steps: JSON, _ more: [String: JSON] = [:], routing: [String: JSON] = [:]
    ) throws -> World {
        var canary: [String: JSON] = [
            "steps": steps, "pingPong": ["pingService": "ping", "pongService": "pong"],
            "trafficRouting": .object(routing.merging(["istio": ["virtualService": ["name": "web"]]]) { $1 }),
        ]
        canary.merge(more) { $1 }
        return try DeviationWorld.updated(World.spec(replicas: replicas, canary: .object(canary)))
    }

    @Test("routes wait until ping or pong brings them to the new revision")
    func routesOfPong() throws {
        let header: JSON = ["name": "b", "match": [["headerName": "x", "headerValue": ["exact": "1"]]]]
        var world = try Self.pingPong(
            4, [["setCanaryScale": ["weight": 50]], ["setHeaderRoute": header], ["pause": [:]]],
            routing: ["managedRoutes": [["name": "b"]]])
        let second = world.status.currentPodHash
        #expect(world.services["pong"]?.hash == second && world.traffic?.routes.count == 1)
        // All of the next decision happens but for what is written of it.
        try world.setImage("web:3")
        var version = world.rollout.resourceVersion
        for effect in world.look().decision.effects {
            switch effect {
            case .patchStatus, .patchRollout: continue
            default: try world.perform(effect, seenVersion: &version)
            }
        }
        world.stepPods()
        #expect(world.services["pong"]?.hash == second)
        for case .setTraffic(let request) in world.look().decision.effects { #expect(request.routes.isEmpty) }
        try world.run()
        #expect(world.services["pong"]?.hash == world.status.currentPodHash && world.traffic?.routes.count == 1)
    }

    @Test("pong does not go to pods that are yet to come while routers send it what no status tells of")
    func unknownWeight() throws {
        var world = try Self.pingPong(4, [["setWeight": 25], ["pause": [:]]], ["dynamicStableScale": true])
        let second = world.status.currentPodHash
        #expect(world.traffic?.canaryWeight == 25)
        try world.edit([
            "status": ["canary": ["weights": ["canary": ["weight": 0], "stable": ["weight": 100]]]]
        ])
        world.brokenImages = ["web:1", "web:3"]
        world.breakPods(of: world.status.stableRS, leaving: 3)
        try world.setImage("web:3")
        for _ in 0..<4 {
            try world.reconcile()
            #expect(world.traffic?.canaryWeight == 25 && world.services["pong"]?.hash == second)
        }
        world.brokenImages = []
        try world.run()
        #expect(world.services["pong"]?.hash == world.status.currentPodHash && world.status.phase == "Paused")
    }
}
