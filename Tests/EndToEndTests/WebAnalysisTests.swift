import Manifest
import Testing

@Suite("Analysis by web requests", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(5)))
struct WebAnalysisTests {
    private let answers = MetricAnswers(MetricAnswers.good)

    private func start(_ name: String, count: Int, strategy: String) async throws -> Scenario {
        let scenario = try await Scenario(name)
        try await scenario.apply(answers.template(count: count))
        try await scenario.apply(Manifests.rollout(replicas: 2, strategy: strategy))
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.analysisRuns().isEmpty)
        return scenario
    }

    private static let inline = """
              steps:
              - setWeight: 50
              - analysis: {templates: [{templateName: verdict}]}
              - pause: {}
              - analysis: {templates: [{templateName: verdict}]}
        """

    private static let background = """
              analysis: {templates: [{templateName: verdict}], startingStep: 1}
              steps: [{setWeight: 50}, {pause: {}}]
        """

    @Test("each inline analysis has a run of its own") func inline() async throws {
        let scenario = try await start("web-inline", count: 2, strategy: Self.inline)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 2)
        let first = try await scenario.analysisRuns("Step")
        #expect(first.count == 1 && first.first?.labels["step-index"] == "1")
        #expect(first.first?.at("status", "phase")?.stringValue == "Successful")
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.analysisRuns().count == 2)
    }

    @Test("a bad answer in the middle of a step aborts") func bad() async throws {
        let scenario = try await start("web-bad", count: 5_000, strategy: Self.inline)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilRun("Step", "Running")
        answers.set(MetricAnswers.bad)
        let aborted = try await scenario.untilPhase("web", "Degraded")
        #expect(aborted.at("status", "message")?.stringValue?.hasPrefix("RolloutAborted") == true)
        try await scenario.untilRun("Step", "Failed")
        try await scenario.untilPods([1: 2, 2: 0])
    }

    @Test("a background analysis runs through the steps and ends with the update") func background() async throws {
        let scenario = try await start("web-background", count: 5_000, strategy: Self.background)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.untilRun("Background", "Running")
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.untilRun("Background", "Successful")
        #expect(try await scenario.analysisRuns().count == 1)
    }

    @Test("a background analysis that cannot tell pauses, and going on starts another") func unsure() async throws {
        answers.set(MetricAnswers.unsure)
        let scenario = try await start(
            "web-unsure", count: 1,
            strategy: """
                      analysis: {templates: [{templateName: verdict}]}
                      steps: [{setWeight: 50}, {pause: {duration: 3s}}, {setWeight: 75}]
                """)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilStatus("it pauses for the analysis") {
            $0["pauseConditions"]?.arrayValue?.contains { $0["reason"] == "InconclusiveAnalysisRun" } == true
        }
        answers.set(MetricAnswers.good)
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        let phases = try await scenario.analysisRuns("Background").compactMap { $0.at("status", "phase")?.stringValue }
        #expect(phases.contains("Inconclusive"))
        try await scenario.untilStatus("revision 2 is stable") { $0["stableRS"] == $0["currentPodHash"] }
    }

    @Test("a retry after a failed analysis measures again") func retry() async throws {
        answers.set(MetricAnswers.bad)
        let scenario = try await start("web-retry", count: 1, strategy: Self.inline)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Degraded")
        answers.set(MetricAnswers.good)
        try await scenario.retry("web")
        try await scenario.untilPaused("web", at: 2)
        let phases = try await scenario.analysisRuns("Step").compactMap { $0.at("status", "phase")?.stringValue }
        #expect(phases.sorted() == ["Failed", "Successful"])
    }
}
