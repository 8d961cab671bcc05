import Controllers
import EmbeddedCluster
import Kubernetes
import Logging
import Manifest
import Rendering
import SluiceTestKit
import SyncEngine
import Testing

/// A cluster in memory, a repository in memory, the reconcilers, and a Rollout whose verdict the test speaks.
struct ApplicationStand {
    static let key = ObjectKey(namespace: "argocd", name: "web")
    static let rollout = ObjectKey(namespace: "shop", name: "web")
    static let virtualServices = Resource(
        group: "networking.istio.io", version: "v1alpha3", plural: "virtualservices", kind: "VirtualService")
    static let configMaps = Resource(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap")

    let clock = ManualWallClock()
    let cluster: ClusterAPI
    let api: CountingAPI
    let source = SourceStand()
    let caches: ApplicationCaches
    let recorder: EventRecorder
    let reconciler: ApplicationReconciler

    init(_ options: ControllerOptions = ControllerOptions()) async throws {
        cluster = ClusterAPI(clock: clock)
        api = CountingAPI(InMemoryKubernetes(cluster))
        let definitions = Resource(
            group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
            kind: "CustomResourceDefinition", isNamespaced: false)
        let namespaces = Resource(
            group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)
        for line in (BundledKinds.sluice + "\n" + BundledKinds.mesh).split(separator: "\n") {
            _ = try await api.create(
                definitions, namespace: "", try JSON(parsing: String(line)), subresource: nil, WriteOptions())
        }
        for name in ["argocd", "shop"] {
            _ = try await api.create(
                namespaces, namespace: "",
                ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]], subresource: nil,
                WriteOptions())
        }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        caches = ApplicationCaches(api, options: options, logger: logger)
        recorder = EventRecorder(api, component: "test", clock: clock, logger: logger)
        let source = source
        reconciler = ApplicationReconciler(
            api: api, caches: caches, live: LiveObjects(api, namespace: nil, clock: clock, logger: logger),
            discovery: Discovery(fixed: [
                .rollouts, Self.configMaps, Self.virtualServices, .services, .applications, .releases,
                Resource(group: "apps", version: "v1", plural: "deployments", kind: "Deployment"),
            ]),
            sources: ApplicationSources(interval: .seconds(120)) { _ throws(SourceError) in SourceRepository(source) },
            releases: ReleaseReconciler(
                api: api, caches: caches, evidence: { _, _ in nil }, recorder: recorder, logger: logger),
            recorder: recorder, clock: clock, logger: logger, options: options)
    }

    /// Runs the caches around a scenario.
    static func run(
        _ options: ControllerOptions = ControllerOptions(),
        _ scenario: (ApplicationStand) async throws -> Void
    ) async throws {
        let stand = try await ApplicationStand(options)
        let (caches, live) = (stand.caches, stand.reconciler.liveObjects)
        let tasks = [
            Task { await caches.applications.run() }, Task { await caches.releases.run() },
            Task { await caches.projects.run() }, Task { await live.run() },
            Task { [recorder = stand.recorder] in await recorder.run() },
        ]
        defer { for task in tasks { task.cancel() } }
        await caches.applications.waitUntilSynced()
        await caches.releases.waitUntilSynced()
        await caches.projects.waitUntilSynced()
        try await scenario(stand)
    }

    /// The shop at a version: its Rollout mounts the ConfigMap of that version.
    static func files(_ version: Int) -> [String: String] {
        [
            "shop/rollout.yaml": """
            apiVersion: argoproj.io/v1alpha1
            kind: Rollout
            metadata: {name: web}
            spec:
              replicas: 2
              selector: {matchLabels: {app: web}}
              strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  containers: [{name: app, image: "shop:\(version)"}]
                  volumes: [{name: config, configMap: {name: web-v\(version)}}]
            """,
            "shop/config.yaml": """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: web-v\(version)}
            data: {version: "\(version)"}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: shared}
            data: {version: "\(version)"}
            """,
        ]
    }

    func createApplication(onRejection: String = "restore", project: String = "default") async throws {
        _ = try await api.create(
            .applications, namespace: "argocd",
            [
                "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
                "metadata": [
                    "name": "web", "namespace": "argocd",
                    "annotations": ["sluice.dev/on-rejection": .string(onRejection)],
                ],
                "spec": [
                    "project": .string(project),
                    "source": ["repoURL": "https://git.example.org/shop", "path": "shop", "targetRevision": "main"],
                    "destination": ["server": "https://kubernetes.default.svc", "namespace": "shop"],
                    "syncPolicy": ["automated": ["prune": true, "selfHeal": true]],
                ],
            ], subresource: nil, WriteOptions())
    }

    /// Reconciles, and lets time go by, until something is so.
    func until(_ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool)
        async throws
    {
        for round in 0..<5_000 {
            if try await condition() { return }
            do { _ = try await reconciler.reconcile(Self.key) } catch let error as KubernetesError {
                // What the queue would try again.
                guard error.isRetriable || error.isNotFound else { throw error }
            }
            if round % 3 == 0 { clock.advance(by: .milliseconds(500)) }
            for _ in 0..<10 { await Task.yield() }
        }
        let application = try await application()
        let releases = try await releases().map { "\($0.key.name) \($0.status.phase.rawValue) \($0.status.message)" }
        Issue.record(
            "never: \(what); \(application.at("status", "operationState", "phase")?.description ?? "") \(application.at("status", "operationState", "message")?.description ?? "") \(application.at("status", "conditions")?.description ?? "") \(releases)",
            sourceLocation: sourceLocation)
        throw CancellationError()
    }

    /// Some rounds in which nothing is expected.
    func idle(_ rounds: Int = 50) async throws {
        for _ in 0..<rounds {
            _ = try await reconciler.reconcile(Self.key)
            clock.advance(by: .milliseconds(500))
            for _ in 0..<10 { await Task.yield() }
        }
    }

    /// Speaks the verdict on the Rollout, as its controller would.
    func rollout(_ phase: String, isAborted: Bool = false) async throws {
        let live = try await api.get(.rollouts, Self.rollout, subresource: nil)
        let generation = live?.at("metadata", "generation")?.intValue ?? 0
        var status: JSON = [
            "phase": .string(phase), "observedGeneration": .string(String(generation)), "abort": .bool(isAborted),
            "abortedAt": isAborted ? .string(clock.now().rfc3339) : .null,
        ]
        if isAborted {
            status["message"] = "RolloutAborted: background analysis web-2 ended as Failed: errors 0.1 > 0.05"
        } else {
            status["message"] = .null
        }
        _ = try await api.patch(
            .rollouts, Self.rollout, .merge, ["status": status], subresource: "status",
            WriteOptions(fieldManager: "sluice-rollout"))
    }

    func application() async throws -> JSON {
        try await api.get(.applications, Self.key, subresource: nil) ?? .null
    }

    func releases() async throws -> [Release] {
        let found = Lock<[Release]>([])
        _ = try await api.list(.releases, ListOptions(namespace: "argocd")) { bytes in
            var reader = JSONReader(bytes)
            let release = try Release.decode(&reader)
            found.withLock { $0.append(release) }
        }
        return found.withLock { $0 }.sorted { $0.spec.sequence < $1.spec.sequence }
    }

    var image: String? {
        get async throws {
            let live = try await api.get(.rollouts, Self.rollout, subresource: nil)
            return live?.at("spec", "template", "spec", "containers")?[0]?["image"]?.stringValue
        }
    }

    func configMap(_ name: String) async throws -> JSON? {
        try await api.get(Self.configMaps, ObjectKey(namespace: "shop", name: name), subresource: nil)
    }

    /// Syncs and releases a first version.
    func releaseFirst(onRejection: String = "restore") async throws {
        source.commit("a", Self.files(1))
        try await createApplication(onRejection: onRejection)
        try await until("the first version is applied") { try await image == "shop:1" }
        try await rollout("Healthy")
        try await until("the first version is released") { try await releases().first?.status.phase == .released }
    }
}
