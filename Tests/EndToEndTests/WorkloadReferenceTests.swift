import EmbeddedCluster
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

    private static func rollout(
        _ more: String = "", kind: String = "Deployment", name: String = "web", labels: String = "{}",
        deadline: Int = 3,
        strategy: String = "{blueGreen: {activeService: web}}"
    ) -> String {
        """
        apiVersion: argoproj.io/v1alpha1
        kind: Rollout
        metadata: {name: web, labels: \(labels)}
        spec:
          replicas: 2
          progressDeadlineSeconds: \(deadline)
          workloadRef: {apiVersion: apps/v1, kind: \(kind), name: \(name)\(more)}
          strategy: \(strategy)
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
        // Clients look for these words.
        let words = "template must be empty for workload reference rollout"
        #expect(refused.condition("InvalidSpec")?["message"]?.stringValue?.contains(words) == true)
    }

    @Test("a blue-green update of its Deployment waits for both analyses", arguments: [true, false])
    func analysed(isAutomatic: Bool) async throws {
        let scenario = try await Scenario("workload-analysed-\(isAutomatic)")
        let answers = MetricAnswers(MetricAnswers.good)
        try await scenario.apply(
            Manifests.service("web") + Manifests.service("web-preview") + answers.template("before", count: 3)
                + answers.template("after", count: 3) + "---\n" + Self.deployment("shop:v1") + "\n---\n"
                + Self.rollout(
                    strategy: """
                        {blueGreen: {activeService: web, previewService: web-preview, autoPromotionEnabled: \(isAutomatic),
                              prePromotionAnalysis: {templates: [{templateName: before}]},
                              postPromotionAnalysis: {templates: [{templateName: after}]}}}
                        """))
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.analysisRuns().isEmpty)
        // Nothing is promoted as long as the measurement waits for its answer, however late this test looks.
        answers.hold()
        try await setImage(scenario, "shop:v2")
        try await scenario.untilStatus("the new preview is judged") {
            $0.at("blueGreen", "prePromotionAnalysisRunStatus") != nil
        }
        #expect(try await scenario.serviceHash("web") == (try await scenario.hash(1)))
        answers.release()
        if !isAutomatic {
            try await scenario.untilPhase("web", "Paused")
            #expect(try await scenario.analysisRuns().count == 1)
            #expect(try await scenario.serviceHash("web") == (try await scenario.hash(1)))
            #expect(try await scenario.serviceHash("web-preview") == (try await scenario.hash(2)))
            try await scenario.promote("web")
        }
        try await scenario.untilRun("PrePromotion", "Successful")
        try await scenario.untilService("web", selects: 2)
        try await scenario.untilRun("PostPromotion", "Successful")
        let done = try await scenario.untilStatus("revision 2 is stable and healthy") {
            $0["phase"] == "Healthy" && $0["workloadObservedGeneration"] == "2"
        }
        #expect(done.at("status", "stableRS")?.stringValue == (try await scenario.hash(2)))
        #expect(try await scenario.analysisRuns().count == 2)
    }

    @Test("D24: with its flag the Deployment has its pods back before those of a deleted Rollout go")
    func restored() async throws {
        let scenario = try await Scenario("workload-restored")
        let id = scenario.namespace
        let controller = try await scenario.stand.controller(instance: id, more: ["--restore-workload-on-delete"])
        let life = Task { try await controller.run() }
        defer { life.cancel() }
        try await scenario.apply(Manifests.service("web") + "---\n" + Self.deployment("shop:v1", replicas: 2))
        try await scenario.apply(
            Self.rollout(
                ", scaleDown: onsuccess", labels: "{argo-rollouts.argoproj.io/controller-instance-id: \(id)}",
                // For so long at most the Rollout waits for the Deployment's pods.
                deadline: 100))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.until("the Deployment has no pods") {
            let deployment = try await scenario.get(Kinds.deployment, "web")
            return deployment?.at("spec", "replicas")?.intValue == 0
                && deployment?.at("status", "replicas")?.intValue ?? 0 == 0
        }
        try await scenario.stand.api.delete(
            Kinds.rollout, ObjectKey(namespace: scenario.namespace, name: "web"),
            DeleteOptions(propagation: .background))
        try await scenario.until("the Rollout is gone") {
            let deployment = try await scenario.get(Kinds.deployment, "web")
            if try await scenario.get(Kinds.rollout, "web") != nil { return false }
            #expect(deployment?.at("spec", "replicas")?.intValue == 2)
            return true
        }
        #expect(
            try await scenario.get(Kinds.deployment, "web")?.at("status", "availableReplicas")?.intValue == 2,
            "its pods came first")
        try await scenario.until("the Service selects no revision") {
            try await scenario.serviceHash("web").isEmpty
        }
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
