import Expressions
package import Manifest

extension MeasurementTask {
    /// Characters of a value that are recorded.
    static let maximalValue = 16_384
    static let maximalMessage = 1_024

    /// Judges a reading by the metric's conditions.
    package func judge(
        _ reading: MetricReading, startedAt: Timestamp, finishedAt: Timestamp
    ) -> MeasurementResult {
        var measurement = Measurement(
            phase: .successful, startedAt: startedAt.wholeSeconds, finishedAt: finishedAt.wholeSeconds,
            value: reading.text, metadata: reading.metadata)
        // What messages quote is hidden before it is cut.
        let verdict = ConditionVerdict(metric, reading, shown: redactor.redact, now: finishedAt)
        measurement.phase = verdict.phase
        measurement.message = verdict.message
        if let outcome = verdict.outcome { measurement.metadata[MeasurementOutcome.key] = outcome.rawValue }
        return recorded(measurement, reading.resultMetadata)
    }

    /// What a failure to read becomes.
    package func failed(
        _ failure: MetricFailure, startedAt: Timestamp, finishedAt: Timestamp
    ) -> MeasurementResult {
        let outcome: MeasurementOutcome = failure.kind == .unavailable ? .unavailable : .invalid
        let measurement = Measurement(
            phase: .error, message: failure.message, startedAt: startedAt.wholeSeconds,
            finishedAt: finishedAt.wholeSeconds, metadata: [MeasurementOutcome.key: outcome.rawValue])
        return recorded(measurement, failure.resultMetadata)
    }

    /// Hides secrets, then bounds what is stored.
    func recorded(_ measurement: Measurement, _ metadata: [String: String]) -> MeasurementResult {
        var measurement = redactor.redact(measurement)
        measurement.value = measurement.value.bounded(Self.maximalValue)
        measurement.message = measurement.message.bounded(Self.maximalMessage)
        measurement.metadata = measurement.metadata.mapValues { $0.bounded(Self.maximalValue) }
        if kind == .terminate, measurement.phase == .successful || measurement.phase == .inconclusive {
            measurement.message = "terminated"
        }
        return MeasurementResult(
            metric: metric.name, measurement: measurement,
            metadata: redactor.redact(metadata).mapValues { $0.bounded(Self.maximalValue) })
    }
}

/// What the two conditions of a metric say about a reading.
struct ConditionVerdict {
    var phase: AnalysisPhase
    var message = ""
    var outcome: MeasurementOutcome?

    /// - Parameter shown: Hides secrets in a text that a message will quote.
    init(_ metric: Metric, _ reading: MetricReading, shown: (String) -> String, now: Timestamp) {
        let (success, failure) = (metric.successCondition, metric.failureCondition)
        let text = shown(reading.text).bounded(128)
        phase = .successful
        do throws(ConditionError) {
            let environment = Environment(["result": reading.value], now: now)
            let succeeds = try Self.evaluate(success, "successCondition", shown, environment)
            let fails = try Self.evaluate(failure, "failureCondition", shown, environment)
            switch (succeeds, fails) {
            case (_, true?): fail("failureCondition \"\(shown(failure).bounded(256))\" is true for \(text)", reading)
            case (true?, _), (nil, _): phase = .successful
            case (false?, nil):
                fail("successCondition \"\(shown(success).bounded(256))\" is false for \(text)", reading)
            case (false?, false?):
                phase = .inconclusive
                message = "neither condition holds for \(text)"
                if reading.value.holdsNothing { outcome = .noData }
            }
        } catch {
            phase = .error
            outcome = reading.value.isNoData ? .noData : .invalid
            message = error.message + (reading.value.isNoData ? "; the provider returned no data" : "")
        }
    }

    private mutating func fail(_ reason: String, _ reading: MetricReading) {
        phase = .failed
        message = reason
        outcome = .bad
        guard reading.value.holdsNothing else { return }
        outcome = .noData
        message +=
            reading.value.isNoData
            ? "; the provider returned no data" : "; NaN often means that there was nothing to measure"
    }

    private struct ConditionError: Error { var message: String }

    private static func evaluate(
        _ source: String, _ field: String, _ shown: (String) -> String, _ environment: Environment
    ) throws(ConditionError) -> Bool? {
        guard !source.isEmpty else { return nil }
        do throws(ExpressionError) {
            let value = try Expression(source).evaluate(environment)
            if case .bool(let answer) = value { return answer }
            throw ExpressionError(.evaluation, "it gives \(value.typeName), not true or false,", at: 0)
        } catch {
            throw ConditionError(message: "cannot evaluate \(field) \"\(shown(source).bounded(256))\": \(error)")
        }
    }
}

extension Value {
    /// Nil or an empty list: the backend had nothing to say.
    var isNoData: Bool {
        switch self {
        case .null: true
        case .list(let elements): elements.isEmpty
        default: false
        }
    }

    /// No data, or numbers that are none: there was nothing to judge.
    var holdsNothing: Bool { isNoData || holdsOnlyNaN }

    private var holdsOnlyNaN: Bool {
        switch self {
        case .float(let value): value.isNaN
        case .list(let elements): !elements.isEmpty && elements.allSatisfy(\.holdsOnlyNaN)
        default: false
        }
    }
}

extension String {
    /// At most `count` characters, with a mark where some are left out.
    func bounded(_ count: Int) -> String { utf8.count <= count ? self : String(unicodeScalars.prefix(count)) + "…" }
}
