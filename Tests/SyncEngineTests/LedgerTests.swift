import Manifest
import SyncEngine
import Testing

@Suite("Release ledger") struct LedgerTests {
    private static let start = Timestamp(seconds: 1_800_000_000)
    private static let web = rollout().objectReference

    private static func release(
        _ digits: String, _ phase: Release.Phase, sequence: Int64, onRejection: OnRejection = .restore,
        prune: Bool = true, rollouts: [ObjectReference] = [web]
    ) -> Release {
        Release(
            key: ObjectKey(namespace: "argocd", name: "web-\(digits)"),
            spec: .init(
                application: "web", revision: sha(digits), digest: "d\(digits)", onRejection: onRejection, prune: prune,
                rollouts: rollouts, sequence: sequence),
            status: .init(phase: phase, startedAt: start))
    }

    private static func operation(
        _ digits: String, _ phase: OperationPhase = .succeeded, purpose: SyncOperation.Purpose = .sync
    ) -> OperationState {
        OperationState(
            operation: SyncOperation(revision: sha(digits), prune: true, isAutomated: true, purpose: purpose),
            phase: phase, startedAt: start + .seconds(2), revision: sha(digits))
    }

    private static func fact(
        runs: Bool = true, _ health: HealthStatus = .healthy, abortedAfter: Duration? = nil,
        rejection: Release.Rejection = .analysisFailed
    ) -> RolloutFact {
        RolloutFact(
            reference: web, runsRelease: runs, health: Health(health), isAborted: abortedAfter != nil,
            abortedAt: abortedAfter.map { start + $0 }, rejection: rejection)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var releases: [Release]
        var operation: OperationState?
        var facts: [RolloutFact] = []
        var isSettled = false
        /// Phases of all Releases afterwards, oldest first.
        var expected: [Release.Phase]
        var reason = ""
    }

    static let rows = [
        Row(
            testDescription: "applied, and its Rollout on the way", releases: [release("b", .syncing, sequence: 1)],
            operation: operation("b"), facts: [fact(.progressing)], expected: [.progressing]),
        Row(
            testDescription: "applied, and its Rollout healthy", releases: [release("b", .syncing, sequence: 1)],
            operation: operation("b"), facts: [fact()], expected: [.released]),
        Row(
            testDescription: "a sync that failed goes on being one", releases: [release("b", .syncing, sequence: 1)],
            operation: operation("b", .failed), facts: [fact()], expected: [.syncing]),
        Row(
            testDescription: "healthy with the pods of before", releases: [release("b", .progressing, sequence: 1)],
            facts: [fact(runs: false)], expected: [.progressing]),
        Row(
            testDescription: "no Rollout changes: released with its sync",
            releases: [release("b", .syncing, sequence: 1, rollouts: [])], operation: operation("b"),
            expected: [.released]),
        Row(
            testDescription: "aborted by its analysis", releases: [release("b", .progressing, sequence: 1)],
            facts: [fact(.degraded, abortedAfter: .seconds(9))], expected: [.rejected], reason: "AnalysisFailed"),
        Row(
            testDescription: "aborted while later waves are still applied",
            releases: [release("b", .syncing, sequence: 1)], operation: operation("b", .running),
            facts: [fact(.degraded, abortedAfter: .seconds(9), rejection: .deadlineExceeded)], expected: [.rejected],
            reason: "DeadlineExceeded"),
        Row(
            testDescription: "an abort from before this Release is not its verdict",
            releases: [release("b", .progressing, sequence: 1)],
            facts: [fact(.degraded, abortedAfter: .seconds(-5), rejection: .abortedByUser)], expected: [.progressing]),
        Row(
            testDescription: "an abort of other pods is not its verdict",
            releases: [release("b", .progressing, sequence: 1)],
            facts: [fact(runs: false, .degraded, abortedAfter: .seconds(9))], expected: [.progressing]),
        Row(
            testDescription: "degraded without an abort may still recover",
            releases: [release("b", .progressing, sequence: 1)], facts: [fact(.degraded)], expected: [.progressing]),
        Row(
            testDescription: "what was held and then seen through by people is released",
            releases: [release("b", .rejected, sequence: 1)], facts: [fact()], expected: [.released],
            reason: "PromotedAfterRejection"),
        Row(
            testDescription: "a crash left an older one open",
            releases: [release("a", .progressing, sequence: 1), release("b", .progressing, sequence: 2)],
            facts: [fact(.progressing)], expected: [.superseded, .progressing]),
        Row(
            testDescription: "the order is that of the sequence, not of names",
            releases: [release("a", .progressing, sequence: 2), release("b", .progressing, sequence: 1)],
            facts: [fact()], expected: [.superseded, .released]),
    ]

    @Test("one look", arguments: rows)
    func decide(_ row: Row) {
        let decision = decideRelease(
            LedgerSnapshot(
                application: webApplication.key, releases: row.releases, operation: row.operation,
                rollouts: row.facts, isSettled: row.isSettled), now: Self.start + .seconds(20))
        #expect(decision.create == nil)
        var after = row.releases.sorted { $0.spec.sequence < $1.spec.sequence }
        for update in decision.updates {
            if let index = after.firstIndex(where: { $0.key == update.key }) { after[index] = update }
        }
        #expect(after.map(\.status.phase) == row.expected)
        #expect(after.last?.status.reason == row.reason)
        #expect(
            after.allSatisfy { ($0.status.endedAt != nil) == (!$0.status.phase.isOpen) || $0 == row.releases.first })
    }

    @Test("a restore is recorded when its operation has succeeded, and settled when the pods are back")
    func restored() {
        let rejected = Self.release("b", .rejected, sequence: 2)
        let restore = Self.operation("a", purpose: .restore(release: rejected.key.name))
        var snapshot = LedgerSnapshot(
            application: webApplication.key, releases: [Self.release("a", .released, sequence: 1), rejected],
            operation: restore, rollouts: [Self.fact(runs: false)])
        let first = decideRelease(snapshot, now: Self.start)
        #expect(first.updates.map(\.status.restoredAt) == [Self.start])
        #expect(first.updates.map(\.status.settledAt) == [nil])
        snapshot.isSettled = true
        #expect(decideRelease(snapshot, now: Self.start).updates.map(\.status.settledAt) == [Self.start])
    }

    @Test("a Release is recorded once for an operation, and anew for another attempt")
    func creation() {
        let plan = ReleasePlan(revision: sha("b"), digest: "db", rollouts: [Self.web])
        func create(_ releases: [Release], startedAfter: Duration = .seconds(2)) -> String? {
            var state = Self.operation("b", .running)
            state.startedAt = Self.start + startedAfter
            let snapshot = LedgerSnapshot(
                application: webApplication.key, releases: releases, operation: state, plan: plan)
            return decideRelease(snapshot, now: Self.start + .seconds(3)).create?.key.name
        }
        #expect(create([]) == "web-b00000000000")
        for phase in [Release.Phase.syncing, .progressing, .released] {
            #expect(create([Self.release("b", phase, sequence: 1)]) == nil)
        }
        // Rejected before this operation began: a person wants to try again.
        #expect(create([Self.release("b", .rejected, sequence: 1)]) == "web-b00000000000-2")
        // Rejected while this very operation is still running.
        #expect(create([Self.release("b", .rejected, sequence: 1)], startedAfter: .zero) == nil)
        // Back to a commit that others followed.
        #expect(
            create([Self.release("b", .released, sequence: 1), Self.release("c", .rejected, sequence: 2)])
                == "web-b00000000000-2")
    }

    @Test("a bounded number is kept, among them the one to go back to")
    func bounded() {
        let releases =
            [Self.release("a", .released, sequence: 1)]
            + (2...9).map { Self.release("\($0)", .rejected, sequence: $0) }
        let decision = decideRelease(
            LedgerSnapshot(application: webApplication.key, releases: releases, keep: 3), now: Self.start)
        #expect(decision.delete.map(\.name) == ["web-2", "web-3", "web-4", "web-5", "web-6"])
    }

    @Test("the verdict holds for the rejected commit alone")
    func verdict() {
        let ledger = ReleaseLedger([
            Self.release("a", .released, sequence: 1), Self.release("b", .rejected, sequence: 2),
        ])
        #expect(ledger.verdict(revision: sha("c"), digest: "dc") == .free)
        // The same commit rendered otherwise is another release.
        #expect(ledger.verdict(revision: sha("b"), digest: "other") == .free)
        guard case .rejected(_, .restore(let released)) = ledger.verdict(revision: sha("b"), digest: "db") else {
            Issue.record("expected a rejection with a restore")
            return
        }
        #expect(released.spec.revision == sha("a"))
        let alone = ReleaseLedger([Self.release("b", .rejected, sequence: 1)])
        guard case .rejected(_, .hold(let why)) = alone.verdict(revision: sha("b"), digest: "db") else {
            Issue.record("expected a rejection that holds")
            return
        }
        #expect(!why.isEmpty)
        #expect(alone.verdict(revision: sha("b"), digest: "db").condition?.kind == .commitRejected)
    }

    @Test("a revert is pushed once, for the newest commit of a branch, never for a revert of our own")
    func revert() {
        var rejected = Self.release("b", .rejected, sequence: 2, onRejection: .revert)
        func asks(head: String = "b", own: Bool = false, branch: String = "main", earlier: Bool = true) -> Bool {
            let releases = earlier ? [Self.release("a", .released, sequence: 1), rejected] : [rejected]
            return RevertRule.shouldRevert(
                ReleaseLedger(releases), head: sha(head), isOwnRevert: own, branch: branch) != nil
        }
        #expect(asks())
        #expect(!asks(head: "c"))
        #expect(!asks(own: true))
        #expect(!asks(branch: sha("b")))
        #expect(!asks(earlier: false))
        rejected.status.revertedBy = sha("c")
        #expect(!asks())
    }

    struct Sync: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var automated: ApplicationSpec.Automated? = .init(prune: true, selfHeal: true)
        var state: OperationState?
        var manifests: [JSON]
        var live: [JSON] = []
        var elapsed = Duration.seconds(1_000)
        /// `start`, `heal`, `nothing`, `wait` or `failed`.
        var expected: String
    }

    static let syncs = [
        Sync(testDescription: "a new commit", manifests: [configMap("a")], expected: "start"),
        Sync(testDescription: "automated is off", automated: nil, manifests: [configMap("a")], expected: "nothing"),
        Sync(
            testDescription: "in sync", manifests: [configMap("a")],
            live: targets([configMap("a")]).targets.map(\.object),
            expected: "nothing"),
        Sync(
            testDescription: "drift after a success", state: operation("b"), manifests: [configMap("a")],
            expected: "heal"),
        Sync(
            testDescription: "drift right after a success", state: operation("b"), manifests: [configMap("a")],
            elapsed: .seconds(1), expected: "wait"),
        Sync(
            testDescription: "drift without self-heal", automated: .init(prune: true), state: operation("b"),
            manifests: [configMap("a")], expected: "nothing"),
        Sync(
            testDescription: "the same commit failed before", state: operation("b", .failed),
            manifests: [configMap("a")], expected: "failed"),
        Sync(
            testDescription: "another commit failed before", state: operation("a", .failed),
            manifests: [configMap("a")], expected: "start"),
        Sync(
            testDescription: "an operation is running", state: operation("b", .running), manifests: [configMap("a")],
            expected: "nothing"),
        Sync(
            testDescription: "only pruning is left, and prune is off", automated: .init(), manifests: [configMap("a")],
            live: targets([configMap("a"), configMap("old")]).targets.map(\.object), expected: "nothing"),
        Sync(
            testDescription: "everything would be pruned", manifests: [],
            live: targets([configMap("old")]).targets.map(\.object), expected: "failed"),
    ]

    @Test("automated sync", arguments: syncs)
    func automated(_ row: Sync) {
        var state = row.state
        if let ended = row.state, ended.phase.isCompleted { state?.finishedAt = ended.startedAt }
        let comparison = LiveComparison.of(
            targets(row.manifests),
            live: Dictionary(row.live.map { ($0.objectReference, LiveObject($0)) }, uniquingKeysWith: { $1 }),
            instance: "web", application: webApplication, context: OwnershipContext())
        let decision = AutoSync.decide(
            AutoSyncInput(
                application: application(automated: row.automated, state: state), revision: sha("b"),
                source: .emptyObject, comparison: comparison), now: Self.start + .seconds(2) + row.elapsed)
        let name =
            switch decision {
            case .start(let operation): operation.autoHealAttempts > 0 ? "heal" : "start"
            case .wait: "wait"
            case .nothing: "nothing"
            case .failed: "failed"
            }
        #expect(name == row.expected, "\(decision)")
        if case .start(let operation) = decision {
            #expect(operation.resources.isEmpty == (row.expected == "start"))
            #expect(operation.resources.allSatisfy { $0.namespace == "shop" })
        }
    }

    @Test("healing is tried again after 2 s × 3ⁿ, at most 5 minutes")
    func healing() {
        let expected: [Duration] = [.seconds(2), .seconds(6), .seconds(18), .seconds(54), .seconds(162), .seconds(300)]
        #expect((0...5).map { AutoSync.healDelay(attempts: $0) } == expected)
    }
}
