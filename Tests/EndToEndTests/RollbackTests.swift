import Manifest
import Testing

@Suite("Rollback", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct RollbackTests {
    private func promoted(_ scenario: Scenario, _ version: String) async throws {
        try await scenario.setImage("web", "shop:\(version)")
        try await scenario.untilPhase("web", "Paused")
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
    }

    private func start(_ name: String, kind: String = "canary") async throws -> Scenario {
        let scenario = try await Scenario(name)
        try await scenario.apply(Manifests.service("web"))
        let strategy =
            kind == "canary"
            ? "      steps: [{setWeight: 50}, {pause: {}}]"
            : "      activeService: web\n      autoPromotionEnabled: false\n      scaleDownDelaySeconds: 0"
        try await scenario.apply(
            Manifests.rollout(
                replicas: 1, strategy: strategy, extra: "  rollbackWindow: {revisions: 1}", kind: kind))
        try await scenario.untilPhase("web", "Healthy")
        return scenario
    }

    @Test("a rollback within the window skips steps, pause and analysis", arguments: ["canary", "blueGreen"])
    func inside(kind: String) async throws {
        let scenario = try await start("window-\(kind.lowercased())", kind: kind)
        try await promoted(scenario, "v2")
        try await scenario.setImage("web", "shop:v3")
        try await scenario.untilPhase("web", "Paused")
        try await scenario.setImage("web", "shop:v1")
        let done = try await scenario.untilPhase("web", "Healthy")
        #expect(done.at("status", "duration", "completionStatus")?.stringValue == "FastRolledBack")
        #expect(done.annotations["rollout.argoproj.io/revision"] == "4")
        try await scenario.untilPods([4: 1, 3: 0, 2: 0])
    }

    @Test("a rollback from outside the window goes through all steps", arguments: ["canary", "blueGreen"])
    func outside(kind: String) async throws {
        let scenario = try await start("no-window-\(kind.lowercased())", kind: kind)
        try await promoted(scenario, "v2")
        try await promoted(scenario, "v3")
        try await scenario.setImage("web", "shop:v1")
        try await scenario.untilPhase("web", "Paused")
        try await scenario.promote("web")
        let done = try await scenario.untilPhase("web", "Healthy")
        #expect(done.at("status", "duration", "completionStatus")?.stringValue == "RolledBack")
        try await scenario.untilPods([4: 1, 3: 0, 2: 0])
    }

    @Test("blue-green goes back at once to pods that are kept") func fastBlueGreen() async throws {
        let scenario = try await Scenario("fast-back")
        let answers = MetricAnswers(MetricAnswers.good)
        try await scenario.apply(
            Manifests.service("web") + Manifests.service("web-preview") + answers.template())
        try await scenario.apply(
            Manifests.rollout(
                replicas: 1,
                strategy: """
                          activeService: web
                          previewService: web-preview
                          autoPromotionEnabled: false
                          scaleDownDelaySeconds: 86400
                          prePromotionAnalysis: {templates: [{templateName: verdict}]}
                          postPromotionAnalysis: {templates: [{templateName: verdict}]}
                    """, kind: "blueGreen"))
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.analysisRuns().isEmpty)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Paused")
        #expect(try await scenario.analysisRuns().count == 1)
        try await scenario.untilService("web-preview", selects: 2)
        #expect(try await scenario.serviceHash("web") == scenario.hash(1))
        try await scenario.promote("web")
        try await scenario.untilService("web", selects: 2)
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.analysisRuns().count == 2)
        try await scenario.setImage("web", "shop:v1")
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.untilService("web", selects: 3)
        try await scenario.untilService("web-preview", selects: 3)
        try await scenario.untilStatus("revision 3 is stable") { $0["stableRS"] == $0["currentPodHash"] }
        #expect(try await scenario.analysisRuns().count == 2, "a fast rollback analyses nothing")
    }

    @Test("blue-green goes back in the middle of an update") func midBlueGreen() async throws {
        let scenario = try await start("mid-back", kind: "blueGreen")
        try await scenario.setImage("web", "shop:v2")
        let started = try await scenario.untilPhase("web", "Paused").at("status", "duration", "rolloutStartedAt")
        try await scenario.setImage("web", "shop:v1")
        let done = try await scenario.untilPhase("web", "Healthy")
        #expect(done.at("status", "duration", "completionStatus")?.stringValue == "FastRolledBack")
        #expect(done.at("status", "duration", "rolloutStartedAt") == started)
        try await scenario.untilPods([2: 0, 3: 1])
        #expect(try await scenario.serviceHash("web") == scenario.hash(3))
    }
}
