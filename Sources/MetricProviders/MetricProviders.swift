package import AnalysisEngine
package import Manifest
package import Transport

/// Measures with the provider that a metric names, except by Jobs, which take the Kubernetes API.
///
/// A provider that Sluice does not have is an error of the measurement, never passed over.
package struct MetricProviders: MetricSource {
    private let prometheus: PrometheusSource
    private let web: WebSource

    /// - Parameter prometheusAddress: For metrics without an `address`: `ARGO_ROLLOUTS_PROMETHEUS_ADDRESS`.
    package init(http: HTTPClient, prometheusAddress: String? = nil) {
        let exchange = MetricExchange(http: http)
        prometheus = PrometheusSource(exchange, defaultAddress: prometheusAddress)
        web = WebSource(exchange)
    }

    package func measure(_ task: MeasurementTask, now: Timestamp) async throws(MetricFailure) -> MetricReading {
        switch task.metric.provider {
        case "prometheus": return try await prometheus.measure(task.metric, now: now)
        case "web": return try await web.measure(task.metric, now: now)
        default:
            throw MetricFailure(
                .misconfigured, "provider \(task.metric.provider) is not supported yet; use prometheus, web or job")
        }
    }
}
