package import Controllers
import HTTPTypes
import Hummingbird
package import Logging
import Manifest
import NIOCore
import ServiceLifecycle

/// The web server: metrics, health, and the dashboard with its API and the Git webhook, on three ports.
package struct ConsoleServer: Sendable {
    package struct Configuration: Sendable {
        package var address = "127.0.0.1"
        package var metricsPort = 8090
        package var healthPort = 8080
        package var httpPort = 3100
        package var enablesActions = false
        /// A longer webhook body is refused.
        package var maxWebhookBytes = 1 << 20

        package init() {}
    }

    /// Called with the port that each listener got: `metrics`, `health`, `http`.
    package typealias Bound = @Sendable (_ listener: String, _ port: Int) -> Void

    private let configuration: Configuration
    private let metrics: MetricsRegistry
    private let dashboard: any DashboardSource
    private let isReady: @Sendable () -> [String]
    private let webhook: @Sendable () async -> GitWebhook?
    private let onPush: @Sendable (GitPush) -> Void
    private let logger: Logger
    private let bound: Bound

    /// - Parameters:
    ///   - isReady: Names what is not ready yet; empty means ready.
    ///   - webhook: The receiver with its present secrets; `nil` while they cannot be read, when nothing is believed.
    ///   - onPush: Called with each push; it must not block.
    package init(
        _ configuration: Configuration, metrics: MetricsRegistry, dashboard: any DashboardSource,
        isReady: @escaping @Sendable () -> [String], webhook: @escaping @Sendable () async -> GitWebhook?,
        onPush: @escaping @Sendable (GitPush) -> Void, logger: Logger, bound: @escaping Bound = { _, _ in }
    ) {
        self.configuration = configuration
        self.metrics = metrics
        self.dashboard = dashboard
        self.isReady = isReady
        self.webhook = webhook
        self.onPush = onPush
        self.logger = logger
        self.bound = bound
    }

    /// Serves until cancelled.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for (name, port, router) in [
                ("metrics", configuration.metricsPort, metricsRouter()),
                ("health", configuration.healthPort, healthRouter()),
                ("http", configuration.httpPort, httpRouter()),
            ] {
                let listener = Listener(
                    router, address: configuration.address, port: port, logger: logger,
                    bound: { [bound] port in bound(name, port) })
                group.addTask { try await listener.run() }
            }
        }
    }

    private func metricsRouter() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: metrics.text())))
        }
        return router
    }

    private func healthRouter() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("healthz") { _, _ in "ok" }
        router.get("readyz") { _, _ -> Response in
            let missing = isReady()
            let text = missing.isEmpty ? "ok" : "waiting for \(missing.joined(separator: ", "))"
            return Response(
                status: missing.isEmpty ? .ok : .serviceUnavailable, body: .init(byteBuffer: ByteBuffer(string: text)))
        }
        return router
    }

    private func httpRouter() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/") { _, _ in DashboardRoutes.page(base: "/") }
        DashboardRoutes(dashboard: dashboard).add(to: router.group("api/v1"))
        router.put("api/v1/rollouts/:namespace/:name/:action") { request, context -> Response in
            guard configuration.enablesActions else {
                throw HTTPError(.forbidden, message: "actions are off; start the controller with --enable-actions")
            }
            try request.refuseOtherSites()
            guard let action = context.parameters.get("action").flatMap(DashboardAction.init) else {
                throw HTTPError(.notFound)
            }
            try await dashboard.act(action, on: try context.rolloutKey)
            return Response.json(["done": .string(action.rawValue)])
        }
        router.post("api/webhook") { request, _ in try await receive(request) }
        return router
    }

    private func receive(_ request: Request) async throws -> Response {
        var request = request
        let buffer: ByteBuffer
        do { buffer = try await request.collectBody(upTo: configuration.maxWebhookBytes) } catch {
            throw HTTPError(.contentTooLarge, message: "the body is larger than \(configuration.maxWebhookBytes) bytes")
        }
        let headers = request.headers
        guard let webhook = await webhook() else {
            throw HTTPError(.serviceUnavailable, message: "the webhook's secrets cannot be read now; try again")
        }
        do {
            let push = try webhook.push(body: Array(buffer.readableBytesView)) { name in
                HTTPField.Name(name).flatMap { headers[$0] }
            }
            if let push {
                logger.info(
                    "push received", metadata: ["ref": "\(push.ref)"])
                onPush(push)
            }
            return Response.json(["accepted": .bool(push != nil)])
        } catch {
            throw HTTPError(.init(code: error.status), message: error.reason)
        }
    }
}
