import EmbeddedCluster
import Glibc
import Testing

/// `SLUICE_EMBEDDED_PORT=8001 swift test --filter HandRun` serves a cluster until it is interrupted.
@Suite("By hand") struct HandRun {
    private static let port = getenv("SLUICE_EMBEDDED_PORT").flatMap { Int(String(cString: $0)) }

    @Test("Serves a cluster", .enabled(if: port != nil)) func serve() async throws {
        let server = EmbeddedClusterServer(ClusterAPI(), .init(port: Self.port ?? 0))
        try await server.run { print("serving on http://127.0.0.1:\($0)") }
    }
}
