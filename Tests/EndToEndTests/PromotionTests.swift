import EmbeddedCluster
import Manifest
import Testing

@Suite("Abort, retry, promote", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct PromotionTests {
    @Test("Events tell of abort, retry and promotion in the order of what happened") func events() async throws {
        let scenario = try await Scenario("events")
        try await scenario.recordingEvents { log in
            try await scenario.apply(
                Manifests.rollout(replicas: 1, strategy: "      steps: [{setWeight: 50}, {pause: {duration: 24h}}]"))
            try await scenario.untilPhase("web", "Healthy")
            try await scenario.setImage("web", "shop:v2")
            try await scenario.untilPaused("web", at: 1)
            try await scenario.untilPods([1: 1, 2: 1])
            try await scenario.abort("web")
            try await scenario.untilPhase("web", "Degraded")
            try await scenario.retry("web")
            try await scenario.untilPaused("web", at: 1)
            try await scenario.untilPods([1: 1, 2: 1])
            _ = try await scenario.endPause(of: .seconds(86_400), in: .seconds(1))
            try await scenario.untilPhase("web", "Healthy")
            try await scenario.untilPods([1: 0, 2: 1])
            let first = [
                "RolloutAddedToInformer", "RolloutNotCompleted", "RolloutUpdated", "NewReplicaSetCreated",
                "ScalingReplicaSet", "RolloutCompleted",
            ]
            let second = [
                "RolloutNotCompleted", "RolloutUpdated", "NewReplicaSetCreated", "ScalingReplicaSet",
                "RolloutStepCompleted", "RolloutPaused", "ScalingReplicaSet", "RolloutAborted",
            ]
            let third = [
                "ScalingReplicaSet", "RolloutStepCompleted", "RolloutPaused", "RolloutStepCompleted", "RolloutResumed",
                "ScalingReplicaSet", "RolloutCompleted",
            ]
            try await scenario.untilEvents(first + second + third, in: log)
        }
    }

    @Test("promote full takes effect in a long pause") func fullInPause() async throws {
        let scenario = try await Scenario("full-pause")
        try await scenario.apply(
            Manifests.rollout(
                replicas: 2, strategy: "      steps: [{setWeight: 50}, {pause: {duration: 24h}}, {pause: {}}]"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.promoteFull("web")
        let done = try await scenario.untilPhase("web", "Healthy")
        #expect(done.at("status", "duration", "completionStatus")?.stringValue == "FastPromoted")
        try await scenario.untilPods([1: 0, 2: 2])
    }

    @Test("promote skips a running analysis, and promote full after an abort starts no other")
    func fullAfterAbort() async throws {
        let scenario = try await Scenario("full-abort")
        let answers = MetricAnswers(MetricAnswers.good)
        try await scenario.apply(answers.template("long", count: 5_000))
        try await scenario.apply(
            Manifests.rollout(
                replicas: 1,
                strategy: """
                          analysis: {templates: [{templateName: long}], startingStep: 4}
                          steps:
                          - pause: {duration: 24h}
                          - analysis: {templates: [{templateName: long}]}
                          - pause: {}
                          - analysis: {templates: [{templateName: long}]}
                    """))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 0)
        try await scenario.promote("web")
        try await scenario.untilRun("Step", "Running")
        let analysing = try await scenario.untilPhase("web", "Progressing")
        #expect(analysing.at("status", "currentStepIndex")?.intValue == 1)
        try await scenario.skipStep()
        try await scenario.untilPaused("web", at: 2)
        try await scenario.abort("web")
        try await scenario.untilPhase("web", "Degraded")
        try await scenario.promoteFull("web")
        try await scenario.untilPhase("web", "Healthy")
        let runs = try await scenario.analysisRuns()
        #expect(runs.count == 1, "neither the background analysis nor the last step may have started")
        try await scenario.untilRun("Step", "Successful")
    }

    @Test("promote full in the middle of an analysis ends it") func fullInAnalysis() async throws {
        let scenario = try await Scenario("full-analysis")
        let answers = MetricAnswers(MetricAnswers.good)
        try await scenario.apply(answers.template(count: 5_000))
        try await scenario.apply(
            Manifests.rollout(
                replicas: 2,
                strategy: """
                          steps:
                          - setWeight: 50
                          - analysis: {templates: [{templateName: verdict}]}
                    """))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilRun("Step", "Running")
        try await scenario.promoteFull("web")
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.until("the run is told to end") {
            let run = try await scenario.analysisRuns().first
            return run?.at("spec", "terminate")?.boolValue == true
        }
    }

    @Test("steps edited in mid-update begin again with the pods that are there") func editedSteps() async throws {
        let scenario = try await Scenario("edited")
        try await scenario.apply(
            Manifests.rollout(strategy: "      steps: [{setWeight: 25}, {pause: {}}, {pause: {}}]"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.promote("web")
        try await scenario.untilPaused("web", at: 2)
        let before = try await scenario.get(Kinds.rollout, "web")?.at("status", "currentStepHash")
        try await scenario.patch(
            Kinds.rollout, "web",
            ["spec": ["strategy": ["canary": ["steps": [["setWeight": 50], ["pause": [:]]]]]]])
        let again = try await scenario.untilPaused("web", at: 1)
        #expect(again.at("status", "currentStepHash") != before)
        #expect(again.annotations["rollout.argoproj.io/revision"] == "2", "no new revision")
        try await scenario.untilPods([1: 2, 2: 2])
    }

    @Test("steps edited while nothing is under way touch no pods") func editedAtRest() async throws {
        let scenario = try await Scenario("edited-rest")
        try await scenario.apply(
            Manifests.rollout(replicas: 2, strategy: "      steps: [{setWeight: 25}, {pause: {}}]"))
        try await scenario.untilPhase("web", "Healthy")
        let before = try await scenario.replicaSet(1).resourceVersion
        try await scenario.patch(
            Kinds.rollout, "web",
            ["spec": ["strategy": ["canary": ["steps": [["pause": [:]], ["setWeight": 50], ["pause": [:]]]]]]])
        try await scenario.untilStep(3)
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.replicaSet(1).resourceVersion == before)
    }

    @Test("kubectl wait sees the conditions Paused, Healthy and Completed") func kubectlWait() async throws {
        let scenario = try await Scenario("wait")
        try await scenario.apply(Manifests.service("web"))
        try await scenario.apply(
            Manifests.rollout(
                replicas: 1, strategy: "      activeService: web\n      autoPromotionEnabled: false",
                podAnnotations: ["kube-sim/ready-after": "1.5"], kind: "blueGreen"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.kubectl("wait", "--for=condition=Healthy=False", "rollout/web", "--timeout=240s")
        try await scenario.kubectl("wait", "--for=condition=Completed=False", "rollout/web", "--timeout=240s")
        try await scenario.kubectl("wait", "--for=condition=Paused", "rollout/web", "--timeout=240s")
        try await scenario.untilService("web", selects: 1)
        try await scenario.untilPhase("web", "Paused")
        try await scenario.promote("web")
        try await scenario.kubectl("wait", "--for=condition=Paused=False", "rollout/web", "--timeout=240s")
        // Condition, phase and Service change together.
        #expect(try await scenario.get(Kinds.rollout, "web")?.at("status", "phase") == "Healthy")
        #expect(try await scenario.serviceHash("web") == (try await scenario.hash(2)))
        try await scenario.kubectl("wait", "--for=condition=Healthy=True", "rollout/web", "--timeout=240s")
        try await scenario.kubectl("wait", "--for=condition=Completed=True", "rollout/web", "--timeout=240s")
        try await scenario.untilService("web", selects: 2)
        try await scenario.untilPhase("web", "Healthy")
    }

    @Test("a controller minds the Rollouts of its instance id alone") func instance() async throws {
        let scenario = try await Scenario("instance")
        let id = scenario.namespace
        try await scenario.apply(Manifests.rollout("theirs", replicas: 1, strategy: "      steps: []", instance: id))
        try await scenario.apply(Manifests.rollout("ours", replicas: 1, strategy: "      steps: []"))
        try await scenario.untilPhase("ours", "Healthy")
        #expect(try await scenario.get(Kinds.rollout, "theirs")?["status"] == nil)
        let controller = try await scenario.stand.controller(instance: id)
        let life = Task { try await controller.run() }
        defer { life.cancel() }
        let theirs = try await scenario.untilPhase("theirs", "Healthy")
        #expect(theirs.annotations["rollout.argoproj.io/revision"] == "1")
    }
}
