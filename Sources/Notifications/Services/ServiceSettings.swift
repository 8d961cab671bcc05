import Manifest
import Transport

/// The settings of one service, with secrets filled in; errors name keys and never values.
struct ServiceSettings {
    private let json: JSON

    init(_ json: JSON) { self.json = json }

    /// A text; numbers and booleans are taken as they are written.
    ///
    /// An empty one counts as none.
    func text(_ path: String...) -> String? {
        guard let value = json.at(path: path) else { return nil }
        let text =
            switch value {
            case .string(let text): text
            case .int, .bool: value.description
            default: ""
            }
        return text.isEmpty ? nil : text
    }

    func required(_ key: String, _ what: String) throws(ConfigProblem) -> String {
        guard let text = text(key) else { throw ConfigProblem("\(key) is missing: \(what)") }
        guard ServiceSettings.isLine(text) else {
            throw ConfigProblem("\(key) holds line breaks or control characters; remove them")
        }
        return text
    }

    func flag(_ key: String) -> Bool { json[key]?.boolValue ?? (json[key]?.stringValue == "true") }

    func list(_ key: String) -> [String] { strings(json[key] ?? .null) }

    func objects(_ key: String) -> [JSON] { json[key]?.arrayValue ?? [] }

    /// A map of texts that must have an entry.
    func map(_ key: String, _ what: String) throws(ConfigProblem) -> [String: String] {
        let map = json[key]?.stringMap ?? [:]
        guard !map.isEmpty else { throw ConfigProblem("\(key) is missing: \(what)") }
        return map
    }

    /// A map from names to addresses.
    func addresses(_ key: String) throws(ConfigProblem) -> [String: String] {
        let map = try map(key, "a map from names, which subscriptions use, to the addresses of webhooks")
        for (name, address) in map.sorted(by: { utf8Order($0.key, $1.key) }) {
            try ServiceSettings.check(address, "\(key).\(name)")
        }
        return map
    }

    /// The first of these keys, as an http or https address without a slash at its end.
    func address(_ keys: String..., otherwise: String? = nil) throws(ConfigProblem) -> String {
        for key in keys {
            guard var address = text(key) else { continue }
            try ServiceSettings.check(address, key)
            while address.hasSuffix("/") { address.removeLast() }
            return address
        }
        guard let otherwise else {
            throw ConfigProblem("\(keys.first ?? "url") is missing: an address with https:// or http://")
        }
        return otherwise
    }

    var tls: TLSOptions {
        TLSOptions(isInsecure: flag("insecureSkipVerify") || flag("insecure_skip_verify"))
    }

    /// Only the form is looked at, and not repeated: what an address holds may be secret.
    static func check(_ address: String, _ key: String) throws(ConfigProblem) {
        guard address.hasPrefix("https://") || address.hasPrefix("http://"), URLParts(address) != nil else {
            throw ConfigProblem("\(key) must begin with https:// or http:// and hold a host and no spaces")
        }
    }

    /// Whether a text stays on its line.
    static func isLine(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }

    /// Whether a header cannot end its line, and with it smuggle in another.
    static func isHeader(_ name: String, _ value: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") } && isLine(value)
    }
}
