import Manifest

/// The cluster's API over plain HTTP on 127.0.0.1, where everyone is admin.
package final class EmbeddedClusterServer: Sendable {
    package struct Configuration: Sendable {
        /// 0 takes a free one.
        package var port: Int

        package init(port: Int = 0) { self.port = port }
    }

    package let cluster: ClusterAPI
    private let server: LoopbackServer
    private let received = Lock(0)

    /// Requests that have come so far.
    package var requests: Int { received.withLock { $0 } }

    package init(_ cluster: ClusterAPI, _ configuration: Configuration = Configuration()) {
        self.cluster = cluster
        let router = APIRouter(cluster: cluster)
        server = LoopbackServer(name: "embedded-cluster", port: configuration.port) { [received] call in
            received.withLock { $0 += 1 }
            return await router.answer(call)
        }
    }

    /// Serves until cancelled.
    /// - Parameter onReady: Gets the port once connections are taken.
    package func run(onReady: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
        try await server.run(onReady: onReady)
    }

    /// Serves in the background until `stop()`; gives the port.
    package func start() async throws -> Int { try await server.start() }

    package func stop() async { await server.stop() }

    /// A kubeconfig for a cluster on a port.
    package static func kubeconfig(port: Int) -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: sluice
        clusters:
        - name: sluice
          cluster:
            server: http://127.0.0.1:\(port)
        contexts:
        - name: sluice
          context:
            cluster: sluice
            user: admin
            namespace: default
        users:
        - name: admin
          user: {}

        """
    }
}
