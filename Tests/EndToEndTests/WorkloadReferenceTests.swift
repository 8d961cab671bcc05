import Kubernetes
import Manifest
import Testing

@Suite("workloadRef", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(5)))
struct WorkloadReferenceTests {
    private static func deployment(_ image: String, replicas: Int = 0) -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: \(replicas)
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: main, image: "\(image)"}]
        """
    }

    private static func rollout(_ more: String = "", kind: String = "Deployment", name: String = "web") -> String {
        """
        apiVersion: argoproj.io/v1alpha1
        kind: Rollout
        metadata: {name: web}
        spec:
          replicas: 2
          progressDeadlineSeconds: 3
          workloadRef: {apiVersion: apps/v1, kind: \(kind), name: \(name)\(more)}
          strategy: {blueGreen: {activeService: web}}
        """
    }

    private func setImage(_ scenario: Scenario, _ image: String) async throws {
        try await scenario.patch(
            Kinds.deployment, "web",
            ["spec": ["template": ["spec": ["containers": [["name": "main", "image": .string(image)]]]]]])
    }

    @Test("a missing Deployment is named, found when it comes, and followed from then on") func follow() async throws {
        let scenario = try await Scenario("workload")
        try await scenario.apply(Manifests.service("web") + "---\n" + Self.rollout())
        try await scenario.untilPhase("web", "Degraded")
        #expect(try await scenario.serviceHash("web").isEmpty)
        try await scenario.apply(Self.deployment("shop:v1"))
        let good = try await scenario.untilPhase("web", "Healthy")
        #expect(good.at("status", "workloadObservedGeneration")?.stringValue == "1")
        #expect(good.at("spec", "selector") == nil && good.at("spec", "template") == nil)
        try await scenario.untilService("web", selects: 1)
        try await setImage(scenario, "shop:bad-image")
        try await scenario.untilStatus("generation 2 is degraded") {
            $0["phase"] == "Degraded" && $0["workloadObservedGeneration"] == "2"
        }
        try await scenario.untilService("web", selects: 1)
        try await setImage(scenario, "shop:v2")
        try await scenario.untilStatus("generation 3 is healthy") {
            $0["phase"] == "Healthy" && $0["workloadObservedGeneration"] == "3"
        }
        try await scenario.untilService("web", selects: 3)
    }

    @Test("a reference that leads nowhere keeps the pods, and is mended") func astray() async throws {
        let scenario = try await Scenario("workload-astray")
        try await scenario.apply(
            Manifests.service("web") + "---\n" + Self.deployment("shop:v1") + "\n---\n" + Self.rollout())
        try await scenario.untilPhase("web", "Healthy")
        for (change, mended) in [(("name", "nowhere"), ("name", "web")), (("kind", "CronJob"), ("kind", "Deployment"))]
        {
            try await scenario.patch(
                Kinds.rollout, "web", ["spec": ["workloadRef": [change.0: .string(change.1)]]])
            let lost = try await scenario.untilPhase("web", "Degraded")
            let message = lost.at("status", "message")?.stringValue ?? ""
            #expect(message.hasPrefix("InvalidSpec") && message.contains("workloadRef"), "\(message)")
            try await scenario.untilPods([1: 2])
            try await scenario.patch(
                Kinds.rollout, "web", ["spec": ["workloadRef": [mended.0: .string(mended.1)]]])
            try await scenario.untilPhase("web", "Healthy")
        }
        try await scenario.untilService("web", selects: 1)
        #expect(try await scenario.replicaSets().count == 1)
    }

    @Test("a template beside the reference is refused") func both() async throws {
        let scenario = try await Scenario("workload-both")
        try await scenario.apply(Manifests.service("web") + "---\n" + Self.deployment("shop:v1"))
        try await scenario.apply(
            Self.rollout() + "\n  selector: {matchLabels: {app: web}}\n  template: {metadata: {labels: {app: web}}}\n")
        let refused = try await scenario.untilPhase("web", "Degraded")
        #expect(refused.at("status", "conditions")?.arrayValue?.count == 1)
        #expect(refused.condition("InvalidSpec")?["message"]?.stringValue?.contains("template") == true)
    }

    @Test("the template moved into the Rollout goes on without a new revision") func inline() async throws {
        let scenario = try await Scenario("workload-inline")
        try await scenario.apply(
            Manifests.service("web") + "---\n" + Self.deployment("shop:v1") + "\n---\n" + Self.rollout())
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.patch(
            Kinds.rollout, "web",
            [
                "spec": [
                    "workloadRef": .null, "selector": ["matchLabels": ["app": "web"]],
                    "template": [
                        "metadata": ["labels": ["app": "web"]],
                        "spec": ["containers": [["name": "main", "image": "shop:v1"]]],
                    ],
                ]
            ])
        let moved = try await scenario.untilPhase("web", "Healthy")
        #expect(moved.at("status", "workloadObservedGeneration")?.stringValue ?? "" == "")
        #expect(moved.annotations["rollout.argoproj.io/revision"] == "1")
        #expect(try await scenario.replicaSets().count == 1)
    }

    @Test("the Deployment gives its pods up as told", arguments: ["onsuccess", "progressively", "never"])
    func scaleDown(how: String) async throws {
        let scenario = try await Scenario("workload-\(how)")
        try await scenario.apply(Manifests.service("web") + "---\n" + Self.deployment("shop:v1", replicas: 2))
        try await scenario.until("the Deployment runs") {
            try await scenario.get(Kinds.deployment, "web")?.at("status", "availableReplicas")?.intValue == 2
        }
        try await scenario.apply(Self.rollout(", scaleDown: \(how)"))
        try await scenario.untilPhase("web", "Healthy")
        let left: Int64 = how == "never" ? 2 : 0
        try await scenario.until("the Deployment has \(left) pods") {
            try await scenario.get(Kinds.deployment, "web")?.at("spec", "replicas")?.intValue == left
        }
        try await scenario.untilService("web", selects: 1)
    }
}
