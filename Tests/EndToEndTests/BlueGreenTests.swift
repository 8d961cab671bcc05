import Manifest
import Testing

@Suite("Blue-green", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct BlueGreenTests {
    private func start(
        _ name: String, _ more: String = "", replicas: Int = 2, preview: Bool = false, extra: String = "",
        podAnnotations: [String: String] = [:]
    ) async throws -> Scenario {
        let scenario = try await Scenario(name)
        try await scenario.apply(Manifests.service("web") + (preview ? Manifests.service("web-preview") : ""))
        try await scenario.apply(
            Manifests.rollout(
                replicas: replicas,
                strategy: "      activeService: web\n\(preview ? "      previewService: web-preview\n" : "")\(more)",
                extra: extra, podAnnotations: podAnnotations, kind: "blueGreen"))
        try await scenario.untilPhase("web", "Healthy")
        return scenario
    }

    @Test("a plain update: counts, Service and Events in their order") func plain() async throws {
        let scenario = try await Scenario("blue-green")
        try await scenario.recordingEvents { log in
            try await scenario.apply(Manifests.service("web"))
            try await scenario.apply(
                Manifests.rollout(
                    replicas: 3, strategy: "      activeService: web\n      scaleDownDelaySeconds: 86400",
                    kind: "blueGreen"))
            try await scenario.untilPhase("web", "Healthy")
            try await scenario.untilCounts([3, 3, 3, 3, 3])
            try await scenario.setImage("web", "shop:v2")
            try await scenario.untilService("web", selects: 2)
            try await scenario.untilPhase("web", "Healthy")
            // The old pods stay until their deadline.
            try await scenario.untilCounts([3, 6, 3, 3, 3])
            #expect(try await scenario.replicaSet(1).annotations[Scenario.deadline] != nil)
            try await scenario.untilEvents(
                [
                    "RolloutAddedToInformer", "RolloutUpdated", "NewReplicaSetCreated", "ScalingReplicaSet",
                    "RolloutCompleted", "SwitchService", "RolloutUpdated", "NewReplicaSetCreated",
                    "RolloutNotCompleted", "ScalingReplicaSet", "SwitchService", "RolloutCompleted",
                ], in: log)
        }
    }

    @Test("a preview of its own size grows before the switch") func previewSize() async throws {
        let scenario = try await start(
            "preview",
            "      previewReplicaCount: 1\n      autoPromotionEnabled: false\n      scaleDownDelaySeconds: 3",
            preview: true)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Paused")
        try await scenario.untilPods([1: 2, 2: 1])
        try await scenario.untilCounts([2, 3, 1, 2, 2])
        try await scenario.untilService("web-preview", selects: 2)
        try await scenario.untilService("web", selects: 1)
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.untilService("web", selects: 2)
        try await scenario.untilPods([1: 0, 2: 2])
    }

    @Test("autoPromotionSeconds promotes at its time, not before") func timed() async throws {
        let scenario = try await start("auto", "      autoPromotionSeconds: 3600")
        try await scenario.setImage("web", "shop:v2")
        let paused = try await scenario.untilPhase("web", "Paused")
        #expect(paused.at("status", "pauseConditions")?[0]?["reason"]?.stringValue == "BlueGreenPause")
        #expect(try await scenario.serviceHash("web") == scenario.hash(1))
        let end = try await scenario.endPause(of: .seconds(3_600), in: .seconds(4))
        try await scenario.untilService("web", selects: 2)
        #expect(SystemClock().now() >= end)
        try await scenario.untilPhase("web", "Healthy")
    }

    @Test("without automatic promotion a person promotes") func manual() async throws {
        let scenario = try await start("manual", "      autoPromotionEnabled: false")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Paused")
        try await scenario.untilPods([1: 2, 2: 2])
        try await scenario.untilService("web", selects: 1)
        try await scenario.recording(Kinds.replicaSet) { log in
            let start = SystemClock().now().wholeSeconds
            try await scenario.promote("web")
            try await scenario.untilService("web", selects: 2)
            try await scenario.untilPhase("web", "Healthy")
            let deadline = try await scenario.untilDeadlineWasSet(1, pods: 2, in: log)
            #expect(deadline >= start + .seconds(30), "half a minute where nothing else is said")
        }
    }

    @Test("an abort before the switch leaves production alone, and the preview goes after its delay")
    func abortBefore() async throws {
        let scenario = try await start(
            "abort-preview",
            """
                  autoPromotionEnabled: false
                  previewReplicaCount: 1
                  abortScaleDownDelaySeconds: 1
            """, preview: true)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Paused")
        try await scenario.untilPods([1: 2, 2: 1])
        try await scenario.abort("web")
        try await scenario.untilPhase("web", "Degraded")
        try await scenario.untilPods([1: 2, 2: 0])
        try await scenario.untilService("web", selects: 1)
        try await scenario.untilService("web-preview", selects: 2)
        try await scenario.retry("web")
        try await scenario.untilPhase("web", "Paused")
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.untilService("web", selects: 2)
    }

    @Test("old revisions wait for their deadline up to the limit, also to a lower one") func limit() async throws {
        let scenario = try await start(
            "bg-limit", "      scaleDownDelaySeconds: 86400\n      scaleDownDelayRevisionLimit: 2", replicas: 1)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilService("web", selects: 2)
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.untilCounts([1, 2, 1, 1, 1])
        for revision in [3, 4] {
            try await scenario.setImage("web", "shop:v\(revision)")
            try await scenario.untilService("web", selects: revision)
            try await scenario.untilPhase("web", "Healthy")
        }
        try await scenario.untilPods([1: 0, 2: 1, 3: 1, 4: 1])
        try await scenario.untilCounts([1, 3, 1, 1, 1])
        try await scenario.patch(
            Kinds.rollout, "web", ["spec": ["strategy": ["blueGreen": ["scaleDownDelayRevisionLimit": 1]]]])
        try await scenario.untilPods([1: 0, 2: 0, 3: 1, 4: 1])
        try await scenario.untilCounts([1, 2, 1, 1, 1])
    }

    @Test("a strategy changed to canary frees the Service") func toCanary() async throws {
        let scenario = try await start("to-canary", "      scaleDownDelaySeconds: 5")
        try await scenario.patch(
            Kinds.rollout, "web",
            [
                "spec": [
                    "template": ["metadata": ["annotations": ["changed": "yes"]]],
                    "strategy": ["blueGreen": .null, "canary": ["steps": [["setWeight": 50], ["pause": [:]]]]],
                ]
            ])
        try await scenario.untilPaused("web", at: 1)
        try await scenario.untilCounts([2, 2, 1, 2, 2])
        try await scenario.until("the Service selects all pods again") {
            let service = try await scenario.get(Kinds.service, "web")
            return service?.at("spec", "selector") == ["app": "web"]
                && service?.annotations["argo-rollouts.argoproj.io/managed-by-rollouts"] == nil
        }
    }

    @Test("paused from its creation on, no pod starts") func pausedCreation() async throws {
        let scenario = try await Scenario("bg-paused")
        try await scenario.apply(Manifests.service("web"))
        try await scenario.apply(
            Manifests.rollout(
                replicas: 2, strategy: "      activeService: web", extra: "  paused: true", kind: "blueGreen"))
        try await scenario.untilPhase("web", "Paused")
        try await scenario.untilPods([1: 0])
        try await scenario.patch(Kinds.rollout, "web", ["spec": ["paused": false]])
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.untilPods([1: 2])
        try await scenario.untilService("web", selects: 1)
    }

    @Test("a preview that never comes is given up only where progressDeadlineAbort says so") func deadline()
        async throws
    {
        let scenario = try await start(
            "bg-deadline", "      abortScaleDownDelaySeconds: 2", replicas: 1)
        try await scenario.patch(Kinds.rollout, "web", ["spec": ["progressDeadlineSeconds": 2]])
        try await scenario.setImage("web", "shop:bad-image")
        let late = try await scenario.untilPhase("web", "Degraded")
        #expect(late.at("status", "message")?.stringValue?.hasPrefix("ProgressDeadlineExceeded") == true)
        #expect(late.at("status", "abort")?.boolValue != true)
        try await scenario.untilPods([1: 1, 2: 1])
        try await scenario.patch(Kinds.rollout, "web", ["spec": ["progressDeadlineAbort": true]])
        let aborted = try await scenario.untilStatus("the update is aborted") { $0["abort"]?.boolValue == true }
        #expect(aborted.at("status", "conditions")?.arrayValue?.count == 4)
        try await scenario.untilPods([1: 1, 2: 0])
        try await scenario.untilService("web", selects: 1)
    }

    @Test("promote full needs neither pause nor analysis") func promoteFull() async throws {
        let scenario = try await Scenario("bg-full")
        let answers = MetricAnswers(MetricAnswers.good)
        try await scenario.apply(Manifests.service("web") + answers.template(count: 5_000))
        try await scenario.apply(
            Manifests.rollout(
                replicas: 3,
                strategy: """
                          activeService: web
                          autoPromotionEnabled: false
                          prePromotionAnalysis: {templates: [{templateName: verdict}]}
                          postPromotionAnalysis: {templates: [{templateName: verdict}]}
                    """, podSpec: Scenario.gated, kind: "blueGreen"))
        try await scenario.openGate(1, pods: 3)
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Progressing")
        try await scenario.promoteFull("web")
        // Whoever has seen this generation has seen the promotion, which came before it.
        try await scenario.patch(Kinds.rollout, "web", ["spec": ["progressDeadlineSeconds": 601]])
        try await scenario.untilPhase("web", "Progressing")
        try await scenario.openGate(2, pods: 3)
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.untilService("web", selects: 2)
        #expect(try await scenario.analysisRuns().isEmpty)
    }
}
