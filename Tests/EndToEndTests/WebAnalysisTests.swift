import Manifest
import Testing

@Suite("Analysis by web requests", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
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
        let scenario = try await Scenario("web-unsure")
        try await scenario.apply(answers.template(count: 1))
        // The first step waits for the pods of the new revision until their gate is opened.
        try await scenario.apply(
            Manifests.rollout(
                replicas: 2,
                strategy: """
                          analysis: {templates: [{templateName: verdict}]}
                          steps: [{setWeight: 50}, {pause: {duration: 1s}}, {setWeight: 75}]
                    """, podSpec: Scenario.gated))
        try await scenario.openGate(1, pods: 2)
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.analysisRuns().isEmpty)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilStatus("it pauses for the analysis") {
            $0["pauseConditions"]?.arrayValue?.contains { $0["reason"] == "InconclusiveAnalysisRun" } == true
        }
        answers.set(MetricAnswers.good)
        try await scenario.promote("web")
        try await scenario.untilRun("Background", "Successful")
        try await scenario.openGate(2, pods: 2)
        try await scenario.untilPhase("web", "Healthy")
        let phases = try await scenario.analysisRuns("Background").compactMap { $0.at("status", "phase")?.stringValue }
        #expect(phases.sorted() == ["Inconclusive", "Successful"])
        try await scenario.untilStatus("revision 2 is stable") { $0["stableRS"] == $0["currentPodHash"] }
    }

    @Test("an inconclusive background analysis holds an update whose timed pause has ended") func unsureAfterPause()
        async throws
    {
        answers.set(MetricAnswers.unsure)
        let scenario = try await start(
            "web-unsure-pause", count: 1,
            strategy: """
                      analysis: {templates: [{templateName: verdict}], startingStep: 1}
                      steps: [{setWeight: 10}, {pause: {duration: 24h}}]
                """)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        // The pause that came first is named until it is over.
        try await scenario.untilStatus("both hold it") {
            $0["pauseConditions"]?.arrayValue?.count == 2 && $0["message"] == "CanaryPauseStep"
        }
        try await scenario.untilRun("Background", "Inconclusive")
        _ = try await scenario.endPause(of: .seconds(86_400), in: .seconds(1))
        let held = try await scenario.untilStatus("only the analysis holds it") {
            $0["message"] == "InconclusiveAnalysisRun"
        }
        #expect(held.at("status", "phase") == "Paused")
        #expect(try await scenario.analysisRuns().count == 1)
    }

    @Test("several templates make one run, and the Rollout's arguments go before theirs") func several() async throws {
        let scenario = try await Scenario("web-several")
        let template = { (name: String, host: String, path: String) in
            """
            ---
            apiVersion: argoproj.io/v1alpha1
            kind: AnalysisTemplate
            metadata: {name: \(name)}
            spec:
              args:
              - \(host)
              - \(path)
              metrics:
              - name: \(name)-1
                count: 1
                successCondition: result == "good"
                provider: {web: {url: "{{args.host}}/{{ args.path }}", jsonPath: "{$.verdict}"}}
              - name: \(name)-2
                count: 1
                successCondition: result == "good"
                provider: {web: {url: "{{args.host}}/{{args.path}}", jsonPath: "{$.verdict}"}}

            """
        }
        try await scenario.apply(
            template("left", "{name: host, value: http://nowhere.invalid}", "{name: path}")
                + template("right", "{name: host}", "{name: path, value: nowhere}"))
        try await scenario.apply(
            Manifests.rollout(
                replicas: 1,
                strategy: """
                          steps:
                          - analysis:
                              templates: [{templateName: left}, {templateName: right}]
                              args: [{name: host, value: "\(answers.url)"}, {name: path, value: verdict}]
                    """))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Healthy")
        let runs = try await scenario.analysisRuns()
        #expect(runs.count == 1)
        let names = runs.first?.at("status", "metricResults")?.arrayValue?.compactMap { $0["name"]?.stringValue }
        #expect(names?.sorted() == ["left-1", "left-2", "right-1", "right-2"])
    }

    @Test("an address in a Secret is measured, its count and interval given as arguments") func secret() async throws {
        let scenario = try await Scenario("web-secret")
        try await scenario.apply(
            """
            apiVersion: v1
            kind: Secret
            metadata: {name: address}
            stringData: {url: "\(answers.url)/verdict"}
            ---
            apiVersion: argoproj.io/v1alpha1
            kind: AnalysisTemplate
            metadata: {name: hidden}
            spec:
              args:
              - {name: interval, value: 100s}
              - {name: count, value: "10"}
              - name: limit
              - name: wanted
              - {name: url, valueFrom: {secretKeyRef: {name: address, key: url}}}
              metrics:
              - name: verdict
                count: "{{args.count}}"
                interval: "{{args.interval}}"
                initialDelay: "{{args.interval}}"
                failureLimit: "{{args.limit}}"
                successCondition: result == "{{args.wanted}}"
                provider: {web: {url: "{{args.url}}", jsonPath: "{$.verdict}"}}
            """)
        try await scenario.apply(
            Manifests.rollout(
                replicas: 1,
                strategy: """
                          steps:
                          - setWeight: 25
                          - analysis:
                              templates: [{templateName: hidden}]
                              args:
                              - {name: limit, value: "2"}
                              - {name: interval, value: 1s}
                              - {name: count, value: "3"}
                              - {name: wanted, value: good}
                          - pause: {}
                    """))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 2)
        let run = try #require(try await scenario.analysisRuns().first)
        #expect(run.at("status", "phase") == "Successful")
        #expect(run.at("status", "metricResults")?[0]?["count"]?.intValue == 3)
        #expect(!run.description.contains(answers.url), "what a Secret holds is not written anywhere")
        try await scenario.promote("web")
        try await scenario.untilStatus("revision 2 is stable") {
            $0["stableRS"] == $0["currentPodHash"] && $0["phase"] == "Healthy"
        }
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
