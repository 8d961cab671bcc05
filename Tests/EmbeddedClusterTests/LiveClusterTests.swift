import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

/// The whole cluster with its tasks, clocks and sockets, as the demo runs it.
@Suite("The embedded cluster, live", .timeLimit(.minutes(2))) struct LiveClusterTests {
    @Test("A Deployment comes up, answers through the gateway, rolls, and everything stops") func live() async throws {
        let cluster = EmbeddedCluster()
        let (addresses, announce) = AsyncStream.makeStream(of: EmbeddedCluster.Addresses.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await cluster.run { announce.yield($0) } }
            var iterator = addresses.makeAsyncIterator()
            let ports = try #require(await iterator.next())
            let client = KubernetesClient(ClusterConfiguration(server: "http://127.0.0.1:\(ports.apiPort)"))
            _ = try await client.create(
                .deployments, namespace: "default", Samples.deployment("web", replicas: 3), subresource: nil,
                WriteOptions())
            _ = try await client.create(
                .services, namespace: "default",
                ["metadata": ["name": "web"], "spec": ["selector": ["app": "web"], "ports": [["port": 80]]]],
                subresource: nil,
                WriteOptions())
            try await available(client, generation: 1)
            #expect(await cluster.gateway.send(host: "web.default").version == "blue")

            let patch: JSON = [
                "spec": ["template": ["spec": ["containers": [["name": "web", "image": "shop:green"]]]]]
            ]
            let key = ObjectKey(namespace: "default", name: "web")
            _ = try await client.patch(.deployments, key, .strategicMerge, patch, subresource: nil, WriteOptions())
            try await available(client, generation: 2)
            #expect(await cluster.gateway.send(host: "web.default").version == "green")
            let gateway = KubernetesClient(ClusterConfiguration(server: "http://127.0.0.1:\(ports.gatewayPort)"))
            #expect(try await gateway.text("/metrics").contains("destination_version=\"green\""))
            group.cancelAll()
        }
    }

    /// Follows the Deployment until all of its pods are new and available.
    private func available(_ client: KubernetesClient, generation: Int64) async throws {
        struct Done: Error {}
        do throws(KubernetesError) {
            try await client.watch(.deployments, ListOptions(namespace: "default"), from: "0") { event in
                guard event.kind != .bookmark else { return }
                let status = try JSON(parsing: event.object)["status"]
                let counts = ["updatedReplicas", "availableReplicas", "replicas"].map { status?[$0]?.intValue }
                if status?["observedGeneration"]?.intValue == generation, counts == [3, 3, 3] { throw Done() }
            }
        } catch {
            // The client wraps what the handler throws; anything else is a failure of the watch itself.
            guard error.code == 0 else { throw error }
        }
    }
}
