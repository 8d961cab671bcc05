import Manifest

/// Counts requests as Istio's proxies do, and writes them in Prometheus' text format.
final class RequestMetrics: Sendable {
    /// Labels of a request, in the order in which they are written.
    struct Series: Hashable, Sendable {
        var labels: [String]
        static let names = [
            "destination_canonical_revision", "destination_service", "destination_service_name",
            "destination_service_namespace", "destination_version", "destination_workload",
            "destination_workload_namespace", "reporter", "request_protocol", "response_code",
            "rollouts_pod_template_hash",
        ]
    }

    private struct Histogram: Sendable {
        var buckets = [Int](repeating: 0, count: RequestMetrics.bounds.count)
        var count = 0
        var sum = 0.0
    }

    /// Upper bounds in milliseconds.
    static let bounds: [Double] = [0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000]
    private static let maxSeries = 20_000

    private let series = Lock<[Series: Histogram]>([:])

    func record(_ labels: Series, milliseconds: Double) {
        series.withLock { series in
            guard series[labels] != nil || series.count < Self.maxSeries else { return }
            var histogram = series[labels] ?? Histogram()
            histogram.count += 1
            histogram.sum += milliseconds
            for index in Self.bounds.indices where milliseconds <= Self.bounds[index] { histogram.buckets[index] += 1 }
            series[labels] = histogram
        }
    }

    var text: String {
        let all = series.withLock { $0 }.sorted { $0.key.labels.lexicographicallyPrecedes($1.key.labels) }
        var lines = [
            "# HELP istio_requests_total Requests by destination and response code.",
            "# TYPE istio_requests_total counter",
        ]
        let named = all.map { (Self.text($0.key), $0.value) }
        for (labels, histogram) in named { lines.append("istio_requests_total{\(labels)} \(histogram.count)") }
        lines.append("# HELP istio_request_duration_milliseconds Duration of requests.")
        lines.append("# TYPE istio_request_duration_milliseconds histogram")
        for (labels, histogram) in named {
            for (bound, count) in zip(Self.bounds, histogram.buckets) {
                lines.append(
                    "istio_request_duration_milliseconds_bucket{\(labels),le=\"\(GoFloat.general(bound))\"} \(count)")
            }
            lines.append("istio_request_duration_milliseconds_bucket{\(labels),le=\"+Inf\"} \(histogram.count)")
            lines.append("istio_request_duration_milliseconds_sum{\(labels)} \(GoFloat.general(histogram.sum))")
            lines.append("istio_request_duration_milliseconds_count{\(labels)} \(histogram.count)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func text(_ series: Series) -> String {
        zip(Series.names, series.labels).map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
