import AnalysisEngine
import Expressions
import Manifest

/// What the HTTP providers have in common.
struct ProviderSettings: Sendable {
    enum Authentication: Sendable {
        case none
        /// The value of the header.
        case basic(String)
        case oauth(OAuthGrant)
    }

    var isInsecure: Bool
    var headers: [(String, String)] = []
    var authentication = Authentication.none

    init(_ json: JSON, _ provider: String) throws(MetricFailure) {
        isInsecure = json["insecure"]?.boolValue ?? false
        for header in json["headers"]?.arrayValue ?? [] {
            guard let key = header["key"]?.stringValue, let value = header["value"]?.stringValue, !key.isEmpty else {
                throw MetricFailure(.misconfigured, "\(provider): each of headers needs a key and a value")
            }
            headers.append((key, value))
        }
        guard let authentication = json["authentication"] else { return }
        if let sigv4 = authentication["sigv4"], sigv4.objectValue?.contains(where: { $0.value != "" }) ?? false {
            throw MetricFailure(.misconfigured, "\(provider): authentication by sigv4 is not supported yet")
        }
        let oauth = authentication["oauth2"] ?? .emptyObject
        if oauth.objectValue?.isEmpty == false { self.authentication = .oauth(try OAuthGrant(oauth, provider)) }
        let basic = authentication["basicAuth"] ?? .emptyObject
        let (user, password) = (basic["username"]?.stringValue ?? "", basic["password"]?.stringValue ?? "")
        guard user.isEmpty == password.isEmpty else {
            throw MetricFailure(.misconfigured, "\(provider): basicAuth needs both username and password")
        }
        if !user.isEmpty { self.authentication = .basic("Basic " + Base64.encode("\(user):\(password)")) }
    }
}

extension JSON {
    /// A time-out in seconds; 0 and absence are the default.
    func timeout(_ name: String, default seconds: Int64, _ provider: String) throws(MetricFailure) -> Duration {
        guard let value = self[name], !value.isNull else { return .seconds(seconds) }
        guard let number = value.intValue, number >= 0 else {
            throw MetricFailure(.misconfigured, "\(provider): \(name) must be a number of seconds of at least 0")
        }
        return .seconds(number == 0 ? seconds : min(number, 3_600))
    }
}
