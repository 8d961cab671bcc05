package import Kubernetes
package import Logging
package import Manifest
import Rendering
import SyncEngine

/// Observes an Application, asks the sync engine, and carries out what it says; holds no rules of its own.
package final class ApplicationReconciler: Sendable {
    /// What is remembered of an application between looks; losing it costs a fetch, never a decision.
    struct Memory: Sendable {
        var spec: ApplicationSpec?
        var targets: Set<ObjectReference> = []
        var isRefreshRequested = false
        /// The next wave may begin: controllers have had time to publish their status.
        var nextWaveAt: ContinuousClock.Instant?
        var revertProblem: (commit: String, message: String, tryAgainAt: Timestamp)?
        var revertedBy: [String: String] = [:]
    }

    let api: any KubernetesAPI
    let caches: ApplicationCaches
    let live: LiveObjects
    package var liveObjects: LiveObjects { live }
    let discovery: Discovery
    let sources: ApplicationSources
    let releases: ReleaseReconciler
    let recorder: EventRecorder
    let clock: any WallClock
    let logger: Logger
    let options: ControllerOptions
    let memory = Lock<[ObjectKey: Memory]>([:])
    let pending = PendingWrites()
    /// How long later waves give controllers that publish no `observedGeneration`.
    static let waveDelay = Duration.seconds(2)

    package init(
        api: any KubernetesAPI, caches: ApplicationCaches, live: LiveObjects, discovery: Discovery,
        sources: ApplicationSources, releases: ReleaseReconciler, recorder: EventRecorder,
        clock: any WallClock = SystemClock(), logger: Logger, options: ControllerOptions
    ) {
        self.api = api
        self.caches = caches
        self.live = live
        self.discovery = discovery
        self.sources = sources
        self.releases = releases
        self.recorder = recorder
        self.clock = clock
        var logger = logger
        logger[metadataKey: "controller"] = "Applications"
        self.logger = logger
        self.options = options
    }

    /// Looks at the source again, whatever its age, at the next reconcile.
    package func requestRefresh(_ key: ObjectKey) {
        memory.withLock { $0[key, default: Memory()].isRefreshRequested = true }
    }

    /// Reconciles one Application.
    /// - Returns: When to look again without an event.
    package func reconcile(_ key: ObjectKey) async throws -> Duration? {
        if let problem = caches.applications.problem(key) {
            logger.warning("application cannot be read", metadata: ["application": "\(key)", "error": "\(problem)"])
            return nil
        }
        guard let application = caches.applications.store.get(key) else {
            memory.withLock { _ = $0.removeValue(forKey: key) }
            pending.forget(key)
            releases.forget(key)
            return nil
        }
        if application.annotations[Names.skipReconcile] == "true" { return nil }
        if pending.isBehind(key) || releases.isBehind(key) { return .milliseconds(50) }
        if application.deletedAt != nil { return try await delete(application) }
        var conditions = application.validate(defaultProject: defaultProject)
        guard let source = application.spec.source else { return try await refuse(application, conditions) }
        let (request, problems) = RenderRequest.of(source)
        conditions += problems.map { ApplicationCondition(.invalidSpec, $0) }
        guard conditions.isEmpty else { return try await refuse(application, conditions) }
        let isFresh = takeRefresh(application)
        let now = clock.now()
        do {
            return try await reconcile(application, source, request, isFresh: isFresh, now: now)
        } catch let error as Stumble {
            return try await stumble(application, error, now: now)
        }
    }

    private var defaultProject: JSON? {
        caches.projects.store.get(ObjectKey(namespace: options.argocdNamespace, name: "default"))?.json
    }

    /// Whether the source must be looked at now.
    private func takeRefresh(_ application: Application) -> Bool {
        let asked = application.annotations[Names.refresh] != nil
        return memory.withLock { memory in
            var entry = memory[application.key] ?? Memory()
            let isFresh =
                asked || entry.isRefreshRequested || (entry.spec != nil && entry.spec != application.spec)
                || application.operation != nil && application.status.operationState?.phase != .running
            entry.isRefreshRequested = false
            entry.spec = application.spec
            memory[application.key] = entry
            return isFresh
        }
    }

    private func reconcile(
        _ application: Application, _ source: ApplicationSource, _ request: RenderRequest, isFresh: Bool, now: Timestamp
    ) async throws -> Duration? {
        let known = caches.releases(of: application)
        let ledger = ReleaseLedger(known)
        let look = Look(application: application, source: source, ledger: ledger, isFresh: isFresh, now: now)
        let commits = try await commits(look)
        let resources = try await resources(for: look, commits)
        let unfilled = await live.watch(Set(resources.values), waiting: .seconds(10))
        if let first = unfilled.first {
            throw Stumble(
                .unknown, "waits for the list of \(first); the API server has not answered yet", isRetriable: true)
        }
        guard let objects = try await liveObjects(look, commits, resources) else { return .milliseconds(50) }
        let revertedBy = await revertCommit(look, head: commits.head.revision)
        let snapshot = SyncSnapshot(
            application: application, instance: instance(application), head: commits.head, operation: commits.operation,
            current: commits.current, released: commits.released, releases: known, live: objects,
            context: ownership(commits))
        let decision = decideSync(snapshot, now: now)
        let wrote = try await releases.reconcile(
            application, known, decision.facts, onRejection: onRejection(application), revertedBy: revertedBy ?? "",
            keep: max(application.spec.revisionHistoryLimit, 1) + 1, now: now)
        // What is decided next depends on the ledger; its cache shows the change in a moment.
        if wrote { return .milliseconds(20) }
        var conditions = decision.conditions
        if let problem = sources.problem(source.repoURL) {
            conditions.append(
                .init(.comparison, "\(problem.error) (since \(problem.since)); the last known commit stays in force"))
        }
        if let problem = commits.headProblem { conditions.append(.init(.comparison, problem)) }
        var report = StatusReport(
            comparison: decision.comparison, revision: commits.head.revision, source: source, conditions: conditions,
            isRefreshed: isFresh, isKnown: commits.headProblem == nil)
        report.tool = commits.tool
        var next = decision.next
        if commits.headProblem != nil, case .request = next { next = .idle("") }
        if let problem = revertProblem(application.key, commit: commits.head.revision) {
            report.conditions.append(.init(.sync, problem))
        }
        var wait = try await perform(next, application, resources, &report, now: now) ?? .seconds(3_600)
        switch next {
        // A push may take as long as the network likes: what is restored comes first.
        case .idle, .wait:
            if report.isKnown, let soon = await revertIfRejected(look, head: commits.head.revision) {
                wait = min(wait, soon)
            }
        case .request, .begin, .awaitRelease, .step, .end: break
        }
        return min(wait, untilNextFetch(source, now: now))
    }

    private func untilNextFetch(_ source: ApplicationSource, now: Timestamp) -> Duration {
        guard let next = sources.nextFetch(source.repoURL) else { return options.applicationResync }
        return max(next - now, .seconds(1))
    }

    func instance(_ application: Application) -> String {
        application.instanceName(controlNamespace: options.argocdNamespace)
    }

    func onRejection(_ application: Application) -> OnRejection {
        application.onRejection(default: options.defaultOnRejection.flatMap(OnRejection.init))
    }

    /// A spec that cannot be followed: nothing is compared or synced, and a requested operation ends.
    private func refuse(_ application: Application, _ conditions: [ApplicationCondition]) async throws -> Duration? {
        var report = StatusReport(
            comparison: nil, revision: application.status.revision, source: application.spec.source,
            conditions: conditions, isRefreshed: false, isKnown: false)
        if let operation = application.operation {
            let state =
                application.status.operationState.flatMap { $0.phase.isCompleted ? nil : $0 }
                ?? OperationState.begin(operation, revision: operation.revision, now: clock.now())
            report.state = state.ended(
                .error, conditions.first?.message ?? "the spec is invalid", canRetry: false, now: clock.now())
            report.endsOperation = true
        }
        try await write(report, application)
        let known = Set(
            (application.status.json["conditions"]?.arrayValue ?? []).compactMap { $0["message"]?.stringValue })
        for condition in conditions where !known.contains(condition.message) {
            recorder.record(
                .warning, condition.kind.rawValue, condition.message,
                regarding: ObjectEvent.Target(
                    apiVersion: "argoproj.io/v1alpha1", kind: "Application", key: application.key, uid: application.uid)
            )
        }
        return nil
    }

    /// The source or the cluster could not be looked at: what runs goes on, and the status says what is missing.
    private func stumble(_ application: Application, _ error: Stumble, now: Timestamp) async throws -> Duration? {
        logger.warning("cannot compare", metadata: ["application": "\(application.key)", "error": "\(error.message)"])
        var report = StatusReport(
            comparison: nil, revision: application.status.revision, source: application.spec.source,
            conditions: [.init(error.kind, error.message)], isRefreshed: false, isKnown: false)
        if let operation = application.operation, error.concernsOperation {
            let state =
                application.status.operationState.flatMap { $0.phase.isCompleted ? nil : $0 }
                ?? OperationState.begin(operation, revision: operation.revision, now: now)
            if state.retryAt == nil {
                report.state = state.ended(.error, error.message, canRetry: error.isRetriable, now: now)
                report.endsOperation = report.state?.phase.isCompleted ?? false
            }
        }
        try await write(report, application)
        return error.isRetriable ? .seconds(10) : options.applicationResync
    }
}

/// What one look at an application starts from.
struct Look: Sendable {
    var application: Application
    var source: ApplicationSource
    var ledger: ReleaseLedger
    var isFresh: Bool
    var now: Timestamp
}

/// Why a look ended early.
struct Stumble: Error {
    var kind: ApplicationCondition.Kind
    var message: String
    var isRetriable: Bool
    /// The operation itself cannot go on.
    var concernsOperation = false

    init(_ kind: ApplicationCondition.Kind, _ message: String, isRetriable: Bool, concernsOperation: Bool = false) {
        self.kind = kind
        self.message = message
        self.isRetriable = isRetriable
        self.concernsOperation = concernsOperation
    }
}
