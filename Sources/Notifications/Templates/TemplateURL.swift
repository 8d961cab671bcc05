/// An address in parts, taken apart and put together as Go's net/url does.
///
/// Path, user and fragment are kept without escapes, the query as it is written.
struct TemplateURL {
    /// Why a text is no address; says nothing of the text, which may hold a password.
    struct Problem: Error {
        var reason: String
        init(_ reason: String) { self.reason = reason }
    }

    var scheme = ""
    /// What follows the scheme where no slash does, as in `mailto:ops@example.org`.
    var opaque = ""
    /// `name` or `name:password`, escaped.
    var userInfo = ""
    /// With the port.
    var host = ""
    var path = ""
    var query = ""
    var fragment = ""

    init() {}

    init(_ text: String) throws(Problem) {
        let (address, mark) = cut(text, "#")
        guard !address.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
            throw Problem("it has a control character")
        }
        fragment = try URLPart.fragment.unescaped(mark ?? "")
        var rest: String
        (scheme, rest) = try TemplateURL.scheme(of: address)
        let (before, after) = cut(rest, "?")
        rest = before
        query = after ?? ""
        guard rest.hasPrefix("/") else {
            if !scheme.isEmpty {
                opaque = rest
                return
            }
            guard !cut(rest, "/").0.utf8.contains(UInt8(ascii: ":")) else {
                throw Problem("its first part has a colon and is no scheme")
            }
            path = try URLPart.path.unescaped(rest)
            return
        }
        if rest.hasPrefix("//"), !scheme.isEmpty || !rest.hasPrefix("///") {
            let (authority, tail) = cut(String(rest.dropFirst(2)), "/")
            rest = tail.map { "/" + $0 } ?? ""
            try readAuthority(authority)
        }
        path = try URLPart.path.unescaped(rest)
    }

    /// The host without port and brackets.
    var hostname: String {
        var name = host[...]
        if let colon = name.lastIndex(of: ":"), isPort(name[colon...]) { name = name[..<colon] }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        return String(name)
    }

    /// The address as one text.
    var text: String {
        var text = scheme.isEmpty ? "" : scheme + ":"
        if opaque.isEmpty {
            if !(scheme.isEmpty && host.isEmpty && userInfo.isEmpty),
                !(host.isEmpty && path.isEmpty && userInfo.isEmpty)
            {
                text += "//"
            }
            if !userInfo.isEmpty { text += userInfo + "@" }
            text += URLPart.host.escaped(host)
            if !path.isEmpty, !path.hasPrefix("/"), !host.isEmpty { text += "/" }
            // Or its beginning would be read as a scheme.
            if text.isEmpty, cut(path, "/").0.utf8.contains(UInt8(ascii: ":")) { text += "./" }
            text += path == "*" ? "*" : URLPart.path.escaped(path)
        } else {
            text += opaque
        }
        if !query.isEmpty { text += "?" + query }
        if !fragment.isEmpty { text += "#" + URLPart.fragment.escaped(fragment) }
        return text
    }

    private static func scheme(of text: String) throws(Problem) -> (String, rest: String) {
        let bytes = Array(text.utf8)
        let end = bytes.firstIndex { byte in
            !(isLetter(byte) || isDigit(byte) || "+-.".utf8.contains(byte))
        }
        guard let end, bytes[end] == UInt8(ascii: ":") else { return ("", text) }
        guard end > 0 else { throw Problem("it begins with a colon; a scheme is missing") }
        guard isLetter(bytes[0]) else { return ("", text) }
        let scheme = String(decoding: bytes[..<end], as: UTF8.self)
        return (scheme.lowercased(), String(decoding: bytes[(end + 1)...], as: UTF8.self))
    }

    /// Reads `user:password@host:port`.
    private mutating func readAuthority(_ authority: String) throws(Problem) {
        var address = authority[...]
        if let at = address.lastIndex(of: "@") {
            try readUser(String(address[..<at]))
            address = address[address.index(after: at)...]
        }
        if address.hasPrefix("[") {
            guard let end = address.lastIndex(of: "]") else { throw Problem("its host lacks a ]") }
            guard isPort(address[address.index(after: end)...]) else { throw Problem("its port is no number") }
        } else if let colon = address.lastIndex(of: ":"), !isPort(address[colon...]) {
            throw Problem("its port is no number")
        }
        host = try URLPart.host.unescaped(String(address))
    }

    mutating func readUser(_ text: String) throws(Problem) {
        guard text.utf8.allSatisfy({ isLetter($0) || isDigit($0) || "-._:~!$&'()*+,;=%@".utf8.contains($0) }) else {
            throw Problem("its user has characters that need escapes")
        }
        let (name, password) = cut(text, ":")
        userInfo = URLPart.user.escaped(try URLPart.user.unescaped(name))
        if let password { userInfo += ":" + URLPart.user.escaped(try URLPart.user.unescaped(password)) }
    }
}

/// Each part of an address has characters of its own that need no escape.
private enum URLPart {
    case path, host, user, fragment

    private var plain: String {
        switch self {
        case .path: "-_.~$&+,/:;=@"
        case .host: "-_.~!$&'()*+,;=:[]<>\""
        case .user: "-_.~$&+,;="
        case .fragment: "-_.~$&+,/:;=?@!()*"
        }
    }

    private func isPlain(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || plain.utf8.contains(byte) }

    func escaped(_ text: String) -> String {
        let digits = [UInt8]("0123456789ABCDEF".utf8)
        let bytes = text.utf8.flatMap { byte in
            isPlain(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    func unescaped(_ text: String) throws(TemplateURL.Problem) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                guard self != .host || byte >= 0x80 || isPlain(byte) else {
                    throw TemplateURL.Problem("its host has a character that hosts cannot have")
                }
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                throw TemplateURL.Problem("a % is not followed by two hexadecimal digits")
            }
            let value = high << 4 | low
            // `%25` begins the zone of an IPv6 address.
            guard self != .host || value >= 0x80 || value == UInt8(ascii: "%") else {
                throw TemplateURL.Problem("its host has an escape of a plain character")
            }
            bytes.append(value)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

private func cut(_ text: String, _ separator: Character) -> (String, String?) {
    guard let place = text.utf8.firstIndex(of: separator.asciiValue ?? 0) else { return (text, nil) }
    return (String(text[..<place]), String(text[text.utf8.index(after: place)...]))
}

/// Nothing, or a colon and digits.
private func isPort(_ text: Substring) -> Bool {
    text.isEmpty || text.first == ":" && text.dropFirst().utf8.allSatisfy(isDigit)
}

private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
private func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }

private func hexDigit(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte - UInt8(ascii: "0") }
    let letter = (byte | 0x20) &- UInt8(ascii: "a")
    return letter < 6 ? letter + 10 : nil
}
