/// The parts of a URL that a client decides by.
package struct URLParts: Hashable, Sendable {
    package var scheme: String
    /// Without brackets of an IPv6 address.
    package var host: String
    package var port: Int
    /// Path, query and fragment, as written; empty or starting with `/`, `?` or `#`.
    package var rest: String
    package var hasUser: Bool

    /// `nil` for anything but an http or https URL with a host.
    package init?(_ url: String) {
        guard let separator = url.firstRange(of: "://") else { return nil }
        scheme = url[..<separator.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let after = url[separator.upperBound...]
        guard url.utf8.count <= 65_536, !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else { return nil }
        let authority = after.prefix { !"/?#".contains($0) }
        rest = String(after[authority.endIndex...])
        var place = authority
        if let at = authority.lastIndex(of: "@") { place = authority[authority.index(after: at)...] }
        hasUser = place.startIndex != authority.startIndex
        var portText: Substring?
        if place.first == "[" {
            guard let close = place.firstIndex(of: "]") else { return nil }
            host = String(place[place.index(after: place.startIndex)..<close])
            let tail = place[place.index(after: close)...]
            guard tail.isEmpty || tail.first == ":" else { return nil }
            portText = tail.isEmpty ? nil : tail.dropFirst()
        } else if let colon = place.lastIndex(of: ":") {
            host = String(place[..<colon])
            portText = place[place.index(after: colon)...]
        } else {
            host = String(place)
        }
        guard !host.isEmpty else { return nil }
        port = scheme == "https" ? 443 : 80
        if let portText, !portText.isEmpty {
            guard let number = UInt16(portText), number > 0 else { return nil }
            port = Int(number)
        }
    }

    package var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }
    /// `https://host:port`, without user and path.
    package var origin: String { "\(scheme)://\(bracketedHost):\(port)" }
    package var isLoopback: Bool {
        host == "::1" || host.lowercased() == "localhost"
            || (host.hasPrefix("127.") && host.split(separator: ".").count == 4)
    }
}
