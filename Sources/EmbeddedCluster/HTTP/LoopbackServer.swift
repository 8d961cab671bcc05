import HTTPTypes
import Hummingbird
import Logging
import Manifest
import NIOCore

/// A web server on 127.0.0.1 that hands each request to one function.
final class LoopbackServer: Sendable {
    typealias Handler = @Sendable (APICall) async -> APIAnswer

    private let name: String
    private let wantedPort: Int
    private let handler: Handler
    private let maxBody: Int
    private let running = Lock<Task<Void, any Error>?>(nil)

    /// - Parameter port: 0 takes a free one.
    init(name: String, port: Int = 0, maxBody: Int = 8 << 20, handler: @escaping Handler) {
        self.name = name
        wantedPort = port
        self.maxBody = maxBody
        self.handler = handler
    }

    /// Serves until cancelled.
    ///
    /// Cancelling a server that has just accepted a connection is a trap in NIO ("Deinited NIOAsyncWriter"), so the
    /// server runs in a task of its own: on cancellation the listener is closed first, and then the task is cancelled.
    /// - Parameter onReady: Gets the port once connections are taken.
    func run(onReady: @escaping @Sendable (Int) -> Void) async throws {
        let responder = CallbackResponder<BasicRequestContext> { [handler, maxBody] request, _ in
            try await Self.respond(request, handler, maxBody)
        }
        var logger = Logger(label: name)
        logger.logLevel = .error
        let listener = Lock<(any Channel)?>(nil)
        let application = Application(
            responder: responder,
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: wantedPort), serverName: nil, reuseAddress: true),
            onServerRunning: { channel in
                listener.withLock { $0 = channel }
                if let port = channel.localAddress?.port { onReady(port) }
            }, logger: logger)
        let serving = Task { try await application.run() }
        let stopping = Lock<Task<Void, Never>?>(nil)
        do {
            try await withTaskCancellationHandler {
                try await serving.value
            } onCancel: {
                let close = Task {
                    try? await listener.withLock({ $0 })?.close().get()
                    // Connections that were already accepted get their handler.
                    try? await Task.sleep(for: .milliseconds(50))
                    serving.cancel()
                }
                stopping.withLock { $0 = close }
            }
        } catch {
            await stopping.withLock { $0 }?.value
            guard Task.isCancelled else { throw error }
        }
    }

    /// Serves in the background; `stop()` ends it.
    /// - Returns: The port.
    func start() async throws -> Int {
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let task = Task { [self] in
            defer { announce.finish() }
            try await run { announce.yield($0) }
        }
        running.withLock { $0 = task }
        for await port in ports { return port }
        try await task.value
        throw CancellationError()
    }

    func stop() async {
        let task = running.withLock { running in
            defer { running = nil }
            return running
        }
        task?.cancel()
        _ = await task?.result
    }

    private static func respond(
        _ request: Request, _ handler: Handler, _ maxBody: Int
    ) async throws -> Response {
        var headers: [String: String] = [:]
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        if let host = request.head.authority { headers["host"] = host }
        var call = APICall(method: request.method.rawValue, target: request.head.path ?? "/", headers: headers)
        if request.method != .get, request.method != .head {
            do {
                call.body = Array(buffer: try await request.body.collect(upTo: maxBody))
            } catch {
                let text = ByteBuffer(string: "the request body is larger than \(maxBody) bytes\n")
                return Response(status: .contentTooLarge, body: ResponseBody(byteBuffer: text))
            }
        }
        switch await handler(call) {
        case .bytes(let code, let bytes, let contentType, let extra):
            var fields: HTTPFields = [.contentType: contentType]
            for (name, value) in extra {
                if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
            }
            return Response(
                status: HTTPResponse.Status(code: code), headers: fields,
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .stream(let contentType, let stream):
            let body = ResponseBody { writer in
                let sink = WriterBox(writer)
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await stream.write { bytes in try await sink.write(bytes) }
                }
                try await writer.finish(nil)
            }
            return Response(status: .ok, headers: [.contentType: contentType], body: body)
        }
    }
}

/// Lends a response's writer to the stream that fills it.
///
/// Only the one task that runs the stream writes, and the response's owner waits for it before it finishes the body.
private final class WriterBox: @unchecked Sendable {
    private var writer: any ResponseBodyWriter

    init(_ writer: any ResponseBodyWriter) { self.writer = writer }

    @concurrent func write(_ bytes: [UInt8]) async throws { try await writer.write(ByteBuffer(bytes: bytes)) }
}
