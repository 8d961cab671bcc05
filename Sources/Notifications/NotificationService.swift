import Manifest

/// Where notifications can go.
///
/// Its values come from the Secret; nothing prints them.
package struct NotificationService: Sendable, CustomStringConvertible, CustomReflectable {
    package enum Kind: String, Sendable {
        case webhook, slack
    }

    package var kind: Kind
    package var url: String
    package var headers: [(name: String, value: String)]
    /// Key of the HMAC-SHA256 signature; `nil` sends none.
    package var signingKey: String?
    /// The signature's header: `sha256=<hex>` over the body, as GitHub signs.
    package var signatureHeader: String
    package var isInsecure: Bool
    /// Slack's display name and icon.
    package var username: String?
    package var icon: String?

    /// - Parameters:
    ///   - type: `webhook` or `slack`.
    ///   - settings: With secrets filled in.
    init(type: String, _ settings: JSON) throws(ConfigProblem) {
        guard let kind = Kind(rawValue: type) else {
            throw ConfigProblem("service type \(type) is not supported yet; use webhook or slack")
        }
        self.kind = kind
        let address = settings["url"]?.stringValue ?? settings["webhookURL"]?.stringValue
        guard let address else {
            throw ConfigProblem(
                kind == .slack
                    ? "url is missing: the address of a Slack incoming webhook (tokens are not supported yet)"
                    : "url is missing")
        }
        // Only the scheme is looked at here: what the address holds may be secret and goes into no message.
        guard address.hasPrefix("https://") || address.hasPrefix("http://"),
            address.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
        else {
            throw ConfigProblem("url must begin with https:// or http:// and hold no spaces")
        }
        url = address
        headers = []
        for item in settings["headers"]?.arrayValue ?? [] {
            guard let name = item["name"]?.stringValue, let value = item["value"]?.stringValue, isHeader(name, value)
            else {
                throw ConfigProblem("each header needs name and value without line breaks")
            }
            headers.append((name, value))
        }
        if let user = settings.at("basicAuth", "username")?.stringValue {
            let password = settings.at("basicAuth", "password")?.stringValue ?? ""
            headers.append(("Authorization", "Basic " + base64([UInt8]("\(user):\(password)".utf8))))
        }
        signingKey = settings["hmacSecret"]?.stringValue
        if signingKey?.isEmpty ?? false { throw ConfigProblem("hmacSecret is empty") }
        signatureHeader = settings["signatureHeader"]?.stringValue ?? "X-Hub-Signature-256"
        guard isHeader(signatureHeader, "") else { throw ConfigProblem("signatureHeader is no header name") }
        isInsecure = settings["insecureSkipVerify"]?.boolValue ?? false
        username = settings["username"]?.stringValue
        icon = settings["icon"]?.stringValue
    }

    package var description: String { "\(kind.rawValue) service" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Whether a header cannot end its line, and with it smuggle in another.
private func isHeader(_ name: String, _ value: String) -> Bool {
    !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
        && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
}

/// Standard base64 with padding.
func base64(_ bytes: [UInt8]) -> String {
    let alphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        var word: UInt32 = 0
        for byte in group { word = word << 8 | UInt32(byte) }
        word <<= UInt32(8 * (3 - group.count))
        for place in 0..<4 {
            out.append(place <= group.count ? alphabet[Int(word >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
        }
    }
    return String(decoding: out, as: UTF8.self)
}
