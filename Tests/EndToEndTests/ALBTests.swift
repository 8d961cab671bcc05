import Kubernetes
import Manifest
import Testing

@Suite("Behind a load balancer", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct ALBTests {
    private static let action = "alb.ingress.kubernetes.io/actions.web-root"

    private static func ingress(version: String = "v1") -> String {
        let backend =
            version == "v1"
            ? "{service: {name: web-root, port: {name: use-annotation}}}"
            : "{serviceName: web-root, servicePort: use-annotation}"
        return """
            ---
            apiVersion: networking.k8s.io/\(version)
            kind: Ingress
            metadata:
              name: web
              annotations: {kubernetes.io/ingress.class: alb}
            spec:
              rules:
              - http:
                  paths:
                  - path: /*
            \(version == "v1" ? "        pathType: Prefix" : "")
                    backend: \(backend)

            """
    }

    private static let services = ["root", "stable", "canary"].map { Manifests.service("web-\($0)") }.joined()

    private static func strategy(_ more: String, steps: String? = nil) -> String {
        """
              stableService: web-stable
              canaryService: web-canary
              trafficRouting: {alb: {ingress: web, rootService: web-root, servicePort: 80}}
        \(more)
        \(steps.map { "      steps: \($0)" } ?? "")
        """
    }

    private func start(
        _ name: String, _ strategy: String, replicas: Int = 1, extra: String = "", ingress: String = ingress()
    ) async throws -> Scenario {
        let scenario = try await Scenario(name)
        try await scenario.apply(Self.services + ingress)
        try await scenario.apply(Manifests.rollout(replicas: replicas, strategy: strategy, extra: extra))
        try await scenario.untilPhase("web", "Healthy")
        return scenario
    }

    /// Changes an annotation of the template, which makes a new revision.
    private func update(_ scenario: Scenario, to revision: String) async throws {
        try await scenario.patch(
            Kinds.rollout, "web",
            ["spec": ["template": ["metadata": ["annotations": ["rev": .string(revision)]]]]])
    }

    /// The weights that the load balancer's controller reads, by Service.
    private func weights(_ scenario: Scenario) async throws -> [String: Int64] {
        let text = try await scenario.get(Kinds.ingress, "web")?.annotations[Self.action] ?? "{}"
        let groups = try JSON(parsing: text).at("ForwardConfig", "TargetGroups")?.arrayValue ?? []
        var weights: [String: Int64] = [:]
        for group in groups { weights[group["ServiceName"]?.stringValue ?? ""] = group["Weight"]?.intValue }
        return weights
    }

    private func untilWeight(_ scenario: Scenario, _ canary: Int64) async throws {
        try await scenario.untilWeight(canary: canary) { try await weights(scenario) }
    }

    @Test("without steps old pods wait for their deadline, and only so many revisions of them")
    func scaleDownDelay() async throws {
        let scenario = try await start(
            "alb-delay", Self.strategy("      scaleDownDelaySeconds: 86400\n      scaleDownDelayRevisionLimit: 1"))
        try await untilWeight(scenario, 0)
        try await update(scenario, to: "two")
        try await scenario.untilDeadline(1, waits: true)
        try await scenario.untilPhase("web", "Healthy")
        try await update(scenario, to: "three")
        try await scenario.untilDeadline(2, waits: true)
        try await scenario.untilDeadline(1, waits: false)
        try await scenario.untilPhase("web", "Healthy")
        try await update(scenario, to: "two")
        try await scenario.untilDeadline(3, waits: true)
        try await scenario.untilDeadline(1, waits: false)
        try await scenario.untilPhase("web", "Healthy")
        let current = try await scenario.replicaSet(4)
        #expect(current.at("spec", "replicas")?.intValue == 1)
        #expect(current.annotations[Scenario.deadline] == nil)
        try await untilWeight(scenario, 0)
    }

    @Test("pods that wait for their deadline are no lack of progress") func progressDeadline() async throws {
        let scenario = try await start(
            "alb-deadline", Self.strategy("      scaleDownDelaySeconds: 86400\n      scaleDownDelayRevisionLimit: 1"),
            extra: "  progressDeadlineSeconds: 2")
        try await update(scenario, to: "two")
        try await scenario.untilDeadline(1, waits: true)
        try await scenario.untilPhase("web", "Healthy")
        let start = ContinuousClock.now
        try await scenario.until("the deadline would have passed") {
            let rollout = try await scenario.get(Kinds.rollout, "web")
            #expect(rollout?.at("status", "phase") == "Healthy")
            return ContinuousClock.now - start > .seconds(4)
        }
    }

    @Test("an aborted canary goes after a delay of 1, and stays with one of 0", arguments: [1, 0])
    func abort(delay: Int) async throws {
        let scenario = try await start(
            "alb-abort-\(delay)",
            Self.strategy(
                "      abortScaleDownDelaySeconds: \(delay)",
                steps: "[{setCanaryScale: {replicas: 1}}, {setWeight: 30}, {pause: {}}]"))
        try await update(scenario, to: "two")
        try await scenario.untilPaused("web", at: 2)
        try await untilWeight(scenario, 30)
        try await scenario.abort("web")
        try await scenario.untilPhase("web", "Degraded")
        try await scenario.untilService("web-canary", selects: 1)
        try await untilWeight(scenario, 0)
        try await scenario.untilPods([1: 1, 2: delay == 0 ? 1 : 0])
        if delay == 0 { #expect(try await scenario.replicaSet(2).annotations[Scenario.deadline] == nil) }
    }

    /// A Rollout of four pods whose readiness the scenario holds, paused at 25 % with three stable pods.
    private func dynamic(_ name: String, ingress: String = ingress()) async throws -> Scenario {
        let scenario = try await Scenario(name)
        try await scenario.apply(Self.services + ingress)
        try await scenario.apply(
            Manifests.rollout(
                strategy: Self.strategy(
                    "      dynamicStableScale: true",
                    steps: "[{setWeight: 25}, {pause: {}}, {setWeight: 75}, {pause: {}}]"), podSpec: Scenario.gated))
        try await scenario.untilPods([1: 4])
        try await scenario.openGate(1, pods: 4)
        try await scenario.untilPhase("web", "Healthy")
        try await update(scenario, to: "two")
        try await scenario.untilPods([1: 4, 2: 1])
        try await scenario.openGate(2, pods: 1)
        try await scenario.untilPaused("web", at: 1)
        try await scenario.untilPods([1: 3, 2: 1])
        try await untilWeight(scenario, 25)
        return scenario
    }

    @Test("a dynamically scaled stable takes traffic back as its pods come in an abort") func dynamicAbort()
        async throws
    {
        let scenario = try await dynamic("alb-dynamic")
        try await scenario.promote("web")
        try await scenario.untilPods([1: 3, 2: 3])
        try await scenario.openGate(2, pods: 2)
        try await scenario.untilPaused("web", at: 3)
        try await scenario.untilPods([1: 1, 2: 3])
        try await scenario.abort("web")
        try await scenario.openGate(1, pods: 2)
        try await untilWeight(scenario, 25)
        try await scenario.untilPods([1: 4, 2: 1])
        #expect(try await scenario.serviceHash("web-canary") == scenario.hash(2))
        try await scenario.openGate(1, pods: 1)
        try await untilWeight(scenario, 0)
        try await scenario.untilPods([1: 4, 2: 0])
        try await scenario.untilService("web-canary", selects: 1)
    }

    @Test("undo to a dynamically scaled stable shifts no traffic before its pods are there") func dynamicUndo()
        async throws
    {
        let scenario = try await dynamic("alb-undo")
        try await scenario.patch(
            Kinds.rollout, "web", ["spec": ["template": ["metadata": ["annotations": .null]]]])
        try await scenario.untilPods([2: 1, 3: 4])
        #expect(try await weights(scenario) == ["web-stable": 75, "web-canary": 25])
        #expect(try await scenario.serviceHash("web-canary") == scenario.hash(2))
        #expect(try await scenario.serviceHash("web-stable") == scenario.hash(3))
        try await scenario.openGate(3, pods: 1)
        try await untilWeight(scenario, 0)
        try await scenario.untilPods([2: 0, 3: 4])
        try await scenario.untilService("web-canary", selects: 3)
    }

    @Test("the scale subresource reports the pods that its selector finds") func scale() async throws {
        let scenario = try await start(
            "alb-scale", Self.strategy("      scaleDownDelaySeconds: 86400", steps: "[{setWeight: 50}, {pause: {}}]"),
            replicas: 2)
        func scale() async throws -> [JSON?] {
            let seen = try await scenario.stand.api.get(
                Kinds.rollout, ObjectKey(namespace: scenario.namespace, name: "web"), subresource: "scale")
            return [seen?.at("spec", "replicas"), seen?.at("status", "replicas"), seen?.at("status", "selector")]
        }
        #expect(try await scale() == [2, 2, "app=web"])
        try await update(scenario, to: "two")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.untilPods([1: 2, 2: 1])
        try await scenario.untilStatus("all pods count") {
            $0["HPAReplicas"]?.intValue == 3 && $0["replicas"]?.intValue == 3
        }
        #expect(try await scale() == [2, 3, "app=web"])
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.untilStatus("pods that wait for their deadline count, too") {
            $0["HPAReplicas"]?.intValue == 4 && $0["replicas"]?.intValue == 4
        }
    }

    @Test("a header route comes with its step and goes with the update") func headerRoute() async throws {
        let scenario = try await start(
            "alb-header",
            """
                  stableService: web-stable
                  canaryService: web-canary
                  trafficRouting:
                    managedRoutes: [{name: beta}]
                    alb: {ingress: web, rootService: web-root, servicePort: 80}
                  steps:
                  - setWeight: 20
                  - setHeaderRoute: {name: beta, match: [{headerName: x-team, headerValue: {exact: qa}}]}
                  - pause: {}
            """)
        func backends() async throws -> [String?] {
            let rules = try await scenario.get(Kinds.ingress, "web")?.at("spec", "rules")
            return (rules?[0]?.at("http", "paths")?.arrayValue ?? []).map {
                $0.at("backend", "service", "name")?.stringValue
            }
        }
        try await update(scenario, to: "two")
        try await scenario.untilPaused("web", at: 2)
        try await untilWeight(scenario, 20)
        #expect(try await backends() == ["beta", "web-root"])
        let condition = try await scenario.get(Kinds.ingress, "web")?.annotations[
            "alb.ingress.kubernetes.io/conditions.beta"]
        #expect(condition?.contains("\"values\":[\"qa\"]") == true)
        try await scenario.abort("web")
        try await scenario.untilPhase("web", "Degraded")
        try await untilWeight(scenario, 0)
        try await scenario.until("the route is gone") { try await backends() == ["web-root"] }
    }

    @Test("a Rollout that is deleted leaves all weight on stable and nothing on record") func deleted() async throws {
        let scenario = try await start("alb-gone", Self.strategy("", steps: "[{setWeight: 50}, {pause: {}}]"))
        try await update(scenario, to: "two")
        try await untilWeight(scenario, 50)
        _ = try await scenario.stand.api.delete(
            Kinds.rollout, ObjectKey(namespace: scenario.namespace, name: "web"),
            DeleteOptions(propagation: .background))
        try await scenario.until("stable has all weight, and the record is empty") {
            let record = try await scenario.get(Kinds.ingress, "web")?.annotations[
                "rollouts.argoproj.io/managed-alb-annotations"]
            return try await weights(scenario) == ["web-stable": 100] && record == nil
        }
    }

    @Test(
        "an Ingress that was created in the old version works as well",
        .enabled(if: Stand.isRealServer, "not run: the embedded cluster serves networking.k8s.io/v1 alone"))
    func oldVersion() async throws {
        let scenario = try await Scenario("alb-v1beta1")
        let old = Resource(group: "networking.k8s.io", version: "v1beta1", plural: "ingresses", kind: "Ingress")
        var ingress = try #require(try YAML.parse(Array(Self.ingress(version: "v1beta1").utf8)).first)
        ingress.set(.string(scenario.namespace), at: "metadata", "namespace")
        do throws(KubernetesError) {
            _ = try await scenario.stand.api.create(
                old, namespace: scenario.namespace, ingress, subresource: nil, WriteOptions(fieldManager: "e2e"))
        } catch {
            // A server from 1.22 on has forgotten that version.
            guard error.isNotFound else { throw error }
            return
        }
        try await scenario.apply(Self.services)
        try await scenario.apply(
            Manifests.rollout(replicas: 1, strategy: Self.strategy("", steps: "[{setWeight: 50}, {pause: {}}]")))
        try await scenario.untilPhase("web", "Healthy")
        try await update(scenario, to: "two")
        try await scenario.untilPaused("web", at: 1)
        try await untilWeight(scenario, 50)
    }
}
