import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

/// What keeps a controller leading, over HTTP.
@Suite("Leases on the embedded cluster", .timeLimit(.minutes(2))) struct ElectionTests {
    private func withClient(
        _ options: KubernetesClient.Options = KubernetesClient.Options(),
        _ body: (KubernetesClient) async throws -> Void
    ) async throws {
        let server = EmbeddedClusterServer(TestCluster().cluster)
        let port = try await server.start()
        let configuration = ClusterConfiguration(server: "http://127.0.0.1:\(port)")
        try await body(KubernetesClient(configuration, options: options))
        await server.stop()
    }

    @Test("kubectl describe of the Lease tells who led") func events() async throws {
        try await withClient { client in
            let recorder = EventRecorder(client, component: "sluice")
            let elector = LeaderElector(
                client, lease: ObjectKey(namespace: "default", name: "sluice"), identity: "host_1", recorder: recorder)
            let end = await elector.run {}
            #expect(end == .finished)
            await withTaskGroup { group in
                group.addTask { await recorder.run() }
                await recorder.drain(for: .seconds(20))
                group.cancelAll()
            }
            let lines = Lock<[String]>([])
            _ = try await client.list(
                .events,
                ListOptions(
                    namespace: "default",
                    fieldSelector: "involvedObject.kind=Lease,involvedObject.name=sluice,reason=LeaderElection")
            ) { bytes in
                let message = try JSON(parsing: bytes)["message"]?.stringValue ?? ""
                lines.withLock { $0.append(message) }
            }
            #expect(lines.withLock { $0.sorted() } == ["host_1 became leader", "host_1 stopped leading"])
        }
    }

    @Test("neither the Lease nor a watch waits for a rate that is used up") func rate() async throws {
        var options = KubernetesClient.Options()
        options.rate = RequestRate(perSecond: 0.0001, burst: 1)
        try await withClient(options) { client in
            _ = try await client.get(.configMaps, ObjectKey(namespace: "default", name: "a"), subresource: nil)
            let elector = LeaderElector(
                client, lease: ObjectKey(namespace: "default", name: "sluice"), identity: "host_1")
            let informer = Informer<UntypedObject>(client, .namespaces)
            let end = await elector.run {
                await withTaskGroup { group in
                    group.addTask { await informer.run() }
                    await informer.waitUntilSynced()
                    group.cancelAll()
                }
            }
            #expect(end == .finished)
            #expect(informer.store.get(ObjectKey(name: "default")) != nil)
        }
    }
}
