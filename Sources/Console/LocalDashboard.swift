import HTTPTypes
import Hummingbird
package import Logging
import Manifest
import NIOCore

/// The dashboard on a person's own machine: the page, what it reads, and Argo Rollouts' API, below one path.
package struct LocalDashboard: Sendable {
    private let dashboard: any DashboardSource
    private let api: RolloutAPI
    private let root: String
    private let port: Int
    private let logger: Logger
    private let bound: @Sendable (_ address: String) -> Void

    /// - Parameters:
    ///   - rootPath: What all paths begin with: `rollouts`; may be empty.
    ///   - bound: Called with the page's address when it is served.
    package init(
        _ dashboard: any DashboardSource, api: RolloutAPI, port: Int, rootPath: String, logger: Logger,
        bound: @escaping @Sendable (_ address: String) -> Void
    ) {
        self.dashboard = dashboard
        self.api = api
        self.port = port
        let parts = rootPath.split(separator: "/")
        root = parts.isEmpty ? "" : "/" + parts.joined(separator: "/")
        self.logger = logger
        self.bound = bound
    }

    /// Serves on the loopback interface until cancelled.
    package func run() async throws {
        let router = Router()
        router.add(middleware: OwnHostOnly())
        let base = root + "/"
        if !root.isEmpty {
            router.get("/") { _, _ in Response(status: .temporaryRedirect, headers: [.location: base]) }
        }
        router.get(RouterPath(base)) { _, _ in DashboardRoutes.page(base: base) }
        let group = router.group(RouterPath(root + "/api/v1"))
        DashboardRoutes(dashboard: dashboard).add(to: group)
        api.addRoutes(to: group)
        let bound = bound
        try await Listener(
            router, address: "127.0.0.1", port: port, logger: logger,
            bound: { port in bound("http://localhost:\(port)\(base)") }
        ).run()
    }
}

/// Refuses requests that name another host than this machine.
///
/// A page elsewhere can give its own name our address; its requests then look like those of our page.
private struct OwnHostOnly: RouterMiddleware {
    typealias Context = BasicRequestContext

    @concurrent func handle(
        _ request: Request, context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        let authority = request.head.authority ?? request.headers[.host] ?? ""
        let name =
            authority.hasPrefix("[")
            ? String(authority.prefix { $0 != "]" }) + "]" : String(authority.prefix { $0 != ":" })
        guard ["localhost", "127.0.0.1", "[::1]"].contains(name.lowercased()) else {
            throw HTTPError(.forbidden, message: "this dashboard answers to localhost only")
        }
        return try await next(request, context)
    }
}

extension HTTPField.Name {
    static let secFetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .origin
    static let host = HTTPField.Name("Host") ?? .origin
}
