package import Expressions
package import Manifest

/// Reads a value from a metrics backend.
package protocol MetricSource: Sendable {
    /// Asks once; idempotent, cancellable, and bounded in time and size by the provider's own time-out.
    /// - Parameter now: What time-dependent queries count from.
    /// - Throws: `MetricFailure`, which becomes a measurement of phase `Error`.
    func measure(_ task: MeasurementTask, now: Timestamp) async throws(MetricFailure) -> MetricReading
}

/// What a backend answered.
package struct MetricReading: Sendable, Equatable {
    /// What conditions see as `result`.
    package var value: Value
    /// The value as it is recorded.
    package var text: String
    /// Recorded with the measurement.
    package var metadata: [String: String]
    /// Recorded with the metric.
    package var resultMetadata: [String: String]

    package init(
        value: Value, text: String, metadata: [String: String] = [:], resultMetadata: [String: String] = [:]
    ) {
        self.value = value
        self.text = text
        self.metadata = metadata
        self.resultMetadata = resultMetadata
    }
}

extension MetricReading {
    /// One number, recorded as Go prints it.
    package init(number: Double) { self.init(value: .float(number), text: GoFloat.general(number)) }

    /// A list of numbers, recorded as `[0.1,0.2]`.
    package init(numbers: [Double]) {
        self.init(
            value: .list(numbers.map { .float($0) }),
            text: "[" + numbers.map { GoFloat.general($0) }.joined(separator: ",") + "]")
    }

    /// Any JSON, whose numbers are all floats to conditions.
    package init(json: JSON) { self.init(value: Value(json, floats: true), text: json.description) }
}

/// Why there is no reading.
package struct MetricFailure: Error, Hashable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// The backend did not answer, or not as it should; it may do so later.
        case unavailable
        /// The metric is written so that no backend could answer it.
        case misconfigured
    }

    package var kind: Kind
    package var message: String
    package var resultMetadata: [String: String]

    package init(_ kind: Kind, _ message: String, resultMetadata: [String: String] = [:]) {
        self.kind = kind
        self.message = message
        self.resultMetadata = resultMetadata
    }

    package var description: String { message }
}
