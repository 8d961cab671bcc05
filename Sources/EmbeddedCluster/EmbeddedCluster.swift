package import Kubernetes
package import Manifest

/// A whole cluster in this process: API, workloads and a gateway to its pods.
package final class EmbeddedCluster: Sendable {
    package struct Configuration: Sendable {
        /// 0 takes a free one.
        package var apiPort = 0
        package var gatewayPort = 0
        package var readyAfter: Duration = .milliseconds(200)

        package init() {}
    }

    /// Where it listens.
    package struct Addresses: Hashable, Sendable {
        package var apiPort: Int
        package var gatewayPort: Int
    }

    package let cluster: ClusterAPI
    package let workloads: WorkloadRuntime
    package let server: EmbeddedClusterServer
    package let gateway: MeshGateway

    package init(_ configuration: Configuration = Configuration(), clock: any WallClock = SystemClock()) {
        cluster = ClusterAPI(clock: clock)
        workloads = WorkloadRuntime(cluster, .init(readyAfter: configuration.readyAfter))
        server = EmbeddedClusterServer(cluster, .init(port: configuration.apiPort))
        gateway = MeshGateway(cluster, pods: workloads, port: configuration.gatewayPort)
    }

    /// The same cluster without HTTP.
    package func api(userAgent: String = "sluice") -> any KubernetesAPI {
        InMemoryKubernetes(cluster, userAgent: userAgent)
    }

    /// Runs everything until cancelled.
    /// - Parameter onReady: Called once, when both listeners take connections.
    package func run(onReady: @escaping @Sendable (Addresses) -> Void) async throws {
        let ports = Lock<(api: Int?, gateway: Int?)>((nil, nil))
        @Sendable func announce(_ change: (inout (api: Int?, gateway: Int?)) -> Void) {
            let both = ports.withLock { ports -> Addresses? in
                change(&ports)
                guard let api = ports.api, let gateway = ports.gateway else { return nil }
                return Addresses(apiPort: api, gatewayPort: gateway)
            }
            if let both { onReady(both) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [server] in
                try await server.run { port in announce { $0.api = port } }
            }
            group.addTask { [gateway] in
                try await gateway.run { port in announce { $0.gateway = port } }
            }
            group.addTask { [workloads] in try await workloads.run() }
            // Whatever ends first ends all.
            try await group.next()
            group.cancelAll()
        }
    }
}
