import Manifest

/// What the gateway routes by.
struct RoutedRequest: Sendable {
    var host: String
    var path = "/"
    var method = "GET"
    /// By lower-case name.
    var headers: [String: String] = [:]
}

/// One entry of a route's matches; a request fits where every part that is given fits.
struct RequestMatch: Sendable {
    enum Text: Sendable {
        case exact(String)
        case prefix(String)
        case regex(RegularExpression)
        /// What cannot be read fits nothing.
        case never

        func fits(_ text: String) -> Bool {
            switch self {
            case .exact(let wanted): text == wanted
            case .prefix(let wanted): text.hasPrefix(wanted)
            case .regex(let pattern): pattern.matchesEntirely(text)
            case .never: false
            }
        }
    }

    var path: Text?
    var method: Text?
    /// By lower-case name.
    var headers: [String: Text] = [:]

    init(prefix: String) { path = .prefix(prefix) }

    /// An entry of a VirtualService's `match`.
    init(istio json: JSON) {
        path = json["uri"].map(Text.init)
        method = json["method"].map(Text.init)
        for (name, value) in json["headers"]?.objectValue ?? [:] { headers[name.lowercased()] = Text(value) }
    }

    func fits(_ request: RoutedRequest) -> Bool {
        path?.fits(request.path) ?? true && method?.fits(request.method) ?? true
            && headers.allSatisfy { name, text in request.headers[name].map(text.fits) ?? false }
    }
}

extension RequestMatch.Text {
    fileprivate init(_ json: JSON) {
        if let text = json["exact"]?.stringValue {
            self = .exact(text)
        } else if let text = json["prefix"]?.stringValue {
            self = .prefix(text)
        } else if let text = json["regex"]?.stringValue, let pattern = try? RegularExpression(text) {
            self = .regex(pattern)
        } else {
            self = .never
        }
    }
}
