import Manifest
import Testing

@Suite("Analysis", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct AnalysisTests {
    private func open(_ scenario: Scenario, _ template: String, steps: String, more: String = "") async throws {
        try await scenario.apply(template + Manifests.routes())
        try await scenario.apply(Manifests.rollout(strategy: Manifests.istio(steps: steps, more: more)))
        try await scenario.untilPhase("web", "Healthy")
    }

    private static func steps(_ template: String = "success-rate") -> String {
        """
              - setWeight: 25
        \(Manifests.analysisStep(template))
              - setWeight: 50
        """
    }

    @Test("a good version passes its analysis and is promoted") func good() async throws {
        let scenario = try await Scenario("good")
        try await open(scenario, Manifests.successRate(scenario.stand.prometheus), steps: Self.steps())
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Healthy")
        let run = try #require(try await scenario.list(Kinds.analysisRun).first)
        #expect(run.at("status", "phase")?.stringValue == "Successful")
        #expect(run.at("status", "metricResults")?[0]?["successful"]?.intValue == 3)
        #expect(run.labels["rollout-type"] == "Step")
    }

    @Test("a version that answers with errors is aborted by itself") func bad() async throws {
        let scenario = try await Scenario("bad")
        try await open(scenario, Manifests.successRate(scenario.stand.prometheus), steps: Self.steps())
        try await scenario.patch(
            Kinds.rollout, "web",
            ["spec": ["template": ["metadata": ["annotations": ["mesh.sluice.dev/error-percent": "30"]]]]])
        let aborted = try await scenario.untilPhase("web", "Degraded")
        #expect(aborted.at("status", "abort")?.boolValue == true)
        #expect(aborted.at("status", "message")?.stringValue?.contains("success-rate") == true)
        try await scenario.untilWeight(canary: 0)
        let run = try #require(try await scenario.list(Kinds.analysisRun).first)
        #expect(run.at("status", "phase")?.stringValue == "Failed")
    }

    @Test("background analysis aborts in the middle of a pause") func background() async throws {
        let scenario = try await Scenario("background")
        try await open(
            scenario, Manifests.successRate(scenario.stand.prometheus, count: 1000),
            steps: "      - setWeight: 50\n      - pause: {}",
            more: """
                      analysis:
                        templates: [{templateName: success-rate}]
                        args:
                        - name: hash
                          valueFrom: {podTemplateHashValue: Latest}
                """)
        try await scenario.patch(
            Kinds.rollout, "web",
            ["spec": ["template": ["metadata": ["annotations": ["mesh.sluice.dev/error-percent": "30"]]]]])
        let aborted = try await scenario.untilPhase("web", "Degraded")
        #expect(aborted.at("status", "abort")?.boolValue == true)
    }

    @Test("no data is an error that names itself, never a promotion") func noData() async throws {
        let scenario = try await Scenario("nodata")
        let template = """
            apiVersion: argoproj.io/v1alpha1
            kind: AnalysisTemplate
            metadata: {name: nothing}
            spec:
              metrics:
              - name: nothing
                interval: 1s
                count: 2
                consecutiveErrorLimit: 0
                successCondition: result[0] > 0
                provider:
                  prometheus: {address: \(scenario.stand.prometheus), query: no_such_metric_anywhere}

            """
        try await open(scenario, template, steps: Self.steps("nothing").replacingArgs())
        try await scenario.setImage("web", "shop:v2")
        let aborted = try await scenario.untilPhase("web", "Degraded")
        let run = try #require(try await scenario.list(Kinds.analysisRun).first)
        #expect(run.at("status", "phase")?.stringValue == "Error")
        #expect(run.description.contains("no data"), "\(run)")
        #expect(aborted.at("status", "abort")?.boolValue == true)
    }

    @Test("a metrics server that is away is an error that names itself") func serverAway() async throws {
        let scenario = try await Scenario("away")
        let template = """
            apiVersion: argoproj.io/v1alpha1
            kind: AnalysisTemplate
            metadata: {name: away}
            spec:
              metrics:
              - name: away
                interval: 1s
                count: 2
                consecutiveErrorLimit: 0
                successCondition: result[0] > 0
                provider:
                  prometheus: {address: "http://127.0.0.1:1", query: up}

            """
        try await open(scenario, template, steps: Self.steps("away").replacingArgs())
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Degraded")
        let run = try #require(try await scenario.list(Kinds.analysisRun).first)
        #expect(run.at("status", "phase")?.stringValue == "Error")
        try await scenario.untilWeight(canary: 0)
    }

    @Test("an inconclusive result pauses until a person decides") func inconclusive() async throws {
        let scenario = try await Scenario("unsure")
        let template = """
            apiVersion: argoproj.io/v1alpha1
            kind: AnalysisTemplate
            metadata: {name: unsure}
            spec:
              metrics:
              - name: unsure
                successCondition: result[0] > 100
                failureCondition: result[0] < 0
                provider:
                  prometheus: {address: \(scenario.stand.prometheus), query: vector(50)}

            """
        try await open(scenario, template, steps: Self.steps("unsure").replacingArgs())
        try await scenario.setImage("web", "shop:v2")
        let paused = try await scenario.untilPhase("web", "Paused")
        #expect(paused.at("status", "pauseConditions")?[0]?["reason"]?.stringValue == "InconclusiveAnalysisRun")
        try await scenario.patch(
            Kinds.rollout, "web",
            ["status": ["pauseConditions": .null, "controllerPause": false, "currentStepIndex": 2]],
            subresource: "status"
        )
        try await scenario.untilPhase("web", "Healthy")
    }

    @Test("a template that is not there is named, and found when it comes") func missingTemplate() async throws {
        let scenario = try await Scenario("missing")
        try await scenario.apply(Manifests.routes())
        try await scenario.apply(Manifests.rollout(strategy: Manifests.istio(steps: Self.steps())))
        let invalid = try await scenario.untilPhase("web", "Degraded")
        #expect(invalid.at("status", "message")?.stringValue?.contains("success-rate") == true)
        try await scenario.apply(Manifests.successRate(scenario.stand.prometheus))
        try await scenario.untilPhase("web", "Healthy")
    }
}

extension String {
    /// The same step without arguments, for templates that declare none.
    fileprivate func replacingArgs() -> String {
        var lines = split(separator: "\n", omittingEmptySubsequences: false)
        if let start = lines.firstIndex(where: { $0.contains("args:") }) { lines.removeSubrange(start..<start + 3) }
        return lines.joined(separator: "\n")
    }
}
