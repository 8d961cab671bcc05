import AnalysisEngine
import Manifest
import Testing

@Suite("Building a run from templates")
struct BuilderTests {
    static func catalog(_ templates: [String: JSON], cluster: [String: JSON] = [:]) -> TemplateCatalog {
        TemplateCatalog(
            namespaced: { key in key.namespace == "shop" ? templates[key.name].map { AnalysisTemplateSpec($0) } : nil },
            clusterScoped: { name in cluster[name].map { AnalysisTemplateSpec($0) } })
    }

    static let owner: JSON = [
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
        "metadata": ["name": "web", "namespace": "shop", "uid": "r1", "labels": ["team": "a"]],
        "spec": ["replicas": 5, "template": ["spec": ["containers": [["image": "web:1"]]]]],
    ]

    static func request(_ templates: [TemplateReference], args: [AnalysisArgument] = []) -> AnalysisRunBlueprint {
        AnalysisRunBlueprint(
            namespace: "shop", name: "web-abc-2", templates: templates, args: args, labels: ["rollout-type": "Step"],
            annotations: ["rollout.argoproj.io/revision": "2"], stableHash: "old", latestHash: "new")
    }

    @Test("templates are followed depth first, namespaced ones before cluster-wide ones")
    func flattens() throws {
        let templates: [String: JSON] = [
            "a": [
                "metrics": [metric("a")],
                "templates": [["templateName": "c", "clusterScope": true], ["templateName": "b"]],
            ],
            "b": ["metrics": [metric("b")], "args": [["name": "x"]]],
        ]
        let cluster: [String: JSON] = [
            "c": [
                "metrics": [metric("c")], "templates": [["templateName": "b"]], "args": [["name": "x", "value": "1"]],
            ]
        ]
        let flat = try FlattenedTemplates(
            [TemplateReference(name: "a")], namespace: "shop", catalog: Self.catalog(templates, cluster: cluster))
        #expect(flat.metrics.map { $0["name"] } == ["a", "b", "c"])
        #expect(flat.args == [AnalysisArgument(name: "x", value: "1")])
    }

    static let refused: [(String, [String: JSON], String)] = [
        ("missing", [:], "AnalysisTemplate \"a\" does not exist in namespace \"shop\""),
        (
            "cycle", ["a": ["templates": [["templateName": "b"]]], "b": ["templates": [["templateName": "a"]]]],
            "template reference cycle: a → b → a"
        ),
        (
            "same metric",
            ["a": ["metrics": [metric("m")], "templates": [["templateName": "b"]]], "b": ["metrics": [metric("m")]]],
            "metric \"m\" of"
        ),
        (
            "same rule",
            [
                "a": ["dryRun": [["metricName": "m"]], "templates": [["templateName": "b"]]],
                "b": ["dryRun": [["metricName": "m"]]],
            ],
            "dryRun names the metric \"m\" twice"
        ),
        (
            "two values",
            [
                "a": ["args": [["name": "x", "value": "1"]], "templates": [["templateName": "b"]]],
                "b": ["args": [["name": "x", "value": "2"]]],
            ],
            "argument \"x\" has two values"
        ),
        (
            "value and source",
            ["a": ["args": [["name": "x", "value": "1", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]]]]],
            "has both value and valueFrom"
        ),
        (
            "no value", ["a": ["metrics": [metric()], "args": [["name": "x"], ["name": "y"]]]],
            "argument \"x\" has no value; give it under args; argument \"y\""
        ),
        (
            "bad path", ["a": ["args": [["name": "x", "valueFrom": ["fieldRef": ["fieldPath": "spec.nope"]]]]]],
            "fieldPath \"spec.nope\" does not exist"
        ),
    ]

    @Test("what cannot be combined is refused with the reason", arguments: refused)
    func refuses(_: String, templates: [String: JSON], reason: String) {
        let error = #expect(throws: AnalysisError.self) {
            try AnalysisRunBuilder.build(
                Self.request([TemplateReference(name: "a")]), owner: Self.owner, catalog: Self.catalog(templates))
        }
        #expect(error?.message.contains(reason) == true)
    }

    @Test("a run carries name, labels, owner, metrics as written, and resolved arguments")
    func builds() throws {
        let template: JSON = [
            "metrics": [metric("m", ["successCondition": "result > {{args.limit}}"])],
            "args": [
                ["name": "limit", "value": "9"], ["name": "hash"], ["name": "image"],
                ["name": "name", "valueFrom": ["fieldRef": ["fieldPath": "metadata.labels['team']"]]],
                ["name": "token", "valueFrom": ["secretKeyRef": ["name": "s", "key": "k"]]],
            ],
        ]
        let args = [
            AnalysisArgument(name: "limit", value: ""),
            AnalysisArgument(name: "hash", source: .podTemplateHash("Latest")),
            AnalysisArgument(name: "image", source: .field(path: "spec.template.spec.containers[0].image")),
            AnalysisArgument(name: "unknown", value: "dropped"),
        ]
        let run = try AnalysisRunBuilder.build(
            Self.request([TemplateReference(name: "t")], args: args), owner: Self.owner,
            catalog: Self.catalog(["t": template]))
        #expect(run.at("metadata", "name") == "web-abc-2")
        #expect(run.at("metadata", "ownerReferences")?[0]?["uid"] == "r1")
        #expect(run.at("spec", "metrics")?[0]?["successCondition"] == "result > {{args.limit}}")
        #expect(
            run.at("spec", "args") == [
                ["name": "limit", "value": ""], ["name": "hash", "value": "new"], ["name": "image", "value": "web:1"],
                ["name": "name", "value": "a"],
                ["name": "token", "valueFrom": ["secretKeyRef": ["name": "s", "key": "k"]]],
            ])
        let existing = try AnalysisRun(
            MergePatch.apply(["metadata": ["uid": "u"], "status": ["phase": "Running"]], to: run))
        #expect(AnalysisRunBuilder.canReuse(existing, for: run, ownerUID: "r1"))
        #expect(!AnalysisRunBuilder.canReuse(existing, for: run, ownerUID: "r2"))
        let finished = try AnalysisRun(
            MergePatch.apply(["metadata": ["uid": "u"], "status": ["phase": "Failed"]], to: run))
        #expect(!AnalysisRunBuilder.canReuse(finished, for: run, ownerUID: "r1"))
        #expect(AnalysisRunBuilder.name("n", collisions: 0) == "n")
        #expect(AnalysisRunBuilder.name("n", collisions: 2) == "n.2")
    }

    @Test(
        "a step's metrics must end by themselves",
        arguments: [
            (metric(), true), (metric("m", ["interval": "5s"]), false),
            (metric("m", ["interval": "5s", "count": 3]), true),
            (metric("m", ["interval": "5s", "consecutiveSuccessLimit": 3]), true),
        ])
    func mustEnd(metric: JSON, isValid: Bool) {
        let catalog = Self.catalog(["t": ["metrics": [metric]]])
        let request = Self.request([TemplateReference(name: "t")])
        func check(mustEnd: Bool) -> Bool {
            (try? AnalysisRunBuilder.validate(request, mustEnd: mustEnd, catalog: catalog)) != nil
        }
        #expect(check(mustEnd: true) == isValid)
        #expect(check(mustEnd: false))
    }

    @Test(
        "the owner is read where an argument is a field of it, and its value is not needed to check the templates",
        arguments: [
            (["value": "3"], [:], false), ([:], ["value": "3"], false),
            (["valueFrom": ["secretKeyRef": ["name": "s", "key": "k"]]], [:], false),
            (["valueFrom": ["fieldRef": ["fieldPath": "spec.replicas"]]], [:], true),
            (["valueFrom": ["fieldRef": ["fieldPath": "spec.replicas"]]], ["value": "3"], false),
            ([:], ["valueFrom": ["fieldRef": ["fieldPath": "spec.replicas"]]], true),
        ] as [(JSON, JSON, Bool)])
    func readsOwner(declared: JSON, given: JSON, expected: Bool) throws {
        func named(_ json: JSON) -> JSON { MergePatch.apply(["name": "n"], to: json) }
        let isSecret = declared.at("valueFrom", "secretKeyRef") != nil
        let counted: JSON = isSecret ? [:] : ["count": "{{args.n}}", "interval": "1s"]
        let catalog = Self.catalog(["t": ["args": [named(declared)], "metrics": [metric("m", counted)]]])
        var request = Self.request([TemplateReference(name: "t")])
        if given != [:] { request.args = [try AnalysisArgument(named(given))] }
        #expect(AnalysisRunBuilder.readsOwner(request, catalog: catalog) == expected)
        try AnalysisRunBuilder.validate(request, mustEnd: false, catalog: catalog)
        let run = try AnalysisRunBuilder.build(request, owner: Self.owner, catalog: catalog)
        if expected { #expect(run.at("spec", "args")?[0]?["value"] == "5") }
    }

    @Test(
        "field references",
        arguments: [
            ("metadata.name", "web" as String?), ("metadata.labels['team']", "a"), ("metadata.labels", "team=\"a\""),
            ("metadata.labels['x']", nil),
            ("metadata.generation", nil), ("spec.replicas", "5"), ("spec.template.spec.containers[0].image", "web:1"),
            ("spec.template", nil),
            ("spec.template.spec.containers[9].image", nil), ("spec..x", nil), ("", nil),
        ])
    func fields(path: String, expected: String?) {
        #expect((try? FieldReference.resolve(path, in: Self.owner)) == expected)
    }
}
