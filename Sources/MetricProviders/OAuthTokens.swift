import AnalysisEngine
import Expressions
import Manifest
import Transport

/// A client-credentials grant.
struct OAuthGrant: Hashable, Sendable {
    var tokenURL: String
    var clientID: String
    var clientSecret: String
    var scopes: [String]

    init(_ json: JSON, _ provider: String) throws(MetricFailure) {
        guard let tokenURL = json["tokenUrl"]?.stringValue, let clientID = json["clientId"]?.stringValue,
            let clientSecret = json["clientSecret"]?.stringValue, ![tokenURL, clientID, clientSecret].contains("")
        else { throw MetricFailure(.misconfigured, "\(provider): oauth2 needs tokenUrl, clientId and clientSecret") }
        self.tokenURL = tokenURL
        self.clientID = clientID
        self.clientSecret = clientSecret
        scopes = (json["scopes"]?.arrayValue ?? []).compactMap(\.stringValue)
    }
}

/// Fetches access tokens and keeps each until shortly before it expires.
final class OAuthTokens: Sendable {
    private struct Entry {
        var token: String
        var expires: ContinuousClock.Instant
    }

    private static let maximalEntries = 256
    private let entries = Lock<[OAuthGrant: Entry]>([:])

    func token(
        for grant: OAuthGrant, http: HTTPClient, timeout: Duration?, _ settings: ProviderSettings
    ) async throws(MetricFailure) -> String {
        let now = ContinuousClock.now
        if let entry = entries.withLock({ $0[grant] }), entry.expires > now { return entry.token }
        let form =
            [("grant_type", "client_credentials")]
            + (grant.scopes.isEmpty ? [] : [("scope", grant.scopes.joined(separator: " "))])
        let user = FormEncoding.encode(grant.clientID) + ":" + FormEncoding.encode(grant.clientSecret)
        var response = try await send(
            form, authorization: "Basic " + Base64.encode(user), grant, http, timeout, settings)
        if response.status == 400 || response.status == 401 {
            // Some servers take the credentials in the form only.
            let credentials = [("client_id", grant.clientID), ("client_secret", grant.clientSecret)]
            response = try await send(form + credentials, authorization: nil, grant, http, timeout, settings)
        }
        guard response.isSuccess, let answer = try? JSON(parsing: response.body, maxDepth: 32),
            let token = answer["access_token"]?.stringValue, !token.isEmpty
        else {
            throw MetricFailure(
                .unavailable,
                "oauth2: \(withoutCredentials(grant.tokenURL)) gave no access token, status \(response.status)")
        }
        let seconds = answer["expires_in"]?.doubleValue ?? answer["expires_in"]?.stringValue.flatMap(Double.init) ?? 60
        let life = Duration.seconds(min(max(0, seconds - 10), 86_400))
        entries.withLock { entries in
            entries = entries.filter { $0.value.expires > now }
            if entries.count < Self.maximalEntries { entries[grant] = Entry(token: token, expires: now + life) }
        }
        return token
    }

    private func send(
        _ form: [(String, String)], authorization: String?, _ grant: OAuthGrant, _ http: HTTPClient,
        _ timeout: Duration?, _ settings: ProviderSettings
    ) async throws(MetricFailure) -> HTTPResponse {
        var request = HTTPRequest(
            "POST", grant.tokenURL, headers: ["Content-Type": "application/x-www-form-urlencoded"],
            body: Array(FormEncoding.encode(form).utf8), timeout: timeout, maxBody: 1 << 20)
        request.tls.isInsecure = settings.isInsecure
        if let authorization { request.headers["Authorization"] = authorization }
        do throws(TransportError) { return try await http.send(request) } catch { throw MetricFailure(error) }
    }
}
