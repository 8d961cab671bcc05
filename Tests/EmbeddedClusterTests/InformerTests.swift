import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

/// The client's informer over HTTP, with the cluster as its server.
@Suite("Informers on the embedded cluster", .timeLimit(.minutes(2))) struct InformerTests {
    /// Runs an informer of ConfigMaps until it has seen `last`, with what happens once it has synced.
    private func requests(
        _ prepare: (TestCluster) -> Void, inTheMidst: (TestCluster) async throws -> Void
    ) async throws -> (requests: [String], names: [String]) {
        let test = TestCluster()
        for name in ["a", "b", "c"] { try await test.create(.configMaps, Samples.configMap(name)) }
        prepare(test)
        let server = EmbeddedClusterServer(test.cluster)
        let port = try await server.start()
        let requests = Lock<[String]>([])
        var options = KubernetesClient.Options()
        options.report = { report in
            requests.withLock { $0.append("\(report.isWatch ? "watch" : "list") \(report.code)") }
        }
        let client = KubernetesClient(ClusterConfiguration(server: "http://127.0.0.1:\(port)"), options: options)
        let informer = Informer<UntypedObject>(client, .configMaps, ListOptions(namespace: "default"))
        let isDone = Latch()
        informer.onChange { key, _, new in if key.name == "last", new != nil { isDone.open() } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await informer.run() }
            await informer.waitUntilSynced()
            #expect(informer.store.count == 4)
            try await inTheMidst(test)
            try await test.create(.configMaps, Samples.configMap("last"))
            _ = await isDone.wait()
            group.cancelAll()
        }
        #expect(informer.failingSince == nil)
        await server.stop()
        return (requests.withLock { $0 }, informer.store.all.map(\.key.name))
    }

    @Test("one watch brings what exists and what changes") func streams() async throws {
        let seen = try await requests { _ in
        } inTheMidst: { test in
            try await test.api.delete(.configMaps, ObjectKey(namespace: "default", name: "b"), DeleteOptions())
        }
        #expect(seen.names == ["a", "c", "kube-root-ca.crt", "last"])
        #expect(seen.requests.filter { $0.hasPrefix("list") } == [])
    }

    @Test("a refusal leads to a list and a watch") func refused() async throws {
        let seen = try await requests {
            let refusal = KubernetesError(code: 422, reason: "Invalid", message: "made up")
            $0.faults(.init(.fail(refusal), on: [.watch], resource: "configmaps"))
        } inTheMidst: { _ in
        }
        #expect(seen.names == ["a", "b", "c", "kube-root-ca.crt", "last"])
        #expect(seen.requests.prefix(2) == ["watch 422", "list 200"])
    }

    @Test("streams are told apart by their query as a real server does") func queries() async throws {
        let test = TestCluster()
        let server = EmbeddedClusterServer(test.cluster)
        let port = try await server.start()
        let client = KubernetesClient(ClusterConfiguration(server: "http://127.0.0.1:\(port)"))
        for query in [
            "sendInitialEvents=true", "sendInitialEvents=true&resourceVersionMatch=Exact",
            "resourceVersionMatch=NotOlderThan",
        ] {
            let error = await refusal { _ = try await client.raw("/api/v1/configmaps?watch=1&\(query)") }
            #expect(error?.code == 422, "\(query)")
            #expect(error?.causes.first?.field == "resourceVersionMatch")
        }
        await server.stop()
    }
}

extension TestCluster {
    fileprivate func faults(_ fault: FaultPlan.Fault) { cluster.faults.add(fault) }
}
