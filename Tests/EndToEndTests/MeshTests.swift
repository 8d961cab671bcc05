import Kubernetes
import Manifest
import Testing

@Suite(
    "Behind routers with kinds of their own", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"),
    .timeLimit(.minutes(10)))
struct MeshTests {
    /// Makes the cluster serve a kind, which the controller then learns of by itself.
    private func install(_ resource: Resource) async throws {
        let stand = try await Stand.shared.value
        try await stand.apply(
            """
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: {name: \(resource.plural).\(resource.group)}
            spec:
              group: \(resource.group)
              scope: Namespaced
              names: {kind: \(resource.kind), listKind: \(resource.kind)List, plural: \(resource.plural), singular: \(resource.kind.lowercased())}
              versions:
              - name: \(resource.version)
                served: true
                storage: true
                schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
            """)
        let deadline = ContinuousClock.now + Scenario.patience
        while (try? await stand.api.list(resource, ListOptions(namespace: "default"), item: { _ in })) == nil {
            try #require(ContinuousClock.now < deadline, "\(resource) is not served")
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private static func strategy(_ router: String) -> String {
        """
              stableService: web-stable
              canaryService: web-canary
              trafficRouting: \(router)
              steps: [{setWeight: 25}, {pause: {}}]
        """
    }

    private static let services = Manifests.service("web-stable") + Manifests.service("web-canary")

    @Test("a TrafficSplit is made, carries the weight, and goes with its Rollout") func smi() async throws {
        try await install(Kinds.trafficSplit)
        let scenario = try await Scenario("smi")
        try await scenario.apply(Self.services + Manifests.service("web"))
        try await scenario.apply(Manifests.rollout(strategy: Self.strategy("{smi: {rootService: web}}")))
        try await scenario.untilPhase("web", "Healthy")
        func untilSplit(_ canary: Int64) async throws {
            try await scenario.until("the split gives the canary \(canary)") {
                try await scenario.get(Kinds.trafficSplit, "web")?["spec"] == [
                    "service": "web",
                    "backends": [
                        ["service": "web-canary", "weight": .int(canary)],
                        ["service": "web-stable", "weight": .int(100 - canary)],
                    ],
                ]
            }
        }
        try await untilSplit(0)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await untilSplit(25)
        try await scenario.abort("web")
        try await scenario.untilPhase("web", "Degraded")
        try await untilSplit(0)
        let owner = try await scenario.get(Kinds.trafficSplit, "web")?.at("metadata", "ownerReferences")?[0]
        #expect(owner?["kind"] == "Rollout" && owner?["controller"] == true)
    }

    @Test("a TraefikService gets the weights, and keeps what else is in it") func traefik() async throws {
        let scenario = try await Scenario("traefik")
        try await scenario.apply(Self.services)
        try await scenario.apply(
            Manifests.rollout(strategy: Self.strategy("{traefik: {weightedTraefikServiceName: split}}")))
        let refused = try await scenario.untilPhase("web", "Degraded")
        #expect(refused.at("status", "message")?.stringValue?.contains("TraefikService") == true)
        try await install(Kinds.traefikService)
        try await scenario.apply(
            """
            apiVersion: traefik.io/v1alpha1
            kind: TraefikService
            metadata: {name: split}
            spec:
              weighted:
                sticky: {cookie: {name: shop}}
                services:
                - {name: web-stable, port: 80, weight: 100}
                - {name: web-canary, port: 80, weight: 0}
                - {name: other, port: 80, weight: 7}
            """)
        try await scenario.untilPhase("web", "Healthy")
        func untilWeights(_ canary: Int64) async throws {
            try await scenario.until("the canary's weight is \(canary)") {
                try await scenario.get(Kinds.traefikService, "split")?["spec"] == [
                    "weighted": [
                        "sticky": ["cookie": ["name": "shop"]],
                        "services": [
                            ["name": "web-stable", "port": 80, "weight": .int(100 - canary)],
                            ["name": "web-canary", "port": 80, "weight": .int(canary)],
                            ["name": "other", "port": 80, "weight": 7],
                        ],
                    ]
                ]
            }
        }
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await untilWeights(25)
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        try await untilWeights(0)
    }

    @Test("the second Mapping comes with the weight and goes some seconds after it") func ambassador() async throws {
        try await install(Kinds.mapping)
        let scenario = try await Scenario("ambassador")
        try await scenario.apply(Self.services)
        try await scenario.apply(
            """
            apiVersion: getambassador.io/v2
            kind: Mapping
            metadata: {name: web}
            spec: {prefix: /web/, service: "http://web-stable:80"}
            """)
        try await scenario.apply(Manifests.rollout(strategy: Self.strategy("{ambassador: {mappings: [web]}}")))
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.get(Kinds.mapping, "web-canary") == nil)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        let mapping = try await scenario.get(Kinds.mapping, "web-canary")
        #expect(mapping?["spec"] == ["prefix": "/web/", "service": "http://web-canary:80", "weight": 25])
        try await scenario.abort("web")
        try await scenario.untilPhase("web", "Degraded")
        try await scenario.until("the Mapping is gone") { try await scenario.get(Kinds.mapping, "web-canary") == nil }
    }
}
