import Manifest

/// An embedded cluster with its workload controllers and its HTTP face, in this process.
package struct EmbeddedStand: Sendable {
    package let cluster: ClusterAPI
    package let runtime: WorkloadRuntime
    private let server: EmbeddedClusterServer
    package let port: Int
    /// Path of an admin's kubeconfig.
    package let kubeconfig: String

    /// Starts serving and writes `kubeconfig` into `folder`.
    package static func start(folder: String, port: Int = 0) async throws -> EmbeddedStand {
        let cluster = ClusterAPI()
        let server = EmbeddedClusterServer(cluster, EmbeddedClusterServer.Configuration(port: port))
        let bound = try await server.start()
        let path = "\(folder)/kubeconfig"
        try writeFile(EmbeddedClusterServer.kubeconfig(port: bound), to: path)
        return EmbeddedStand(
            cluster: cluster, runtime: WorkloadRuntime(cluster), server: server, port: bound, kubeconfig: path)
    }

    /// Runs the workload controllers and pods until cancelled.
    package func run() async throws { try await runtime.run() }

    package func stop() async { await server.stop() }
}
