import Manifest

/// The lines of a `known_hosts` file: which keys a host may show.
package struct KnownHosts: Sendable {
    package enum Verdict: Hashable, Sendable {
        case known
        /// There are lines for the host, with other keys.
        case differs
        /// There is no line for the host; hashed names (`|1|…`) cannot be read and count as none.
        case unknown
        case revoked
    }

    private struct Line {
        var isRevoked: Bool
        var patterns: [Substring]
        var key: Substring
    }

    private var lines: [Line] = []

    package init(_ text: String) {
        for line in text.prefix(1 << 20).split(whereSeparator: \.isNewline) {
            var fields = line.split(whereSeparator: { $0 == " " || $0 == "\t" })[...]
            guard let first = fields.first, !first.hasPrefix("#") else { continue }
            if first.hasPrefix("@") { fields.removeFirst() }
            if first.hasPrefix("@"), first != "@revoked" { continue }  // @cert-authority: no certificates here
            guard fields.count >= 3 else { continue }
            let fieldList = Array(fields)
            lines.append(
                Line(isRevoked: first == "@revoked", patterns: fieldList[0].split(separator: ","), key: fieldList[2]))
        }
    }

    /// Judges the key that a server showed.
    /// - Parameter key: The public key's wire form, as `known_hosts` holds it in base64.
    package func check(host: String, port: UInt16, key: [UInt8]) -> Verdict {
        let name = (port == 22 ? host : "[\(host)]:\(port)").lowercased()
        let encoded = Base64.encode(key)
        var verdict = Verdict.unknown
        for line in lines where line.patterns.matches(name) {
            let isSame = trimmed(line.key) == trimmed(Substring(encoded))
            if line.isRevoked, isSame { return .revoked }
            if line.isRevoked { continue }
            if isSame { verdict = .known } else if verdict == .unknown { verdict = .differs }
        }
        return verdict
    }

    private func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.last == "=" { text.removeLast() }
        return text
    }
}

extension [Substring] {
    /// Whether one pattern matches and no `!` pattern does.
    fileprivate func matches(_ name: String) -> Bool {
        var found = false
        for pattern in self {
            if pattern.hasPrefix("!") {
                if wildcard([UInt8](pattern.dropFirst().lowercased().utf8), [UInt8](name.utf8)) { return false }
            } else if wildcard([UInt8](pattern.lowercased().utf8), [UInt8](name.utf8)) {
                found = true
            }
        }
        return found
    }
}

/// `*` and `?` as OpenSSH reads them, in linear memory and without recursion.
private func wildcard(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
    var (p, t, star, mark) = (0, 0, -1, 0)
    while t < text.count {
        if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
            (star, mark) = (p, t)
            p += 1
        } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == text[t] {
            p += 1
            t += 1
        } else if star >= 0 {
            mark += 1
            (p, t) = (star + 1, mark)
        } else {
            return false
        }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
}
