import Glibc
import Kubernetes
import Manifest
import SluiceTestKit
import Testing
import Transport

/// The script that starts a real control plane; these tests run only where it is named.
private let script = environmentVariable("SLUICE_KUBE_UP")

/// Starts the control plane once, where it does not run yet, and gives a client of its administrator.
private let shared = Task<KubernetesClient?, any Error> {
    guard let script else {
        print("real API server: not run, SLUICE_KUBE_UP is not set")
        return nil
    }
    // Its first run builds it, for minutes: no thread waits for it.
    guard let start = ChildProgram.spawn([script, "start"]), try await ChildProgram.end(of: start) == 0,
        let answer = ChildProgram.run([script, "kubeconfig"])
    else { return nil }
    let path = String(decoding: answer.bytes, as: UTF8.self).trimmingSpace
    return try KubernetesClient(Kubeconfig.load(path: path).configuration())
}

@Suite("Against a real API server", .enabled(if: script != nil, "not run, SLUICE_KUBE_UP is not set"))
struct RealServerTests {
    private static let configMaps = Resource(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap")
    private static let namespaces = Resource(
        group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)

    /// Runs a body in a namespace of its own.
    private func inNamespace(_ body: (KubernetesClient, String) async throws -> Void) async throws {
        let client = try #require(await shared.value)
        let name = "test-\(UInt32.random(in: 0 ... .max))"
        let object: JSON = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]]
        _ = try await client.create(Self.namespaces, namespace: "", object, subresource: nil, WriteOptions())
        try await body(client, name)
        try await client.delete(Self.namespaces, ObjectKey(name: name), DeleteOptions())
    }

    private func configMap(_ namespace: String, _ name: String, _ value: String = "1") -> JSON {
        [
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": ["namespace": .string(namespace), "name": .string(name)], "data": ["key": .string(value)],
        ]
    }

    @Test("create, read, update, patch, apply and delete, with their conflicts")
    func verbs() async throws {
        try await inNamespace { client, namespace in
            let key = ObjectKey(namespace: namespace, name: "a")
            #expect(try await client.get(Self.configMaps, key, subresource: nil) == nil)
            let created = try await client.create(
                Self.configMaps, namespace: namespace, configMap(namespace, "a"), subresource: nil, WriteOptions())
            let exists = await #expect(throws: KubernetesError.self) {
                try await client.create(
                    Self.configMaps, namespace: namespace, configMap(namespace, "a"), subresource: nil, WriteOptions())
            }
            #expect(exists?.isAlreadyExists == true)
            var changed = created
            changed.set("2", at: "data", "key")
            let updated = try await client.update(Self.configMaps, key, changed, subresource: nil, WriteOptions())
            #expect(updated.at("data", "key") == "2")
            let conflict = await #expect(throws: KubernetesError.self) {
                try await client.update(Self.configMaps, key, changed, subresource: nil, WriteOptions())
            }
            #expect(conflict?.isConflict == true)
            let patched = try await client.patch(
                Self.configMaps, key, .merge, ["data": ["other": "x"]], subresource: nil,
                WriteOptions(fieldManager: "one"))
            #expect(patched.at("data", "other") == "x")
            let unforced = await #expect(throws: KubernetesError.self) {
                try await client.patch(
                    Self.configMaps, key, .apply, configMap(namespace, "a", "3"), subresource: nil,
                    WriteOptions(fieldManager: "two"))
            }
            #expect(unforced?.causes.first?.reason == "FieldManagerConflict")
            let applied = try await client.patch(
                Self.configMaps, key, .apply, configMap(namespace, "a", "3"), subresource: nil,
                WriteOptions(fieldManager: "two", force: true))
            #expect(applied.at("data", "key") == "3")
            let wrong = await #expect(throws: KubernetesError.self) {
                try await client.delete(Self.configMaps, key, DeleteOptions(uid: "other"))
            }
            #expect(wrong?.isConflict == true)
            #expect(try await client.delete(Self.configMaps, key, DeleteOptions(uid: created.uid)))
            #expect(try await client.delete(Self.configMaps, key, DeleteOptions()) == false)
        }
    }

    @Test("an informer follows what happens, and reads in pages what is more than a page")
    func informer() async throws {
        try await inNamespace { client, namespace in
            for number in 0..<20 {
                _ = try await client.create(
                    Self.configMaps, namespace: namespace, configMap(namespace, "m\(number)"), subresource: nil,
                    WriteOptions())
            }
            let listed = Lock(0)
            let version = try await client.list(
                Self.configMaps, ListOptions(namespace: namespace),
                item: { _ in
                    listed.withLock { $0 += 1 }
                })
            #expect(listed.withLock { $0 } >= 20)
            #expect(UInt64(version) != nil)
            let informer = Informer<UntypedObject>(client, Self.configMaps, ListOptions(namespace: namespace))
            let latches = (changed: Latch(), deleted: Latch())
            informer.onChange { key, _, new in
                if key.name == "m1", new?.json.at("data", "key") == "new" { latches.changed.open() }
                if key.name == "m2", new == nil { latches.deleted.open() }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await informer.run() }
                await informer.waitUntilSynced()
                #expect(informer.store.count >= 20)
                let key = ObjectKey(namespace: namespace, name: "m1")
                let written = try await client.patch(
                    Self.configMaps, key, .merge, ["data": ["key": "new"]], subresource: nil, WriteOptions())
                informer.store.noteWrite(key, written.resourceVersion)
                try await client.delete(Self.configMaps, ObjectKey(namespace: namespace, name: "m2"), DeleteOptions())
                #expect(try await withDeadline(.seconds(20)) { await latches.changed.wait() })
                #expect(try await withDeadline(.seconds(20)) { await latches.deleted.wait() })
                #expect(!informer.store.isBehind(key))
                #expect(informer.store.get(key)?.json["kind"] == "ConfigMap")
                #expect(informer.failingSince == nil)
                group.cancelAll()
            }
        }
    }

    @Test("a server older than streaming lists refuses them once for each group, and is listed")
    func streamingLists() async throws {
        let configuration = try #require(await shared.value).configuration
        let requests = Lock<[String]>([])
        var options = KubernetesClient.Options()
        options.report = { report in
            requests.withLock { $0.append("\(report.isWatch ? "watch" : "list") \(report.code)") }
        }
        let client = KubernetesClient(configuration, options: options)
        let minor = try await client.raw("/version")["minor"]?.stringValue.flatMap { Int($0.prefix { $0.isNumber }) }
        requests.withLock { $0 = [] }
        for _ in 0..<2 {
            let informer = Informer<UntypedObject>(client, Self.namespaces)
            await withTaskGroup { group in
                group.addTask { await informer.run() }
                await informer.waitUntilSynced()
                group.cancelAll()
            }
            #expect(informer.store.get(ObjectKey(name: "default")) != nil)
            #expect(informer.health.lastError == nil)
        }
        let seen = requests.withLock { $0 }
        #expect(seen.filter { $0 == "watch 422" }.count == (minor ?? 0 < 27 ? 1 : 0), "\(seen)")
        #expect(seen.filter { $0 == "list 200" }.count == (minor ?? 0 < 27 ? 2 : 0), "\(seen)")
    }

    @Test("discovery, version, leases and events")
    func rest() async throws {
        try await inNamespace { client, namespace in
            let discovery = Discovery(client)
            let deployment = try await discovery.resource(named: "deploy")
            #expect(deployment?.apiVersion == "apps/v1")
            #expect(deployment?.subresources == ["scale", "status"])
            #expect(try await discovery.serverVersion()["major"] == "1")
            let elector = LeaderElector(client, lease: ObjectKey(namespace: namespace, name: "l"), identity: "me")
            let end = await elector.run {}
            #expect(end == .finished)
            let recorder = EventRecorder(client, component: "test")
            let target = ObjectEvent.Target(
                apiVersion: "v1", kind: "ConfigMap", key: ObjectKey(namespace: namespace, name: "a"))
            for _ in 0..<3 { recorder.record(.warning, "Broken", "it is broken", regarding: target) }
            await withTaskGroup { group in
                group.addTask { await recorder.run() }
                await recorder.drain(for: .seconds(20))
                group.cancelAll()
            }
            let counts = Lock<[Int64]>([])
            _ = try await client.list(.events, ListOptions(namespace: namespace)) { bytes in
                let event = try JSON(parsing: bytes)
                counts.withLock { $0.append(event["count"]?.intValue ?? 0) }
            }
            #expect(counts.withLock { $0 } == [3])
        }
    }

    @Test("an untrusted server and a wrong identity are told apart from an absent one")
    func trust() async throws {
        let client = try #require(await shared.value)
        var stranger = client.configuration
        stranger.tls = TLSOptions(authorities: stranger.tls.authorities)
        let forbidden = await #expect(throws: KubernetesError.self) {
            try await KubernetesClient(stranger).get(
                Self.configMaps, ObjectKey(namespace: "default", name: "x"), subresource: nil)
        }
        #expect(forbidden?.code == 403 || forbidden?.code == 401)
        stranger.tls = TLSOptions()
        let untrusted = await #expect(throws: KubernetesError.self) {
            try await KubernetesClient(stranger).raw("/version")
        }
        #expect(untrusted?.code == 0)
        stranger.tls = client.configuration.tls
        stranger.tls.serverName = "kubernetes.default.svc"
        #expect(try await KubernetesClient(stranger).raw("/version")["major"] == "1")
        stranger.tls.serverName = "elsewhere.example.org"
        await #expect(throws: KubernetesError.self) { try await KubernetesClient(stranger).raw("/version") }
    }
}

extension String {
    fileprivate var trimmingSpace: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
