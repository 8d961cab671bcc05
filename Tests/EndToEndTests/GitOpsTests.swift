import EmbeddedCluster
import Kubernetes
import Manifest
import Testing

@Suite("From a commit to a verdict", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct GitOpsTests {
    /// A repository and an Application named after the scenario's namespace.
    struct Shop: Sendable {
        let scenario: Scenario
        let repository: GitFixture
        var application: String { scenario.namespace }
        static let instanceLabel = "argo-rollouts.argoproj.io/controller-instance-id"

        init(
            _ name: String, annotations: [String: String] = [:], instance: Bool = false, files: [String: String?]
        ) async throws {
            scenario = try await Scenario(name)
            repository = try await GitFixture(in: scenario.stand.folder.path, name: scenario.namespace)
            try await repository.commit("first", files)
            let notes = annotations.sorted { $0.key < $1.key }.map { "    \($0.key): \"\($0.value)\"" }
            try await scenario.stand.apply(
                """
                apiVersion: argoproj.io/v1alpha1
                kind: Application
                metadata:
                  name: \(scenario.namespace)
                  namespace: argocd
                  labels: {\(instance ? "\(Self.instanceLabel): \(scenario.namespace)" : "app: \(scenario.namespace)")}
                \(notes.isEmpty ? "" : "  annotations:\n" + notes.joined(separator: "\n"))
                spec:
                  project: default
                  source: {repoURL: "\(repository.url)", path: deploy, targetRevision: main}
                  destination: {server: "https://kubernetes.default.svc", namespace: \(scenario.namespace)}
                  syncPolicy: {automated: {prune: true, selfHeal: true}}
                """)
        }

        /// Commits, and asks for a look now.
        @discardableResult
        func commit(_ message: String, _ files: [String: String?]) async throws -> String {
            let id = try await repository.commit(message, files)
            try await refresh()
            return id
        }

        func refresh() async throws {
            _ = try await scenario.stand.api.patch(
                Kinds.application, ObjectKey(namespace: "argocd", name: application), .merge,
                ["metadata": ["annotations": ["argocd.argoproj.io/refresh": "normal"]]], subresource: nil,
                WriteOptions())
        }

        func app() async throws -> JSON {
            try await scenario.stand.api.get(
                Kinds.application, ObjectKey(namespace: "argocd", name: application), subresource: nil) ?? .null
        }

        func release(_ commit: String) async throws -> JSON? {
            try await scenario.stand.list(Kinds.release, "argocd").last {
                $0.at("spec", "revision")?.stringValue == commit && $0.objectKey.name.hasPrefix(application)
            }
        }

        @discardableResult
        func untilRelease(_ commit: String, _ phase: String) async throws -> JSON {
            try await scenario.until("the Release of \(commit.prefix(7)) is \(phase)") {
                guard let release = try await self.release(commit),
                    release.at("status", "phase")?.stringValue == phase
                else { return nil }
                return release
            }
        }

        func untilSynced(_ commit: String) async throws {
            try await scenario.until("the Application is synced to \(commit.prefix(7))") {
                let app = try await self.app()
                return app.at("status", "sync", "status")?.stringValue == "Synced"
                    && app.at("status", "sync", "revision")?.stringValue == commit
                    && app.at("status", "health", "status")?.stringValue == "Healthy"
            }
        }
    }

    private static let kustomization = """
        apiVersion: kustomize.config.k8s.io/v1beta1
        kind: Kustomization
        resources: [all.yaml]
        configurations: [names.yaml]
        configMapGenerator:
        - name: settings
          literals: [GREETING=%]

        """

    static func guarded(
        _ stand: Stand, greeting: String = "hello", image: String = "shop:v1", errors: Int = 0,
        labels: String = ""
    ) -> [String: String?] {
        [
            "deploy/names.yaml": """
            nameReference:
            - kind: ConfigMap
              version: v1
              fieldSpecs:
              - kind: Rollout
                path: spec/template/spec/containers/envFrom/configMapRef/name

            """,
            "deploy/kustomization.yaml": kustomization.replacing("%", with: greeting),
            "deploy/all.yaml": Manifests.successRate(stand.prometheus) + Manifests.routes() + "---\n"
                + Manifests.rollout(
                    image: image,
                    strategy: Manifests.istio(
                        steps: """
                                  - setWeight: 25
                            \(Manifests.analysisStep())
                                  - setWeight: 50
                            """), podAnnotations: ["mesh.sluice.dev/error-percent": "\(errors)"]
                ).replacing("  name: web\nspec:", with: "  name: web\n  labels: {\(labels)}\nspec:").replacing(
                    "ports: [{name: http, containerPort: 8080, protocol: TCP}]",
                    with:
                        "ports: [{name: http, containerPort: 8080, protocol: TCP}]\n        envFrom: [{configMapRef: {name: settings}}]"
                ),
        ]
    }

    private static func plain(_ value: String, extra: Bool = true) -> [String: String?] {
        [
            "deploy/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {value: \"\(value)\"}\n",
            "deploy/b.yaml": extra ? "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {x: \"1\"}\n" : nil,
        ]
    }

    @Test("plain manifests are applied, followed, pruned and healed") func plainFolder() async throws {
        let shop = try await Shop("plain", files: Self.plain("1"))
        let first = try #require(try await shop.repository.head())
        try await shop.untilSynced(first)
        try await shop.untilRelease(first, "Released")
        let second = try await shop.commit("second", Self.plain("2"))
        try await shop.untilSynced(second)
        #expect(try await shop.scenario.get(Kinds.configMap, "a")?.at("data", "value")?.stringValue == "2")
        try await shop.scenario.patch(Kinds.configMap, "a", ["data": ["value": "by hand"]])
        try await shop.scenario.until("the edit is healed") {
            try await shop.scenario.get(Kinds.configMap, "a")?.at("data", "value")?.stringValue == "2"
        }
        let third = try await shop.commit("third", Self.plain("2", extra: false))
        try await shop.untilRelease(third, "Released")
        try await shop.scenario.until("what the commit removed is pruned") {
            try await shop.scenario.get(Kinds.configMap, "b") == nil
        }
        try await shop.scenario.until("the history ends with it") {
            let history = try await shop.app().at("status", "history")?.arrayValue
            return history?.last?["revision"]?.stringValue == third
        }
    }

    @Test("a good commit is released after its canary") func released() async throws {
        let stand = try await Stand.shared.value
        let shop = try await Shop("released", files: Self.guarded(stand))
        let first = try #require(try await shop.repository.head())
        try await shop.untilRelease(first, "Released")
        let second = try await shop.commit("v2", Self.guarded(stand, greeting: "hi", image: "shop:v2"))
        let release = try await shop.untilRelease(second, "Released")
        #expect(release.at("status", "changed")?.arrayValue?.isEmpty == false)
        try await shop.untilSynced(second)
        try await shop.scenario.until("only the new ConfigMap is left") {
            try await shop.scenario.list(Kinds.configMap).filter { $0.objectKey.name.hasPrefix("settings-") }.count == 1
        }
    }

    @Test("a bad commit is rejected, put back and reverted once") func reverted() async throws {
        let stand = try await Stand.shared.value
        let shop = try await Shop(
            "revert", annotations: ["sluice.dev/on-rejection": "revert"], files: Self.guarded(stand))
        let first = try #require(try await shop.repository.head())
        try await shop.untilRelease(first, "Released")
        let settings = try await shop.scenario.list(Kinds.configMap).filter { $0.objectKey.name.hasPrefix("settings-") }
        let bad = try await shop.commit("bad", Self.guarded(stand, greeting: "oops", image: "shop:v2", errors: 30))
        let release = try await shop.untilRelease(bad, "Rejected")
        #expect(release.at("status", "reason")?.stringValue == "AnalysisFailed")
        #expect(release.at("status", "evidence")?.arrayValue?.isEmpty == false)
        let revert = try await shop.scenario.until("a revert commit") {
            let head = try await shop.repository.head()
            return head == bad ? nil : head
        }
        #expect(try await shop.repository.message(of: revert).contains("Sluice-Reverts: \(bad)"))
        try await shop.untilSynced(revert)
        try await shop.scenario.until("the bad ConfigMap is gone and the good one stayed") {
            let names = try await shop.scenario.list(Kinds.configMap).map(\.objectKey.name)
                .filter { $0.hasPrefix("settings-") }
            return names == settings.map(\.objectKey.name)
        }
        try await shop.scenario.untilPhase("web", "Healthy")
        #expect(try await shop.repository.head() == revert)
    }

    @Test("with hold, traffic goes back and the commit is not applied again") func held() async throws {
        let stand = try await Stand.shared.value
        let shop = try await Shop("hold", annotations: ["sluice.dev/on-rejection": "hold"], files: Self.guarded(stand))
        let first = try #require(try await shop.repository.head())
        try await shop.untilRelease(first, "Released")
        let bad = try await shop.commit("bad", Self.guarded(stand, image: "shop:v2", errors: 30))
        try await shop.untilRelease(bad, "Rejected")
        try await shop.refresh()
        try await shop.scenario.until("the Application says that the commit is rejected") {
            let app = try await shop.app()
            let types = (app.at("status", "conditions")?.arrayValue ?? []).compactMap { $0["type"]?.stringValue }
            return types.contains("CommitRejected") && app.at("status", "sync", "status")?.stringValue == "OutOfSync"
        }
        try await shop.scenario.untilWeight(canary: 0)
        #expect(try await shop.repository.head() == bad)
    }

    @Test("a forced sync in mid-canary moves no weight and heals the rest") func syncInMidCanary() async throws {
        let stand = try await Stand.shared.value
        var files = Self.guarded(stand)
        files["deploy/all.yaml"] =
            Manifests.routes() + "---\n"
            + Manifests.rollout(
                strategy: Manifests.istio(steps: "      - setWeight: 25\n      - pause: {}"))
        let shop = try await Shop("mid", files: files)
        let first = try #require(try await shop.repository.head())
        try await shop.untilRelease(first, "Released")
        files["deploy/all.yaml"] = files["deploy/all.yaml"]??.replacing("shop:v1", with: "shop:v2")
        let second = try await shop.commit("v2", files)
        try await shop.scenario.untilPaused("web", at: 1)
        let scenario = shop.scenario
        let selector = try await scenario.get(Kinds.service, "web-canary")?.at("spec", "selector")
        _ = try await stand.api.patch(
            Kinds.virtualService, ObjectKey(namespace: scenario.namespace, name: "web"), .json,
            [["op": "replace", "path": "/spec/http/0/timeout", "value": "77s"]], subresource: nil,
            WriteOptions(fieldManager: "somebody"))
        _ = try await stand.api.patch(
            Kinds.application, ObjectKey(namespace: "argocd", name: shop.application), .merge,
            ["operation": ["sync": ["revision": .string(second)], "initiatedBy": ["username": "e2e"]]],
            subresource: nil, WriteOptions())
        try await scenario.until("the timeout is healed") {
            try await scenario.get(Kinds.virtualService, "web")?.at("spec", "http")?[0]?["timeout"]?.stringValue == "5s"
        }
        #expect(try await scenario.weights("web") == ["web-stable": 75, "web-canary": 25])
        #expect(try await scenario.get(Kinds.service, "web-canary")?.at("spec", "selector") == selector)
        #expect(try await scenario.get(Kinds.rollout, "web")?.at("status", "phase")?.stringValue == "Paused")
        try await scenario.promote("web")
        try await shop.untilRelease(second, "Released")
    }

    @Test("a forced sync in mid-canary keeps header and mirror routes") func syncKeepsRoutes() async throws {
        let stand = try await Stand.shared.value
        var files = Self.guarded(stand)
        files["deploy/all.yaml"] =
            Manifests.routes() + "---\n"
            + Manifests.rollout(
                strategy: Manifests.istio(steps: ManagedRouteTests.steps, managed: ["shadow", "beta"]))
        let shop = try await Shop("mid-routes", files: files)
        let scenario = shop.scenario
        try await shop.untilRelease(try #require(try await shop.repository.head()), "Released")
        files["deploy/all.yaml"] = files["deploy/all.yaml"]??.replacing("shop:v1", with: "shop:v2")
        let second = try await shop.commit("v2", files)
        try await scenario.untilPaused("web", at: 3)
        let routed = try await scenario.http("web")
        #expect(routed.map { $0["name"]?.stringValue } == ["shadow", "beta", "primary"])
        var edited = routed
        edited[2]["timeout"] = "77s"
        try await scenario.patch(Kinds.virtualService, "web", ["spec": ["http": .array(edited)]])
        _ = try await stand.api.patch(
            Kinds.application, ObjectKey(namespace: "argocd", name: shop.application), .merge,
            ["operation": ["sync": ["revision": .string(second)], "initiatedBy": ["username": "e2e"]]],
            subresource: nil, WriteOptions())
        try await scenario.until("the timeout is healed, and nothing else") { try await scenario.http("web") == routed }
        try await scenario.until("routes are no drift") {
            try await shop.app().at("status", "sync", "status")?.stringValue == "Synced"
        }
        #expect(try await scenario.http("web") == routed)
        try await scenario.promote("web")
        try await scenario.untilPaused("web", at: 5)
        #expect(try await scenario.routes("web") == ["shadow", "primary"])
        try await scenario.promote("web")
        try await shop.untilRelease(second, "Released")
        try await scenario.until("the routes are gone") { try await scenario.routes("web") == ["primary"] }
    }

    @Test("another project is refused by name") func otherProject() async throws {
        let scenario = try await Scenario("project")
        try await scenario.stand.apply(
            """
            apiVersion: argoproj.io/v1alpha1
            kind: Application
            metadata: {name: \(scenario.namespace), namespace: argocd}
            spec:
              project: payments
              source: {repoURL: "file:///nowhere", path: ., targetRevision: main}
              destination: {server: "https://kubernetes.default.svc", namespace: \(scenario.namespace)}
            """)
        try await scenario.until("the condition names it") {
            let app = try await scenario.stand.api.get(
                Kinds.application, ObjectKey(namespace: "argocd", name: scenario.namespace), subresource: nil)
            return (app?.at("status", "conditions")?.arrayValue ?? []).contains {
                $0["type"]?.stringValue == "InvalidSpecError"
                    && $0["message"]?.stringValue?.contains("payments") == true
            }
        }
    }

    @Test("a repository that is away says so, and what runs goes on") func repositoryAway() async throws {
        let scenario = try await Scenario("repo-away")
        try await scenario.stand.apply(
            """
            apiVersion: argoproj.io/v1alpha1
            kind: Application
            metadata: {name: \(scenario.namespace), namespace: argocd}
            spec:
              project: default
              source: {repoURL: "file://\(scenario.stand.folder.path)/no-such.git", path: ., targetRevision: main}
              destination: {server: "https://kubernetes.default.svc", namespace: \(scenario.namespace)}
              syncPolicy: {automated: {}}
            """)
        try await scenario.until("the condition says so") {
            let app = try await scenario.stand.api.get(
                Kinds.application, ObjectKey(namespace: "argocd", name: scenario.namespace), subresource: nil)
            return app?.at("status", "sync", "status")?.stringValue == "Unknown"
                && (app?.at("status", "conditions")?.arrayValue ?? []).contains {
                    $0["type"]?.stringValue == "ComparisonError"
                }
        }
    }

    @Test("a path that leaves the repository is refused") func pathEscape() async throws {
        let shop = try await Shop("escape", files: ["deploy/kustomization.yaml": "resources: [../../../etc/passwd]\n"])
        try await shop.scenario.until("the condition says so") {
            (try await shop.app().at("status", "conditions")?.arrayValue ?? []).contains {
                $0["type"]?.stringValue == "ComparisonError"
            }
        }
    }

    @Test("an alias bomb is refused, and others go on") func aliasBomb() async throws {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let alias = "*a\(level - 1)"
            bomb += "a\(level): &a\(level) [\(Array(repeating: alias, count: 9).joined(separator: ", "))]\n"
        }
        let shop = try await Shop(
            "bomb", files: ["deploy/bomb.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\n\(bomb)"])
        try await shop.scenario.until("the condition says so") {
            (try await shop.app().at("status", "conditions")?.arrayValue ?? []).contains {
                $0["type"]?.stringValue == "ComparisonError"
            }
        }
    }
}
