import AnalysisEngine
import Manifest
import Testing

@Suite("Judging a reading")
struct JudgementTests {
    static func judge(_ success: String, _ failure: String = "", _ reading: MetricReading) throws -> Measurement {
        let metric = try Metric(
            metric("m", ["successCondition": .string(success), "failureCondition": .string(failure)]))
        let time = Timestamp(seconds: 0)
        return MeasurementTask(metric: metric, run: ObjectKey(namespace: "shop", name: "r"))
            .judge(reading, startedAt: time, finishedAt: time).measurement
    }

    @Test(
        "no data, a bad value and a wrong condition are three different things",
        arguments: [
            (
                "result[0] < 1", "", MetricReading(numbers: []), AnalysisPhase.error,
                MeasurementOutcome.noData as MeasurementOutcome?
            ),
            ("result < 1", "", MetricReading(json: .null), .error, .noData),
            ("len(result) > 0 && result[0] > 1", "", MetricReading(numbers: []), .failed, .noData),
            (
                "len(result) > 0 && result[0] > 1", "len(result) > 0 && result[0] < 1", MetricReading(numbers: []),
                .inconclusive, .noData
            ),
            ("result > 1", "result <= 1", MetricReading(number: .nan), .inconclusive, .noData),
            ("result[0] < 1", "", MetricReading(numbers: [2]), .failed, .bad),
            ("result[0] < 1", "", MetricReading(numbers: [.nan]), .failed, .noData),
            ("result[0] < 1", "", MetricReading(numbers: [0]), .successful, nil),
            ("result < 1", "", MetricReading(numbers: [0]), .error, .invalid),
            ("result[0]", "", MetricReading(numbers: [0]), .error, .invalid),
            ("result <", "", MetricReading(number: 0), .error, .invalid),
            ("", "result > 1", MetricReading(number: 2), .failed, .bad),
            ("result > 0", "result > 1", MetricReading(number: 2), .failed, .bad),
            ("result > 1", "result < 0", MetricReading(number: 1), .inconclusive, nil),
            ("len(result) == 0 || result[0] < 1", "", MetricReading(numbers: []), .successful, nil),
            ("isNaN(result) || result < 1", "", MetricReading(number: .nan), .successful, nil),
        ])
    func outcomes(
        success: String, failure: String, reading: MetricReading, phase: AnalysisPhase, outcome: MeasurementOutcome?
    ) throws {
        let measurement = try Self.judge(success, failure, reading)
        #expect(measurement.phase == phase)
        #expect(measurement.outcome == outcome)
        #expect(measurement.value == reading.text)
    }

    @Test("a failed evaluation names the field, the expression, the place and the missing data")
    func message() throws {
        #expect(
            try Self.judge("result[0] < 1", "", MetricReading(numbers: [])).message
                == "cannot evaluate successCondition \"result[0] < 1\": index 0 is out of range of a list of 0 at position 7; the provider returned no data"
        )
    }

    @Test("a huge value is recorded in part")
    func bounded() throws {
        let measurement = try Self.judge(
            "false", "", MetricReading(json: .string(String(repeating: "x", count: 1_000_000))))
        #expect(measurement.value.count < 20_000)
        #expect(measurement.message.count < 2_000)
    }
}
