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

    static let rows = firstRows + strategyRows + stepRows

    private static let firstRows = [
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
            testDescription: "3 value", patch: ["spec": ["selector": ["matchLabels": ["app": "a b"]]]],
            path: "spec.selector", words: "malformed: \"a b\" is no label value"),
        Row(
            testDescription: "3 key", patch: ["spec": ["selector": ["matchLabels": ["-app": "web"]]]],
            path: "spec.selector", words: "malformed: \"-app\" is no label key"),
        Row(
            testDescription: "4", patch: ["spec": ["workloadRef": reference]], path: "spec.template",
            words: "template must be empty for workload reference rollout"),
        Row(
            testDescription: "10", patch: ["spec": ["progressDeadlineSeconds": -1]],
            path: "spec.progressDeadlineSeconds", words: "cannot be negative"),
        Row(
            testDescription: "12", patch: ["spec": ["strategy": .null]], path: "spec.strategy",
            words: "a strategy is required"),
        Row(
            testDescription: "13", patch: ["spec": ["strategy": ["blueGreen": ["activeService": "a"]]]],
            path: "spec.strategy", words: "only one strategy"),
        Row(
            testDescription: "39 kind",
            patch: [
                "spec": [
                    "template": .null, "workloadRef": ["apiVersion": "apps/v1", "kind": "StatefulSet", "name": "w"],
                ]
            ],
            path: "spec.workloadRef", words: "workload cannot be used: \"apps/v1\" \"StatefulSet\""),
        Row(
            testDescription: "39 name",
            patch: ["spec": ["template": .null, "workloadRef": ["apiVersion": "apps/v1", "kind": "Deployment"]]],
            path: "spec.workloadRef", words: "it has no name"),
    ]

    private static let strategyRows = [
        Row(
            testDescription: "14", patch: blueGreen(["activeService": "a", "previewService": "a"]),
            path: "spec.strategy.blueGreen.activeService", words: "both are \"a\""),
        Row(
            testDescription: "14 both empty", patch: blueGreen([:]), path: "spec.strategy.blueGreen.activeService",
            words: "both are empty; name the Service"),
        Row(
            testDescription: "14 D37: no active service", patch: blueGreen(["previewService": "p"]),
            path: "spec.strategy.blueGreen.activeService", words: "name the Service that gets the production traffic"),
        Row(
            testDescription: "negative preview", patch: blueGreen(["activeService": "a", "previewReplicaCount": -1]),
            path: "spec.strategy.blueGreen.previewReplicaCount", words: "cannot be negative"),
        Row(
            testDescription: "D25: malformed blue-green count",
            patch: blueGreen(["activeService": "a", "maxUnavailable": "few"]),
            path: "spec.strategy.blueGreen.maxUnavailable", words: "neither a number nor a percentage"),
        Row(
            testDescription: "15", patch: blueGreen(["activeService": "a", "scaleDownDelayRevisionLimit": 11]),
            path: "spec.strategy.blueGreen.scaleDownDelayRevisionLimit",
            words: "11 exceeds the revision history limit 10"
        ),
        Row(
            testDescription: "16 none", patch: canary(["antiAffinity": [:]]), path: "spec.strategy.canary.antiAffinity",
            words: "choose one"),
        Row(
            testDescription: "16 both",
            patch: blueGreen([
                "activeService": "a", "antiAffinity": [required: [:], preferred: ["weight": 1]],
            ]),
            path: "spec.strategy.blueGreen.antiAffinity", words: "choose one"),
        Row(
            testDescription: "17", patch: canary(["antiAffinity": [preferred: ["weight": 101]]]),
            path: "spec.strategy.canary.antiAffinity.\(preferred).weight", words: "101 is outside 1..100"),
        Row(
            testDescription: "18", patch: canary(["maxSurge": 0, "maxUnavailable": "0%"]),
            path: "spec.strategy.canary.maxSurge", words: "cannot both be zero"),
        Row(
            testDescription: "D25: malformed surge", patch: canary(["maxSurge": "two"]),
            path: "spec.strategy.canary.maxSurge", words: "neither a number nor a percentage"),
        Row(
            testDescription: "D25: malformed unavailable", patch: canary(["maxUnavailable": "1.5%"]),
            path: "spec.strategy.canary.maxUnavailable", words: "neither a number nor a percentage"),
        Row(
            testDescription: "19", patch: canary(["stableService": "a", "canaryService": "a"]),
            path: "spec.strategy.canary.stableService", words: "must differ"),
        Row(
            testDescription: "20 one name", patch: canary(["pingPong": ["pingService": "a"]]),
            path: "spec.strategy.canary.pingPong.pongService", words: "needs two different services"),
        Row(
            testDescription: "20 same name", patch: canary(["pingPong": ["pingService": "a", "pongService": "a"]]),
            path: "spec.strategy.canary.pingPong.pingService", words: "both are \"a\""),
        Row(
            testDescription: "20 router",
            patch: canary(["pingPong": pingPong, "trafficRouting": ["traefik": ["weightedTraefikServiceName": "t"]]]),
            path: "spec.strategy.canary.pingPong", words: "unsupported router"),
        Row(
            testDescription: "21",
            patch: canary(["pingPong": pingPong, "trafficRouting": ["alb": ["ingress": "i", "servicePort": 80]]]),
            path: "spec.strategy.canary.trafficRouting.alb.rootService", words: "root service required"),
        Row(
            testDescription: "22 nginx", patch: canary(["trafficRouting": ["nginx": ["stableIngress": "a"]]]),
            path: "spec.strategy.canary.stableService", words: "needs both services"),
        Row(
            testDescription: "22 istio by host",
            patch: canary(["stableService": "s", "trafficRouting": ["istio": ["virtualService": ["name": "a"]]]]),
            path: "spec.strategy.canary.canaryService", words: "needs both services"),
        Row(
            testDescription: "22 smi", patch: canary(["trafficRouting": ["smi": [:]]]),
            path: "spec.strategy.canary.stableService", words: "needs both services"),
        Row(
            testDescription: "23", patch: canary(["scaleDownDelaySeconds": 5]),
            path: "spec.strategy.canary.scaleDownDelaySeconds", words: "needs traffic routing"),
        Row(
            testDescription: "24", patch: canary(["dynamicStableScale": true]),
            path: "spec.strategy.canary.dynamicStableScale", words: "needs traffic routing"),
        Row(
            testDescription: "25", patch: routed(["dynamicStableScale": true, "scaleDownDelaySeconds": 5]),
            path: "spec.strategy.canary.dynamicStableScale", words: "cannot be combined"),
        Row(
            testDescription: "26",
            patch: routed(["trafficRouting": ["nginx": .null, "istio": istio, "maxTrafficWeight": 1000]]),
            path: "spec.strategy.canary.trafficRouting.maxTrafficWeight", words: "custom maximum"),
        Row(
            testDescription: "46 nginx", patch: routed(["trafficRouting": ["nginx": ["stableIngresses": ["b"]]]]),
            path: "spec.strategy.canary.trafficRouting.nginx", words: "exactly one of stableIngress"),
        Row(
            testDescription: "46 alb", patch: routed(["trafficRouting": ["alb": ["servicePort": 80]]]),
            path: "spec.strategy.canary.trafficRouting.alb", words: "exactly one of ingress and ingresses"),
        Row(
            testDescription: "47", patch: routed(["trafficRouting": ["nginx": .null, "istio": [:]]]),
            path: "spec.strategy.canary.trafficRouting.istio", words: "exactly one of virtualService"),
        Row(
            testDescription: "48", patch: routed(["trafficRouting": ["ambassador": ["mappings": []]]]),
            path: "spec.strategy.canary.trafficRouting.ambassador.mappings", words: "at least one mapping"),
        Row(
            testDescription: "49", patch: routed(["trafficRouting": ["appMesh": [:]]]),
            path: "spec.strategy.canary.trafficRouting.appMesh.virtualService", words: "a virtual service is needed"),
        Row(
            testDescription: "not supported yet",
            patch: routed(["trafficRouting": ["plugins": ["shop/router": [:]]]]),
            path: "spec.strategy.canary.trafficRouting.plugins", words: "plugins is not supported yet"),
    ]

    private static let stepRows = [
        Row(
            testDescription: "27", patch: steps(["setWeight": 20], ["setWeight": 120]),
            path: "spec.strategy.canary.steps[1].setWeight", words: "use a value from 0 to 100"),
        Row(
            testDescription: "27 own maximum",
            patch: routed(["trafficRouting": ["maxTrafficWeight": 10], "steps": [["setWeight": 11]]]),
            path: "spec.strategy.canary.steps[0].setWeight", words: "use a value from 0 to 10"),
        Row(
            testDescription: "28", patch: steps(["pause": ["duration": "5d"]]),
            path: "spec.strategy.canary.steps[0].pause.duration", words: "not a valid non-negative time"),
        Row(
            testDescription: "28 negative", patch: steps(["pause": ["duration": -1]]),
            path: "spec.strategy.canary.steps[0].pause.duration", words: "\"-1\" is not a valid"),
        Row(
            testDescription: "28 below a second", patch: steps(["pause": ["duration": "-500ms"]]),
            path: "spec.strategy.canary.steps[0].pause.duration", words: "\"-500ms\" is not a valid"),
        Row(
            testDescription: "28 overflow", patch: steps(["pause": ["duration": "99999999999"]]),
            path: "spec.strategy.canary.steps[0].pause.duration", words: "not a valid non-negative time"),
        Row(testDescription: "29", patch: steps([:]), path: "spec.strategy.canary.steps[0]", words: "empty step"),
        Row(
            testDescription: "30", patch: steps(["setWeight": 20, "pause": [:]]), path: "spec.strategy.canary.steps[0]",
            words: "exclusive actions"),
        Row(
            testDescription: "30 experiment", patch: steps(["pause": [:], "experiment": ["templates": []]]),
            path: "spec.strategy.canary.steps[0]", words: "exclusive actions"),
        Row(
            testDescription: "31", patch: steps(["setCanaryScale": ["weight": 20]]),
            path: "spec.strategy.canary.trafficRouting", words: "setCanaryScale needs traffic routing"),
        Row(
            testDescription: "negative scale", patch: routed(["steps": [["setCanaryScale": ["replicas": -2]]]]),
            path: "spec.strategy.canary.steps[0].setCanaryScale.replicas", words: "-2 cannot be negative"),
        Row(
            testDescription: "32", patch: managed([["setHeaderRoute": ["name": "r"]]]),
            path: "spec.strategy.canary.steps[0].setHeaderRoute", words: "router cannot do header routing"),
        Row(
            testDescription: "33",
            patch: managed(
                [["setHeaderRoute": ["name": "r", "match": [header(["exact": "a", "prefix": "b"])]]]], istio: true),
            path: "spec.strategy.canary.steps[0].setHeaderRoute.match[0]", words: "exactly one kind"),
        Row(
            testDescription: "33 nothing to match",
            patch: managed([["setHeaderRoute": ["name": "r", "match": [["headerName": "h"]]]]], istio: true),
            path: "spec.strategy.canary.steps[0].setHeaderRoute.match[0]", words: "exactly one kind"),
        Row(
            testDescription: "33 no header",
            patch: managed(
                [["setHeaderRoute": ["name": "r", "match": [["headerValue": ["exact": "a"]]]]]], istio: true),
            path: "spec.strategy.canary.steps[0].setHeaderRoute.match[0].headerName", words: "add headerName"),
        Row(
            testDescription: "33 no list",
            patch: managed([["setHeaderRoute": ["name": "r", "match": header(["exact": "a"])]]], istio: true),
            path: "spec.strategy.canary.steps[0].setHeaderRoute.match", words: "must be a list, found an object"),
        Row(
            testDescription: "33 alb",
            patch: routed([
                "trafficRouting": [
                    "nginx": .null, "alb": ["ingress": "i", "servicePort": 80], "managedRoutes": [["name": "r"]],
                ], "steps": [["setHeaderRoute": ["name": "r", "match": [header(["regex": "a"])]]]],
            ]),
            path: "spec.strategy.canary.steps[0].setHeaderRoute.match[0]", words: "with alb that is exact"),
        Row(
            testDescription: "34", patch: managed([["setMirrorRoute": ["name": "r"]]]),
            path: "spec.strategy.canary.steps[0].setMirrorRoute", words: "router cannot mirror"),
        Row(
            testDescription: "35 path",
            patch: managed(
                [["setMirrorRoute": ["name": "r", "match": [["path": ["exact": "/", "regex": "/"]]]]]], istio: true),
            path: "spec.strategy.canary.steps[0].setMirrorRoute.match[0].path", words: "exactly one kind"),
        Row(
            testDescription: "35 D37: header",
            patch: managed(
                [["setMirrorRoute": ["name": "r", "match": [["headers": ["x-user": [:]]]]]]], istio: true),
            path: "spec.strategy.canary.steps[0].setMirrorRoute.match[0].headers.x-user", words: "exactly one kind"),
        Row(
            testDescription: "36 none",
            patch: routed([
                "trafficRouting": ["nginx": .null, "istio": istio], "steps": [["setHeaderRoute": ["name": "r"]]],
            ]),
            path: "spec.strategy.canary.trafficRouting.managedRoutes", words: "list the names"),
        Row(
            testDescription: "36 other name", patch: managed([["setHeaderRoute": ["name": "s"]]], istio: true),
            path: "spec.strategy.canary.trafficRouting.managedRoutes",
            words: "route \"s\" of steps[0].setHeaderRoute is not a managed route"),
        Row(
            testDescription: "37", patch: steps(["experiment": ["templates": [["name": "a", "weight": 5]]]]),
            path: "spec.strategy.canary.steps[0].experiment.templates[0].weight", words: "weight not supported here"),
        Row(
            testDescription: "38 analysis", patch: steps(["analysis": analysis(reading: "metadata.labels['a team']")]),
            path: "spec.strategy.canary.steps[0].analysis.args[0].valueFrom.fieldRef.fieldPath",
            words: "unknown metadata field \"metadata.labels['a team']\""),
        Row(
            testDescription: "38 experiment",
            patch: steps(["experiment": ["templates": [], "analyses": [analysis(reading: "metadata.generation")]]]),
            path: "spec.strategy.canary.steps[0].experiment.analyses[0].args[0].valueFrom.fieldRef.fieldPath",
            words: "unknown metadata field"),
        Row(
            testDescription: "analysis without template", patch: steps(["analysis": ["templates": []]]),
            path: "spec.strategy.canary.steps[0].analysis.templates", words: "needs a template"),
        Row(
            testDescription: "experiment", patch: steps(["experiment": ["templates": []]]),
            path: "spec.strategy.canary.steps[0].experiment", words: "is not supported yet"),
    ]

    // MARK: Patches

    static let reference: JSON = ["apiVersion": "apps/v1", "kind": "Deployment", "name": "w"]
    static let pingPong: JSON = ["pingService": "ping", "pongService": "pong"]
    static let istio: JSON = ["virtualService": ["name": "v"]]
    static let required = "requiredDuringSchedulingIgnoredDuringExecution"
    static let preferred = "preferredDuringSchedulingIgnoredDuringExecution"

    static func blueGreen(_ blueGreen: JSON) -> JSON {
        ["spec": ["strategy": ["canary": .null, "blueGreen": blueGreen]]]
    }

    /// A canary behind NGINX that is sound but for the patch.
    static func routed(_ more: JSON) -> JSON {
        let base: JSON = [
            "stableService": "s", "canaryService": "c", "trafficRouting": ["nginx": ["stableIngress": "a"]],
        ]
        return canary(MergePatch.apply(more, to: base))
    }

    /// A routed canary whose managed route is `r`.
    static func managed(_ steps: JSON, istio isIstio: Bool = false) -> JSON {
        var routing: JSON = ["managedRoutes": [["name": "r"]]]
        if isIstio {
            routing["nginx"] = .null
            routing["istio"] = istio
        }
        return routed(["trafficRouting": routing, "steps": steps])
    }

    static func header(_ value: JSON) -> JSON { ["headerName": "x-user", "headerValue": value] }

    static func analysis(reading field: String) -> JSON {
        [
            "templates": [["templateName": "t"]],
            "args": [["name": "a", "valueFrom": ["fieldRef": ["fieldPath": .string(field)]]]],
        ]
    }

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
        // The first is what the status says.
        #expect(problems.first?.path == row.path && problems.first?.message.contains(row.words) ?? false, "\(problems)")
    }

    @Test("all errors are reported, in the order of the table, and a feature's own before that it is not supported")
    func order() throws {
        let patch = Self.routed([
            "trafficRouting": ["nginx": .null, "traefik": [:], "plugins": ["x": [:]]], "stableService": "",
            "steps": [["setHeaderRoute": ["name": "r"]], ["setWeight": 101]],
        ])
        var rollout = MergePatch.apply(["spec": ["replicas": -1, "minReadySeconds": -5]], to: patch)
        rollout.set(-1, at: "spec", "progressDeadlineSeconds")
        #expect(
            try Self.rollout(rollout).problems.map(\.path) == [
                "spec.replicas", "spec.minReadySeconds", "spec.progressDeadlineSeconds",
                "spec.strategy.canary.stableService", "spec.strategy.canary.steps[1].setWeight",
                "spec.strategy.canary.trafficRouting.managedRoutes", "spec.strategy.canary.trafficRouting.plugins",
            ])
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
        let routes = Self.managed(
            [
                ["setHeaderRoute": ["name": "r", "match": [Self.header(["regex": ".+"])]]],
                ["setMirrorRoute": ["name": "r", "match": [["path": ["prefix": "/"]]], "percentage": 5]],
                ["setHeaderRoute": ["name": "r"]],
            ], istio: true)
        #expect(try Self.rollout(routes).problems.isEmpty)
        #expect(try Self.rollout(routes).warnings.isEmpty)
        let named = Self.steps(
            ["analysis": Self.analysis(reading: "metadata.labels['team']")],
            ["analysis": Self.analysis(reading: "metadata.annotations['owner']")],
            ["analysis": Self.analysis(reading: "metadata.annotations['example.org/Owner']")],
            ["analysis": Self.analysis(reading: "status.phase")])
        // Before any version has such a label: it is asked for when a run is made.
        #expect(try Self.rollout(named).problems.isEmpty)
        let subsets = Self.routed([
            "stableService": "", "canaryService": "",
            "trafficRouting": [
                "nginx": .null,
                "istio": [
                    "virtualService": ["name": "v"],
                    "destinationRule": ["name": "d", "canarySubsetName": "c", "stableSubsetName": "s"],
                ],
            ],
        ])
        #expect(try Self.rollout(subsets).problems.isEmpty)
        let swapping = Self.canary(["pingPong": Self.pingPong, "trafficRouting": ["istio": Self.istio]])
        #expect(try Self.rollout(swapping).problems.isEmpty)
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
}
