import Manifest
import RolloutEngine
import Testing

@Suite("Rollout validation") struct ValidationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var patch: JSON
        var path: String
        var words: String
    }

    static func canary(_ canary: JSON) -> JSON { ["spec": ["strategy": ["canary": canary]]] }
    static func steps(_ steps: JSON...) -> JSON { canary(["steps": .array(steps)]) }

    static let rows = [
        Row(
            testDescription: "1", patch: ["spec": ["replicas": -1]], path: "spec.replicas", words: "cannot be negative"),
        Row(
            testDescription: "2", patch: ["spec": ["selector": .null]], path: "spec.selector",
            words: "a selector is required"),
        Row(
            testDescription: "3 empty", patch: ["spec": ["selector": ["matchLabels": .null]]], path: "spec.selector",
            words: "would match every pod"),
        Row(
            testDescription: "3 malformed",
            patch: ["spec": ["selector": ["matchExpressions": [["key": "a", "operator": "Is"]]]]],
            path: "spec.selector", words: "malformed"),
        Row(
            testDescription: "5", patch: ["spec": ["selector": ["matchLabels": ["app": "other"]]]],
            path: "spec.template.metadata.labels", words: "not selected by the selector"),
        Row(
            testDescription: "6 no container", patch: ["spec": ["template": ["spec": ["containers": []]]]],
            path: "spec.template.spec.containers", words: "at least one container"),
        Row(
            testDescription: "6 same name",
            patch: [
                "spec": [
                    "template": ["spec": ["containers": [["name": "a", "image": "x"], ["name": "a", "image": "y"]]]]
                ]
            ],
            path: "spec.template.spec.containers[1].name", words: "used twice"),
        Row(
            testDescription: "6 restart policy", patch: ["spec": ["template": ["spec": ["restartPolicy": "Never"]]]],
            path: "spec.template.spec.restartPolicy", words: "use Always"),
        Row(
            testDescription: "8", patch: ["spec": ["minReadySeconds": -1]], path: "spec.minReadySeconds",
            words: "cannot be negative"),
        Row(
            testDescription: "9", patch: ["spec": ["revisionHistoryLimit": -1]], path: "spec.revisionHistoryLimit",
            words: "cannot be negative"),
        Row(
            testDescription: "11", patch: ["spec": ["minReadySeconds": 600]], path: "spec.progressDeadlineSeconds",
            words: "must exceed minReadySeconds"),
        Row(
            testDescription: "12", patch: ["spec": ["strategy": .null]], path: "spec.strategy",
            words: "a strategy is required"),
        Row(
            testDescription: "18", patch: canary(["maxSurge": 0, "maxUnavailable": "0%"]),
            path: "spec.strategy.canary.maxSurge", words: "cannot both be zero"),
        Row(
            testDescription: "malformed count", patch: canary(["maxSurge": "two"]),
            path: "spec.strategy.canary.maxSurge",
            words: "neither a number nor a percentage"),
        Row(
            testDescription: "19", patch: canary(["stableService": "a", "canaryService": "a"]),
            path: "spec.strategy.canary.stableService", words: "must differ"),
        Row(
            testDescription: "22", patch: canary(["trafficRouting": ["nginx": ["stableIngress": "a"]]]),
            path: "spec.strategy.canary.stableService", words: "needs both services"),
        Row(
            testDescription: "23", patch: canary(["scaleDownDelaySeconds": 5]),
            path: "spec.strategy.canary.scaleDownDelaySeconds", words: "needs traffic routing"),
        Row(
            testDescription: "26",
            patch: canary([
                "trafficRouting": ["istio": ["virtualService": ["name": "a"]], "maxTrafficWeight": 1000],
                "stableService": "s", "canaryService": "c",
            ]),
            path: "spec.strategy.canary.trafficRouting.maxTrafficWeight", words: "custom maximum"),
        Row(
            testDescription: "27", patch: steps(["setWeight": 20], ["setWeight": 120]),
            path: "spec.strategy.canary.steps[1].setWeight", words: "use a value from 0 to 100"),
        Row(
            testDescription: "28", patch: steps(["pause": ["duration": "5d"]]),
            path: "spec.strategy.canary.steps[0].pause.duration", words: "not a valid non-negative time"),
        Row(testDescription: "29", patch: steps([:]), path: "spec.strategy.canary.steps[0]", words: "empty step"),
        Row(
            testDescription: "30", patch: steps(["setWeight": 20, "pause": [:]]), path: "spec.strategy.canary.steps[0]",
            words: "exclusive actions"),
        Row(
            testDescription: "31", patch: steps(["setCanaryScale": ["weight": 20]]),
            path: "spec.strategy.canary.trafficRouting", words: "setCanaryScale needs traffic routing"),
        Row(
            testDescription: "experiment", patch: steps(["experiment": ["templates": []]]),
            path: "spec.strategy.canary.steps[0].experiment", words: "is not supported yet"),
        Row(
            testDescription: "other router", patch: canary(["trafficRouting": ["alb": ["ingress": "a"]]]),
            path: "spec.strategy.canary.trafficRouting.alb", words: "is not supported yet"),
    ]

    static func rollout(_ patch: JSON) throws -> Rollout {
        let manifest: JSON = [
            "metadata": ["name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "1", "generation": 1],
            "spec": World.spec(replicas: 2, canary: [:]),
        ]
        return try Rollout(MergePatch.apply(patch, to: manifest))
    }

    @Test("a broken rule is found at its path, with the cure", arguments: rows)
    func rule(_ row: Row) throws {
        let problems = try Self.rollout(row.patch).problems
        let found = problems.first { $0.path == row.path }
        #expect(found?.message.contains(row.words) ?? false, "\(problems)")
    }

    @Test("a good Rollout has no problems, and steps with several keys are accepted")
    func good() throws {
        #expect(try Self.rollout([:]).problems.isEmpty)
        let routed = Self.canary([
            "stableService": "s", "canaryService": "c", "trafficRouting": ["nginx": ["stableIngress": "a"]],
            "steps": [
                ["setWeight": 5, "setCanaryScale": ["replicas": 1]], ["pause": ["duration": 10]],
                ["pause": ["duration": "10"]],
            ],
        ])
        #expect(try Self.rollout(routed).problems.isEmpty)
    }

    @Test("wrong types quarantine the object and name the field")
    func wrongTypes() throws {
        let rows: [(JSON, String)] = [
            (["spec": ["replicas": "two"]], "spec.replicas"), (["spec": ["replicas": 99_999_999_999]], "spec.replicas"),
            (["spec": ["paused": 1]], "spec.paused"),
            (Self.steps(["setWeight": "20"]), "spec.strategy.canary.steps[0].setWeight"),
            (["status": ["abort": "yes"]], "status.abort"),
            (["spec": ["template": ["spec": ["containers": "x"]]]], "spec.template.spec.containers"),
        ]
        for (patch, path) in rows {
            let error = #expect(throws: JSONError.self) { try Self.rollout(patch) }
            #expect(error?.fieldPath == path)
        }
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

    @Test("a missing Service, a foreign one, and one that selects other pods are refused")
    func services() throws {
        var world = try RoutedCanaryTests.updated(RoutedCanaryTests.spec(steps: [["setWeight": 50], ["pause": [:]]]))
        world.services["web-canary"]?.managedBy = "other"
        world.services["web-stable"] = nil
        let problems = decide(world.snapshot(), now: world.now).problems
        #expect(problems.map(\.path) == ["spec.strategy.canary.stableService", "spec.strategy.canary.canaryService"])
        world.services["web-stable"] = ServiceFact(selector: ["app": "shop"])
        #expect(decide(world.snapshot(), now: world.now).problems.first?.message.contains("app=shop") ?? false)
    }
}
