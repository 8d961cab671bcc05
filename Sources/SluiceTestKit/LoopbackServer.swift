import Glibc

/// A server on loopback that speaks raw bytes, for tests of what clients do with strange answers.
///
/// Each connection has a thread. A script gets the bytes of each request (head and body) and writes what it likes.
package final class LoopbackServer: Sendable {
    /// One connection, as a script sees it.
    package struct Connection: Sendable {
        fileprivate let socket: Int32

        package func write(_ text: String) { write(Array(text.utf8)) }

        package func write(_ bytes: [UInt8]) {
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
        }

        /// Answers with a body and its length.
        package func respond(_ status: String = "200 OK", headers: [String] = [], body: String = "") {
            let head = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
            write(head.joined(separator: "\r\n") + "\r\n\r\n" + body)
        }

        /// One piece of a chunked body; the empty one ends it.
        package func chunk(_ text: String) { write(String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n") }

        /// Waits until the client closes, at most ten seconds.
        package func waitForClose() {
            var poll = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            var byte: UInt8 = 0
            while Glibc.poll(&poll, 1, 10_000) > 0, recv(socket, &byte, 1, 0) > 0 {}
        }
    }

    /// What a script is asked.
    package struct Request: Sendable {
        package var method: String
        package var path: String
        /// The request line and the header lines.
        package var lines: [String]
        package var body: String

        package func header(_ name: String) -> String? {
            lines.dropFirst().first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
                .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
        }
    }

    /// Answers one request; `false` closes the connection.
    package typealias Script = @Sendable (Request, Connection) -> Bool

    package var port: Int { listener.port }
    private let listener: LoopbackListener

    package var url: String { "http://127.0.0.1:\(port)" }

    package init(_ script: @escaping Script) {
        listener = LoopbackListener { Self.serve(Connection(socket: $0), script) }
    }

    /// Stops listening.
    ///
    /// Otherwise a server listens until the process ends, for a test's last use of it is often early.
    package func stop() { listener.stop() }

    private static func serve(_ connection: Connection, _ script: Script) {
        var pending: [UInt8] = []
        while let request = read(connection, &pending) {
            guard script(request, connection) else { return }
        }
    }

    private static func read(_ connection: Connection, _ pending: inout [UInt8]) -> Request? {
        let blank: [UInt8] = [13, 10, 13, 10]
        while true {
            if let end = pending.firstRange(of: blank) {
                let lines = String(decoding: pending[..<end.lowerBound], as: UTF8.self)
                    .split(separator: "\r\n").map(String.init)
                let words = (lines.first ?? "").split(separator: " ").map(String.init)
                var request = Request(
                    method: words.first ?? "", path: words.count > 1 ? words[1] : "", lines: lines, body: "")
                let length = Int(request.header("Content-Length") ?? "0") ?? 0
                if pending.count >= end.upperBound + length {
                    request.body = String(decoding: pending[end.upperBound..<end.upperBound + length], as: UTF8.self)
                    pending.removeFirst(end.upperBound + length)
                    return request
                }
            }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(connection.socket, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            pending += buffer[..<count]
        }
    }
}
