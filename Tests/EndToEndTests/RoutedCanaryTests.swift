import Kubernetes
import Manifest
import Testing

@Suite("Canary behind a router", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct RoutedCanaryTests {
    static let steps = """
              - setWeight: 20
              - pause: {}
              - setWeight: 60
              - pause: {}
        """

    @Test("weights go to the VirtualService after the pods are there") func istioHosts() async throws {
        let scenario = try await Scenario("istio")
        try await scenario.apply(Manifests.routes())
        try await scenario.apply(Manifests.rollout(strategy: Manifests.istio(steps: Self.steps)))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        let first = try await scenario.untilPaused("web", at: 1)
        #expect(try await scenario.weights("web") == ["web-stable": 80, "web-canary": 20])
        #expect(first.at("status", "canary", "weights", "canary", "weight")?.intValue == 20)
        #expect(try await scenario.sizes() == ["v1": 4, "v2": 1])
        try await scenario.promote("web")
        try await scenario.untilPaused("web", at: 3)
        #expect(try await scenario.weights("web") == ["web-stable": 40, "web-canary": 60])
        try await scenario.promote("web")
        let done = try await scenario.untilPhase("web", "Healthy")
        // The promotion is written first; the Service and the weight follow it.
        try await scenario.until("all traffic is on the new stable") {
            let stable = try await scenario.get(Kinds.service, "web-stable")
            return try await scenario.weights("web") == ["web-stable": 100, "web-canary": 0]
                && stable?.at("spec", "selector", "rollouts-pod-template-hash") == done.at("status", "stableRS")
        }
        try await scenario.until("the old pods go after their delay") {
            try await scenario.sizes() == ["v1": 0, "v2": 4]
        }
    }

    @Test("an abort sends all traffic back before the canary's pods go") func istioAbort() async throws {
        let scenario = try await Scenario("istio-abort")
        try await scenario.apply(Manifests.routes())
        try await scenario.apply(Manifests.rollout(strategy: Manifests.istio(steps: Self.steps)))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.abort("web")
        try await scenario.untilPhase("web", "Degraded")
        try await scenario.untilWeight(canary: 0)
        try await scenario.until("the canary is gone") { try await scenario.sizes() == ["v1": 4, "v2": 0] }
    }

    @Test("D17: an abort finds the way back by the last valid strategy, and a mended spec goes on")
    func abortWhileInvalid()
        async throws
    {
        let scenario = try await Scenario("invalid-abort")
        try await scenario.apply(Manifests.routes())
        try await scenario.apply(
            Manifests.rollout(
                strategy: Manifests.istio(steps: "      - setWeight: 25\n      - pause: {}").replacing(
                    "abortScaleDownDelaySeconds: 2", with: "abortScaleDownDelaySeconds: 3")))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        #expect(try await scenario.weights("web") == ["web-stable": 75, "web-canary": 25])
        let path: JSON = [
            "strategy": ["canary": ["trafficRouting": ["istio": ["virtualService": ["name": "nowhere"]]]]]
        ]
        try await scenario.patch(
            Kinds.rollout, "web",
            ["spec": MergePatch.apply(["strategy": ["canary": ["canaryService": "gone"]]], to: path)])
        let invalid = try await scenario.untilPhase("web", "Degraded")
        #expect(invalid.condition("InvalidSpec") != nil)
        #expect(try await scenario.weights("web") == ["web-stable": 75, "web-canary": 25], "traffic stays")
        #expect(try await scenario.sizes() == ["v1": 4, "v2": 1])
        try await scenario.recording(Kinds.replicaSet) { log in
            try await scenario.abort("web")
            try await scenario.untilWeight(canary: 0)
            try await scenario.untilDeadlineWasSet(2, pods: 1, in: log)
            try await scenario.until("the canary is gone") { try await scenario.sizes() == ["v1": 4, "v2": 0] }
        }
        let aborted = try #require(try await scenario.get(Kinds.rollout, "web"))
        #expect(aborted.condition("InvalidSpec") != nil)
        #expect(aborted.condition("Progressing")?["reason"] == "RolloutAborted")
        try await scenario.patch(
            Kinds.rollout, "web",
            [
                "spec": [
                    "strategy": [
                        "canary": [
                            "canaryService": "web-canary",
                            "trafficRouting": ["istio": ["virtualService": ["name": "web"]]],
                        ]
                    ]
                ]
            ])
        try await scenario.untilStatus("the spec is mended, the abort stays") {
            $0["message"]?.stringValue?.hasPrefix("RolloutAborted") == true
                && $0["conditions"]?.arrayValue?.contains { $0["type"] == "InvalidSpec" } == false
        }
        try await scenario.retry("web")
        try await scenario.untilPaused("web", at: 1)
        #expect(try await scenario.weights("web") == ["web-stable": 75, "web-canary": 25])
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.until("the update is through") { try await scenario.sizes() == ["v1": 0, "v2": 4] }
    }

    @Test("subsets of a DestinationRule get the hashes") func istioSubsets() async throws {
        let scenario = try await Scenario("subsets")
        try await scenario.apply(
            Manifests.service("web") + """
                ---
                apiVersion: networking.istio.io/v1alpha3
                kind: DestinationRule
                metadata: {name: web}
                spec:
                  host: web
                  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}
                  subsets:
                  - {name: stable, labels: {app: web}}
                  - {name: canary, labels: {app: web}}
                ---
                apiVersion: networking.istio.io/v1alpha3
                kind: VirtualService
                metadata: {name: web}
                spec:
                  hosts: [web.local]
                  http:
                  - name: primary
                    route:
                    - destination: {host: web, subset: stable}
                      weight: 100
                    - destination: {host: web, subset: canary}
                      weight: 0
                """)
        try await scenario.apply(
            Manifests.rollout(
                strategy: """
                          trafficRouting:
                            istio:
                              virtualService: {name: web, routes: [primary]}
                              destinationRule: {name: web, stableSubsetName: stable, canarySubsetName: canary}
                          steps:
                    \(Self.steps)
                    """))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        let paused = try await scenario.untilPaused("web", at: 1)
        #expect(try await scenario.weights("web") == ["stable": 80, "canary": 20])
        let rule = try await scenario.get(Kinds.destinationRule, "web")
        let subsets = rule?.at("spec", "subsets")?.arrayValue ?? []
        #expect(subsets.first?.at("labels", "rollouts-pod-template-hash") == paused.at("status", "stableRS"))
        #expect(subsets.last?.at("labels", "rollouts-pod-template-hash") == paused.at("status", "currentPodHash"))
        #expect(rule?.at("spec", "trafficPolicy", "tls", "mode")?.stringValue == "ISTIO_MUTUAL")
    }

    @Test("an NGINX canary Ingress is made and carries the weight") func nginx() async throws {
        let scenario = try await Scenario("nginx")
        try await scenario.apply(
            Manifests.service("web-stable") + Manifests.service("web-canary") + """
                ---
                apiVersion: networking.k8s.io/v1
                kind: Ingress
                metadata: {name: web}
                spec:
                  rules:
                  - host: web.local
                    http:
                      paths:
                      - path: /
                        pathType: Prefix
                        backend: {service: {name: web-stable, port: {number: 80}}}
                """)
        try await scenario.apply(
            Manifests.rollout(
                strategy: """
                          stableService: web-stable
                          canaryService: web-canary
                          trafficRouting: {nginx: {stableIngress: web}}
                          steps:
                    \(Self.steps)
                    """))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        let ingress = try await scenario.get(Kinds.ingress, "web-web-canary")
        #expect(ingress?.annotations["nginx.ingress.kubernetes.io/canary"] == "true")
        #expect(ingress?.annotations["nginx.ingress.kubernetes.io/canary-weight"] == "20")
        try await scenario.abort("web")
        try await scenario.until("the canary's weight is 0") {
            try await scenario.get(Kinds.ingress, "web-web-canary")?
                .annotations["nginx.ingress.kubernetes.io/canary-weight"] == "0"
        }
    }

    @Test("setCanaryScale sizes the canary apart from its weight") func canaryScale() async throws {
        let scenario = try await Scenario("canary-scale")
        try await scenario.apply(Manifests.routes())
        try await scenario.apply(
            Manifests.rollout(
                strategy: Manifests.istio(
                    steps: """
                              - setCanaryScale: {replicas: 3}
                              - pause: {}
                              - setCanaryScale: {matchTrafficWeight: true}
                              - setWeight: 25
                              - pause: {}
                        """)))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        #expect(try await scenario.sizes() == ["v1": 4, "v2": 3])
        #expect(try await scenario.weights("web") == ["web-stable": 100, "web-canary": 0])
        try await scenario.promote("web")
        try await scenario.untilPaused("web", at: 4)
        #expect(try await scenario.weights("web") == ["web-stable": 75, "web-canary": 25])
        try await scenario.until("the canary matches its weight") { try await scenario.sizes() == ["v1": 4, "v2": 1] }
    }

    @Test("foreign routes and fields of the VirtualService stay") func foreignFields() async throws {
        let scenario = try await Scenario("foreign")
        try await scenario.apply(Manifests.routes())
        try await scenario.apply(Manifests.rollout(strategy: Manifests.istio(steps: Self.steps)))
        try await scenario.untilPhase("web", "Healthy")
        let other: JSON = [
            "name": "other", "match": [["uri": ["prefix": "/other"]]],
            "route": [["destination": ["host": "elsewhere"], "weight": 100]],
        ]
        _ = try await scenario.stand.api.patch(
            Kinds.virtualService, ObjectKey(namespace: scenario.namespace, name: "web"), .json,
            [["op": "add", "path": "/spec/http/-", "value": other]], subresource: nil,
            WriteOptions(fieldManager: "somebody"))
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        let routed = try #require(try await scenario.get(Kinds.virtualService, "web"))
        #expect(routed.at("spec", "http")?[1] == other)
        #expect(routed.at("spec", "http")?[0]?["timeout"]?.stringValue == "5s")
        #expect(try await scenario.weights("web") == ["web-stable": 80, "web-canary": 20])
    }
}
