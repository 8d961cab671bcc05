import Manifest
import Testing

@Suite("Pods that traffic has left", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct ScaleDownTests {
    private func start(
        _ name: String, _ strategy: String, replicas: Int = 1, extra: String = "", instance: String? = nil
    ) async throws -> Scenario {
        let scenario = try await Scenario(name)
        try await scenario.apply(Manifests.routes())
        try await scenario.apply(
            Manifests.rollout(replicas: replicas, strategy: strategy, extra: extra, instance: instance))
        try await scenario.untilPhase("web", "Healthy")
        return scenario
    }

    private static func routed(_ more: String, steps: String = "[]") -> String {
        """
              stableService: web-stable
              canaryService: web-canary
        \(more)
              trafficRouting: {istio: {virtualService: {name: web, routes: [primary]}}}
              steps: \(steps)
        """
    }

    @Test("old pods wait for their deadline, as many revisions as the limit lets") func delayAndLimit() async throws {
        let scenario = try await start(
            "delay", Self.routed("      scaleDownDelaySeconds: 86400\n      scaleDownDelayRevisionLimit: 1"))
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilDeadline(1, waits: true)
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v3")
        try await scenario.untilDeadline(2, waits: true)
        try await scenario.untilDeadline(1, waits: false)
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilDeadline(3, waits: true)
        try await scenario.untilDeadline(1, waits: false)
        try await scenario.untilPhase("web", "Healthy")
        let current = try await scenario.replicaSet(4)
        #expect(current.at("spec", "replicas")?.intValue == 1)
        #expect(current.annotations[Scenario.deadline] == nil)
        #expect(current.annotations["rollout.argoproj.io/revision-history"] == "2")
    }

    @Test("pods that wait for their deadline are no lack of progress", arguments: [false, true])
    func delayAndDeadline(isStrict: Bool) async throws {
        let scenario = try await start(
            "delay-deadline-\(isStrict)", Self.routed("      scaleDownDelaySeconds: 86400"),
            extra: "  progressDeadlineSeconds: 2", instance: isStrict ? try await Stand.strictInstance() : nil)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilDeadline(1, waits: true)
        try await scenario.untilPhase("web", "Healthy")
        let start = ContinuousClock.now
        try await scenario.until("the deadline would have passed") {
            let rollout = try await scenario.get(Kinds.rollout, "web")
            #expect(rollout?.at("status", "phase") == "Healthy")
            return ContinuousClock.now - start > .seconds(4)
        }
    }

    @Test("an aborted canary goes after abortScaleDownDelaySeconds, its Service back at once") func abortDelay()
        async throws
    {
        let scenario = try await start(
            "abort-delay", Self.routed("      abortScaleDownDelaySeconds: 3", steps: "[{setWeight: 50}, {pause: {}}]"))
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.untilService("web-canary", selects: 2)
        try await scenario.recording(Kinds.replicaSet) { log in
            try await scenario.abort("web")
            try await scenario.untilPhase("web", "Degraded")
            try await scenario.untilService("web-canary", selects: 1)
            try await scenario.untilDeadlineWasSet(2, pods: 1, in: log)
            try await scenario.untilPods([1: 1, 2: 0])
        }
    }

    @Test("abortScaleDownDelaySeconds of 0 keeps the canary's pods", arguments: [false, true])
    func abortKeeps(isStrict: Bool) async throws {
        let scenario = try await start(
            "abort-keeps-\(isStrict)",
            Self.routed(
                "      abortScaleDownDelaySeconds: 0",
                steps: "[{setCanaryScale: {weight: 50}}, {setWeight: 50}, {pause: {}}]"),
            instance: isStrict ? try await Stand.strictInstance() : nil)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 2)
        try await scenario.abort("web")
        try await scenario.untilPhase("web", "Degraded")
        try await scenario.untilService("web-canary", selects: 1)
        try await scenario.until("all weight is back") { try await scenario.weights("web")["web-canary"] == 0 }
        let kept = try await scenario.replicaSet(2)
        #expect(kept.at("spec", "replicas")?.intValue == 1)
        #expect(kept.annotations[Scenario.deadline] == nil)
    }

    @Test("without a router the canary's Service goes back to stable in an abort") func basicAbort() async throws {
        let scenario = try await Scenario("basic-abort")
        try await scenario.apply(Manifests.service("web-stable") + Manifests.service("web-canary"))
        try await scenario.apply(
            Manifests.rollout(
                replicas: 2,
                strategy: """
                          stableService: web-stable
                          canaryService: web-canary
                          steps: [{setWeight: 50}, {pause: {}}]
                    """))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.untilService("web-canary", selects: 2)
        try await scenario.abort("web")
        try await scenario.untilPhase("web", "Degraded")
        // Whoever sees the phase finds the Service there already.
        #expect(try await scenario.serviceHash("web-canary") == (try await scenario.hash(1)))
        try await scenario.untilPods([1: 2, 2: 0])
    }

    @Test("a version replaced in mid-update keeps its pods while proxies may still send to it") func between()
        async throws
    {
        let steps = "[{setWeight: 50}, {pause: {}}]"
        let scenario = try await start("between", Self.routed("      scaleDownDelaySeconds: 86400", steps: steps))
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.setImage("web", "shop:v3")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.untilDeadline(2, waits: true)
        try await scenario.untilPods([1: 1, 3: 1])
    }

    @Test("with --strict-compat a version replaced in mid-update goes at once") func strictBetween() async throws {
        let steps = "[{setWeight: 50}, {pause: {}}]"
        let scenario = try await start(
            "strict-between", Self.routed("      scaleDownDelaySeconds: 86400", steps: steps), replicas: 3,
            instance: try await Stand.strictInstance())
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.setImage("web", "shop:v3")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.untilPods([1: 3, 2: 0, 3: 2])
    }
}
