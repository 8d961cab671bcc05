import AnalysisEngine
import Manifest
import Transport

/// Sends the requests of all providers: bounded bodies, deadlines, and errors that say who did not answer.
struct MetricExchange: Sendable {
    static let maximalBody = 8 << 20
    let http: HTTPClient
    let tokens = OAuthTokens()

    func send(_ request: HTTPRequest, _ settings: ProviderSettings) async throws(MetricFailure) -> HTTPResponse {
        var request = request
        request.maxBody = Self.maximalBody
        request.tls.isInsecure = settings.isInsecure
        for (name, value) in settings.headers { request.headers.add(name, value) }
        switch settings.authentication {
        // Credentials do not follow a redirect to who knows where.
        case .none: request.maxRedirects = 5
        case .basic(let value): request.headers["Authorization"] = value
        case .oauth(let grant):
            let token = try await tokens.token(for: grant, http: http, timeout: request.timeout, settings)
            request.headers["Authorization"] = "Bearer \(token)"
        }
        do throws(TransportError) { return try await http.send(request) } catch { throw MetricFailure(error) }
    }

    /// The start of a body, for a message.
    static func excerpt(_ response: HTTPResponse) -> String {
        let text = response.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return text.isEmpty ? "" : ": \(withoutCredentials(String(text.prefix(200))))"
    }
}

extension MetricFailure {
    init(_ error: TransportError) {
        self.init(
            error.code == .invalidRequest ? .misconfigured : .unavailable, withoutCredentials(error.description))
    }
}
