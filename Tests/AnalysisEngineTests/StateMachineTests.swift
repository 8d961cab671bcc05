import AnalysisEngine
import Manifest
import Testing

@Suite("AnalysisRun state machine")
struct StateMachineTests {
    typealias Answer = AnalysisHarness.Answer
    static let (good, bad, away) = (Answer.value(1), Answer.value(0), Answer.unavailable)

    struct Row: CustomStringConvertible, Sendable {
        let description: String
        var fields: JSON = [:]
        let answers: [AnalysisHarness.Answer]
        let phase: AnalysisPhase
        var message = ""
        var taken: [Double]?
    }

    static let rows = [
        Row(
            description: "one metric without interval is measured once", answers: [good], phase: .successful, taken: [0]
        ),
        Row(
            description: "two failures of one tolerated fail the run at the third measurement",
            fields: ["count": 3, "interval": "5s", "failureLimit": 1], answers: [good, bad, bad], phase: .failed,
            message: "metric \"m\" is Failed: failed (2) > failureLimit (1)", taken: [0, 5, 10]),
        Row(
            description: "one failure is tolerated", fields: ["count": 3, "interval": "5s", "failureLimit": 1],
            answers: [bad, good, good], phase: .successful, taken: [0, 5, 10]),
        Row(
            description: "neither condition true is inconclusive at once", fields: ["failureCondition": "result < 0"],
            answers: [bad], phase: .inconclusive, message: "inconclusive (1) > inconclusiveLimit (0)"),
        Row(
            description: "five errors in a row end the run, ten seconds apart whatever the interval",
            fields: ["count": 3, "interval": "5m"], answers: [away], phase: .error,
            message: "consecutiveErrors (5) > consecutiveErrorLimit (4)", taken: [0, 10, 20, 30, 40]),
        Row(
            description: "a good measurement forgives errors", fields: ["count": 2, "interval": "5s"],
            answers: [away, away, away, away, good, away, good], phase: .successful, taken: [0, 10, 20, 30, 40, 45, 55]),
        Row(
            description: "three good in a row end a metric without count",
            fields: ["consecutiveSuccessLimit": 3, "failureLimit": -1, "interval": "1s"],
            answers: [bad, good, good, good],
            phase: .successful, taken: [0, 1, 2, 3]),
        Row(
            description: "too few good in a row are inconclusive, and say so",
            fields: ["count": 3, "consecutiveSuccessLimit": 2, "failureLimit": 1, "interval": "1s"],
            answers: [good, bad, good], phase: .inconclusive,
            message: "consecutiveSuccess (1) < consecutiveSuccessLimit (2)"),
        Row(
            description: "too few good in a row fail where failures have no limit",
            fields: ["count": 2, "consecutiveSuccessLimit": 2, "failureLimit": -1, "interval": "1s"],
            answers: [good, bad],
            phase: .failed, message: "consecutiveSuccess (0) < consecutiveSuccessLimit (2)"),
        Row(
            description: "the first measurement waits for initialDelay", fields: ["initialDelay": "30s"],
            answers: [good],
            phase: .successful, taken: [30]),
        Row(
            description: "failureCondition alone judges the other way",
            fields: ["successCondition": "", "failureCondition": "result > 5"],
            answers: [good], phase: .successful),
        Row(
            description: "no condition at all is content with an answer", fields: ["successCondition": ""],
            answers: [bad],
            phase: .successful),
        Row(
            description: "numbers may be written as strings",
            fields: ["count": "2", "interval": "1s", "failureLimit": "1"],
            answers: [good], phase: .successful, taken: [0, 1]),
        Row(
            description: "NaN fails, and is told apart", answers: [.value(.nan)], phase: .failed,
            message: "NaN often means that there was nothing to measure"),
    ]

    @Test("a metric decides a run", arguments: rows)
    func table(row: Row) throws {
        var harness = AnalysisHarness(spec: ["metrics": [metric("m", row.fields)]], script: ["m": row.answers])
        try harness.run()
        #expect(harness.status.phase == row.phase)
        #expect(harness.status.message.contains(row.message))
        if let taken = row.taken { #expect(harness.takenAt == taken) }
        #expect(harness.status.completedAt != nil)
        #expect(harness.events.last == "AnalysisRun\(row.phase.rawValue)")
    }

    @Test("errors before a success leave the run running with a fresh count")
    func errorsThenSuccess() throws {
        var harness = AnalysisHarness(
            spec: ["metrics": [metric("m", ["count": 2, "interval": "10s"])]],
            script: ["m": [Self.away, Self.away, Self.away, Self.away, Self.good, Self.away]])
        try harness.run(for: .seconds(50))
        let result = try #require(harness.status.result("m"))
        #expect(harness.status.phase == .running)
        #expect(result.consecutiveError == 1)
        #expect(result.count == 1)
        #expect(result.error == 5)
    }

    @Test("a metric that fails ends the others one reconcile later")
    func stopsOthers() throws {
        var harness = AnalysisHarness(
            spec: ["metrics": [metric("a"), metric("b", ["interval": "60s"])]], script: ["a": [Self.bad]])
        let first = try harness.reconcile()
        #expect(harness.status.phase == .running)
        #expect(harness.status.result("a")?.phase == .failed)
        #expect(first.requeueAfter == .zero)
        try harness.reconcile()
        #expect(harness.status.phase == .failed)
        #expect(harness.status.result("b")?.phase == .successful)
        #expect(
            harness.status.message
                == "metric \"a\" is Failed: failed (1) > failureLimit (0); last message: successCondition \"result >= 1\" is false for 0"
        )
        #expect(
            harness.status.runSummary.json == ["count": 2, "successful": 1, "failed": 1, "inconclusive": 0, "error": 0])
    }

    @Test("the worst metric speaks for the run")
    func worst() throws {
        var harness = AnalysisHarness(
            spec: ["metrics": [metric("a", ["failureCondition": "result < 0"]), metric("b")]],
            script: ["a": [Self.bad], "b": [Self.bad]])
        try harness.run()
        #expect(harness.status.phase == .failed)
        #expect(harness.status.message.hasPrefix("metric \"b\""))
    }

    @Test("a run that is terminated before it began is successful")
    func terminated() throws {
        var harness = AnalysisHarness(spec: ["metrics": [metric()], "terminate": true])
        try harness.run()
        #expect(harness.status.phase == .successful)
        #expect(harness.status.message == "run terminated")
        #expect(harness.takenAt.isEmpty)
    }

    @Test("a terminated run takes no new measurement and keeps what was found")
    func terminatedLater() throws {
        var harness = AnalysisHarness(spec: ["metrics": [metric("m", ["interval": "10s"])]])
        try harness.reconcile()
        harness.json.set(true, at: "spec", "terminate")
        harness.now = harness.now + .seconds(60)
        try harness.run()
        #expect(harness.status.phase == .successful)
        #expect(harness.takenAt == [0])
    }

    @Test("dry-run metrics never fail a run")
    func dryRun() throws {
        var harness = AnalysisHarness(
            spec: ["metrics": [metric()], "dryRun": [["metricName": "*"]]], script: ["m": [Self.bad]])
        try harness.run()
        #expect(harness.status.phase == .successful)
        #expect(harness.status.dryRunSummary.failed == 1)
        #expect(harness.status.result("m")?.message == "dry run Failed: failed (1) > failureLimit (0)")
    }

    @Test("an endless dry run does not hold back a step", arguments: [("Step", true), ("Background", false)])
    func endlessDryRun(type: String, ends: Bool) throws {
        var harness = AnalysisHarness(
            spec: [
                "metrics": [metric("real"), metric("dry", ["interval": "5s"])], "dryRun": [["metricName": "dry"]],
            ], labels: ["rollout-type": type])
        try harness.run(for: .seconds(100))
        #expect(harness.status.phase == (ends ? .successful : .running))
    }

    @Test("old measurements are trimmed and still counted")
    func retention() throws {
        var harness = AnalysisHarness(
            spec: [
                "metrics": [
                    metric("a", ["count": 12, "interval": "1s"]), metric("b", ["count": 12, "interval": "1s"]),
                ],
                "measurementRetention": [["metricName": "b", "limit": 7], ["metricName": "b$", "limit": 3]],
            ])
        try harness.run()
        #expect(harness.status.result("a")?.measurements.count == 10)
        #expect(harness.status.result("b")?.measurements.count == 3)
        #expect(harness.status.result("a")?.count == 12)
    }

    @Test("a finished run is deleted when its time is over")
    func timeToLive() throws {
        var harness = AnalysisHarness(
            spec: ["metrics": [metric()], "ttlStrategy": ["secondsAfterSuccess": 60, "secondsAfterCompletion": 5]])
        try harness.run()
        harness.now = harness.now + .seconds(60)
        let early = try harness.reconcile()
        #expect(!harness.isDeleted)
        #expect(early.requeueAfter == .seconds(1))
        harness.now = harness.now + .seconds(1)
        try harness.reconcile()
        #expect(harness.isDeleted)
    }

    @Test("the second look at an unchanged run changes nothing")
    func idempotent() throws {
        var harness = AnalysisHarness(spec: ["metrics": [metric("m", ["interval": "60s"])]])
        try harness.reconcile()
        let again = try harness.reconcile()
        #expect(again.statusPatch == nil)
        #expect(again.events.isEmpty)
        #expect(again.requeueAfter == .seconds(60))
    }

    @Test("an unfinished measurement of another controller is resumed when it says so, and ended with the run")
    func resumes() throws {
        let status: JSON = [
            "phase": "Running", "startedAt": "2027-01-15T08:00:00Z",
            "metricResults": [
                [
                    "name": "m", "phase": "Running",
                    "measurements": [
                        ["phase": "Running", "startedAt": "2027-01-15T08:00:00Z", "resumeAt": "2027-01-15T08:00:20Z"]
                    ],
                ]
            ],
        ]
        var harness = AnalysisHarness(spec: ["metrics": [metric()]], status: status)
        #expect(try harness.reconcile().requeueAfter == .seconds(20))
        harness.now = harness.now + .seconds(20)
        #expect(AnalysisEngine.decide(try harness.run, now: harness.now).tasks.map(\.kind) == [.resume])
        try harness.run()
        #expect(harness.status.result("m")?.measurements.count == 1)
        #expect(harness.status.phase == .successful)
    }
}
