import HTTPTypes
import Hummingbird
import Manifest
import NIOCore

/// The page and what it reads.
struct DashboardRoutes: Sendable {
    let dashboard: any DashboardSource

    /// The page itself.
    /// - Parameter base: The path that the page's relative addresses begin with, with a slash at its end.
    static func page(base: String) -> Response {
        let html = DashboardPage.html.replacing("<head>", with: "<head>\n<base href=\"\(base)\">", maxReplacements: 1)
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8",
                .contentSecurityPolicy:
                    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
                    + "frame-ancestors 'none'",
            ], body: .init(byteBuffer: ByteBuffer(string: html)))
    }

    func add(to router: RouterGroup<BasicRequestContext>) {
        router.get("rollouts") { _, _ in Response.json(["items": .array(dashboard.rollouts())]) }
        router.get("rollouts/watch") { _, _ in watch() }
        router.get("rollouts/:namespace/:name") { _, context -> Response in
            guard let picture = try await dashboard.rollout(try context.rolloutKey) else { throw HTTPError(.notFound) }
            return Response.json(picture)
        }
        router.get("rollouts/:namespace/:name/recording") { _, context -> Response in
            // Who stands by has decided nothing, or long ago; the caller asks the other one.
            let leadership = dashboard.leadership
            return Response.json([
                "recording": dashboard.recording(try context.rolloutKey).map { .string($0) } ?? .null,
                "leading": .bool(leadership.isHere), "leader": .string(leadership.holder),
            ])
        }
    }

    /// Server-sent events: the whole list first, then each rollout as it changes.
    private func watch() -> Response {
        .events { writer in
            let changes = dashboard.changes()
            try await writer.write(event("list", .array(dashboard.rollouts())))
            for await key in changes {
                if let picture = try await dashboard.rollout(key) {
                    try await writer.write(event("rollout", picture))
                } else {
                    let gone: JSON = ["namespace": .string(key.namespace), "name": .string(key.name)]
                    try await writer.write(event("gone", gone))
                }
            }
        }
    }

    private func event(_ name: String, _ value: JSON) -> ByteBuffer {
        var buffer = ByteBuffer(string: "event: \(name)\ndata: ")
        buffer.writeBytes(value.serialized())
        buffer.writeString("\n\n")
        return buffer
    }
}
