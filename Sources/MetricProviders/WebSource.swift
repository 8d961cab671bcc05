import AnalysisEngine
import Manifest
import Transport

/// Asks any URL and takes a value out of what it answers.
struct WebSource: Sendable {
    private let exchange: MetricExchange

    init(_ exchange: MetricExchange) { self.exchange = exchange }

    func measure(_ metric: Metric, now: Timestamp) async throws(MetricFailure) -> MetricReading {
        let json = metric.settings
        let settings = try ProviderSettings(json, "web")
        let path = try path(json)
        let request = try request(json)
        let response = try await exchange.send(request, settings)
        guard response.isSuccess else {
            throw MetricFailure(.unavailable, "web: status \(response.status)\(MetricExchange.excerpt(response))")
        }
        let document: JSON
        do throws(JSONError) { document = try JSON(parsing: response.body) } catch {
            // Not JSON: the text itself is the value.
            return MetricReading(json: .string(response.text))
        }
        guard let value = path.values(in: document).first else {
            throw MetricFailure(.unavailable, "web: jsonPath \(path.text) finds nothing in the answer")
        }
        return MetricReading(json: value)
    }

    private func path(_ json: JSON) throws(MetricFailure) -> JSONPathExpression {
        let given = json["jsonPath"]?.stringValue ?? ""
        do throws(JSONPathError) { return try JSONPathExpression(given.isEmpty ? "{$}" : given) } catch {
            throw MetricFailure(.misconfigured, "web: jsonPath \"\(given.prefix(200))\": \(error)")
        }
    }

    private func request(_ json: JSON) throws(MetricFailure) -> HTTPRequest {
        let url = json["url"]?.stringValue ?? ""
        guard let parts = URLParts(url), parts.scheme == "http" || parts.scheme == "https" else {
            throw MetricFailure(.misconfigured, "web: url \"\(withoutCredentials(url))\" is no absolute URL")
        }
        let given = json["method"]?.stringValue ?? ""
        let method = given.isEmpty ? "GET" : given
        guard ["GET", "POST", "PUT"].contains(method) else {
            throw MetricFailure(
                .misconfigured, "web: method \"\(method.prefix(40))\" is not supported; use GET, POST or PUT")
        }
        let text = json["body"]?.stringValue ?? ""
        let jsonBody = json["jsonBody"].flatMap { $0.isNull ? nil : $0 }
        guard text.isEmpty || jsonBody == nil else {
            throw MetricFailure(.misconfigured, "web: body and jsonBody exclude one another; keep one")
        }
        guard method != "GET" || text.isEmpty && jsonBody == nil else {
            throw MetricFailure(.misconfigured, "web: a body needs method POST or PUT")
        }
        var headers = HTTPHeaders()
        var body: [UInt8]?
        if let jsonBody {
            headers["Content-Type"] = "application/json"
            body = jsonBody.serialized()
        } else if method != "GET" {
            body = Array(text.utf8)
        }
        return HTTPRequest(
            method, url, headers: headers, body: body,
            timeout: try json.timeout("timeoutSeconds", default: 10, "web"))
    }
}
