import Manifest
import SluiceTestKit
import SyncEngine

/// A repository, a cluster with one Rollout, and a controller that may die between any two writes.
///
/// Everything that survives a crash stands in the properties; the passes keep nothing else.
struct SyncWorld {
    struct Commit {
        var sha: String
        var version: Int
        var isGood: Bool
    }

    var random: SeededGenerator
    var crashes: Int
    var now = Timestamp(seconds: 1_800_000_000)
    var commits: [Commit]
    var application = SyncEngineTests.application()
    var releases: [Release] = []
    var live: [ObjectReference: LiveObject] = [:]
    /// The version that stable pods run, and since when the canary has been on its way.
    var stable = 0
    var canarySince: Timestamp?
    var generation = 0
    var violations: [String] = []

    init(seed: UInt64, crashes: Int, commits: [Commit]) {
        random = SeededGenerator(seed: seed)
        self.crashes = crashes
        self.commits = commits
    }

    /// Version n: a Rollout that mounts the ConfigMap of its version.
    static func manifests(_ version: Int) -> [JSON] {
        [
            rollout(image: "shop:\(version)"), configMap("web-config-v\(version)", "\(version)"),
            configMap("shared", "\(version)"),
        ]
    }

    static func version(of rollout: JSON) -> Int {
        let containers = rollout.at("spec", "template", "spec", "containers")
        let image = containers?[0]?["image"]?.stringValue ?? ""
        return Int(image.drop { $0 != ":" }.dropFirst()) ?? -1
    }

    static let rolloutReference = rollout().objectReference

    private var cache: [String: RenderedCommit] = [:]

    private mutating func rendered(_ revision: String) -> RenderedCommit? {
        if let commit = cache[revision] { return commit }
        guard let commit = commits.first(where: { $0.sha == revision }) else { return nil }
        let result = RenderedCommit(
            revision: revision, source: application.spec.source?.json ?? .null,
            set: targets(Self.manifests(commit.version)))
        cache[revision] = result
        return result
    }

    /// Whether the controller dies here.
    private mutating func dies() -> Bool { crashes > 0 && Int.random(in: 0..<100, using: &random) < crashes }

    private mutating func snapshot() -> SyncSnapshot? {
        guard let sha = commits.last?.sha, let head = rendered(sha) else { return nil }
        let ledger = ReleaseLedger(releases)
        let state = application.status.operationState
        let running = state.map { !$0.phase.isCompleted } ?? false
        let wanted = running ? state?.operation.revision : application.operation?.revision
        let operation = wanted.flatMap { rendered($0) }
        let current = (ledger.current?.spec.revision).flatMap { rendered($0) }
        let released = (ledger.lastReleased?.spec.revision).flatMap { rendered($0) }
        return SyncSnapshot(
            application: application, instance: "web", head: head, operation: operation, current: current,
            released: released,
            releases: releases, live: live)
    }

    /// One pass of both reconcilers, a second after the one before.
    /// - Returns: Whether something may still happen without a new commit.
    mutating func tick() -> Bool {
        now = now + .seconds(1)
        moveRollout()
        guard let seen = snapshot() else { return false }
        let wrote = reconcileLedger(decideSync(seen, now: now).facts)
        if dies() { return true }
        guard let seen = snapshot() else { return false }
        let next = decideSync(seen, now: now).next
        perform(next)
        if case .wait(let until) = next, canarySince == nil { now = max(now, until) }
        if case .idle = next { return wrote || canarySince != nil }
        return true
    }

    private mutating func reconcileLedger(_ facts: LedgerFacts) -> Bool {
        let decision = decideRelease(
            LedgerSnapshot(
                application: application.key, releases: releases, operation: application.status.operationState,
                plan: facts.plan, onRejection: .restore, rollouts: facts.rollouts, isSettled: facts.isSettled, keep: 4),
            now: now)
        if let create = decision.create {
            releases.append(create)
            if dies() { return true }
        }
        for update in decision.updates {
            guard let index = releases.firstIndex(where: { $0.key == update.key }) else { continue }
            if ![.syncing, .progressing].contains(releases[index].status.phase),
                releases[index].status.phase != update.status.phase
            {
                violations.append("\(update.key) went from \(releases[index].status.phase) to \(update.status.phase)")
            }
            releases[index] = update
            if dies() { return true }
        }
        for key in decision.delete {
            releases.removeAll { $0.key == key }
            if dies() { return true }
        }
        return !decision.isEmpty
    }

    private mutating func perform(_ next: SyncDecision.Next) {
        switch next {
        case .request(let operation): application.operation = operation
        case .begin(let state): application.status.operationState = state
        case .end(let state):
            application.status.operationState = state
            if state.phase.isCompleted { application.operation = nil }
        case .step(var state, let action):
            switch action {
            case .dryRun:
                state.hasResult = true
                state.revision = state.operation.revision
            case .wave(let prunes, let groups):
                for task in prunes + groups.flatMap(\.self) {
                    act(task, for: state.operation)
                    if dies() { return }
                    state.results.append(
                        ResourceResult(
                            reference: task.reference, version: task.version,
                            status: task.action == .prune ? .pruned : .synced, message: "", phase: .running))
                }
            case .confirmGone, .wait, .finish: break
            }
            application.status.operationState = state
        case .awaitRelease, .wait, .idle: break
        }
    }

    private mutating func act(_ task: SyncTask, for operation: SyncOperation) {
        guard let desired = task.desired else {
            if task.reference.name == "web-config-v\(stable)" {
                violations.append("pruned \(task.reference) under stable pods at \(now)")
            }
            live[task.reference] = nil
            return
        }
        let current = ReleaseLedger(releases).current
        if operation.isAutomated, operation.purpose == .sync, let current, current.status.phase == .rejected,
            current.spec.revision == operation.revision
        {
            violations.append("applied the rejected \(operation.revision.prefix(6)) at \(now)")
        }
        if operation.purpose == .sync, operation.isFull, current?.spec.revision != operation.revision {
            violations.append("applied \(operation.revision.prefix(6)) before it was recorded at \(now)")
        }
        var object = desired
        if task.reference == Self.rolloutReference {
            let before = live[task.reference]?.json
            if before?.at("spec") == desired.at("spec") {
                object["status"] = before?["status"]
            } else {
                generation += 1
                object["status"] = before?["status"]
                object.set(nil, at: "status", "abort")
                object.set(nil, at: "status", "abortedAt")
                canarySince = now
            }
            object.set(JSON(generation), at: "metadata", "generation")
        }
        live[task.reference] = LiveObject(object)
    }

    /// The rollout engine in miniature: good versions become stable after a while, bad ones are aborted.
    private mutating func moveRollout() {
        guard var object = live[Self.rolloutReference]?.json, let since = canarySince else { return }
        let version = Self.version(of: object)
        object.set(.string(String(generation)), at: "status", "observedGeneration")
        object.set("Progressing", at: "status", "phase")
        let isGood = version == stable || commits.first { $0.version == version }?.isGood ?? false
        if version == stable || now - since > .seconds(Int.random(in: 3...9, using: &random)) {
            canarySince = nil
            if isGood {
                stable = version
                object.set("Healthy", at: "status", "phase")
            } else {
                object.set("Degraded", at: "status", "phase")
                object.set(true, at: "status", "abort")
                object.set(.string(now.rfc3339), at: "status", "abortedAt")
            }
        }
        live[Self.rolloutReference] = LiveObject(object)
    }

    /// What is left when everything has come to rest.
    var end: [String] {
        let objects = live.keys.map(\.name).sorted()
        let version = live[Self.rolloutReference].map { Self.version(of: $0.json) } ?? -1
        let release = ReleaseLedger(releases).current
        return objects + [
            "version \(version)", "\(release?.spec.revision.prefix(6) ?? "") \(release?.status.phase.rawValue ?? "")",
        ]
    }
}
