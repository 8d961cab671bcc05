import Glibc
import Manifest
import SluiceTestKit

/// A loopback web server: `git http-backend` for the repositories of a folder, or one that misbehaves.
final class GitHTTPServer: Sendable {
    enum Behaviour: Sendable {
        case serve
        /// Answers 401 without this `Authorization` header.
        case authorized(String)
        /// Accepts and never says anything.
        case silent
        /// Serves the list of references, then says nothing.
        case silentAfterAdvertisement
        case html
        case status(Int)
        case redirect(to: String)
    }

    var port: Int { listener.port }
    private let listener: LoopbackListener
    private let seen = Lock<[String]>([])

    /// Heads of the requests so far.
    var requests: [String] { seen.withLock { $0 } }

    init(serving folder: String, _ behaviour: Behaviour = .serve) {
        let seen = seen
        listener = LoopbackListener { connection in
            answer(connection, folder, behaviour) { head in seen.withLock { $0.append(head) } }
        }
    }

    deinit { listener.stop() }
}

private func answer(
    _ connection: Int32, _ folder: String, _ behaviour: GitHTTPServer.Behaviour, _ note: (String) -> Void
) {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    func more() -> Bool {
        let count = recv(connection, &buffer, buffer.count, 0)
        if count > 0 { bytes += buffer[..<count] }
        return count > 0
    }
    if case .silent = behaviour {
        while more() {}
        return
    }
    var headEnd: Int?
    while headEnd == nil {
        guard more() else { return }
        headEnd = bytes.indices.dropLast(3).first { bytes[$0...].starts(with: "\r\n\r\n".utf8) }
    }
    let head = String(decoding: bytes[..<(headEnd ?? 0)], as: UTF8.self)
    note(head)
    var body = Array(bytes[((headEnd ?? 0) + 4)...])
    let lines = head.split(separator: "\r\n").map(String.init)
    func header(_ name: String) -> String? {
        lines.first { $0.lowercased().hasPrefix(name + ":") }.map {
            String($0.dropFirst(name.count + 1).drop { $0 == " " })
        }
    }
    let size = header("content-length").flatMap(Int.init) ?? 0
    while body.count < size {
        bytes = []
        guard more() else { return }
        body += bytes
    }
    func reply(_ status: String, _ headers: String = "", _ text: String = "") {
        sendAll(
            connection,
            Array(
                "HTTP/1.1 \(status)\r\nConnection: close\r\nContent-Length: \(text.utf8.count)\r\n\(headers)\r\n\(text)"
                    .utf8))
    }
    let target = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? "/"
    switch behaviour {
    case .authorized(let wanted) where header("authorization") != wanted:
        return reply("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n")
    case .silentAfterAdvertisement where lines[0].hasPrefix("POST"):
        while more() {}
        return
    case .html: return reply("200 OK", "Content-Type: text/html\r\n", "<html>sign in</html>")
    case .status(let code): return reply("\(code) Sorry")
    case .redirect(let place): return reply("302 Found", "Location: \(place)\(target)\r\n")
    default: break
    }
    let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
    let input = TemporaryFolder()
    body.withUnsafeBytes { data in
        let file = open(input.path + "/body", O_WRONLY | O_CREAT, 0o600)
        _ = Glibc.write(file, data.baseAddress, data.count)
        close(file)
    }
    let result = run(
        "sh", ["-c", "exec git http-backend < \(input.path)/body 2>/dev/null"],
        environment: [
            "GIT_PROJECT_ROOT": folder, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": parts[0], "REMOTE_USER": "ada",
            "QUERY_STRING": parts.count > 1 ? parts[1] : "", "REQUEST_METHOD": String(lines[0].prefix { $0 != " " }),
            "CONTENT_TYPE": header("content-type") ?? "", "CONTENT_LENGTH": String(body.count),
        ]
    ).bytes
    let gap = result.indices.dropLast(3).first { result[$0...].starts(with: "\r\n\r\n".utf8) } ?? 0
    let headers = String(decoding: result[..<gap], as: UTF8.self)
    let status = headers.split(separator: "\r\n").first { $0.hasPrefix("Status: ") }.map { $0.dropFirst(8) } ?? "200 OK"
    sendAll(
        connection,
        Array("HTTP/1.1 \(status)\r\nConnection: close\r\n\(headers)\r\n\r\n".utf8)
            + result[(min(gap + 4, result.count))...])
}

private func sendAll(_ connection: Int32, _ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count <= 0 { return }
        rest = rest.dropFirst(count)
    }
}
