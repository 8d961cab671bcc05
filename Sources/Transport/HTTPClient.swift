/// An HTTP client over libcurl: one thread, HTTP/2 over TLS, connections shared by all requests to a host.
///
/// Every request has its own deadline and ends at once when the calling task is cancelled. Bodies are decompressed.
package final class HTTPClient: Sendable {
    private let loop: TransferLoop

    package init() { loop = TransferLoop.start() }

    deinit { loop.stop() }

    /// Sends a request and gives the answer, whatever its status.
    package func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        let body = BodyBuffer()
        let head = try await stream(request, onHead: { _ in }, onChunk: { body.append($0) })
        return HTTPResponse(status: head.status, headers: head.headers, body: body.take())
    }

    /// Sends a request and hands out the answer's body as it comes.
    ///
    /// - Parameters:
    ///   - onHead: Called once, before the body; also where no body ever comes.
    ///   - onChunk: Called for each piece, of at most 64 KB. Both run on the client's only thread: they compute, and
    ///     never wait. When one throws, the transfer ends with `.stopped`.
    /// - Returns: The head, when the body is complete.
    package func stream(
        _ request: HTTPRequest, onHead: @escaping @Sendable (HTTPResponseHead) throws -> Void,
        onChunk: @escaping @Sendable (Span<UInt8>) throws -> Void
    ) async throws(TransportError) -> HTTPResponseHead {
        let transfer = try Transfer(request, onHead: onHead, onChunk: onChunk)
        return try await loop.run(transfer).get()
    }

    /// Hands a mail to its SMTP server, which has taken it when this returns.
    package func send(_ message: MailMessage) async throws(TransportError) {
        _ = try await loop.run(try MailTransfer(message)).get()
    }
}

/// Collects a body; used by the loop's thread, then by the caller, never by both.
private final class BodyBuffer: @unchecked Sendable {
    private var bytes: [UInt8] = []

    func append(_ chunk: Span<UInt8>) {
        chunk.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}
