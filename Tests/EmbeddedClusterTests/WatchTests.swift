import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@Suite("Lists and watches of the embedded cluster") struct WatchTests {
    @Test("Lists are sorted and obey selectors") func lists() async throws {
        let test = TestCluster()
        for (name, tier) in [("c", "web"), ("a", "web"), ("b", "db")] {
            try await test.create(.configMaps, Samples.configMap(name, labels: ["tier": tier]))
        }
        func names(_ labels: String? = nil, _ fields: String? = nil) async throws -> [String] {
            try await test.names(
                .configMaps, ListOptions(namespace: "default", labelSelector: labels, fieldSelector: fields))
        }
        #expect(try await names() == ["a", "b", "c", "kube-root-ca.crt"])
        #expect(try await names("tier=web") == ["a", "c"])
        #expect(try await names("tier in (web,db),tier!=web") == ["b"])
        #expect(try await names("!tier") == ["kube-root-ca.crt"])
        #expect(try await names(nil, "metadata.name=b") == ["b"])
        #expect(await refusal { _ = try await names(nil, "spec.colour=red") }?.code == 400)
        #expect(await refusal { _ = try await names("tier in web") }?.code == 400)
    }

    /// Follows a collection as a reflector does, until it has seen `last`.
    private func follow(
        _ test: TestCluster, _ options: ListOptions, until last: String
    ) async throws -> [String: JSON] {
        let cache = Lock<(objects: [String: JSON], version: String, isDone: Bool)>(([:], "", false))
        struct Seen: Error {}
        while !cache.withLock({ $0.isDone }) {
            let version = cache.withLock { $0.version }
            if version.isEmpty {
                cache.withLock { $0.objects = [:] }
                let listed = try await test.api.list(.configMaps, options) { bytes in
                    let object = try JSON(parsing: bytes)
                    cache.withLock { $0.objects[object.objectKey.name] = object }
                }
                cache.withLock { cache in
                    cache.version = listed
                    cache.isDone = cache.objects[last] != nil
                }
                continue
            }
            do {
                try await test.api.watch(.configMaps, options, from: version) { event in
                    let object = try JSON(parsing: event.object)
                    let isDone = cache.withLock { cache in
                        switch event.kind {
                        case .added, .modified: cache.objects[object.objectKey.name] = object
                        case .deleted: cache.objects[object.objectKey.name] = nil
                        case .bookmark: break
                        }
                        cache.version = object.resourceVersion
                        cache.isDone = object.objectKey.name == last && event.kind != .deleted
                        return cache.isDone
                    }
                    if isDone { throw Seen() }
                }
            } catch  where error.isExpired {
                cache.withLock { $0.version = "" }
            } catch {
                guard error.reason == "Undecodable" else { throw error }
            }
        }
        return cache.withLock { $0.objects }
    }

    @Test("Followers end with the cluster's state, whatever drops and expires", arguments: [1, 2, 3] as [UInt64])
    func randomOperations(seed: UInt64) async throws {
        let test = TestCluster(historyLimit: 64)
        let selectors = [nil, "tier=web", "tier=db", "tier notin (web)"]
        try await withThrowingTaskGroup(of: (String?, [String: JSON]).self) { group in
            for follower in 0..<12 {
                let selector = selectors[follower % selectors.count]
                group.addTask {
                    let text = selector.map { "\($0),!only" }
                    return (
                        text,
                        try await follow(
                            test, ListOptions(namespace: "default", labelSelector: text),
                            until: selector == nil || selector == "tier=web" ? "end-web" : "end-db")
                    )
                }
            }
            var random = SeededGenerator(seed: seed)
            for step in 0..<1500 {
                let name = "m\(Int.random(in: 0..<20, using: &random))"
                let tier = Bool.random(using: &random) ? "web" : "db"
                let key = ObjectKey(namespace: "default", name: name)
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<2: try await test.api.delete(.configMaps, key, DeleteOptions())
                case 2..<3: test.cluster.faults.add(.init(.dropWatch, on: [.watch], resource: "configmaps"))
                default:
                    if try await test.get(.configMaps, name) == nil {
                        try await test.create(
                            .configMaps, Samples.configMap(name, ["step": "\(step)"], labels: ["tier": tier]))
                    } else {
                        try await test.patch(
                            .configMaps, name, .merge,
                            ["metadata": ["labels": ["tier": .string(tier)]], "data": ["step": .string("\(step)")]])
                    }
                }
                if step.isMultiple(of: 40) { await Task.yield() }
            }
            test.cluster.faults.clear()
            // The last change that each follower sees; without selectors the web mark must come last.
            try await test.create(.configMaps, Samples.configMap("end-db", labels: ["tier": "db"]))
            try await test.create(.configMaps, Samples.configMap("end-web", labels: ["tier": "web"]))
            for try await (selector, seen) in group {
                let wanted = try await test.list(
                    .configMaps, ListOptions(namespace: "default", labelSelector: selector))
                #expect(
                    seen.values.sorted { $0.objectKey < $1.objectKey } == wanted,
                    "seed \(seed), selector \(selector ?? "none")")
            }
        }
    }

    @Test("A version that is forgotten is expired") func expires() async throws {
        let test = TestCluster(historyLimit: 4)
        let first = try await test.create(.configMaps, Samples.configMap("a"))
        for step in 0..<20 { try await test.patch(.configMaps, "a", .merge, ["data": ["k": .string("\(step)")]]) }
        let error = await refusal {
            try await test.api.watch(.configMaps, ListOptions(), from: first.resourceVersion) { _ in }
        }
        #expect(error?.isExpired == true)
    }

    @Test("Faults hit the call that they name") func faults() async throws {
        let test = TestCluster()
        try await test.create(.configMaps, Samples.configMap("a", ["k": "0"]))
        let conflict = KubernetesError(code: 409, reason: "Conflict", message: "made up")
        test.cluster.faults.add(.init(.fail(conflict), on: [.patch], resource: "configmaps", skipping: 1))
        try await test.patch(.configMaps, "a", .merge, ["data": ["k": "1"]])
        #expect(await refusal { try await test.patch(.configMaps, "a", .merge, ["data": ["k": "2"]]) } == conflict)
        test.cluster.faults.add(.init(.loseAnswer, on: [.patch]))
        #expect(await refusal { try await test.patch(.configMaps, "a", .merge, ["data": ["k": "3"]]) }?.code == 0)
        #expect(try await test.get(.configMaps, "a")?["data"] == ["k": "3"])
        test.cluster.faults.add(.init(.stale(changes: 1), on: [.get]))
        #expect(try await test.get(.configMaps, "a")?["data"] == ["k": "1"])
    }
}
