import HTTPTypes
import Hummingbird
import Logging
package import Manifest
import NIOCore

/// Takes notifications as a chat service would, and keeps them for whoever looks.
package final class WebhookReceiver: Sendable {
    /// One request.
    package struct Delivery: Sendable {
        package var path: String
        /// Header names in lower case.
        package var headers: [String: String]
        package var body: [UInt8]

        /// The body as JSON, or `null`.
        package var json: JSON { (try? JSON(parsing: body)) ?? .null }
    }

    package let port: Int
    private let received = Lock<[Delivery]>([])
    /// Answers this status; tests set it to make deliveries fail.
    private let status = Lock(200)

    package init() throws {
        guard let port = freeLoopbackPort() else { throw FileError(what: "find a free port", code: 0) }
        self.port = port
    }

    /// `http://127.0.0.1:<port>`.
    package var address: String { "http://127.0.0.1:\(port)" }

    package var deliveries: [Delivery] { received.withLock { $0 } }

    /// Answers this status from now on.
    package func answer(_ code: Int) { status.withLock { $0 = code } }

    /// Serves until cancelled.
    package func run() async throws {
        let router = Router()
        router.post("**") { [self] request, _ in
            var request = request
            let buffer = try await request.collectBody(upTo: 1 << 20)
            var headers: [String: String] = [:]
            for field in request.headers { headers[field.name.canonicalName] = field.value }
            let delivery = Delivery(path: request.uri.path, headers: headers, body: Array(buffer.readableBytesView))
            let code = status.withLock { $0 }
            if code < 300 { received.withLock { $0.append(delivery) } }
            return Response(status: .init(code: code))
        }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            logger: Logger(label: "stage") { _ in SwiftLogNoOpLogHandler() })
        try await application.run()
    }
}
