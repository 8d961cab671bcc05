import Controllers
import Kubernetes
import Manifest
import Testing

@testable import sluice

@Suite("plan") struct PlanTests {
    private static let template = """
          template:
            metadata: {labels: {app: shop}}
            spec: {containers: [{name: shop, image: "registry/shop:1.9"}]}
        """
    private static let own = """
          selector: {matchLabels: {app: shop}}
        \(template)
        """
    private static let deployment = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: shop}
        spec:
          replicas: 2
          selector: {matchLabels: {app: shop}}
        \(template)

        """
    private static let reference = "  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: shop}"

    private static func rollout(_ pods: String, _ canary: String) -> String {
        """
        ---
        apiVersion: argoproj.io/v1alpha1
        kind: Rollout
        metadata: {name: shop, labels: {team: fruit}}
        spec:
          replicas: 2
        \(pods)
          strategy:
            canary: \(canary)

        """
    }

    @Test("takes the template of the workload that the file has")
    func workload() async throws {
        try await CommandStand.with { stand in
            let rollout = Self.rollout(Self.reference, "{steps: [{setWeight: 50}]}")
            let both = await stand.run(["plan", "-f", stand.file("both", Self.deployment + rollout)])
            #expect(both.code == 0, "\(both)")
            #expect(both.output.contains("shop completes after"))
            let alone = await stand.run(["plan", "-f", stand.file("alone", rollout)])
            #expect(alone.code == 2)
            #expect(alone.error.contains("Deployment shop, which is not in it"), "\(alone.error)")
        }
    }

    /// The Rollout of the cluster with 1.8 of the shop, healthy.
    private func createLive(_ stand: CommandStand, spec: JSON) async throws {
        let live = try await stand.create(
            .rollouts,
            [
                "metadata": ["name": "shop", "namespace": "prod"], "spec": spec,
                "status": [
                    "observedGeneration": "1", "phase": "Healthy", "currentPodHash": "6b56c8cdb4",
                    "stableRS": "6b56c8cdb4", "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2,
                    "availableReplicas": 2,
                ],
            ])
        try await stand.replicaSet("6b56c8cdb4", of: live, revision: 6, replicas: 2, image: "registry/shop:1.8")
    }

    @Test("with --from the workload comes from the cluster where the file lacks it")
    func liveWorkload() async throws {
        try await CommandStand.with { stand in
            let reference: JSON = ["apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"]
            try await createLive(
                stand, spec: ["replicas": 2, "workloadRef": reference, "strategy": ["canary": [:]]])
            let file = stand.file("rollout", Self.rollout(Self.reference, "{steps: [{setWeight: 50}]}"))
            let missing = await stand.run("plan --from shop -f \(file)")
            #expect(missing.code == 1)
            #expect(missing.output.contains("Deployment"), "\(missing)")
            try await stand.create(
                .deployments,
                [
                    "metadata": ["name": "shop", "namespace": "prod"],
                    "spec": CommandStand.spec(.null, image: "registry/shop:1.9"),
                ])
            let plan = await stand.run("plan --from shop -f \(file)")
            #expect(plan.code == 0, "\(plan)")
            #expect(plan.output.contains("shop completes after"))
        }
    }

    @Test("with --from what the Rollout refers to must be there, in the cluster or the file")
    func references() async throws {
        try await CommandStand.with { stand in
            try await createLive(stand, spec: CommandStand.spec(["canary": [:]], image: "registry/shop:1.8"))
            let file = stand.file(
                "rollout",
                Self.rollout(
                    Self.own,
                    """
                    {stableService: shop, canaryService: shop-canary, trafficRouting: {nginx: {stableIngress: shop}},
                      steps: [{setWeight: 50}, {analysis: {templates: [{templateName: smoke}]}}]}
                    """))
            // Alone the file is taken to be a part.
            #expect(await stand.run(["plan", "-f", file]).code == 0)
            let blocked = await stand.run("plan --from shop -f \(file)")
            #expect(blocked.code == 1)
            for missing in ["Service \"shop\"", "Service \"shop-canary\"", "AnalysisTemplate \"smoke\"", "Ingress"] {
                #expect(blocked.output.contains(missing), "\(missing): \(blocked.output)")
            }
            for name in ["shop", "shop-canary"] {
                try await stand.create(
                    .services,
                    [
                        "metadata": ["name": .string(name), "namespace": "prod"],
                        "spec": ["selector": ["app": "shop"], "ports": [["port": 80]]],
                    ])
            }
            try await stand.create(
                .analysisTemplates,
                [
                    "metadata": ["name": "smoke", "namespace": "prod"],
                    "spec": ["metrics": [["name": "up", "provider": ["prometheus": ["query": "up"]]]]],
                ])
            let ingress = Resource(
                group: "networking.k8s.io", version: "v1", plural: "ingresses", kind: "Ingress")
            let port: JSON = ["number": 80]
            let backend: JSON = ["service": ["name": "shop", "port": port]]
            try await stand.create(
                ingress,
                [
                    "metadata": ["name": "shop", "namespace": "prod"],
                    "spec": [
                        "rules": [
                            ["http": ["paths": [["path": "/", "pathType": "Prefix", "backend": backend]]]]
                        ]
                    ],
                ])
            let plan = await stand.run("plan --from shop -f \(file)")
            #expect(plan.code == 0, "\(plan)")
        }
    }

    @Test("analyses are made as the controller makes them: nested templates, defaults, the Rollout's arguments")
    func analyses() async throws {
        try await CommandStand.with { stand in
            let templates = """
                ---
                apiVersion: argoproj.io/v1alpha1
                kind: AnalysisTemplate
                metadata: {name: outer}
                spec:
                  args: [{name: service}, {name: cc, value: "3"}]
                  templates: [{templateName: inner, clusterScope: true}]
                  metrics:
                  - name: errors
                    interval: 1m
                    count: "{{args.cc}}"
                    provider: {prometheus: {query: "errors{app='{{args.service}}'}"}}
                ---
                apiVersion: argoproj.io/v1alpha1
                kind: ClusterAnalysisTemplate
                metadata: {name: inner}
                spec:
                  args: [{name: service}, {name: team}, {name: key, valueFrom: {secretKeyRef: {name: s, key: k}}}]
                  metrics:
                  - name: latency
                    provider: {web: {url: "http://{{args.team}}/{{args.service}}?{{args.key}}"}}

                """
            let canary = """
                {steps: [{setWeight: 50}, {analysis: {templates: [{templateName: outer}],
                  args: [{name: service, value: fruit-shop},
                    {name: team, valueFrom: {fieldRef: {fieldPath: "metadata.labels['team']"}}}]}}]}
                """
            let plan = await stand.run(
                ["plan", "-f", stand.file("shop", templates + Self.rollout(Self.own, canary)), "-o", "json"])
            #expect(plan.code == 0, "\(plan)")
            let json = try JSON(parsing: plan.output)
            let queries = (json["queries"]?.arrayValue ?? []).map {
                "\($0["template"]?.stringValue ?? "") \($0["query"]?.stringValue ?? "")"
            }
            #expect(queries == ["outer errors{app='fruit-shop'}", "inner http://fruit/fruit-shop?{{args.key}}"])
            // Three measurements, and the pods before and after.
            let end = json["earliestEndSeconds"]?.doubleValue ?? 0
            #expect(end >= 120 && end < 180, "\(end)")
        }
    }

    @Test("who has to act is told by a command that can be run")
    func people() async throws {
        try await CommandStand.with { stand in
            let file = stand.file("shop", Self.rollout(Self.own, "{steps: [{setWeight: 50}, {pause: {}}]}"))
            #expect(
                await stand.run("plan -f \(file)", as: .argoRollouts).output
                    .contains("waits for `kubectl argo rollouts promote shop -n prod`"))
        }
    }
}
