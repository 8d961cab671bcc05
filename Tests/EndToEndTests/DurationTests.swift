import Manifest
import Testing

@Suite("Durations", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct DurationTests {
    private func start(_ name: String, _ strategy: String, kind: String = "canary") async throws -> Scenario {
        let scenario = try await Scenario(name)
        if kind == "blueGreen" { try await scenario.apply(Manifests.service("web")) }
        try await scenario.apply(Manifests.rollout(replicas: 1, strategy: strategy, kind: kind))
        let first = try await scenario.untilPhase("web", "Healthy").at("status", "duration")
        #expect(first?["completionStatus"] == "Promoted" && first?["finishedAt"]?.stringValue != nil)
        #expect(first?["totalManualPauseDurationSeconds"] == nil)
        return scenario
    }

    private func until(_ scenario: Scenario, _ completion: String) async throws -> JSON {
        let object = try await scenario.untilStatus("the update ended as \(completion)") {
            $0.at("duration", "completionStatus")?.stringValue == completion && $0.at("duration", "finishedAt") != nil
        }
        let duration = try #require(object.at("status", "duration"))
        #expect(duration["manualPauseStartedAt"] == nil)
        return duration
    }

    private func hold(_ scenario: Scenario) async throws {
        let start = ContinuousClock.now
        try await scenario.until("a person holds it for a while") { ContinuousClock.now - start > .seconds(2) }
    }

    @Test("a pause that a person ends counts as theirs", arguments: ["canary", "blueGreen"])
    func manual(kind: String) async throws {
        let strategy =
            kind == "canary"
            ? "      steps: [{setWeight: 50}, {pause: {}}]"
            : "      activeService: web\n      autoPromotionEnabled: false"
        let scenario = try await start("held-\(kind.lowercased())", strategy, kind: kind)
        try await scenario.setImage("web", "shop:v2")
        let paused = try await scenario.untilPhase("web", "Paused").at("status", "duration")
        #expect(paused?["manualPauseStartedAt"]?.stringValue != nil && paused?["finishedAt"] == nil)
        try await hold(scenario)
        try await scenario.promote("web")
        let done = try await until(scenario, "Promoted")
        #expect(done["totalManualPauseDurationSeconds"]?.intValue ?? 0 > 0)
    }

    @Test("a pause by the clock counts as nobody's", arguments: ["canary", "blueGreen"])
    func timed(kind: String) async throws {
        let strategy =
            kind == "canary"
            ? "      steps: [{setWeight: 50}, {pause: {duration: 1s}}]"
            : "      activeService: web\n      autoPromotionSeconds: 1"
        let scenario = try await start("timed-\(kind.lowercased())", strategy, kind: kind)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilStatus("revision 2 is stable") {
            $0["stableRS"] == $0["currentPodHash"] && $0["currentPodHash"]?.stringValue != nil
                && $0["phase"] == "Healthy"
        }
        let done = try await until(scenario, "Promoted")
        #expect(done["totalManualPauseDurationSeconds"] == nil)
    }

    @Test("spec.paused counts as a person's") func specPaused() async throws {
        let scenario = try await start("held-spec", "      steps: [{setWeight: 50}]")
        try await scenario.patch(Kinds.rollout, "web", ["spec": ["paused": true]])
        try await scenario.patch(
            Kinds.rollout, "web", ["spec": ["template": ["metadata": ["annotations": ["update": "1"]]]]])
        let paused = try await scenario.untilPhase("web", "Paused").at("status", "duration")
        #expect(paused?["manualPauseStartedAt"]?.stringValue != nil && paused?["finishedAt"] == nil)
        try await hold(scenario)
        try await scenario.patch(Kinds.rollout, "web", ["spec": ["paused": false]])
        let done = try await until(scenario, "Promoted")
        #expect(done["totalManualPauseDurationSeconds"]?.intValue ?? 0 > 0)
    }

    @Test("an abort ends the time, and a retry begins it anew") func retry() async throws {
        let scenario = try await start("retried", "      steps: [{setWeight: 50}, {pause: {}}]")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.abort("web")
        let aborted = try await until(scenario, "Aborted")
        #expect(aborted["totalManualPauseDurationSeconds"]?.intValue != nil, "however short the pause was")
        try await hold(scenario)
        try await scenario.retry("web")
        let again = try await scenario.untilPaused("web", at: 1).at("status", "duration")
        #expect(again?["rolloutStartedAt"] != aborted["rolloutStartedAt"])
        #expect(again?["finishedAt"] == nil && again?["completionStatus"] == nil)
    }

    @Test("a new size is no new update") func scaling() async throws {
        let scenario = try await start("sized", "      steps: [{setWeight: 50}]")
        let before = try await scenario.get(Kinds.rollout, "web")?.at("status", "duration")
        try await scenario.scale(to: 2)
        try await scenario.untilCounts([2, 2, 2, 2, 2])
        #expect(try await scenario.get(Kinds.rollout, "web")?.at("status", "duration") == before)
    }

    @Test("back to stable in mid-update, the time began with the update that was given up") func back() async throws {
        let scenario = try await start("back", "      steps: [{setWeight: 50}, {pause: {}}]")
        try await scenario.setImage("web", "shop:v2")
        let started = try await scenario.untilPaused("web", at: 1).at("status", "duration", "rolloutStartedAt")
        try await scenario.setImage("web", "shop:v1")
        let done = try await until(scenario, "FastRolledBack")
        #expect(done["rolloutStartedAt"] == started)
    }
}
