import Kubernetes
import Manifest
import Testing

@Suite("Failures", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct FailureTests {
    private static let careful = "      maxSurge: 1\n      maxUnavailable: 0"

    /// Updates a degraded Rollout to another bad image, whose deadline begins anew.
    private func untilDegradedAgain(_ scenario: Scenario, _ image: String) async throws {
        try await scenario.recordingPhases { log in
            try await scenario.setImage("web", image)
            try await scenario.until("a new deadline begins and passes") {
                log.phases.suffix(2) == ["Progressing", "Degraded"]
            }
            try await scenario.untilPhase("web", "Degraded")
        }
    }

    @Test("from a good version to a bad one, and to another bad one") func goodToBad() async throws {
        let scenario = try await Scenario("good-bad")
        try await scenario.apply(Manifests.rollout(strategy: Self.careful, extra: "  progressDeadlineSeconds: 3"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:bad-image")
        try await scenario.untilPhase("web", "Degraded")
        try await scenario.untilPods([1: 4, 2: 1])
        try await untilDegradedAgain(scenario, "shop:bad-image-2")
        try await scenario.untilPods([1: 4, 2: 0, 3: 1])
    }

    @Test("a first version that never ran is replaced at once by a good one", arguments: [false, true])
    func badToGood(isStrict: Bool) async throws {
        let scenario = try await Scenario("bad-good-\(isStrict)")
        try await scenario.apply(
            Manifests.rollout(
                image: "shop:bad-image",
                strategy: Self.careful + "\n      steps: [{setWeight: 50}, {pause: {duration: 2s}}]",
                extra: "  progressDeadlineSeconds: 3", instance: isStrict ? try await Stand.strictInstance() : nil))
        try await scenario.untilPhase("web", "Degraded")
        try await scenario.patch(Kinds.rollout, "web", ["spec": ["progressDeadlineSeconds": 60]])
        try await scenario.setImage("web", "shop:v1")
        let good = try await scenario.untilPhase("web", "Healthy")
        #expect(good.annotations["rollout.argoproj.io/revision"] == "2")
        try await scenario.untilPods([1: 0, 2: 4])
    }

    @Test("from a first version that never ran to another bad one, within maxSurge", arguments: [false, true])
    func badToBad(isStrict: Bool) async throws {
        let scenario = try await Scenario("bad-bad-\(isStrict)")
        try await scenario.apply(
            Manifests.rollout(
                image: "shop:bad-image", strategy: Self.careful, extra: "  progressDeadlineSeconds: 3",
                instance: isStrict ? try await Stand.strictInstance() : nil))
        try await scenario.untilPhase("web", "Degraded")
        try await untilDegradedAgain(scenario, "shop:bad-image-2")
        try await scenario.untilPods([1: 4, 2: 1])
    }

    @Test("slow pods pass their deadline, and what comes late still counts", arguments: [false, true])
    func deadlineAndPause(isStrict: Bool) async throws {
        let scenario = try await Scenario("late-\(isStrict)")
        try await scenario.recordingPhases { log in
            try await scenario.apply(
                Manifests.rollout(
                    replicas: 3, strategy: "      steps: [{setWeight: 20}, {pause: {}}]",
                    extra: "  progressDeadlineSeconds: 2", podAnnotations: ["kube-sim/ready-after": "12"],
                    instance: isStrict ? try await Stand.strictInstance() : nil))
            try await scenario.until("it is healthy late") { log.phases.last == "Healthy" }
            #expect(log.phases.contains("Degraded"))
            log.clear()
            try await scenario.setImage("web", "shop:v2")
            try await scenario.untilPaused("web", at: 1)
            try await scenario.until("the log shows the pause") { log.phases.last == "Paused" }
            #expect(log.phases.contains("Degraded"))
            try await scenario.untilPods([1: 3, 2: 1])
            log.clear()
            try await scenario.promote("web")
            try await scenario.until("it is healthy late again") { log.phases.last == "Healthy" }
            #expect(log.phases.contains("Degraded"))
        }
    }

    @Test("slow pods of a blue-green update pass their deadline, too", arguments: [true, false])
    func lateBlueGreen(isAutomatic: Bool) async throws {
        let scenario = try await Scenario("late-blue-green-\(isAutomatic)")
        try await scenario.recordingPhases { log in
            try await scenario.apply(Manifests.service("web"))
            try await scenario.apply(
                Manifests.rollout(
                    replicas: 1, strategy: "      activeService: web\n      autoPromotionEnabled: \(isAutomatic)",
                    extra: "  progressDeadlineSeconds: 2", podAnnotations: ["kube-sim/ready-after": "12"],
                    kind: "blueGreen"))
            try await scenario.until("it is healthy late") { log.phases.last == "Healthy" }
            #expect(log.phases.contains("Degraded"))
            log.clear()
            try await scenario.setImage("web", "shop:v2")
            if !isAutomatic {
                try await scenario.until("it pauses late") { log.phases.last == "Paused" }
                #expect(log.phases.contains("Degraded"))
                log.clear()
                try await scenario.promote("web")
            }
            try await scenario.untilService("web", selects: 2)
            try await scenario.until("it is healthy late again") { log.phases.last == "Healthy" }
            #expect(log.phases.contains("Degraded") == isAutomatic)
        }
    }

    @Test("a pause longer than the deadline is no failure") func longPause() async throws {
        let scenario = try await Scenario("long-pause")
        try await scenario.apply(
            Manifests.rollout(
                replicas: 3, strategy: "      steps: [{setWeight: 32}, {pause: {duration: 24s}}, {setWeight: 67}]",
                extra: "  progressDeadlineSeconds: 20"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.until("the update ends well") {
            let object = try await scenario.get(Kinds.rollout, "web")
            #expect(object?.at("status", "phase")?.stringValue != "Degraded")
            return object?.at("status", "phase")?.stringValue == "Healthy"
                && object?.at("status", "stableRS") == object?.at("status", "currentPodHash")
                && object?.annotations["rollout.argoproj.io/revision"] == "2"
        }
    }

    @Test("progressDeadlineAbort gives up a canary whose pods never come") func deadlineAbort() async throws {
        let scenario = try await Scenario("deadline-abort")
        try await scenario.apply(
            Manifests.rollout(
                replicas: 2, strategy: "      steps: [{setWeight: 50}, {pause: {}}]",
                extra: "  progressDeadlineSeconds: 2\n  progressDeadlineAbort: true"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:bad-image")
        let aborted = try await scenario.untilStatus("the update is aborted") { $0["abort"]?.boolValue == true }
        #expect(aborted.at("status", "message")?.stringValue?.hasPrefix("RolloutAborted") == true)
        try await scenario.untilPods([1: 2, 2: 0])
        let event = try await scenario.until("an Event tells of it") {
            try await scenario.list(Kinds.event).first { $0["reason"] == "RolloutAborted" }
        }
        #expect(event["count"]?.intValue == 1)
    }

    @Test("a spec that cannot be acted on is mended by what it lacks") func mended() async throws {
        let scenario = try await Scenario("mended")
        try await scenario.apply(
            Manifests.rollout(replicas: 0, strategy: "      analysis: {templates: [{templateName: comes-later}]}"))
        let invalid = try await scenario.untilPhase("web", "Degraded")
        #expect(invalid.condition("InvalidSpec")?["message"]?.stringValue?.contains("comes-later") == true)
        try await scenario.apply(MetricAnswers(MetricAnswers.good).template("comes-later", count: 5_000))
        let valid = try await scenario.untilPhase("web", "Healthy")
        #expect(valid.condition("InvalidSpec") == nil)
    }

    @Test("of two Rollouts that want one Service, the second is refused") func oneService() async throws {
        let scenario = try await Scenario("one-service")
        try await scenario.apply(Manifests.service("web"))
        let strategy = "      activeService: web"
        try await scenario.apply(Manifests.rollout(replicas: 1, strategy: strategy, kind: "blueGreen"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.apply(
            Manifests.rollout("rival", replicas: 1, strategy: strategy, kind: "blueGreen")
                .replacing("{app: rival}", with: "{app: web}"))
        let refused = try await scenario.untilPhase("rival", "Degraded")
        #expect(refused.at("status", "message")?.stringValue?.contains("web") == true)
        try await scenario.untilService("web", selects: 1)
        try await scenario.stand.api.delete(
            Kinds.rollout, ObjectKey(namespace: scenario.namespace, name: "web"), DeleteOptions())
        try await scenario.untilPhase("rival", "Healthy")
        try await scenario.untilService("web", selects: 1, of: "rival")
    }
}
