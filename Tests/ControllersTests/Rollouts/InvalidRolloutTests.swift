import AnalysisEngine
import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import RolloutEngine
import Testing

@Suite("An invalid Rollout in a cluster") struct InvalidRolloutTests {
    @Test("the status, its condition, the Event and lint say the same of the same object")
    func sameText() async throws {
        let stand = try await RolloutStand()
        var manifest = RolloutStand.manifest(canary: ["steps": [["setWeight": 20], ["pause": ["duration": "5d"]]]])
        manifest.set(["web": "yes", "bad key": ""], at: "spec", "template", "metadata", "annotations")
        try await stand.create(.rollouts, manifest)
        try await stand.settle()
        let status = try await stand.status()
        let problem =
            "spec.template.metadata.annotations: Invalid value: \"bad key\" is no annotation key; use a name like example.org/owner"
        #expect(status.conditions.map(\.type) == ["InvalidSpec"])
        #expect(status.conditions.first?.message == "The Rollout \"web\" is invalid: \(problem)")
        #expect(
            status.message == "InvalidSpec: The Rollout \"web\" is invalid: \(problem)" && status.phase == "Degraded")
        #expect(status.observedGeneration == "1")
        #expect(stand.events.withLock { $0.map(\.reason) } == ["InvalidSpec"])
        let lint = LintReport(manifest.serialized(), file: "web.json")
        #expect(lint.problems.first == "Rollout default/web: \(problem)")
        #expect(lint.problems.count == 2 && lint.problems[1].contains("steps[1].pause.duration"))
        #expect(try await stand.replicaSets().isEmpty)
    }

    @Test(
        "an amount that is no quantity leaves the object; where that is refused the Rollout goes on",
        arguments: [true, false])
    func unreadable(isRefused: Bool) async throws {
        let stand = try await RolloutStand()
        var manifest = RolloutStand.manifest(canary: ["steps": []])
        manifest.set(
            [["name": "web", "image": "web:1", "resources": ["requests": ["memory": "plenty"]]]], at: "spec",
            "template",
            "spec", "containers")
        try await stand.create(.rollouts, manifest)
        if isRefused {
            let error = KubernetesError(code: 403, reason: "Forbidden", message: "a request must have a limit")
            stand.cluster.faults.add(.init(.fail(error), on: [.patch], resource: "rollouts.argoproj.io"))
        }
        try await stand.run()
        #expect(try await stand.status().phase == "Healthy")
        let live = try #require(try await stand.api.get(.rollouts, stand.key, subresource: nil))
        #expect(live.description.contains("plenty") == isRefused)
        let key = try #require(try await stand.replicaSets().first).key
        let set = try #require(try await stand.api.get(.replicaSets, key, subresource: nil))
        #expect(!set.description.contains("plenty"))
        #expect(stand.events.withLock { $0.contains { $0.reason == "RolloutSpecWarning" } })
        let lint = LintReport(manifest.serialized(), file: "web.json")
        #expect(lint.problems.contains { $0.contains("containers[0].resources.requests.memory") }, "\(lint)")
    }

    @Test("a workload that does not exist is InvalidSpec at its field, and the only condition")
    func missingWorkload() async throws {
        let stand = try await RolloutStand()
        var manifest = RolloutStand.manifest(canary: [:])
        manifest.set(nil, at: "spec", "template")
        manifest.set(nil, at: "spec", "selector")
        manifest.set(["apiVersion": "apps/v1", "kind": "Deployment", "name": "old"], at: "spec", "workloadRef")
        try await stand.create(.rollouts, manifest)
        try await stand.refresh()
        #expect(try await stand.reconciler.reconcile(stand.key) == .seconds(20))
        let status = try await stand.status()
        #expect(status.conditions.map(\.type) == ["InvalidSpec"])
        #expect(status.message.contains("spec.workloadRef: Not found: workload cannot be used"))
        // A file alone cannot tell.
        #expect(LintReport(manifest.serialized(), file: "web.json").problems == [])
    }

    @Test("a warning is told once, and the Rollout runs")
    func warning() async throws {
        let stand = try await RolloutStand()
        try await stand.create(
            .rollouts,
            RolloutStand.manifest(canary: ["replicaProgressThreshold": ["type": "Pod", "value": 1]]))
        try await stand.run()
        #expect(try await stand.status().phase == "Healthy")
        #expect(stand.events.withLock { $0.filter { $0.reason == "RolloutSpecWarning" }.count } == 1)
    }

    @Test("D17: a Service that is renamed in mid-rollout keeps its hash")
    func renamedService() async throws {
        let stand = try await RolloutStand()
        try await stand.service("stable")
        try await stand.service("canary")
        try await stand.create(
            .rollouts,
            RolloutStand.manifest(canary: [
                "stableService": "stable", "canaryService": "canary", "steps": [["setWeight": 50], ["pause": [:]]],
            ]))
        try await stand.run()
        let hash = try await stand.status().stableRS
        try await stand.edit(["spec": ["strategy": ["canary": ["stableService": "nowhere"]]]])
        try await stand.run()
        #expect(try await stand.status().message.contains("Service \"nowhere\" does not exist"))
        let service = try await stand.api.get(.services, .init(namespace: "default", name: "stable"), subresource: nil)
        #expect(service?.at("spec", "selector", "rollouts-pod-template-hash")?.stringValue == hash && !hash.isEmpty)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var strategy: JSON
        var path: String
        var words: String
    }

    static let analysisRows = [
        Row(
            testDescription: "43 step",
            strategy: ["canary": ["steps": [["analysis": ["templates": [["templateName": "no"]]]]]]],
            path: "spec.strategy.canary.steps[0].analysis.templates[0].templateName",
            words: "AnalysisTemplate \"no\" does not exist in namespace \"default\"; create it"),
        Row(
            testDescription: "43 cluster-wide",
            strategy: ["canary": ["analysis": ["templates": [["templateName": "no", "clusterScope": true]]]]],
            path: "spec.strategy.canary.analysis.templates[0].templateName",
            words: "ClusterAnalysisTemplate \"no\" does not exist; create it"),
        Row(
            testDescription: "43 nested",
            strategy: [
                "blueGreen": [
                    "activeService": "a", "prePromotionAnalysis": ["templates": [["templateName": "nested"]]],
                ]
            ],
            path: "spec.strategy.blueGreen.prePromotionAnalysis.templates",
            words: "AnalysisTemplate \"gone\" does not exist"),
        Row(
            testDescription: "44",
            strategy: [
                "blueGreen": [
                    "activeService": "a", "postPromotionAnalysis": ["templates": [["templateName": "endless"]]],
                ]
            ],
            path: "spec.strategy.blueGreen.postPromotionAnalysis.templates", words: "never ends"),
        Row(
            testDescription: "45", strategy: ["canary": ["analysis": ["templates": [["templateName": "args"]]]]],
            path: "spec.strategy.canary.analysis.args",
            words: "argument \"host\" has no value; give it under args; argument \"port\" has no value"),
    ]

    static let templates: [String: JSON] = [
        "nested": ["templates": [["templateName": "gone"]]],
        "endless": ["metrics": [["name": "m", "interval": "1m", "provider": ["web": ["url": "http://a"]]]]],
        "args": [
            "args": [["name": "port"], ["name": "host"], ["name": "path", "value": "/"]],
            "metrics": [["name": "m", "count": 1, "provider": ["web": ["url": "http://a"]]]],
        ],
    ]

    @Test("templates that are missing, endless, or lack arguments are refused", arguments: analysisRows)
    func analyses(_ row: Row) throws {
        var manifest = RolloutStand.manifest(canary: [:])
        manifest.set(row.strategy, at: "spec", "strategy")
        let rollout = try Rollout(manifest)
        #expect(rollout.problems.isEmpty)
        let catalog = TemplateCatalog(
            namespaced: { Self.templates[$0.name].map { AnalysisTemplateSpec($0) } }, clusterScoped: { _ in nil })
        let problems = RolloutAnalysisRuns.problems(of: rollout, catalog: catalog, isComplete: true)
        #expect(problems.map(\.path) == [row.path])
        #expect(problems.first?.message.contains(row.words) ?? false, "\(problems)")
    }

    @Test("a background analysis may go on without end")
    func endless() throws {
        let manifest = RolloutStand.manifest(canary: ["analysis": ["templates": [["templateName": "endless"]]]])
        let catalog = TemplateCatalog(
            namespaced: { Self.templates[$0.name].map { AnalysisTemplateSpec($0) } }, clusterScoped: { _ in nil })
        #expect(RolloutAnalysisRuns.problems(of: try Rollout(manifest), catalog: catalog, isComplete: true).isEmpty)
    }

    static func ingress(_ service: String) -> JSON {
        ["spec": ["rules": [["http": ["paths": [["path": "/", "backend": ["service": ["name": .string(service)]]]]]]]]]
    }

    @Test("46, 47: Ingresses and VirtualServices must exist and lead to the stable Service")
    func routes() throws {
        let services: JSON = ["stableService": "s", "canaryService": "c"]
        let nginx = MergePatch.apply(["trafficRouting": ["nginx": ["stableIngresses": ["a", "b"]]]], to: services)
        var rollout = try Rollout(RolloutStand.manifest(canary: nginx))
        let path = "spec.strategy.canary.trafficRouting"
        var found = RolloutRoutes.problems(of: rollout, isComplete: true) { $0.name == "b" ? Self.ingress("x") : nil }
        #expect(found.map(\.path) == ["\(path).nginx.stableIngresses[0]", "\(path).nginx.stableIngresses[1]"])
        #expect(found.map(\.kind) == [.notFound, .invalid])
        #expect(found.last?.message.contains("no rule has a path to the stable Service s; add one") ?? false)
        found = RolloutRoutes.problems(of: rollout, isComplete: false) { _ in nil }
        #expect(found.isEmpty, "it may be elsewhere")

        let istio = MergePatch.apply(
            ["trafficRouting": ["istio": ["virtualService": ["name": "v", "routes": ["main"]]]]], to: services)
        rollout = try Rollout(RolloutStand.manifest(canary: istio))
        found = RolloutRoutes.problems(of: rollout, isComplete: true) { _ in ["spec": ["http": [["name": "other"]]]] }
        #expect(found.map(\.path) == ["\(path).istio.virtualService"])
        #expect(found.first?.message.contains("it has no http route named \"main\"") ?? false)
    }
}
