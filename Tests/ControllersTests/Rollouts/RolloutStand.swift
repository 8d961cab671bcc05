import Controllers
import EmbeddedCluster
import Kubernetes
import Logging
import Manifest
import RolloutEngine
import SluiceTestKit

/// A cluster in memory with the Rollout controller's parts, driven by hand: no tasks, no waiting.
struct RolloutStand {
    let clock: ManualWallClock
    let cluster: ClusterAPI
    let api: CountingAPI
    let runtime: WorkloadRuntime
    let caches: RolloutCaches
    let routes: RouteCaches
    let analyses = ScriptedAnalyses()
    let reconciler: RolloutReconciler
    let events = Lock<[RolloutEvent]>([])
    let finished = Lock<[FinishedUpdate]>([])
    let recorder: EventRecorder
    /// What waiting for the caches is measured by; it stands still.
    let elapsed: Lock<ContinuousClock.Instant>
    let key = ObjectKey(namespace: "default", name: "web")

    /// - Parameters:
    ///   - checksTypes: Whether the Rollouts' definition refuses wrong types, as ours does.
    ///   - fillsRoutes: Whether ``refresh()`` fills the routers' caches; else they are for the test to run.
    init(checksTypes: Bool = true, fillsRoutes: Bool = true) async throws {
        clock = ManualWallClock(Timestamp(seconds: 1_800_000_000, nanoseconds: 500_000_000))
        cluster = ClusterAPI(clock: clock)
        let api = CountingAPI(InMemoryKubernetes(cluster))
        self.api = api
        runtime = WorkloadRuntime(cluster, .init(readyAfter: .zero))
        for line in (BundledKinds.sluice + "\n" + BundledKinds.mesh).split(separator: "\n") {
            var definition = try JSON(parsing: String(line))
            if !checksTypes, definition.at("spec", "names", "kind") == "Rollout" {
                var versions = definition.at("spec", "versions")?.arrayValue ?? []
                for index in versions.indices {
                    versions[index].set(
                        ["type": "object", "x-kubernetes-preserve-unknown-fields": true], at: "schema",
                        "openAPIV3Schema")
                }
                definition.set(.array(versions), at: "spec", "versions")
            }
            _ = try await api.create(Self.definitions, namespace: "", definition, subresource: nil, WriteOptions())
        }
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        caches = RolloutController.caches(api, options: ControllerOptions(), logger: logger)
        routes = RouteCaches(api, namespace: nil, isFilledByHand: fillsRoutes, clock: clock, logger: logger)
        let (events, finished) = (events, finished)
        let elapsed = Lock(ContinuousClock.now)
        self.elapsed = elapsed
        recorder = EventRecorder(api, component: "rollouts-controller", clock: clock, logger: logger)
        reconciler = RolloutReconciler(
            api: api, caches: caches, analyses: analyses,
            routers: RolloutRoutes(api: api, caches: routes, replicaSets: caches.replicaSets.store, clock: clock),
            eventPatience: .seconds(60), recorder: recorder, clock: clock, elapsed: { elapsed.withLock { $0 } },
            logger: logger,
            onEvent: { _, event, _ in events.withLock { $0.append(event) } },
            onFinish: { update in finished.withLock { $0.append(update) } })
    }

    private static let definitions = Resource(
        group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
        kind: "CustomResourceDefinition", isNamespaced: false)

    // MARK: Objects

    /// Makes the cluster serve a kind that knows no rules.
    func serve(_ resource: Resource) async throws {
        let definition: JSON = [
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": ["name": .string("\(resource.plural).\(resource.group)")],
            "spec": [
                "group": .string(resource.group), "scope": "Namespaced",
                "names": [
                    "kind": .string(resource.kind), "listKind": .string("\(resource.kind)List"),
                    "plural": .string(resource.plural), "singular": .string(resource.kind.lowercased()),
                ],
                "versions": [
                    [
                        "name": .string(resource.version), "served": true, "storage": true,
                        "schema": [
                            "openAPIV3Schema": ["type": "object", "x-kubernetes-preserve-unknown-fields": true]
                        ],
                    ]
                ],
            ],
        ]
        _ = try await api.create(Self.definitions, namespace: "", definition, subresource: nil, WriteOptions())
    }

    static func manifest(replicas: Int = 4, image: String = "web:1", canary: JSON) -> JSON {
        [
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
            "metadata": ["name": "web", "namespace": "default"],
            "spec": [
                "replicas": JSON(replicas), "selector": ["matchLabels": ["app": "web"]],
                "template": [
                    "metadata": ["labels": ["app": "web"]],
                    "spec": ["containers": [["name": "web", "image": .string(image)]]],
                ],
                "strategy": ["canary": canary],
            ],
        ]
    }

    func create(_ resource: Resource, _ object: JSON) async throws {
        _ = try await api.create(resource, namespace: "default", object, subresource: nil, WriteOptions())
    }

    func service(_ name: String) async throws {
        try await create(
            .services,
            [
                "apiVersion": "v1", "kind": "Service", "metadata": ["name": .string(name)],
                "spec": ["selector": ["app": "web"], "ports": [["port": 80]]],
            ])
    }

    func rollout() async throws -> JSON { try await api.get(.rollouts, key, subresource: nil) ?? .null }
    func status() async throws -> RolloutStatus { try await Rollout(rollout()).status }

    func replicaSets() async throws -> [ReplicaSet] {
        let found = Lock<[ReplicaSet]>([])
        _ = try await api.list(.replicaSets, ListOptions(namespace: "default")) { bytes in
            var reader = JSONReader(bytes)
            let set = try ReplicaSet.decode(&reader)
            found.withLock { $0.append(set) }
        }
        return found.withLock { $0.sorted { ($0.revision ?? 0) < ($1.revision ?? 0) } }
    }

    func edit(_ patch: JSON, _ subresource: String? = nil) async throws {
        _ = try await api.patch(.rollouts, key, .merge, patch, subresource: subresource, WriteOptions())
    }

    func setImage(_ image: String) async throws {
        try await edit([
            "spec": ["template": ["spec": ["containers": [["name": "web", "image": .string(image)]]]]]
        ])
    }

    /// The resourceVersion of the whole cluster.
    private func revision() async throws -> String {
        try await api.list(.services, ListOptions()) { _ in }
    }

    // MARK: Moving

    /// Brings the caches up to date, as watches would.
    func refresh() async throws {
        try await refreshAllButRoutes()
        for cache in routes.informers {
            // The kinds of most routers are not installed here.
            do { try await refresh(cache) } catch let error as KubernetesError where error.isNotFound { continue }
        }
    }

    func refreshAllButRoutes() async throws {
        try await refresh(caches.rollouts)
        try await refresh(caches.replicaSets)
        try await refresh(caches.services)
    }

    private func refresh<Object: CachedObject>(_ informer: Informer<Object>) async throws {
        let found = Lock<[Object]>([])
        let resource = informer.resource
        let version = try await api.list(resource, informer.options) { bytes in
            var reader = JSONReader(bytes)
            var object = try Object.decode(&reader)
            object.adopt(resource)
            found.withLock { $0.append(object) }
        }
        let objects = found.withLock { $0 }
        for object in objects { _ = informer.store.apply(object) }
        _ = informer.store.sweep(keeping: Set(objects.map(\.key)))
        informer.store.advance(to: version)
    }

    /// Refreshes and reconciles until nothing is written any more; pods stay as they are.
    func settle(limit: Int = 40) async throws {
        for _ in 0..<limit {
            try await refresh()
            let before = api.writes
            do { _ = try await reconciler.reconcile(key) } catch let error as KubernetesError where error.isConflict {
                continue
            }
            if api.writes == before { return }
        }
    }

    /// Reconciles and lets the cluster's own controllers work, until nothing changes.
    func run(limit: Int = 60) async throws {
        for _ in 0..<limit {
            let before = try await revision()
            try await settle()
            runtime.settle()
            if try await revision() == before { return }
        }
    }
}

/// AnalysisRuns whose phase the test decides.
final class ScriptedAnalyses: RolloutAnalyses {
    let runs = Lock<[String: AnalysisRunFact]>([:])

    func facts(of rollout: Rollout) -> [AnalysisRunFact] { runs.withLock { $0.values.sorted { $0.name < $1.name } } }
    func problems(of rollout: Rollout) -> [FieldProblem] { [] }

    func create(
        _ request: AnalysisRunRequest, for rollout: Rollout, live: @Sendable () async throws -> JSON
    ) async throws {
        runs.withLock {
            $0[request.name] = AnalysisRunFact(
                name: request.name, uid: request.name, phase: "Running", labels: request.labels)
        }
    }

    func isBehind(_ key: ObjectKey) -> Bool { false }
    func terminate(_ key: ObjectKey) async throws { runs.withLock { $0[key.name]?.phase = "Successful" } }
    func delete(_ key: ObjectKey, uid: String) async throws { runs.withLock { $0[key.name] = nil } }

    func finish(_ phase: String, _ message: String = "") {
        runs.withLock { runs in
            for name in runs.keys where runs[name]?.isFinished == false {
                runs[name]?.phase = phase
                runs[name]?.message = message
            }
        }
    }
}

/// Counts the writes that go through it.
final class CountingAPI: KubernetesAPI {
    private let inner: any KubernetesAPI
    private let count = Lock(0)
    private let log = Lock<[String]>([])
    private let users = Lock<Set<String>>([])
    private let gets = Lock<[ObjectKey]>([])
    /// Answers instead of the cluster, by what ``written`` would hold.
    let refusals = Lock<[String: KubernetesError]>([:])

    init(_ inner: any KubernetesAPI) { self.inner = inner }

    var writes: Int { count.withLock { $0 } }
    /// Verb, plural and subresource of each write.
    var written: [String] { log.withLock { $0 } }

    /// Verb, plural and user of each write that was made as somebody.
    var impersonated: Set<String> { users.withLock { $0 } }

    private func note(_ verb: String, _ resource: Resource, as user: String?) {
        guard let user else { return }
        users.withLock { _ = $0.insert("\(verb) \(resource.plural) as \(user)") }
    }

    func reset() {
        users.withLock { $0 = [] }
        count.withLock { $0 = 0 }
        log.withLock { $0 = [] }
    }

    private func note(_ verb: String, _ resource: Resource, _ subresource: String? = nil) {
        count.withLock { $0 += 1 }
        log.withLock { $0.append("\(verb) \(resource.plural)" + (subresource.map { "/\($0)" } ?? "")) }
    }

    /// The objects that were asked for one by one.
    var got: [ObjectKey] { gets.withLock { $0 } }

    func get(_ resource: Resource, _ key: ObjectKey, subresource: String?) async throws(KubernetesError) -> JSON? {
        gets.withLock { $0.append(key) }
        return try await inner.get(resource, key, subresource: subresource)
    }

    func list(
        _ resource: Resource, _ options: ListOptions, item: @Sendable ([UInt8]) throws -> Void
    ) async throws(KubernetesError) -> String {
        try await inner.list(resource, options, item: item)
    }

    func watch(
        _ resource: Resource, _ options: ListOptions, from resourceVersion: String,
        event: @Sendable (WatchEvent) throws -> Void
    ) async throws(KubernetesError) {
        try await inner.watch(resource, options, from: resourceVersion, event: event)
    }

    func create(
        _ resource: Resource, namespace: String, _ object: JSON, subresource: (name: String, of: String)?,
        _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        note("create", resource)
        if let refusal = refusals.withLock({ $0["create \(resource.plural)"] }) { throw refusal }
        return try await inner.create(resource, namespace: namespace, object, subresource: subresource, options)
    }

    func update(
        _ resource: Resource, _ key: ObjectKey, _ object: JSON, subresource: String?, _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        note("update", resource, subresource)
        return try await inner.update(resource, key, object, subresource: subresource, options)
    }

    func patch(
        _ resource: Resource, _ key: ObjectKey, _ type: PatchType, _ body: JSON, subresource: String?,
        _ options: WriteOptions
    ) async throws(KubernetesError) -> JSON {
        note("patch", resource, subresource)
        note("patch", resource, as: options.impersonate)
        if let refusal = refusals.withLock({ $0["patch \(resource.plural)"] }) { throw refusal }
        return try await inner.patch(resource, key, type, body, subresource: subresource, options)
    }

    @discardableResult
    func delete(_ resource: Resource, _ key: ObjectKey, _ options: DeleteOptions) async throws(KubernetesError) -> Bool
    {
        note("delete", resource)
        note("delete", resource, as: options.impersonate)
        if let refusal = refusals.withLock({ $0["delete \(resource.plural)"] }) { throw refusal }
        return try await inner.delete(resource, key, options)
    }
}
