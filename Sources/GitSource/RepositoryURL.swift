package import SyncEngine

/// Where a repository is, taken apart; credentials inside the text are kept apart from what is shown.
package struct RepositoryURL: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        case file(path: String)
        /// `http` or `https`, with everything libcurl needs.
        case http
        /// `path` as the server's command gets it: absolute after `ssh://`, relative in `user@host:path`.
        case ssh(user: String, host: String, port: UInt16, path: String)
    }

    package var kind: Kind
    /// The URL without user name and password.
    package var text: String
    package var user: String?
    package var password: String?

    /// - Throws: `InvalidSource` for anything but a local path, `file`, `http`, `https`, `ssh` or `user@host:path`.
    package init(_ text: String) throws(SourceError) {
        func refuse(_ why: String) -> SourceError {
            SourceError(
                .invalidSource, what: "use repository URL", place: RepositoryURL.redacted(text), why: why,
                fix: "write https://host/path, ssh://user@host/path, user@host:path or file:///path")
        }
        guard !text.isEmpty, text.utf8.count <= 2048 else { throw refuse("it is empty or longer than 2048 bytes") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw refuse("it holds spaces or control characters")
        }
        if text.hasPrefix("/") {
            self.init(kind: .file(path: text), text: text)
            return
        }
        guard let separator = text.firstRange(of: "://") else {
            guard let ssh = RepositoryURL.scp(text) else { throw refuse("it has no scheme that is supported") }
            self = ssh
            return
        }
        let scheme = text[..<separator.lowerBound].lowercased()
        let rest = text[separator.upperBound...]
        let authorityEnd = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let path = String(rest[authorityEnd...])
        let authority = Authority(rest[..<authorityEnd])
        guard let authority else { throw refuse("its host or port cannot be read") }
        switch scheme {
        case "file":
            guard authority.host.isEmpty || authority.host == "localhost", path.hasPrefix("/") else {
                throw refuse("a file URL needs an absolute path")
            }
            self.init(kind: .file(path: path), text: "file://\(path)")
        case "http", "https":
            guard !authority.host.isEmpty else { throw refuse("it has no host") }
            self.init(
                kind: .http, text: "\(scheme)://\(authority.hostAndPort)\(path)", user: authority.user,
                password: authority.password)
        case "ssh", "git+ssh", "ssh+git":
            guard authority.hostIsSafe, path.count > 1 else { throw refuse("it has no usable host or no path") }
            let user = authority.user ?? "git"
            self.init(
                kind: .ssh(user: user, host: authority.host, port: authority.port ?? 22, path: path),
                text: "ssh://\(user)@\(authority.hostAndPort)\(path)", user: user, password: authority.password)
        default: throw refuse("scheme \(scheme) is not supported")
        }
    }

    private init(kind: Kind, text: String, user: String? = nil, password: String? = nil) {
        self.kind = kind
        self.text = text
        self.user = user
        self.password = password
    }

    package var description: String { text }

    /// `git@host:org/repo.git`.
    private static func scp(_ text: String) -> RepositoryURL? {
        guard let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/") else { return nil }
        let path = String(text[text.index(after: colon)...])
        guard let authority = Authority(text[..<colon]), authority.hostIsSafe, !path.isEmpty, !path.hasPrefix("-"),
            !path.hasPrefix(":")
        else { return nil }
        let user = authority.user ?? "git"
        return RepositoryURL(
            kind: .ssh(user: user, host: authority.host, port: 22, path: path),
            text: "\(user)@\(authority.host):\(path)",
            user: user, password: nil)
    }

    /// Any text with what may be a password removed: everything between `://` and the last `@` of the authority.
    package static func redacted(_ text: String) -> String {
        let shown = String(text.prefix(200)).singleLine
        guard let separator = shown.firstRange(of: "://") else {
            guard let at = shown.lastIndex(of: "@"), shown[..<at].contains(":") else { return shown }
            return "***" + shown[at...]
        }
        let rest = shown[separator.upperBound...]
        guard let at = rest.prefix(while: { $0 != "/" }).lastIndex(of: "@") else { return shown }
        return shown[..<separator.upperBound] + String(rest[rest.index(after: at)...])
    }
}

/// `user:password@host:port`.
private struct Authority {
    var user: String?
    var password: String?
    var host: String
    var port: UInt16?

    init?(_ text: Substring) {
        var hostPart = text
        if let at = text.lastIndex(of: "@") {
            let parts = text[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = parts.first.flatMap { percentDecoded($0) }
            password = parts.count > 1 ? percentDecoded(parts[1]) : nil
            if user?.isEmpty ?? false { user = nil }
            hostPart = text[text.index(after: at)...]
        }
        let afterBracket = hostPart.hasPrefix("[") ? hostPart.firstIndex(of: "]") : hostPart.startIndex
        guard let afterBracket else { return nil }
        if let colon = hostPart[afterBracket...].firstIndex(of: ":") {
            guard let number = UInt16(hostPart[hostPart.index(after: colon)...]), number > 0 else { return nil }
            port = number
            hostPart = hostPart[..<colon]
        }
        host = hostPart.hasPrefix("[") ? String(hostPart.dropFirst().dropLast()) : String(hostPart)
    }

    var hostAndPort: String {
        let shown = host.contains(":") ? "[\(host)]" : host
        return port.map { "\(shown):\($0)" } ?? shown
    }

    /// Nothing that a resolver or a command line could take for something else.
    var hostIsSafe: Bool {
        !host.isEmpty && !host.hasPrefix("-")
            && host.utf8.allSatisfy { byte in
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                    || ".-_:%".utf8.contains(byte)
            }
    }
}

/// Undoes `%40`; `nil` for broken escapes, NUL or bytes that are no UTF-8.
private func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        if byte != UInt8(ascii: "%") {
            bytes.append(byte)
            continue
        }
        let digits = String(Substring(rest.prefix(2)))
        guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16), value >= 0x20 else { return nil }
        bytes.append(value)
        rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
}
