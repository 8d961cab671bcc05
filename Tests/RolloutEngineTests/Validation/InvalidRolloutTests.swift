import Manifest
import Testing

@testable import RolloutEngine

@Suite("An invalid Rollout") struct InvalidRolloutTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var strategy: JSON
    }

    static let strategies = [
        Row(testDescription: "canary", strategy: ["canary": ["steps": [["setWeight": 50], ["pause": [:]]]]]),
        Row(
            testDescription: "routed canary",
            strategy: [
                "canary": [
                    "stableService": "web-stable", "canaryService": "web-canary",
                    "trafficRouting": ["nginx": ["stableIngress": "web"]],
                    "steps": [["setWeight": 50], ["pause": [:]]],
                ]
            ]),
        Row(
            testDescription: "blue-green",
            strategy: [
                "blueGreen": ["activeService": "active", "previewService": "preview", "autoPromotionEnabled": false]
            ]),
    ]

    /// A Rollout in the middle of its first update.
    static func updating(_ row: Row) throws -> World {
        var world = try World(spec: World.spec(replicas: 4, strategy: row.strategy))
        try world.run()
        try world.setImage("web:2")
        try world.run()
        #expect(world.status.phase == "Paused" && !world.status.isFullyPromoted)
        return world
    }

    @Test("D17: keeps its traffic, can be aborted, and looks again every 20 s", arguments: strategies)
    func d17(_ row: Row) throws {
        var world = try Self.updating(row)
        let first = world.status.stableRS
        let (services, weights, sizes) = (world.services, world.traffic, world.sets.mapValues(\.replicas))
        // The rule that is broken is the strategy's own in each of them.
        try world.edit(
            row.testDescription == "blue-green"
                ? ["spec": ["strategy": ["blueGreen": ["scaleDownDelayRevisionLimit": 99]]]]
                : ["spec": ["strategy": ["canary": ["maxSurge": "many"]]]])
        let decision = try world.reconcile()
        #expect(decision.waiting?.reason == .invalidSpec && decision.requeueAfter == .seconds(20))
        #expect(world.status.phase == "Degraded" && world.status.message.hasPrefix("InvalidSpec: "))
        try world.run()
        #expect(world.services == services && world.traffic == weights)
        #expect(world.sets.mapValues(\.replicas) == sizes)

        try world.edit(["status": ["abort": true]])
        try world.run()
        #expect(
            world.status.condition(.invalidSpec) != nil
                && world.status.condition(.progressing)?.reason == "RolloutAborted")
        #expect(try world.reconcile().requeueAfter.map { $0 <= .seconds(20) } ?? false)
        world.now = world.now + .seconds(31)
        try world.run()
        #expect(world.set(hash: first)?.availableReplicas == 4)
        #expect(world.set(hash: world.status.currentPodHash)?.replicas == 0)
        if weights != nil { #expect(world.weight(of: first) == 100) }
        if row.testDescription == "blue-green" { #expect(world.services["active"]?.hash == first) }
    }

    @Test("D17: the deadline does not run meanwhile, and starts over once the spec is mended", arguments: strategies)
    func deadline(_ row: Row) throws {
        var world = try Self.updating(row)
        // Something that the deadline counts for: pods that do not come.
        world.brokenImages = ["web:3"]
        try world.edit(["spec": ["progressDeadlineSeconds": 60, "progressDeadlineAbort": true]])
        try world.setImage("web:3")
        try world.run()
        try world.edit(["spec": ["revisionHistoryLimit": -1]])
        for _ in 0..<10 {
            world.now = world.now + .seconds(60)
            try world.settle()
            #expect(world.status.condition(.invalidSpec) != nil)
            #expect(world.status.condition(.progressing)?.reason != "ProgressDeadlineExceeded" && !world.status.abort)
        }
        try world.edit(["spec": ["revisionHistoryLimit": 3]])
        try world.settle()
        #expect(world.status.condition(.invalidSpec) == nil && !world.status.abort)
        world.now = world.now + .seconds(59)
        try world.settle()
        #expect(!world.status.abort, "a minute of its own")
        world.now = world.now + .seconds(5)
        try world.settle()
        #expect(world.status.abort, "and no more")
    }

    struct Edit: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Index into ``strategies``.
        var row: Int
        var strategy: JSON
    }

    static let edits = [
        Edit(testDescription: "a canary without a strategy", row: 0, strategy: ["canary": .null]),
        Edit(
            testDescription: "a canary that is blue-green too", row: 0, strategy: ["blueGreen": ["activeService": "a"]]),
        Edit(
            testDescription: "a router that is not supported", row: 1,
            strategy: [
                "canary": ["trafficRouting": ["nginx": .null, "plugins": ["shop/router": [:]]]]
            ]),
        Edit(
            testDescription: "a router taken away", row: 1,
            strategy: ["canary": ["trafficRouting": .null, "scaleDownDelaySeconds": 5]]),
        Edit(
            testDescription: "Services that do not exist", row: 1,
            strategy: ["canary": ["canaryService": "nowhere", "stableService": "elsewhere"]]),
        Edit(
            testDescription: "a canary made blue-green", row: 1,
            strategy: ["canary": .null, "blueGreen": ["activeService": "nowhere"]]),
        Edit(
            testDescription: "an active Service that does not exist", row: 2,
            strategy: ["blueGreen": ["activeService": "nowhere"]]),
        Edit(
            testDescription: "blue-green made a canary", row: 2,
            strategy: ["blueGreen": .null, "canary": ["steps": [["setWeight": 500]]]]),
    ]

    @Test("D17: an abort takes the last valid strategy, and the Rollout goes on once it is mended", arguments: edits)
    func lastValid(_ edit: Edit) throws {
        let row = Self.strategies[edit.row]
        var world = try Self.updating(row)
        let (first, second) = (world.status.stableRS, world.status.currentPodHash)
        let strategy = try #require(world.rollout.at("spec", "strategy"))
        try world.edit(["spec": ["strategy": edit.strategy]])
        try world.run()
        #expect(world.status.condition(.invalidSpec) != nil && world.set(hash: second)?.availableReplicas ?? 0 > 0)
        try world.abort()
        try world.run()
        #expect(world.status.condition(.progressing)?.reason == "RolloutAborted")
        #expect(world.status.condition(.invalidSpec) != nil && world.status.observedGeneration == "3")
        switch edit.row {
        case 1:
            #expect(world.traffic?.canaryWeight == 0 && world.weight(of: first) == 100)
            #expect(world.set(hash: second)?.replicas == 2, "kept until its deadline")
        case 2: #expect(world.services["active"]?.hash == first)
        default: #expect(world.set(hash: second)?.replicas == 0)
        }
        try world.pass(31)
        #expect(world.set(hash: second)?.replicas == 0 && world.set(hash: first)?.availableReplicas == 4)

        // A merge patch that names every member anew.
        try world.edit(["spec": ["strategy": .null]])
        try world.edit(["spec": ["strategy": strategy]])
        try world.run()
        #expect(world.status.condition(.invalidSpec) == nil)
        #expect(world.status.abort && world.status.message.hasPrefix("RolloutAborted: "))
        try world.edit(["status": ["abort": false]])
        try world.run()
        #expect(world.status.phase == "Paused" && world.status.currentPodHash == second)
        if edit.row == 1 { #expect(world.traffic?.canaryWeight == 50) }
        try world.resume()
        try world.run()
        #expect(world.status.phase == "Healthy" && world.status.stableRS == second)
    }

    @Test("without a note an abort waits where the strategy can no longer move the traffic", arguments: strategies)
    func stranded(_ row: Row) throws {
        guard row.testDescription != "canary" else { return }
        var world = try Self.updating(row)
        // As another controller would have left it.
        for name in world.sets.keys { world.sets[name]?.annotations[Keys.lastValidStrategy] = nil }
        let (services, weights, sizes) = (world.services, world.traffic, world.sets.mapValues(\.replicas))
        try world.edit(
            ["spec": ["strategy": Self.edits[row.testDescription == "blue-green" ? 6 : 2].strategy]])
        try world.edit(["status": ["abort": true]])
        try world.run()
        world.now = world.now + .seconds(100)
        try world.run()
        #expect(world.services == services && world.traffic == weights && world.sets.mapValues(\.replicas) == sizes)
        #expect(world.status.condition(.invalidSpec) != nil)
    }

    @Test("the note comes with the update's ReplicaSet, follows an edit, and costs no write of its own")
    func note() throws {
        var world = try World(spec: World.spec(replicas: 4, strategy: Self.strategies[1].strategy))
        try world.run()
        let note = { (world: World) in world.current?.annotations[Keys.lastValidStrategy] }
        #expect(note(world) == nil, "a first revision has nothing to go back to")
        try world.setImage("web:2")
        let created = try world.reconcile()
        #expect(
            note(world)
                == #"{"canary":{"canaryService":"web-canary","stableService":"web-stable","steps":[{"setWeight":50},{}],"trafficRouting":{"nginx":{"stableIngress":"web"}}}}"#
        )
        #expect(
            created.effects.contains { if case .createReplicaSet = $0 { true } else { false } },
            "it is in what is created")
        try world.run()
        try world.edit(["spec": ["strategy": ["canary": ["abortScaleDownDelaySeconds": 7]]]])
        try world.reconcile()
        #expect(note(world)?.contains(#""abortScaleDownDelaySeconds":7"#) ?? false)
        try world.edit(["spec": ["strategy": ["canary": ["abortScaleDownDelaySeconds": -5, "maxSurge": "many"]]]])
        try world.run()
        #expect(note(world)?.contains(#""abortScaleDownDelaySeconds":7"#) ?? false, "an invalid one is not noted")
        try world.edit(["spec": ["strategy": ["canary": ["abortScaleDownDelaySeconds": 7, "maxSurge": .null]]]])
        try world.resume()
        try world.run()
        #expect(world.status.phase == "Healthy" && note(world) != nil, "nothing else of it changed")
        // One that another controller began is not written to for this alone.
        try world.setImage("web:3")
        try world.run()
        let name = try #require(world.current?.name)
        world.sets[name]?.annotations[Keys.lastValidStrategy] = nil
        #expect(try world.reconcile().effects.isEmpty)
    }

    @Test("a note that is no strategy is no strategy")
    func brokenNote() throws {
        for text in ["", "{", "[]", "{}", #"{"canary":{},"blueGreen":{}}"#, #"{"canary":{"steps":7}}"#] {
            var world = try Self.updating(Self.strategies[1])
            for name in world.sets.keys { world.sets[name]?.annotations[Keys.lastValidStrategy] = text }
            try world.edit(["spec": ["strategy": Self.edits[2].strategy]])
            try world.abort()
            try world.run()
            #expect(world.traffic?.canaryWeight == 50 && world.status.condition(.invalidSpec) != nil)
        }
    }

    @Test("amounts that are no quantities are left out with a warning, as Argo Rollouts leaves them out")
    func unreadable() throws {
        func rollout(_ podSpec: JSON) throws -> Rollout {
            var spec = World.spec(replicas: 1, canary: [:])
            spec.set(podSpec, at: "template", "spec")
            return try Rollout(["metadata": ["name": "web", "namespace": "shop"], "spec": spec])
        }
        let bad: JSON = [
            "name": "web", "image": "web:1", "resources": ["requests": ["memory": "invalid", "cpu": "5m"]],
        ]
        let good: JSON = ["name": "web", "image": "web:1", "resources": ["requests": ["cpu": "5m"]]]
        let plain = try rollout(["containers": [good]])
        #expect(plain.leftOut.isEmpty)
        let seen = try rollout(["containers": [bad]])
        #expect(seen.problems.isEmpty)
        let path = "spec.template.spec.containers[0].resources.requests.memory"
        let warning = try #require(seen.leftOut.first)
        #expect(warning.path == path && warning.message.hasPrefix(#""invalid" is no quantity"#))
        #expect(seen.spec.template?.digest == plain.spec.template?.digest)
        let debugged = try rollout(["containers": [bad], "ephemeralContainers": [bad]])
        #expect(debugged.leftOut.count == 2)
        #expect(debugged.spec.template?.digest == plain.spec.template?.digest)
        let attached = try rollout(["containers": [good], "ephemeralContainers": [good]])
        #expect(!attached.problems.isEmpty, "one that can be read is refused still")
        let other = try rollout(["containers": [bad], "restartPolicy": "Never"])
        #expect(other.problems.count == 1 && other.leftOut.count == 1)
    }

    @Test("what an Application syncs keeps its amounts, and is told of them once for each generation")
    func unreadableInGit() throws {
        var spec = World.spec(replicas: 1, canary: [:])
        spec.set(
            [["name": "web", "image": "web:1", "resources": ["requests": ["memory": "invalid"]]]], at: "template",
            "spec",
            "containers")
        var world = try World(spec: spec)
        try world.edit(["metadata": ["annotations": [Keys.trackingID: "shop:argoproj.io/Rollout:default/web"]]])
        try world.run()
        #expect(world.status.phase == "Healthy" && world.sets.count == 1)
        #expect(world.rollout.description.contains("invalid"))
        #expect(world.events.count { $0.reason == "RolloutSpecWarning" } == 1)
    }

    @Test("what was left out is taken out of the object, before anything else is written")
    func unreadableIsRemoved() throws {
        var spec = World.spec(replicas: 1, canary: [:])
        spec.set(
            [
                "containers": [
                    [
                        "name": "web", "image": "web:1",
                        "resources": [
                            "limits": ["example.org/a~b": "x", "example.org/c": 1], "requests": ["cpu": "5m"],
                        ],
                    ]
                ], "ephemeralContainers": [["name": "d", "resources": ["requests": ["memory": "invalid"]]]],
            ], at: "template", "spec")
        var world = try World(spec: spec)
        let first = try world.reconcile()
        #expect(
            first.effects == [
                .removeFromRollout([
                    "/spec/template/spec/containers/0/resources/limits/example.org~1a~0b",
                    "/spec/template/spec/ephemeralContainers",
                ])
            ])
        #expect(first.events.map(\.reason) == ["RolloutSpecWarning"])
        #expect(world.rollout.at("spec", "template", "spec", "ephemeralContainers") == nil)
        try world.run()
        #expect(world.status.phase == "Healthy" && world.typed.leftOut.isEmpty && world.sets.count == 1)
        #expect(!world.events.dropFirst().map(\.reason).contains("RolloutSpecWarning"), "told once")
    }

    @Test("without its workload a new one has the condition InvalidSpec and no other, and looks again after 20 s")
    func missingWorkload() throws {
        var spec = World.spec(replicas: 2, canary: [:])
        spec["template"] = nil
        spec["selector"] = nil
        spec["workloadRef"] = ValidationTests.reference
        var world = try World(spec: spec)
        let decision = try world.reconcile()
        #expect(decision.requeueAfter == .seconds(20))
        #expect(decision.problems.map(\.path) == ["spec.workloadRef"])
        #expect(world.status.conditions.map(\.type) == ["InvalidSpec"])
        #expect(
            world.status.message
                == "InvalidSpec: The Rollout \"web\" is invalid: spec.workloadRef: Not found: workload cannot be used: Deployment \"w\" does not exist in namespace \"shop\"; create it or correct the name"
        )
        #expect(world.sets.isEmpty)

        let template: JSON = [
            "metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "web", "image": "web:1"]]],
        ]
        var reader = JSONReader(template.serialized())
        world.workload = WorkloadFact(
            template: try PodTemplate(&reader), selector: LabelSelector(matchLabels: ["app": "api"]), generation: 1)
        #expect(try world.reconcile().problems.map(\.path) == ["spec.template.metadata.labels"])
        world.workload?.selector = nil
        #expect(try world.reconcile().problems.map(\.path) == ["spec.selector"])
        world.workload?.selector = LabelSelector(matchLabels: ["app": "web"])
        try world.run()
        #expect(world.status.phase == "Healthy" && world.status.condition(.invalidSpec) == nil)

        // It goes in mid-life: the pods stay.
        world.workload = nil
        try world.run()
        #expect(world.status.phase == "Degraded" && world.sets.values.map(\.replicas) == [2])
    }

    @Test("a template beside workloadRef is refused also when the workload is there")
    func twoTemplates() throws {
        var spec = World.spec(replicas: 2, canary: [:])
        spec["workloadRef"] = ValidationTests.reference
        var world = try World(spec: spec)
        world.workload = WorkloadFact(
            template: try #require(world.typed.spec.template), selector: LabelSelector(matchLabels: ["app": "web"]),
            generation: 1)
        try world.reconcile()
        #expect(world.status.message.contains("template must be empty for workload reference rollout"))
    }

    @Test("an invalid spec degrades with its reason, and is mended without a trace")
    func invalidSpec() throws {
        var world = try World(spec: World.spec(replicas: 2, canary: ["steps": [["setWeight": 50], ["pause": [:]]]]))
        try world.run()
        try world.edit(["spec": ["minReadySeconds": 600]])
        let decision = try world.reconcile()
        #expect(decision.waiting?.reason == .invalidSpec && decision.requeueAfter == .seconds(20))
        #expect(world.status.phase == "Degraded" && world.status.message.hasPrefix("InvalidSpec: "))
        #expect(try world.reconcile().effects.isEmpty)
        try world.edit(["spec": ["minReadySeconds": 0]])
        try world.run()
        #expect(world.status.phase == "Healthy" && world.status.condition(.invalidSpec) == nil)
    }

    @Test("an abort is carried out even while the spec is invalid")
    func abortWhileInvalid() throws {
        var world = try RoutedCanaryTests.updated(RoutedCanaryTests.spec(steps: [["setWeight": 50], ["pause": [:]]]))
        let first = world.status.stableRS
        try world.edit(["spec": ["minReadySeconds": 600]])
        try world.run()
        #expect(world.traffic?.canaryWeight == 50)
        try world.edit(["status": ["abort": true]])
        try world.run()
        #expect(world.traffic?.canaryWeight == 0 && world.weight(of: first) == 100)
        #expect(world.status.message == "RolloutAborted: Rollout aborted update to revision 2")
        #expect(world.status.condition(.invalidSpec) != nil)
    }

    @Test("warnings make one Event for each generation, and the Rollout goes on")
    func warnings() throws {
        var world = try World(
            spec: World.spec(
                replicas: 2, blueGreen: ["activeService": "a", "scaleDownDelaySeconds": -5, "autoPromotionSeconds": -1])
        )
        try world.run()
        let count = { (world: World) in world.events.filter { $0.reason == "RolloutSpecWarning" }.count }
        #expect(world.status.phase == "Healthy" && count(world) == 1)
        let event = try #require(world.events.first { $0.reason == "RolloutSpecWarning" })
        #expect(event.isWarning && event.message.contains("spec.strategy.blueGreen.scaleDownDelaySeconds: "))
        #expect(event.message.contains("autoPromotionSeconds"))
        try world.run()
        #expect(count(world) == 1)
        try world.setImage("web:2")
        try world.run()
        #expect(count(world) == 2)
        try world.edit(["spec": ["strategy": ["blueGreen": ["scaleDownDelaySeconds": 5, "autoPromotionSeconds": 0]]]])
        try world.run()
        #expect(count(world) == 2)
    }
}
