import Manifest
import Testing

@testable import RolloutEngine

@Suite("Canary beyond weights") struct CanaryExtrasTests {
    // MARK: Dynamic stable scale

    static func dynamic(_ replicas: Int, _ weights: [Int], more: [String: JSON] = [:]) throws -> World {
        var steps: [JSON] = weights.map { ["setWeight": JSON($0)] }
        steps.append(["pause": [:]])
        var options = more
        options["dynamicStableScale"] = true
        return try RoutedCanaryTests.updated(
            RoutedCanaryTests.spec(replicas: replicas, steps: .array(steps), more: options))
    }

    /// `canary available/stable available/weight` after each settled look.
    static func drain(_ world: inout World) throws -> [String] {
        let (stable, canary) = (world.status.stableRS, world.status.currentPodHash)
        var lines: [String] = []
        for _ in 0..<12 {
            try world.settle()
            world.stepPods()
            let line =
                "\(world.set(hash: canary)?.availableReplicas ?? 0)/\(world.set(hash: stable)?.availableReplicas ?? 0)"
                + "/\(world.traffic?.canaryWeight ?? 0)"
            if line != lines.last { lines.append(line) }
        }
        return lines
    }

    @Test("E1: an abort gives traffic back in the steps that stable's new pods allow")
    func e1() throws {
        var world = try Self.dynamic(4, [25, 75])
        let (stable, canary) = (world.status.stableRS, world.status.currentPodHash)
        #expect(world.set(hash: canary)?.replicas == 3 && world.set(hash: stable)?.replicas == 1)
        #expect(world.traffic?.canaryWeight == 75)
        try world.edit(["status": ["abort": true]])
        let lines = try Self.drain(&world)
        #expect(lines == ["3/3/75", "1/3/25", "1/4/25", "0/4/0"])
        #expect(world.services["web-canary"]?.hash == stable)
    }

    @Test("E2: with an explicit delay the canary keeps its pods until the deadline")
    func e2() throws {
        var world = try Self.dynamic(4, [25, 75], more: ["abortScaleDownDelaySeconds": 60])
        let canary = world.status.currentPodHash
        try world.edit(["status": ["abort": true]])
        let lines = try Self.drain(&world)
        #expect(lines == ["3/3/75", "3/4/25", "3/4/0"])
        #expect(world.set(hash: canary)?.scaleDownDeadline != nil)
        world.now = world.now + .seconds(61)
        try world.run()
        #expect(world.set(hash: canary)?.replicas == 0)
    }

    @Test("E3: three steps back from 80 percent")
    func e3() throws {
        var world = try Self.dynamic(10, [20, 50, 80])
        try world.edit(["status": ["abort": true]])
        let lines = try Self.drain(&world)
        #expect(lines == ["8/5/80", "5/5/50", "5/8/50", "2/8/20", "2/10/20", "0/10/0"])
    }

    @Test("D20: a canary at its least size still ends at weight 0")
    func d20() throws {
        var world = try Self.dynamic(10, [20, 80], more: ["minPodsPerReplicaSet": 3])
        try world.edit(["status": ["abort": true]])
        try world.run()
        #expect(world.traffic?.canaryWeight == 0)
        #expect(world.set(hash: world.status.currentPodHash)?.replicas == 0)
    }

    @Test("D22: a drained canary is not scaled up again when stable loses pods or grows")
    func d22() throws {
        var world = try Self.dynamic(4, [25, 75])
        try world.edit(["status": ["abort": true]])
        try world.run()
        let (stable, canary) = (world.status.stableRS, world.status.currentPodHash)
        let name = try #require(world.set(hash: stable)?.name)
        world.sets[name]?.availableReplicas = 1
        try world.settle()
        #expect(world.set(hash: canary)?.replicas == 0 && world.traffic?.canaryWeight == 0)
        try world.edit(["spec": ["replicas": 8]])
        try world.settle()
        #expect(world.set(hash: canary)?.replicas == 0)
        try world.run()
        #expect(world.set(hash: stable)?.availableReplicas == 8 && world.set(hash: canary)?.replicas == 0)
    }

    @Test("D34: a fixed canary size lets stable follow its traffic; strictly, it keeps stable whole")
    func d34() throws {
        let steps: JSON = [["setWeight": 50], ["setCanaryScale": ["replicas": 7]], ["pause": [:]]]
        let spec = RoutedCanaryTests.spec(steps: steps, more: ["dynamicStableScale": true])
        var world = try RoutedCanaryTests.updated(spec)
        #expect(world.set(hash: world.status.currentPodHash)?.replicas == 7)
        #expect(world.set(hash: world.status.stableRS)?.replicas == 5)
        world.isStrict = true
        try world.edit(["spec": ["replicas": 10]])
        try world.run()
        #expect(world.set(hash: world.status.stableRS)?.replicas == 10)
    }

    @Test("the stable template applied again grows stable first, and traffic follows")
    func dynamicRollback() throws {
        var world = try Self.dynamic(4, [25, 75])
        let (stable, canary) = (world.status.stableRS, world.status.currentPodHash)
        try world.setImage("web:1")
        try world.settle()
        #expect(world.traffic?.canaryWeight == 75 && world.traffic?.canaryHash == canary)
        #expect(world.set(hash: stable)?.replicas == 4 && world.set(hash: canary)?.replicas == 3)
        try world.run()
        #expect(world.traffic?.canaryWeight == 0 && world.set(hash: canary)?.replicas == 0)
        #expect(world.status.phase == "Healthy")
    }

    // MARK: Ping and pong

    @Test("ping and pong take turns at being stable")
    func pingPong() throws {
        var canary: JSON = [
            "trafficRouting": ["istio": ["virtualService": ["name": "web"]]],
            "pingPong": ["pingService": "ping", "pongService": "pong"],
        ]
        canary["steps"] = [["setWeight": 50], ["pause": [:]]]
        var world = try World(spec: World.spec(replicas: 2, canary: canary))
        try world.run()
        #expect(world.status.phase == "Healthy" && world.status.stablePingPong == "ping")
        #expect(world.services["ping"]?.hash == world.status.stableRS)
        for (image, canaryService) in [("web:2", "pong"), ("web:3", "ping")] {
            let stable = world.status.stableRS
            try world.setImage(image)
            try world.run()
            #expect(world.services[canaryService]?.hash == world.status.currentPodHash)
            #expect(world.traffic?.canaryService == canaryService && world.traffic?.canaryWeight == 50)
            #expect(world.status.stableRS == stable)
            try world.edit(["status": ["pauseConditions": .null]])
            try world.run()
            #expect(world.status.stablePingPong == canaryService && world.traffic?.stableService == canaryService)
            #expect(world.traffic?.canaryWeight == 0 && world.status.phase == "Healthy")
        }
    }

    // MARK: Rollback window

    struct WindowRow: Sendable, CustomTestStringConvertible {
        var testDescription: String { "back to \(revision) with \(window)" }
        var revision: Int
        var window: Int
        var isIn: Bool
    }

    static let windowRows = [
        (4, [true, true, true, true]), (3, [false, true, true, true]),
        (2, [false, false, true, true]), (1, [false, false, false, true]),
    ]
    .flatMap { revision, isIn in
        isIn.enumerated().map { WindowRow(revision: revision, window: $0.offset + 1, isIn: $0.element) }
    }

    @Test("five revisions, stable the fifth", arguments: windowRows)
    func window(_ row: WindowRow) throws {
        var spec = World.spec(replicas: 1, canary: ["steps": [["setWeight": 50], ["pause": [:]]]])
        spec["rollbackWindow"] = ["revisions": JSON(row.window)]
        var world = try World(spec: spec)
        try world.run()
        for revision in 2...5 {
            // All within one second: the first revision number tells their order.
            try world.setImage("web:\(revision)")
            try world.settle()
            try world.edit(["status": ["promoteFull": true]])
            try world.run()
        }
        #expect(world.sets.count == 5 && world.status.phase == "Healthy")
        try world.setImage("web:\(row.revision)")
        try world.run()
        #expect(world.status.phase == (row.isIn ? "Healthy" : "Paused"))
        #expect(world.status.stableRS == world.status.currentPodHash || !row.isIn)
    }

    @Test("D4: a rollback within the window can be aborted, and an abort ends a full promotion")
    func d4() throws {
        var spec = World.spec(replicas: 4, canary: ["steps": [["setWeight": 50], ["pause": [:]]]])
        spec["rollbackWindow"] = ["revisions": 3]
        var world = try World(spec: spec)
        try world.run()
        world.now = world.now + .seconds(5)
        try world.setImage("web:2")
        try world.settle()
        try world.edit(["status": ["promoteFull": true]])
        try world.run()
        let second = world.status.stableRS
        world.brokenImages = ["web:1"]
        try world.setImage("web:1")
        try world.run()
        #expect(world.status.stableRS == second && world.status.currentPodHash != second)
        try world.edit(["status": ["abort": true]])
        try world.run()
        #expect(world.status.abort && world.status.phase == "Degraded")
        #expect(world.set(hash: world.status.currentPodHash)?.replicas == 0)
        try world.run()
        #expect(world.status.abort, "nothing takes the abort back")
    }

    // MARK: Ephemeral metadata

    static let metadata: [String: JSON] = [
        "canaryMetadata": ["labels": ["role": "canary"], "annotations": ["note": "new"]],
        "stableMetadata": ["labels": ["role": "stable"]],
        "steps": [["setWeight": 50], ["pause": [:]]],
    ]

    @Test("pods carry the metadata of their role, and lose it with the role")
    func metadata() throws {
        var world = try World(spec: World.spec(replicas: 2, canary: .object(Self.metadata)))
        try world.run()
        let first = try #require(world.set(hash: world.status.stableRS)?.name)
        #expect(world.templates[first]?.labels["role"] == "stable")
        #expect(world.podMetadata.isEmpty, "born with it")
        try world.setImage("web:2")
        try world.run()
        #expect(world.sets.count == 2, "injected metadata makes no new revision")
        let second = try #require(world.set(hash: world.status.currentPodHash)?.name)
        #expect(world.templates[second]?.labels["role"] == "canary")
        #expect(world.templates[second]?.annotations["note"] == "new")
        #expect(world.templates[first]?.labels["role"] == "stable")
        try world.edit([
            "spec": ["strategy": ["canary": ["canaryMetadata": ["labels": ["role": .null, "role2": "canary2"]]]]]
        ])
        try world.run()
        #expect(world.templates[second]?.labels["role"] == nil && world.templates[second]?.labels["role2"] == "canary2")
        let sync = try #require(world.podMetadata.last)
        #expect(sync.replicaSet == second && sync.labels == ["role": nil, "role2": "canary2"])
        #expect(world.sets[second]?.annotations[Keys.podsMetadata] == nil)
        try world.edit(["status": ["pauseConditions": .null]])
        try world.run()
        #expect(world.status.phase == "Healthy")
        #expect(world.templates[second]?.labels["role"] == "stable" && world.templates[second]?.labels["role2"] == nil)
        #expect(world.templates[second]?.annotations["note"] == nil)
        #expect(world.podMetadata.last?.annotations == ["note": nil])
        #expect(try world.reconcile().effects.isEmpty)
    }

    @Test("whoever sees the status of a promotion finds pods that wear their role", arguments: [true, false])
    func metadataAtPromotion(isCanary: Bool) throws {
        let blueGreen: JSON = [
            "activeService": "web", "previewMetadata": ["labels": ["role": "canary"]],
            "activeMetadata": ["labels": ["role": "stable"]],
        ]
        var world = try World(
            spec: isCanary
                ? World.spec(replicas: 2, canary: .object(Self.metadata))
                : World.spec(replicas: 2, blueGreen: blueGreen))
        try world.run()
        try world.setImage("web:2")
        try world.run()
        try world.edit(["status": ["pauseConditions": .null]])
        try world.run()
        let hash = world.status.currentPodHash
        #expect(world.status.stableRS == hash && world.status.phase == "Healthy")
        let promotion = try #require(
            world.decisions.last { recorded in
                recorded.decision.effects.contains {
                    if case .patchStatus(let patch) = $0 {
                        patch.at("status", "stableRS")?.stringValue == hash
                    } else {
                        false
                    }
                }
            })
        let effects = promotion.decision.effects
        let pods = effects.firstIndex {
            if case .syncPodMetadata(let request) = $0 {
                request.hash == hash && request.labels["role"] == .some("stable")
            } else {
                false
            }
        }
        let template = effects.firstIndex {
            if case .updateReplicaSet(let update) = $0 {
                update.templateLabels["role"] == .some("stable")
            } else {
                false
            }
        }
        let status = effects.firstIndex { if case .patchStatus = $0 { true } else { false } }
        #expect(try #require(template) < #require(pods), "pods that come in between wear it from the start")
        #expect(try #require(pods) < #require(status))
    }

    @Test("a ReplicaSet that changes its role twice in one decision keeps what both roles share")
    func metadataTwiceAtOnce() throws {
        let blueGreen: JSON = [
            "activeService": "web", "previewMetadata": ["labels": ["role": "preview", "team": "a", "only": "preview"]],
            "activeMetadata": ["labels": ["role": "active", "team": "a"]],
        ]
        var world = try World(spec: World.spec(replicas: 2, blueGreen: blueGreen))
        try world.run()
        let first = try #require(world.set(hash: world.status.stableRS)?.name)
        try world.setImage("web:2")
        try world.run()
        #expect(world.templates[first]?.labels["team"] == nil, "an old ReplicaSet wears nothing")
        // Back while its pods are still there: it is preview's and active's at once.
        try world.setImage("web:1")
        try world.run()
        #expect(world.set(hash: world.status.stableRS)?.name == first && world.status.phase == "Healthy")
        #expect(world.templates[first]?.labels["role"] == "active" && world.templates[first]?.labels["team"] == "a")
        #expect(world.templates[first]?.labels["only"] == nil)
    }

    @Test("D15: a label that the template itself defines comes back when the role ends")
    func d15() throws {
        var spec = World.spec(replicas: 2, canary: .object(Self.metadata))
        spec.set("own", at: "template", "metadata", "labels", "role")
        spec.set(nil, at: "strategy", "canary", "stableMetadata")
        var world = try World(spec: spec)
        try world.run()
        try world.setImage("web:2")
        try world.run()
        let second = try #require(world.set(hash: world.status.currentPodHash)?.name)
        #expect(world.templates[second]?.labels["role"] == "canary" && world.sets.count == 2)
        try world.edit(["status": ["pauseConditions": .null]])
        try world.run()
        #expect(world.templates[second]?.labels["role"] == "own")
        #expect(world.podMetadata.last?.labels["role"] == .some("own"))
    }

    // MARK: Anti-affinity

    @Test("the rule names the stable ReplicaSet, follows it, and makes no new revision", arguments: [true, false])
    func antiAffinity(_ isRequired: Bool) throws {
        let rule: JSON =
            isRequired
            ? ["requiredDuringSchedulingIgnoredDuringExecution": [:]]
            : ["preferredDuringSchedulingIgnoredDuringExecution": ["weight": 30]]
        var world = try World(
            spec: World.spec(
                replicas: 2, canary: ["steps": [["setWeight": 50], ["pause": [:]]], "antiAffinity": rule]))
        try world.run()
        let first = world.status.stableRS
        #expect(world.affinities.isEmpty, "nothing to keep apart from")
        try world.setImage("web:2")
        try world.run()
        let name = try #require(world.set(hash: world.status.currentPodHash)?.name)
        let field =
            isRequired
            ? "requiredDuringSchedulingIgnoredDuringExecution" : "preferredDuringSchedulingIgnoredDuringExecution"
        let entry = try #require(world.affinities[name]?.at("podAntiAffinity", field)?.arrayValue?.first)
        let term = isRequired ? entry : try #require(entry["podAffinityTerm"])
        #expect(
            term.at("labelSelector", "matchExpressions") == [
                ["key": "rollouts-pod-template-hash", "operator": "In", "values": [.string(first)]]
            ])
        #expect(term["topologyKey"] == "kubernetes.io/hostname" && term["namespaces"] == ["shop"])
        #expect(isRequired || entry["weight"] == 30)
    }

    @Test("an injected rule is left out of the digest")
    func injectedDigest() throws {
        let template: JSON = [
            "metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "a", "image": "b:1"]]],
        ]
        var antiAffinity = AntiAffinity()
        antiAffinity.isRequired = true
        let injected = AntiAffinityRule.inject(antiAffinity, stableHash: "abc", namespace: "shop", into: template)
        let set = { (template: JSON) in
            try ReplicaSet(["metadata": ["name": "web-1", "namespace": "shop"], "spec": ["template": template]])
        }
        #expect(injected != template)
        #expect(try set(injected).templateDigest == set(template).templateDigest)
        #expect(try set(injected).injectedHashes == ["abc"])
        var own = template
        own.set(
            [["labelSelector": ["matchLabels": ["a": "b"]], "topologyKey": "kubernetes.io/hostname"]], at: "spec",
            "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
        #expect(try set(own).templateDigest != set(template).templateDigest)
    }

    // MARK: Restarts

    @Test(
        "how many pods may be restarted at once",
        arguments: [
            (4, 4, 1, 4, 1), (10, 10, 2, 10, 2), (10, 11, 2, 11, 2), (1, 1, 0, 1, 1), (5, 5, 1, 4, 0), (6, 9, 3, 8, 2),
        ])
    func allowance(_ replicas: Int, _ total: Int, _ maxUnavailable: Int, _ available: Int, _ expected: Int) {
        #expect(
            RolloutReconcile.restartAllowance(
                replicas: replicas, total: total, maxUnavailable: maxUnavailable, available: available) == expected)
    }

    @Test("D23: stable pods restart before those of the canary, and a new template cancels the rest")
    func restart() throws {
        var world = try World(
            spec: World.spec(
                replicas: 4,
                canary: ["steps": [["setWeight": 25], ["pause": [:]]], "maxUnavailable": 1, "maxSurge": 0]))
        try world.run()
        world.now = world.now + .seconds(10)
        try world.setImage("web:2")
        try world.run()
        let stable = try #require(world.set(hash: world.status.stableRS)?.name)
        world.now = world.now + .seconds(10)
        try world.edit(["spec": ["restartAt": .string(world.now.wholeSeconds.rfc3339)]])
        world.now = world.now + .seconds(1)
        try world.reconcile()
        #expect(world.evicted == ["\(stable)-0"])
        try world.settle()
        #expect(world.evicted.count == 1, "no more before the pod is back")
        world.stepPods()
        world.now = world.now + .seconds(31)
        try world.reconcile()
        #expect(world.evicted.count == 2)
        world.stepPods()
        try world.setImage("web:3")
        try world.run()
        #expect(world.status.restartedAt == world.typed.spec.restartAt && world.evicted.count == 2)
    }

    @Test("a restart ends when no old pod is left, and a time in the future waits")
    func restartEnds() throws {
        var world = try World(spec: World.spec(replicas: 2, canary: [:]))
        try world.run()
        let time = (world.now + .seconds(100)).wholeSeconds
        try world.edit(["spec": ["restartAt": .string(time.rfc3339)]])
        try world.settle()
        #expect(world.evicted.isEmpty && world.status.message == "rollout is restarting")
        world.now = time + .seconds(1)
        #expect(try world.reconcile().waiting?.reason == .restart)
        for _ in 0..<4 {
            world.now = world.now + .seconds(61)
            try world.run()
        }
        #expect(world.evicted.count == 2 && world.status.restartedAt == time && world.status.phase == "Healthy")
    }

    // MARK: Workloads

    static func workload(_ image: String, generation: Int64 = 1, replicas: Int = 3) throws -> WorkloadFact {
        let template: JSON = [
            "metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "web", "image": .string(image)]]],
        ]
        var reader = JSONReader(template.serialized())
        return WorkloadFact(
            template: try PodTemplate(&reader), selector: try LabelSelector(["matchLabels": ["app": "web"]]),
            generation: generation, replicas: replicas)
    }

    static func referring(_ scaleDown: String) throws -> World {
        var world = try World(
            spec: [
                "replicas": 3,
                "workloadRef": [
                    "apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "scaleDown": .string(scaleDown),
                ],
                "strategy": ["canary": ["steps": [["setWeight": 50], ["pause": [:]]]]],
            ])
        world.workload = try workload("web:1")
        return world
    }

    @Test("a Rollout runs the template of its workload, and a new one is a new revision")
    func workloadRef() throws {
        var world = try Self.referring("never")
        try world.run()
        #expect(world.status.phase == "Healthy" && world.status.workloadObservedGeneration == "1")
        #expect(world.rollout.annotations[Keys.workloadGeneration] == "1")
        #expect(world.workload?.replicas == 3 && world.rollout.at("spec", "template") == nil)
        world.workload = try Self.workload("web:2", generation: 2)
        try world.run()
        #expect(world.status.phase == "Paused" && world.sets.count == 2)
        #expect(world.status.workloadObservedGeneration == "2")
    }

    @Test("scaleDown takes the Deployment's pods away as it says", arguments: ["onsuccess", "progressively"])
    func scaleDown(_ rule: String) throws {
        var world = try Self.referring(rule)
        try world.settle()
        #expect(world.workload?.replicas == 3)
        let name = try #require(world.sets.keys.first)
        world.sets[name]?.currentReplicas = 3
        world.sets[name]?.readyReplicas = 2
        world.sets[name]?.availableReplicas = 2
        try world.settle()
        #expect(world.workload?.replicas == (rule == "progressively" ? 1 : 3))
        try world.run()
        #expect(world.status.phase == "Healthy")
        try world.run()
        #expect(world.workload?.replicas == 0)
        // D24: later revisions leave it alone.
        world.workload = try Self.workload("web:2", generation: 2, replicas: 5)
        try world.run()
        #expect(world.workload?.replicas == 5)
    }

    // MARK: Newer revisions

    @Test(
        "a newer revision waits in line, goes ahead, or goes out in full", arguments: ["supersede", "queue", "hotfix"])
    func onNewRevision(_ rule: String) throws {
        var world = try RoutedCanaryTests.updated(
            RoutedCanaryTests.spec(replicas: 4, steps: [["setWeight": 50], ["pause": [:]]]))
        try world.edit(["metadata": ["annotations": ["sluice.dev/on-new-revision": .string(rule)]]])
        let second = world.status.currentPodHash
        try world.setImage("web:3")
        try world.run()
        switch rule {
        case "queue":
            #expect(world.status.currentPodHash == second && world.sets.count == 2)
            try world.edit(["status": ["pauseConditions": .null]])
            try world.run()
            #expect(world.status.stableRS == second && world.status.currentPodHash != second, "and now the third")
            #expect(world.status.phase == "Paused")
        case "hotfix":
            #expect(world.status.stableRS == world.status.currentPodHash && world.status.stableRS != second)
            #expect(world.status.phase == "Healthy")
        default:
            #expect(world.status.currentPodHash != second && world.status.phase == "Paused")
        }
    }
}
