import Manifest
import Testing

@Suite("Blue-green with analysis", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct BlueGreenAnalysisTests {
    private let before = MetricAnswers(MetricAnswers.good)
    private let after = MetricAnswers(MetricAnswers.good)

    /// A Healthy Rollout with analyses around its switch.
    /// - Parameter counts: Measurements before and after; a count of 5,000 outlives the scenario.
    private func start(
        _ name: String, pre: Int?, post: Int?, more: String = "      autoPromotionEnabled: true", replicas: Int = 1
    ) async throws -> Scenario {
        let scenario = try await Scenario(name)
        try await scenario.apply(Manifests.service("web") + Manifests.service("web-preview"))
        if let pre { try await scenario.apply(before.template("before", count: pre)) }
        if let post { try await scenario.apply(after.template("after", count: post)) }
        let analyses = [
            pre.map { _ in "      prePromotionAnalysis: {templates: [{templateName: before}]}" },
            post.map { _ in "      postPromotionAnalysis: {templates: [{templateName: after}]}" },
        ].compactMap { $0 }
        try await scenario.apply(
            Manifests.rollout(
                replicas: replicas,
                strategy: (["      activeService: web", "      previewService: web-preview", more] + analyses)
                    .joined(separator: "\n"),
                kind: "blueGreen"))
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.analysisRuns().isEmpty, "a first deploy analyses nothing")
        return scenario
    }

    @Test("both analyses pass, in their order with the pause and the switch") func good() async throws {
        let scenario = try await start(
            "bg-good", pre: 2, post: 2, more: "      autoPromotionEnabled: false\n      scaleDownDelaySeconds: 86400")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Paused")
        let runs = try await scenario.analysisRuns()
        #expect(runs.count == 1 && runs.first?.labels["rollout-type"] == "PrePromotion")
        #expect(runs.first?.at("status", "phase")?.stringValue == "Successful")
        try await scenario.promote("web")
        try await scenario.untilService("web", selects: 2)
        try await scenario.untilRun("PostPromotion", "Successful")
        let done = try await scenario.untilPhase("web", "Healthy")
        #expect(done.at("status", "blueGreen", "postPromotionAnalysisRunStatus", "status")?.stringValue == "Successful")
        try await scenario.untilCounts([1, 2, 1, 1, 1])
    }

    @Test("a failed analysis before the switch aborts, and a retry judges afresh") func preFails() async throws {
        before.set(MetricAnswers.bad)
        let scenario = try await start(
            "bg-pre-bad", pre: 1, post: nil, more: "      previewReplicaCount: 1\n      abortScaleDownDelaySeconds: 0",
            replicas: 2)
        try await scenario.setImage("web", "shop:v2")
        let aborted = try await scenario.untilPhase("web", "Degraded")
        #expect(aborted.at("status", "message")?.stringValue?.contains("web") == true)
        try await scenario.untilRun("PrePromotion", "Failed")
        #expect(try await scenario.analysisRuns().count == 1)
        try await scenario.untilService("web", selects: 1)
        try await scenario.untilService("web-preview", selects: 2)
        before.set(MetricAnswers.good)
        try await scenario.retry("web")
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.analysisRuns().count == 2)
        try await scenario.untilService("web", selects: 2)
        try await scenario.untilStatus("revision 2 is stable") { $0["stableRS"] == $0["currentPodHash"] }
    }

    @Test("a failed analysis after the switch gives traffic back") func postFails() async throws {
        let scenario = try await start("bg-post-bad", pre: nil, post: 5_000, more: "      autoPromotionEnabled: false")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Paused")
        try await scenario.promote("web")
        try await scenario.untilService("web", selects: 2)
        try await scenario.untilRun("PostPromotion", "Running")
        let judged = try await scenario.untilPhase("web", "Progressing")
        #expect(judged.at("status", "stableRS")?.stringValue == (try await scenario.hash(1)))
        after.set(MetricAnswers.bad)
        try await scenario.untilPhase("web", "Degraded")
        try await scenario.untilService("web", selects: 1)
        try await scenario.untilService("web-preview", selects: 2)
        #expect(try await scenario.analysisRuns().count == 1)
    }

    @Test("an analysis that cannot tell pauses, and going on measures again") func inconclusive() async throws {
        before.set(MetricAnswers.unsure)
        let scenario = try await start("bg-unsure", pre: 1, post: nil)
        try await scenario.setImage("web", "shop:v2")
        let paused = try await scenario.untilPhase("web", "Paused")
        #expect(paused.at("status", "pauseConditions")?[0]?["reason"]?.stringValue == "InconclusiveAnalysisRun")
        try await scenario.untilService("web", selects: 1)
        before.set(MetricAnswers.good)
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.untilService("web", selects: 2)
        let phases = try await scenario.analysisRuns().compactMap { $0.at("status", "phase")?.stringValue }
        #expect(phases.sorted() == ["Inconclusive", "Successful"])
    }

    @Test("an abort by hand after the switch gives traffic back") func abortAfterSwitch() async throws {
        let scenario = try await start(
            "bg-abort-after", pre: nil, post: 5_000, more: "      abortScaleDownDelaySeconds: 86400", replicas: 2)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilService("web", selects: 2)
        try await scenario.untilRun("PostPromotion", "Running")
        try await scenario.abort("web")
        try await scenario.untilPhase("web", "Degraded")
        try await scenario.untilService("web", selects: 1)
        try await scenario.untilPods([1: 2, 2: 2])
        try await scenario.until("the new pods wait for their deadline, and they alone") {
            let sets = try await scenario.replicaSets()
            return sets[2]?.annotations[Scenario.deadline] != nil && sets[1]?.annotations[Scenario.deadline] == nil
        }
    }

    @Test("after an abort another version goes its own way") func abortThenUpdate() async throws {
        let scenario = try await start(
            "bg-again", pre: nil, post: 1,
            more: "      abortScaleDownDelaySeconds: 86400\n      scaleDownDelaySeconds: 86400")
        after.set(MetricAnswers.bad)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Degraded")
        try await scenario.untilService("web", selects: 1)
        after.set(MetricAnswers.good)
        try await scenario.patch(
            Kinds.rollout, "web", ["spec": ["strategy": ["blueGreen": ["autoPromotionEnabled": false]]]])
        try await scenario.setImage("web", "shop:v3")
        try await scenario.untilPhase("web", "Paused")
        try await scenario.untilPods([1: 1, 3: 1])
        try await scenario.until("the aborted pods keep their deadline") {
            try await scenario.replicaSet(2).annotations[Scenario.deadline] != nil
        }
        try await scenario.untilService("web", selects: 1)
        try await scenario.untilService("web-preview", selects: 3)
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.untilService("web", selects: 3)
        try await scenario.until("the former stable pods wait for their deadline") {
            try await scenario.replicaSet(1).annotations[Scenario.deadline] != nil
        }
        #expect(try await scenario.analysisRuns().count == 2)
    }

    @Test("all of it at once: preview size, both analyses, the clock, and a failure after the switch")
    func together() async throws {
        let scenario = try await start(
            "bg-all", pre: 2, post: 5_000,
            more: """
                      previewReplicaCount: 1
                      autoPromotionSeconds: 3600
                      scaleDownDelaySeconds: 86400
                      abortScaleDownDelaySeconds: 86400
                """,
            replicas: 2)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Paused")
        try await scenario.untilPods([1: 2, 2: 1])
        try await scenario.untilCounts([2, 3, 1, 2, 2])
        #expect(try await scenario.serviceHash("web") == scenario.hash(1))
        #expect(try await scenario.analysisRuns().count == 1)
        _ = try await scenario.endPause(of: .seconds(3_600), in: .seconds(1))
        try await scenario.untilService("web", selects: 2)
        try await scenario.untilCounts([2, 4, 2, 2, 2])
        try await scenario.untilRun("PostPromotion", "Running")
        after.set(MetricAnswers.bad)
        try await scenario.untilPhase("web", "Degraded")
        try await scenario.untilService("web", selects: 1)
        try await scenario.untilService("web-preview", selects: 2)
        try await scenario.untilCounts([2, 4, 2, 2, 2])
    }

    @Test("finished AnalysisRuns are kept up to their limits") func history() async throws {
        let scenario = try await start("bg-history", pre: 1, post: nil)
        try await scenario.patch(
            Kinds.rollout, "web",
            ["spec": ["analysis": ["successfulRunHistoryLimit": 1, "unsuccessfulRunHistoryLimit": 1]]])
        for version in ["v2", "v3", "v4"] {
            try await scenario.setImage("web", "shop:\(version)")
            try await scenario.untilPhase("web", "Healthy")
        }
        // The run that the status names is evidence and does not count.
        try await scenario.until("old runs are deleted") { try await scenario.analysisRuns().count == 2 }
        let named = try await scenario.get(Kinds.rollout, "web")?
            .at("status", "blueGreen", "prePromotionAnalysisRunStatus", "name")
        #expect(try await scenario.analysisRuns().contains { $0.at("metadata", "name") == named })
    }
}
