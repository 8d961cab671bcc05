import Manifest
import SyncEngine
import Testing

@Suite("Operation") struct OperationTests {
    private static let start = Timestamp(seconds: 1_800_000_000)

    private func state(results: [ResourceResult] = [], hasResult: Bool = true) -> OperationState {
        OperationState(
            operation: SyncOperation(revision: sha("b"), prune: true), startedAt: Self.start, revision: sha("b"),
            results: results, hasResult: hasResult)
    }

    private func tasks(_ manifests: [JSON], live: [JSON] = []) -> [SyncTask] {
        let comparison = LiveComparison.of(
            targets(manifests),
            live: Dictionary(live.map { ($0.objectReference, LiveObject($0)) }, uniquingKeysWith: { $1 }),
            instance: "web", application: webApplication, context: OwnershipContext())
        return SyncTask.ordered(comparison.objects, selection: [], prunesLast: false)
    }

    private func waved(_ object: JSON, _ wave: Int) -> JSON {
        var object = object
        object.set(.string(String(wave)), at: "metadata", "annotations", "argocd.argoproj.io/sync-wave")
        return object
    }

    private func result(_ task: SyncTask, _ phase: OperationPhase = .running) -> ResourceResult {
        ResourceResult(reference: task.reference, version: task.version, status: .synced, message: "", phase: phase)
    }

    @Test("nothing is changed before the dry run has passed")
    func dryRunFirst() {
        let tasks = tasks([configMap("a")])
        let step = SyncStep.decide(state(hasResult: false), tasks: tasks, prune: .allowed)
        #expect(step.action == .dryRun(tasks))
    }

    @Test("a wave is applied kind by kind, and unchanged objects are not written")
    func wave() {
        let unchanged = targets([configMap("same")]).targets.map(\.object)
        let tasks = tasks([configMap("same"), configMap("new"), rollout()], live: unchanged)
        let step = SyncStep.decide(state(), tasks: tasks, prune: .allowed)
        #expect(step.results.map(\.message) == ["unchanged"])
        guard case .wave(let prunes, let groups) = step.action else {
            Issue.record("expected a wave, found \(step.action)")
            return
        }
        #expect(prunes.isEmpty)
        #expect(groups.map { $0.map(\.reference.name) } == [["new"], ["web"]])
    }

    @Test("the next wave waits until the one before is healthy")
    func gate() {
        var first = targets([waved(rollout(), 0)]).targets[0].object
        first["status"] = ["phase": "Progressing", "observedGeneration": "1"]
        first.set(1, at: "metadata", "generation")
        let manifests = [waved(rollout(), 0), waved(configMap("later"), 1)]
        let waiting = tasks(manifests, live: [first])
        let step = SyncStep.decide(state(results: [result(waiting[0])]), tasks: waiting, prune: .allowed)
        guard case .wait(let references, _) = step.action else {
            Issue.record("expected to wait, found \(step.action)")
            return
        }
        #expect(references.map(\.name) == ["web"])

        first["status"] = ["phase": "Healthy", "observedGeneration": "1"]
        let ready = tasks(manifests, live: [first])
        guard
            case .wave(_, let groups) = SyncStep.decide(
                state(results: [result(ready[0])]), tasks: ready, prune: .allowed
            ).action
        else {
            Issue.record("expected the second wave")
            return
        }
        #expect(groups.map { $0.map(\.reference.name) } == [["later"]])

        first["status"] = ["phase": "Degraded", "observedGeneration": "1", "message": "out of luck"]
        let broken = tasks(manifests, live: [first])
        #expect(
            SyncStep.decide(state(results: [result(broken[0])]), tasks: broken, prune: .allowed).action
                == .finish(.failed, message: "Rollout shop/web: out of luck"))
    }

    @Test("the last wave ends the operation without waiting for health")
    func last() {
        var live = targets([rollout()]).targets[0].object
        live["status"] = ["phase": "Progressing"]
        let tasks = tasks([rollout()], live: [live])
        let step = SyncStep.decide(state(results: [result(tasks[0])]), tasks: tasks, prune: .allowed)
        #expect(step.action == .finish(.succeeded, message: "successfully synced"))
    }

    @Test("an object that vanished between waves is looked for before anything is concluded")
    func gone() {
        let tasks = tasks([configMap("a"), waved(configMap("later"), 1)])
        let step = SyncStep.decide(state(results: [result(tasks[0])]), tasks: tasks, prune: .allowed)
        #expect(step.action == .confirmGone([tasks[0].reference]))
    }

    struct Prune: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var permission: PrunePermission
        var options = ""
        var approvedAt: Timestamp?
        /// `nil` where the object is pruned, or the beginning of what is recorded instead.
        var skipped: String?
        var waits = false
    }

    static let prunes = [
        Prune(testDescription: "allowed", permission: .allowed),
        Prune(testDescription: "not asked for", permission: .notRequested, skipped: "requires pruning"),
        Prune(
            testDescription: "deferred to its Release", permission: .deferred(release: "web-b"), skipped: "pruned when"),
        Prune(testDescription: "Prune=false", permission: .allowed, options: "Prune=false", skipped: "not pruned"),
        Prune(testDescription: "Prune=confirm", permission: .allowed, options: "Prune=confirm", waits: true),
        Prune(
            testDescription: "Prune=confirm, confirmed before", permission: .allowed, options: "Prune=confirm",
            approvedAt: start - .seconds(1), waits: true),
        Prune(
            testDescription: "Prune=confirm, confirmed", permission: .allowed, options: "Prune=confirm",
            approvedAt: start),
    ]

    @Test("one object that Git no longer has", arguments: prunes)
    func prune(_ row: Prune) {
        var old = targets([configMap("old")]).targets[0].object
        if !row.options.isEmpty {
            old.set(.string(row.options), at: "metadata", "annotations", "argocd.argoproj.io/sync-options")
        }
        let step = SyncStep.decide(
            state(), tasks: tasks([], live: [old]), prune: row.permission, approvedAt: row.approvedAt)
        switch step.action {
        case .wave(let prunes, _):
            #expect(!row.waits)
            #expect(prunes.isEmpty == (row.skipped != nil))
            if let skipped = row.skipped { #expect(step.results.first?.message.hasPrefix(skipped) == true) }
        case .wait: #expect(row.waits)
        default: Issue.record("unexpected \(step.action)")
        }
    }

    @Test("a failed operation is tried again after duration, duration × factor, …, and then ends")
    func retry() {
        var operation = SyncOperation(revision: "")
        operation.retry.limit = 2
        var state = OperationState.begin(operation, revision: sha("a"), now: Self.start)
        #expect(state.operation.revision == sha("a"))
        state = state.ended(.failed, "no", now: Self.start)
        #expect(state.phase == .running && state.retryAt == Self.start + .seconds(5))
        state = state.retried().ended(.error, "no", now: Self.start)
        #expect(state.retryAt == Self.start + .seconds(10))
        state = state.retried().ended(.failed, "no", now: Self.start)
        #expect(state.phase == .failed && state.retryAt == nil && state.finishedAt == Self.start)
    }

    @Test("an operation and its state read back as they were written")
    func roundTrip() {
        let operation = SyncOperation(
            revision: sha("a"), prune: true, resources: [.init(webApplication)], syncOptions: ["PruneLast=true"],
            retry: .automated, username: "ada", isAutomated: true, purpose: .restore(release: "web-a"),
            autoHealAttempts: 2)
        #expect(SyncOperation(operation.json) == operation)
        var state = OperationState.begin(operation, revision: sha("a"), now: Self.start)
        state.hasResult = true
        state.revision = sha("a")
        state.source = ["path": "x"]
        state.results = [
            ResourceResult(
                reference: webApplication, version: "v1", status: .pruneSkipped, message: "m", phase: .succeeded)
        ]
        #expect(ApplicationStatus(["operationState": state.json]).operationState == state)
    }

    @Test(
        "a request is known again after its revision was pinned and it was written and read back",
        arguments: [
            #"{"sync":{"revision":"main","prune":true},"initiatedBy":{"username":"ada"}}"#,
            #"{"sync":{},"retry":{"limit":0,"backoff":{"duration":"1s"}}}"#,
            #"{"sync":{"autoHealAttemptsCount":-3,"syncStrategy":{"hook":{}}},"info":[{"name":"x","value":"y"}]}"#,
        ])
    func sameRequest(_ text: String) throws {
        let requested = try #require(SyncOperation(json(text)))
        let state = OperationState.begin(requested, revision: sha("a"), now: Self.start)
        let readBack = try #require(ApplicationStatus(["operationState": state.json]).operationState)
        #expect(readBack.operation.isSameRequest(as: requested))
        var other = requested
        other.prune.toggle()
        #expect(!readBack.operation.isSameRequest(as: other))
    }

    @Test("history counts on and is trimmed, and a repeated write adds nothing")
    func history() {
        var history: [HistoryEntry] = []
        for index in 0..<4 {
            var state = OperationState.begin(
                SyncOperation(revision: ""), revision: sha("\(index)"), now: Self.start + .seconds(index))
            state.revision = sha("\(index)")
            history = HistoryEntry.appending(state, to: history, limit: 3, now: Self.start)
            history = HistoryEntry.appending(state, to: history, limit: 3, now: Self.start)
        }
        #expect(history.map(\.id) == [1, 2, 3])
    }
}
