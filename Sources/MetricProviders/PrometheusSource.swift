import AnalysisEngine
import Expressions
import Manifest
import Transport

/// Asks a Prometheus server, or one that speaks its HTTP API.
struct PrometheusSource: Sendable {
    private let exchange: MetricExchange
    private let defaultAddress: String?

    init(_ exchange: MetricExchange, defaultAddress: String?) {
        self.exchange = exchange
        self.defaultAddress = defaultAddress
    }

    func measure(_ metric: Metric, now: Timestamp) async throws(MetricFailure) -> MetricReading {
        let json = metric.settings
        let settings = try ProviderSettings(json, "prometheus")
        let address = try address(json)
        let query = json["query"]?.stringValue ?? ""
        guard !query.isEmpty else { throw MetricFailure(.misconfigured, "prometheus: query is missing") }
        let timeout = try json.timeout("timeout", default: 30, "prometheus")
        let resolved = ["ResolvedPrometheusQuery": query]
        do throws(MetricFailure) {
            let (path, form) = try parameters(json, query, now)
            let response = try await ask(address + path, form, timeout, settings)
            var reading = try PrometheusAnswer.read(response)
            reading.resultMetadata = resolved
            return reading
        } catch {
            throw MetricFailure(error.kind, error.message, resultMetadata: resolved)
        }
    }

    private func address(_ json: JSON) throws(MetricFailure) -> String {
        let given = json["address"]?.stringValue ?? ""
        let text = given.isEmpty ? defaultAddress ?? "" : given
        guard let parts = URLParts(text), parts.scheme == "http" || parts.scheme == "https" else {
            throw MetricFailure(
                .misconfigured,
                "prometheus: address \"\(withoutCredentials(text))\" is no absolute URL; write it like http://prometheus.monitoring:9090"
            )
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    private func parameters(
        _ json: JSON, _ query: String, _ now: Timestamp
    ) throws(MetricFailure) -> (path: String, form: [(String, String)]) {
        guard let range = json["rangeQuery"], range.objectValue?.isEmpty == false else {
            return ("/api/v1/query", [("query", query), ("time", Self.unix(now))])
        }
        let step = range["step"]?.stringValue ?? ""
        guard let length = Duration(go: step), length > .zero else {
            throw MetricFailure(
                .misconfigured, "prometheus: rangeQuery.step \"\(step)\" is no duration; write it like 1m")
        }
        let start = try time(range, "start", now)
        let end = try time(range, "end", now)
        return (
            "/api/v1/query_range",
            [
                ("query", query), ("start", Self.unix(start)), ("end", Self.unix(end)),
                ("step", GoFloat.json(length.inSeconds)),
            ]
        )
    }

    private func time(_ range: JSON, _ field: String, _ now: Timestamp) throws(MetricFailure) -> Timestamp {
        let source = range[field]?.stringValue ?? ""
        do throws(ExpressionError) {
            let value = try Expression(source).evaluate(Environment(now: now))
            if case .time(let time) = value { return time }
            throw ExpressionError(.evaluation, "it gives \(value.typeName), not a time,", at: 0)
        } catch {
            throw MetricFailure(
                .misconfigured,
                "prometheus: cannot evaluate rangeQuery.\(field) \"\(source.prefix(200))\": \(error); write it like now() - duration(\"1h\")"
            )
        }
    }

    private func ask(
        _ url: String, _ form: [(String, String)], _ timeout: Duration, _ settings: ProviderSettings
    ) async throws(MetricFailure) -> HTTPResponse {
        let body = FormEncoding.encode(form)
        let response = try await exchange.send(
            HTTPRequest(
                "POST", url, headers: ["Content-Type": "application/x-www-form-urlencoded"], body: Array(body.utf8),
                timeout: timeout), settings)
        // Older servers and some proxies take queries by GET only.
        guard response.status == 405 || response.status == 501 else { return response }
        return try await exchange.send(HTTPRequest("\(url)?\(body)", timeout: timeout), settings)
    }

    private static func unix(_ time: Timestamp) -> String {
        let milliseconds = String(time.nanoseconds / 1_000_000)
        return "\(time.seconds)." + String(repeating: "0", count: 3 - milliseconds.count) + milliseconds
    }
}
