import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

/// The client that controllers use, over HTTP: what works in process works the same through the wire.
@Suite("The embedded cluster over HTTP", .timeLimit(.minutes(2))) struct HTTPFaceTests {
    private func withClient(_ body: (KubernetesClient, ClusterAPI) async throws -> Void) async throws {
        let cluster = ClusterAPI()
        let server = EmbeddedClusterServer(cluster)
        let port = try await server.start()
        let client = KubernetesClient(ClusterConfiguration(server: "http://127.0.0.1:\(port)"))
        do {
            try await body(client, cluster)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    @Test("Writes, conflicts and errors keep their codes") func writes() async throws {
        try await withClient { client, _ in
            let key = ObjectKey(namespace: "default", name: "a")
            let made = try await client.create(
                .configMaps, namespace: "default", Samples.configMap("a", ["k": "1"]), subresource: nil, WriteOptions())
            let again = await refusal {
                _ = try await client.create(
                    .configMaps, namespace: "default", Samples.configMap("a"), subresource: nil, WriteOptions())
            }
            #expect(again?.isAlreadyExists == true)
            _ = try await client.patch(.configMaps, key, .merge, ["data": ["k": "2"]], subresource: nil, WriteOptions())
            let stale = await refusal {
                _ = try await client.update(.configMaps, key, made, subresource: nil, WriteOptions())
            }
            #expect(stale?.isConflict == true)
            let object: JSON = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a"], "data": ["k": "3"]]
            let taken = await refusal {
                _ = try await client.patch(
                    .configMaps, key, .apply, object, subresource: nil, WriteOptions(fieldManager: "git"))
            }
            #expect(taken?.causes.first?.field == ".data.k")
            let forced = try await client.patch(
                .configMaps, key, .apply, object, subresource: nil, WriteOptions(fieldManager: "git", force: true))
            #expect(forced.at("data", "k") == "3")
            let invalid = await refusal {
                _ = try await client.create(
                    .configMaps, namespace: "default", ["metadata": ["name": "No"]], subresource: nil, WriteOptions())
            }
            #expect(invalid?.causes.first?.field == "metadata.name")
            #expect(try await client.delete(.configMaps, key, DeleteOptions()))
            #expect(try await client.get(.configMaps, key, subresource: nil) == nil)
        }
    }

    @Test("A list and the watch from it miss nothing") func watches() async throws {
        try await withClient { client, cluster in
            let local = InMemoryKubernetes(cluster)
            _ = try await local.create(
                .configMaps, namespace: "default", Samples.configMap("first"), subresource: nil, WriteOptions())
            let version = try await client.list(.configMaps, ListOptions(namespace: "default")) { _ in }
            let seen = Lock<[String]>([])
            struct Done: Error {}
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    do throws(KubernetesError) {
                        try await client.watch(.configMaps, ListOptions(namespace: "default"), from: version) { event in
                            guard event.kind != .bookmark else { return }
                            let name = try JSON(parsing: event.object).objectKey.name
                            let isLast = seen.withLock { seen in
                                seen.append("\(event.kind.rawValue) \(name)")
                                return name == "end"
                            }
                            if isLast { throw Done() }
                        }
                    } catch { return }
                }
                for name in ["a", "b"] {
                    _ = try await local.create(
                        .configMaps, namespace: "default", Samples.configMap(name), subresource: nil, WriteOptions())
                }
                try await local.delete(.configMaps, ObjectKey(namespace: "default", name: "a"), DeleteOptions())
                _ = try await local.create(
                    .configMaps, namespace: "default", Samples.configMap("end"), subresource: nil, WriteOptions())
                try await group.waitForAll()
            }
            #expect(seen.withLock { $0 } == ["ADDED a", "ADDED b", "DELETED a", "ADDED end"])
        }
    }

    @Test("Pages of a list show one moment") func pages() async throws {
        try await withClient { client, cluster in
            let local = InMemoryKubernetes(cluster)
            for index in 10..<35 {
                _ = try await local.create(
                    .configMaps, namespace: "default", Samples.configMap("m\(index)"), subresource: nil, WriteOptions())
            }
            let path = "/api/v1/namespaces/default/configmaps?limit=10"
            let first = try await client.raw(path, accept: "application/json")
            #expect(first["items"]?.arrayValue?.count == 10)
            #expect(first.at("metadata", "remainingItemCount") == 16)
            // Deleted meanwhile, but still part of the snapshot.
            try await local.delete(.configMaps, ObjectKey(namespace: "default", name: "m30"), DeleteOptions())
            let token = first.at("metadata", "continue")?.stringValue ?? ""
            let second = try await client.raw("\(path)&continue=\(token)", accept: "application/json")
            let third = try await client.raw(
                "\(path)&continue=\(second.at("metadata", "continue")?.stringValue ?? "")", accept: "application/json")
            let names = [second, third].flatMap { ($0["items"]?.arrayValue ?? []).map(\.objectKey.name) }
            #expect(names == (19..<35).map { "m\($0)" })
        }
    }

    @Test("Discovery finds built-in and custom kinds") func discovery() async throws {
        try await withClient { client, cluster in
            let local = InMemoryKubernetes(cluster)
            _ = try await local.create(
                .definitions, namespace: "", Samples.widgetDefinition, subresource: nil, WriteOptions())
            let discovery = Discovery(client)
            #expect(try await discovery.resource(named: "deploy")?.kind == "Deployment")
            #expect(try await discovery.resource(named: "wd")?.subresources == ["status", "scale"])
        }
    }
}
