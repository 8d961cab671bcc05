import Manifest
import SyncEngine
import Testing

@Suite("Application") struct ApplicationTests {
    private func decode(_ spec: String, annotations: String = "{}") throws -> Application {
        let text = """
            {"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"web","namespace":"argocd",
             "uid":"u","resourceVersion":"7","annotations":\(annotations),"managedFields":[{}]},"spec":\(spec)}
            """
        var reader = JSONReader(Array(text.utf8))
        return try Application.decode(&reader)
    }

    private static let good = """
        {"project":"default","source":{"repoURL":"https://git.example.org/shop","path":"overlays/demo"},
         "destination":{"server":"https://kubernetes.default.svc","namespace":"shop"},
         "syncPolicy":{"automated":{"prune":true,"selfHeal":true},"retry":{"limit":3,"backoff":{"duration":"1s"}}}}
        """

    @Test("a plain one is understood")
    func plain() throws {
        let application = try decode(Self.good)
        #expect(application.validate(defaultProject: nil).isEmpty)
        #expect(application.spec.automated == .init(prune: true, selfHeal: true))
        #expect(application.spec.retry?.wait(afterRetries: 1) == .seconds(2))
        #expect(application.onRejection(default: nil) == .restore)
        #expect(application.instanceName(controlNamespace: "argocd") == "web")
        #expect(application.instanceName(controlNamespace: "other") == "argocd_web")
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var spec: String
        var message: String
        var testDescription: String { message }
    }

    static let refusals = [
        Row(
            spec:
                #"{"source":{"repoURL":"u"},"destination":{"server":"https://kubernetes.default.svc"},"project":"team"}"#,
            message: "project \"team\" is not supported yet"),
        Row(
            spec: #"{"sources":[{}],"destination":{"name":"in-cluster"}}"#,
            message: "spec.sources: several sources are not supported yet"),
        Row(
            spec: #"{"source":{"repoURL":"u","helm":{}},"destination":{"name":"in-cluster"}}"#,
            message: "spec.source.helm: is not supported yet"),
        Row(
            spec: #"{"source":{"repoURL":"u","path":"../x"},"destination":{"name":"in-cluster"}}"#,
            message: "must not leave the repository"),
        Row(
            spec: #"{"source":{"repoURL":7},"destination":{"name":"in-cluster"}}"#,
            message: "spec.source.repoURL: expected a string, found an integer"),
        Row(
            spec: #"{"source":{"repoURL":"u"},"destination":{"name":"prod"}}"#,
            message: "other clusters are not supported yet"),
        Row(
            spec: #"{"source":{"repoURL":"u"},"destination":{"name":"a","server":"b"}}"#, message: "exclude each other"),
        Row(
            spec:
                #"{"source":{"repoURL":"u"},"destination":{"name":"in-cluster"},"syncPolicy":{"syncOptions":["Replace=true"]}}"#,
            message: "\"Replace=true\" is not supported yet"),
        Row(
            spec:
                #"{"source":{"repoURL":"u"},"destination":{"name":"in-cluster"},"ignoreDifferences":[{"kind":"X","jqPathExpressions":["."]}]}"#,
            message: "jqPathExpressions: is not supported yet"),
        Row(
            spec: #"{"source":{"repoURL":"u"},"destination":{"name":"in-cluster"},"sourceHydrator":{}}"#,
            message: "spec.sourceHydrator: is not supported yet"),
        Row(
            spec: #"{"source":{"repoURL":"u"},"destination":{"name":"in-cluster"},"novelty":1}"#,
            message: "spec.novelty: is not supported yet"),
    ]

    @Test("what is not supported is refused by name", arguments: refusals)
    func refused(_ row: Row) throws {
        let conditions = try decode(row.spec).validate(defaultProject: nil)
        #expect(conditions.contains { $0.kind == .invalidSpec && $0.message.contains(row.message) }, "\(conditions)")
    }

    @Test("onRejection comes from the annotation; a branch is refused")
    func onRejection() throws {
        let revert = try decode(Self.good, annotations: #"{"sluice.dev/on-rejection":"revert"}"#)
        #expect(revert.onRejection(default: nil) == .revert)
        let branch = try decode(Self.good, annotations: #"{"sluice.dev/on-rejection":"branch"}"#)
        #expect(branch.validate(defaultProject: nil).count == 1)
        let manual = try decode(#"{"source":{"repoURL":"u"},"destination":{"name":"in-cluster"}}"#)
        #expect(manual.onRejection(default: nil) == .hold)
    }

    @Test("a project default that restricts is refused, one that allows everything is fine")
    func project() throws {
        let application = try decode(Self.good)
        let free = json(
            """
            {"spec":{"sourceRepos":["*"],"destinations":[{"server":"*","namespace":"*"}],
             "clusterResourceWhitelist":[{"group":"*","kind":"*"}]}}
            """)
        #expect(application.validate(defaultProject: free).isEmpty)
        let windowed = json(#"{"spec":{"sourceRepos":["*"],"syncWindows":[{"kind":"deny"}]}}"#)
        #expect(application.validate(defaultProject: windowed).count == 1)
    }

    @Test("a Release reads back as it was written")
    func release() throws {
        let release = Release(
            key: ObjectKey(namespace: "argocd", name: "web-1"), ownerUID: "u",
            spec: .init(
                application: "web", revision: sha("1"), digest: "d", source: ["path": "x"], onRejection: .revert,
                prune: true, initiatedBy: "ada", rollouts: [rollout().objectReference], sequence: 4),
            status: .init(
                phase: .rejected, reason: "AnalysisFailed", message: "m",
                evidence: [.init(object: rollout().objectReference, metric: "errors", value: "0.1", phase: "Failed")],
                changed: [.init(configMap("a").objectReference, .added)], startedAt: Timestamp(seconds: 5),
                endedAt: Timestamp(seconds: 9)))
        var object = release.json
        object["status"] = release.status.json
        var reader = JSONReader(object.serialized())
        #expect(try Release.decode(&reader) == release)
    }

    @Test("names of Releases fit, and further attempts count")
    func names() {
        #expect(Release.name(application: "web", revision: sha("abc"), attempt: 1) == "web-abc000000000")
        #expect(Release.name(application: "web", revision: sha("abc"), attempt: 2) == "web-abc000000000-2")
        let long = Release.name(application: String(repeating: "a", count: 253), revision: sha("abc"), attempt: 1)
        #expect(long.utf8.count == 253)
    }
}
