import EmbeddedCluster
import Kubernetes
import Manifest

/// Plays the three acts through commits and judges whether each ended as told.
final class DemoDirector: Sendable {
    /// An act that ended otherwise than told.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private struct Stage: Sendable {
        var state = DemoState()
        var act = 0
        var commit = ""
        var changed = 0
    }

    private let api: any KubernetesAPI
    private let repository: GitFixture
    private let receiver: WebhookReceiver
    private let load: LoadGenerator
    private let prometheus: String
    private let emit: @Sendable (DemoLine) -> Void
    private let stage = Lock(Stage())

    init(
        api: any KubernetesAPI, repository: GitFixture, receiver: WebhookReceiver, load: LoadGenerator,
        prometheus: String, emit: @escaping @Sendable (DemoLine) -> Void
    ) {
        self.api = api
        self.repository = repository
        self.receiver = receiver
        self.load = load
        self.prometheus = prometheus
        self.emit = emit
    }

    /// What the terminal shows.
    var snapshot: (act: Int, commit: String, state: DemoState) {
        stage.withLock { ($0.act, $0.commit, $0.state) }
    }

    // MARK: Watching

    /// Follows every object that the acts are about, until cancelled.
    func follow() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for resource in DemoResources.followed { group.addTask { try await self.follow(resource) } }
        }
    }

    private func follow(_ resource: Resource) async throws {
        while !Task.isCancelled {
            // The demo's cluster is in this process: what fails here is a kind that is not there yet.
            try? await followOnce(resource)
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func followOnce(_ resource: Resource) async throws {
        let (kind, director) = (resource.kind, self)
        let listed: @Sendable ([UInt8]) throws -> Void = { bytes in
            director.take(kind, .added, try JSON(parsing: bytes))
        }
        let changed: @Sendable (WatchEvent) throws -> Void = { event in
            if event.kind != .bookmark { director.take(kind, event.kind, try JSON(parsing: event.object)) }
        }
        let version = try await api.list(resource, ListOptions(), item: listed)
        try await api.watch(resource, ListOptions(), from: version, event: changed)
    }

    private func take(_ kind: String, _ event: WatchEvent.Kind, _ object: JSON) {
        let line = stage.withLock { stage -> DemoLine? in
            stage.changed += 1
            guard let change = stage.state.apply(kind, event, object), stage.act > 0 else { return nil }
            return DemoLine(
                time: SystemClock().now(), act: stage.act, commit: stage.commit, object: change.object,
                phase: change.phase, weight: stage.state.weight, verdict: change.verdict, note: change.note)
        }
        if let line { emit(line) }
    }

    // MARK: Acts

    /// The first commit and the Application: the shop before the play begins.
    func setUp() async throws {
        let version = DemoShop.Version(tag: "blue", greeting: "hello")
        let commit = try await repository.commit(
            "shop: open with blue", DemoShop.files(version, prometheus: prometheus))
        try await subscribe()
        guard let manifest = try YAML.parse(Array(DemoShop.applicationManifest(repository: repository.url).utf8)).first
        else { throw Failure(description: "the Application's manifest is empty") }
        _ = try await api.create(
            DemoResources.application, namespace: "argocd", manifest, subresource: nil, WriteOptions())
        try await wait("the shop opens", .seconds(60)) { state in
            state.rolloutPhase == "Healthy" && self.verdict(state, commit) == "Released"
        }
    }

    /// A good version goes all the way.
    func actOne() async throws {
        let commit = try await begin(1, "shop: paint it green", .init(tag: "green", greeting: "good day"))
        try await wait("act 1: green is released", .seconds(90)) { state in
            state.rolloutPhase == "Healthy" && self.verdict(state, commit) == "Released"
        }
        let seen = stage.withLock { $0.state.weights }
        for weight: Int64 in [10, 25, 50, 100] where !seen.contains(weight) {
            throw Failure(description: "act 1: the canary never had weight \(weight), only \(seen)")
        }
    }

    /// A bad version is rejected, and everything that its commit changed goes back.
    func actTwo() async throws {
        // What green's commit removed is pruned once it is released.
        try await poll("act 2: blue's ConfigMap is pruned", .seconds(20)) { try await self.configMaps().count == 1 }
        let greens = try await configMaps()
        let before = receiver.deliveries.count
        let commit = try await begin(
            2, "shop: try red", .init(tag: "red", errorPercent: 10, greeting: "HELLO!!"))
        try await wait("act 2: red is rejected", .seconds(60)) { state in
            state.rolloutPhase == "Aborted" || self.verdict(state, commit) == "Rejected"
        }
        try await wait("act 2: traffic is back on stable", .seconds(10)) { state in
            state.routedWeight == 0 && state.weight == 0
        }
        let (failedAt, drainedAt) = stage.withLock { ($0.state.failedAt, $0.state.drainedAt) }
        guard let failedAt, let drainedAt else {
            throw Failure(description: "act 2: no failed AnalysisRun was seen before traffic went back")
        }
        guard drainedAt - failedAt <= .seconds(2) else {
            throw Failure(description: "act 2: traffic was back only \((drainedAt - failedAt).go) after the verdict")
        }
        try await wait("act 2: the Release has its verdict", .seconds(20)) { state in
            self.verdict(state, commit) == "Rejected"
                && state.release(of: commit)?.at("status", "evidence")?.arrayValue?.isEmpty == false
        }
        try await poll("act 2: a revert commit is in the repository", .seconds(30)) {
            guard let head = try await self.repository.head(), head != commit else { return false }
            return try await self.repository.message(of: head).contains("Sluice-Reverts: \(commit)")
        }
        try await poll("act 2: the notification arrived", .seconds(20)) {
            self.receiver.deliveries.count > before
        }
        try await poll("act 2: the ConfigMap is back and the bad one is gone", .seconds(30)) {
            try await self.configMaps() == greens
        }
        try await wait("act 2: the shop is healthy on green again", .seconds(30)) { state in
            state.rolloutPhase == "Healthy" && state.weight == 0
        }
        // Nothing may put red back: neither self-heal nor the interval.
        let calm = ContinuousClock.now + .seconds(3)
        while ContinuousClock.now < calm {
            let (phase, weight) = stage.withLock { ($0.state.rolloutPhase, $0.state.weight) }
            guard phase == "Healthy", weight == 0 else {
                throw Failure(description: "act 2: after the rejection the rollout is \(phase) with weight \(weight)")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// A hand edit of a live object is healed.
    func actThree() async throws {
        let commit = try await repository.head() ?? ""
        stage.withLock { stage in
            stage.act = 3
            stage.commit = commit
            stage.state.beginAct()
        }
        let key = ObjectKey(namespace: DemoShop.namespace, name: "shop")
        let edited = try await editTimeout(of: key, to: "60s")
        let drifted = try await api.update(
            DemoResources.virtualService, key, edited, subresource: nil, WriteOptions(fieldManager: "kubectl-edit"))
        emit(line("virtualservice/shop", "Drifted", "somebody set timeout to 60s by hand"))
        try await wait("act 3: the edit is healed", .seconds(30)) { state in
            // Only a state after the edit counts: the watch may still show the one before it.
            VersionOrder(state.virtualService.resourceVersion, drifted.resourceVersion) == .newer
                && state.virtualService.at("spec", "http")?[0]?["timeout"]?.stringValue == "5s"
                && state.application.at("status", "sync", "status")?.stringValue == "Synced"
        }
        emit(line("virtualservice/shop", "Healed", "timeout is 5s again"))
    }

    // MARK: Inside

    private func editTimeout(of key: ObjectKey, to value: String) async throws -> JSON {
        guard let live = try await api.get(DemoResources.virtualService, key, subresource: nil) else {
            throw Failure(description: "act 3: the VirtualService is gone")
        }
        var edited = live
        var routes = live.at("spec", "http")?.arrayValue ?? []
        guard !routes.isEmpty else { throw Failure(description: "act 3: the VirtualService has no route") }
        routes[0]["timeout"] = .string(value)
        edited.set(.array(routes), at: "spec", "http")
        return edited
    }

    private func begin(_ act: Int, _ message: String, _ version: DemoShop.Version) async throws -> String {
        stage.withLock { stage in
            stage.act = act
            stage.commit = ""
            stage.state.beginAct()
        }
        let commit = try await repository.commit(message, DemoShop.overlay(version))
        stage.withLock { $0.commit = commit }
        emit(line("commit/\(commit.prefix(12))", "Pushed", message))
        try await refresh()
        return commit
    }

    private func line(_ object: String, _ phase: String, _ note: String) -> DemoLine {
        stage.withLock { stage in
            DemoLine(
                time: SystemClock().now(), act: stage.act, commit: stage.commit, object: object, phase: phase,
                weight: stage.state.weight, verdict: "", note: note)
        }
    }

    /// What a push webhook does: asks for a look at the repository now.
    private func refresh() async throws {
        _ = try await api.patch(
            DemoResources.application, ObjectKey(namespace: "argocd", name: DemoShop.application), .merge,
            ["metadata": ["annotations": ["argocd.argoproj.io/refresh": "normal"]]], subresource: nil, WriteOptions())
    }

    private func verdict(_ state: DemoState, _ commit: String) -> String {
        state.release(of: commit)?.at("status", "phase")?.stringValue ?? ""
    }

    private func configMaps() async throws -> Set<String> {
        let names = Lock<Set<String>>([])
        _ = try await api.list(DemoResources.configMap, ListOptions(namespace: DemoShop.namespace)) { bytes in
            let name = try JSON(parsing: bytes).objectKey.name
            if name.hasPrefix("shop-config") { names.withLock { _ = $0.insert(name) } }
        }
        return names.withLock { $0 }
    }

    /// Sends an aborted rollout to the receiver, for every Rollout of the cluster.
    private func subscribe() async throws {
        _ = try await api.create(
            DemoResources.configMap, namespace: "argo-rollouts",
            [
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": ["name": "argo-rollouts-notification-configmap"],
                "data": [
                    "service.webhook.demo": .string("url: \(receiver.address)/notify\n"),
                    "template.rollout-aborted": """
                    message: "{{.rollout.metadata.name}} was aborted: {{.rollout.status.message}}"
                    webhook:
                      demo:
                        method: POST
                        body: |
                          {"rollout": {{ .rollout.metadata.name | toJson }}, "why": {{ .rollout.status.message | toJson }}}

                    """,
                    "trigger.on-rollout-aborted": "- send: [rollout-aborted]\n",
                    "subscriptions": """
                    - recipients: ["demo"]
                      triggers: [on-rollout-aborted]

                    """,
                ],
            ], subresource: nil, WriteOptions())
    }

    private func wait(
        _ what: String, _ limit: Duration, until holds: @escaping @Sendable (DemoState) -> Bool
    ) async throws {
        try await poll(what, limit) { holds(self.stage.withLock { $0.state }) }
    }

    private func poll(
        _ what: String, _ limit: Duration, until holds: @escaping @Sendable () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while true {
            if try await holds() { return }
            guard ContinuousClock.now < deadline else {
                let state = stage.withLock { $0.state }
                throw Failure(
                    description: """
                        \(what): not within \(limit.go); the rollout is \(state.rolloutPhase) \
                        (\(state.rollout.at("status", "message")?.stringValue ?? "no message")) at weight \(state.weight), \
                        the Application \(state.application.at("status", "conditions")?.description ?? "has no conditions")
                        """)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
