/// Why a measurement is not good, in its metadata, apart from the phase that upstream knows.
///
/// "No data", "the server did not answer" and "the metric is bad" are three different things for the person who is woken.
package enum MeasurementOutcome: String, Sendable {
    /// The backend answered, with nothing to judge: an empty list, nil, or NaN.
    case noData = "no-data"
    /// The backend did not answer, or not as it should.
    case unavailable = "unavailable"
    /// The value was judged and is not good.
    case bad = "bad"
    /// The metric or its condition is written wrongly.
    case invalid = "invalid"

    package static let key = "sluice.dev/outcome"
}

extension Measurement {
    package var outcome: MeasurementOutcome? {
        metadata[MeasurementOutcome.key].flatMap { MeasurementOutcome(rawValue: $0) }
    }
}
