import Manifest

/// A request as the routes see it.
struct APICall: Sendable {
    var method: String
    /// Unescaped path segments.
    var path: [String]
    /// Unescaped query; the last of repeated names.
    var query: [String: String]
    /// By lower-case name.
    var headers: [String: String]
    var body: [UInt8] = []

    /// - Parameter target: Path and query as in the request line.
    init(method: String, target: String, headers: [String: String] = [:], body: [UInt8] = []) {
        self.method = method
        self.headers = headers
        self.body = body
        let parts = target.split(separator: "?", maxSplits: 1)
        path = (parts.first ?? "").split(separator: "/").map { PercentEncoding.decode($0) }
        query = [:]
        guard parts.count == 2 else { return }
        for pair in parts[1].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count > 1 ? PercentEncoding.decode(sides[1], plusIsSpace: true) : ""
            query[PercentEncoding.decode(sides[0], plusIsSpace: true)] = value
        }
    }

    var accept: String { headers["accept"] ?? "" }
    var contentType: String {
        String((headers["content-type"] ?? "").prefix { $0 != ";" }).lowercased()
    }

    func flag(_ name: String) -> Bool {
        guard let value = query[name] else { return false }
        return value != "false" && value != "0"
    }
}

/// What a route answers.
enum APIAnswer: Sendable {
    case bytes(code: Int, [UInt8], contentType: String, headers: [(String, String)])
    /// Written piece by piece until its source returns.
    case stream(contentType: String, any AnswerStream)

    static func object(_ object: JSON, code: Int = 200, warnings: [String] = []) -> APIAnswer {
        .bytes(
            code: code, object.serialized(), contentType: "application/json",
            headers: warnings.map { ("Warning", "299 - \(JSON.string($0))") })
    }

    static func text(_ text: String, code: Int = 200, contentType: String = "text/plain; charset=utf-8") -> APIAnswer {
        .bytes(code: code, Array(text.utf8), contentType: contentType, headers: [])
    }
}

/// An answer without a known end.
protocol AnswerStream: Sendable {
    func write(to sink: ([UInt8]) async throws -> Void) async throws
}

/// Percent-encoding of paths and queries.
enum PercentEncoding {
    static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let decoded = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(decoded)
                rest = rest.dropFirst(2)
            } else if plusIsSpace, byte == UInt8(ascii: "+") {
                bytes.append(UInt8(ascii: " "))
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
