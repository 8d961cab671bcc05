import Hummingbird
import HummingbirdCore
import Logging
import Manifest
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// Serves a router on one port.
///
/// Hummingbird's own `Application` wakes each second to format the date of answers. Few ask, so it is formatted for
/// each answer here: an idle controller sleeps.
struct Listener: Sendable {
    private let responder: RouterResponder<BasicRequestContext>
    private let address: String
    private let port: Int
    private let logger: Logger
    private let clock: any WallClock
    private let bound: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - port: 0 takes one that is free.
    ///   - bound: Told the port once it is served.
    init(
        _ router: Router<BasicRequestContext>, address: String, port: Int, logger: Logger,
        clock: any WallClock = SystemClock(), bound: @escaping @Sendable (Int) -> Void
    ) {
        responder = router.buildResponder()
        self.address = address
        self.port = port
        self.clock = clock
        self.bound = bound
        var logger = logger
        // Hummingbird tells of each listener; the program says it once itself.
        logger.logLevel = max(logger.logLevel, .warning)
        self.logger = logger
    }

    /// Serves until cancelled.
    func run() async throws {
        // What it cannot do it throws; beside that it tells of its own end as of errors.
        var ownLogger = logger
        ownLogger.logLevel = .critical
        let server = try HTTPServerBuilder.http1().buildServer(
            configuration: ServerConfiguration(address: .hostname(address, port: port)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: ownLogger,
            responder: { request, writer, channel in
                let context = BasicRequestContext(source: .init(channel: channel, logger: logger))
                var response: Response
                do { response = try await responder.respond(to: request, context: context) } catch let error
                    as HTTPParserError
                {
                    // The server answers it itself.
                    throw error
                } catch {
                    logger.debug("request failed", metadata: ["error": "\(error)"])
                    response = Response(status: .internalServerError)
                }
                response.headers[.date] = clock.now().httpDate
                do { try await writer.write(response: response.head, body: response.body) } catch is HTTPParserError {
                    // It cannot be answered again: its answer has begun.
                    throw BrokenAnswer()
                }
            }, onServerRunning: { channel in bound(channel.localAddress?.port ?? port) })
        try await listening(on: address, port) {
            try await ServiceGroup(configuration: .init(services: [server], logger: logger)).run()
        }
    }
}

/// The request broke while it was answered.
private struct BrokenAnswer: Error {}
