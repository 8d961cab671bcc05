package import Manifest

/// What is known when it is decided whether an application syncs by itself.
package struct AutoSyncInput: Hashable, Sendable {
    package var application: Application
    /// The commit that the source names.
    package var revision: String
    package var source: JSON
    /// The cluster beside that commit, or beside the last released one where that takes its place.
    package var comparison: LiveComparison
    package var verdict: LedgerVerdict
    /// Objects that the ledger gives free to delete, and the Release that says so.
    package var prunable: (release: String, objects: [ObjectReference])?
    /// Whether prunes of this commit wait for its Release.
    package var prunesAreDeferred: Bool

    package init(
        application: Application, revision: String, source: JSON, comparison: LiveComparison,
        verdict: LedgerVerdict = .free, prunable: (release: String, objects: [ObjectReference])? = nil,
        prunesAreDeferred: Bool = false
    ) {
        self.application = application
        self.revision = revision
        self.source = source
        self.comparison = comparison
        self.verdict = verdict
        self.prunable = prunable
        self.prunesAreDeferred = prunesAreDeferred
    }

    package static func == (left: AutoSyncInput, right: AutoSyncInput) -> Bool {
        left.application == right.application && left.revision == right.revision && left.source == right.source
            && left.comparison == right.comparison && left.verdict == right.verdict
            && left.prunable?.release == right.prunable?.release && left.prunable?.objects == right.prunable?.objects
            && left.prunesAreDeferred == right.prunesAreDeferred
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(application)
        hasher.combine(revision)
    }
}

/// Whether an operation begins without a person asking for it.
package enum AutoSync: Hashable, Sendable {
    case start(SyncOperation)
    case wait(until: Timestamp)
    /// Nothing to do; the text says why.
    case nothing(String)
    /// A `SyncError` that a person must see.
    case failed(String)

    package static func decide(_ input: AutoSyncInput, now: Timestamp) -> AutoSync {
        let application = input.application
        guard application.deletedAt == nil else { return .nothing("the Application is being deleted") }
        guard application.operation == nil, application.status.operationState.map(\.phase.isCompleted) ?? true else {
            return .nothing("an operation is running")
        }
        if input.comparison.conditions.contains(where: \.isError) { return .nothing("the comparison failed") }
        let changed = input.comparison.objects.filter { $0.status == .outOfSync && !$0.requiresPruning }
        switch input.verdict {
        case .rejected(let release, .restore(let released)):
            if !changed.isEmpty { return restore(input, after: release, to: released, changed, now: now) }
        case .rejected(_, .hold): return .nothing("the commit was rejected")
        case .free: break
        }
        if let prunable = input.prunable, !prunable.objects.isEmpty {
            return prune(input, prunable.objects, after: prunable.release, now: now)
        }
        if case .rejected = input.verdict { return .nothing("the commit was rejected") }
        return automated(input, changed, now: now)
    }

    /// The wait before the next attempt to heal: 2 s × 3ⁿ, at most 5 minutes.
    package static func healDelay(attempts: Int64) -> Duration {
        var seconds = 2
        for _ in 0..<min(max(attempts, 0), 8) { seconds *= 3 }
        return .seconds(min(seconds, 300))
    }

    /// How long a failed restore or prune rests before it is tried once more.
    private static let rest = Duration.seconds(300)

    private static func restore(
        _ input: AutoSyncInput, after rejected: Release, to released: Release, _ changed: [ObjectState], now: Timestamp
    ) -> AutoSync {
        let purpose = SyncOperation.Purpose.restore(release: rejected.key.name)
        let state = input.application.status.operationState
        var attempts: Int64 = 0
        if let state, state.operation.purpose == purpose || rejected.status.restoredAt != nil {
            let finished = state.finishedAt ?? state.startedAt
            if state.operation.purpose == purpose, state.phase != .succeeded {
                if now < finished + rest { return .wait(until: finished + rest) }
            } else if rejected.status.restoredAt != nil || state.phase == .succeeded {
                // It was back already: this is drift, and healed only where healing is on.
                guard input.application.spec.automated?.selfHeal == true else {
                    return .nothing("live objects drifted from the restored commit, and selfHeal is off")
                }
                attempts = state.operation.autoHealAttempts &+ 1
                let due = finished + healDelay(attempts: attempts &- 1)
                if now < due { return .wait(until: due) }
            }
        }
        return .start(
            SyncOperation(
                revision: released.spec.revision, syncOptions: input.application.spec.syncOptions,
                retry: input.application.spec.retry ?? .automated, username: "sluice", isAutomated: true,
                purpose: purpose, autoHealAttempts: attempts))
    }

    private static func prune(
        _ input: AutoSyncInput, _ objects: [ObjectReference], after release: String, now: Timestamp
    ) -> AutoSync {
        let purpose = SyncOperation.Purpose.prune(release: release)
        var revision = input.revision
        if case .rejected(_, .restore(let released)) = input.verdict { revision = released.spec.revision }
        if let state = input.application.status.operationState, state.operation.purpose == purpose {
            let finished = state.finishedAt ?? state.startedAt
            let due = finished + (state.phase == .succeeded ? .seconds(10) : rest)
            if now < due { return .wait(until: due) }
        }
        return .start(
            SyncOperation(
                revision: revision, prune: true, resources: objects.map(SyncOperation.Selection.init),
                syncOptions: input.application.spec.syncOptions,
                retry: input.application.spec.retry ?? .automated, username: "sluice", isAutomated: true,
                purpose: purpose))
    }

    private static func automated(_ input: AutoSyncInput, _ changed: [ObjectState], now: Timestamp) -> AutoSync {
        let spec = input.application.spec
        guard let automated = spec.automated else { return .nothing("automated sync is off") }
        guard input.comparison.status == .outOfSync else { return .nothing("in sync") }
        let state = input.application.status.operationState
        let used = state.map { $0.revision.isEmpty ? $0.operation.revision : $0.revision }
        let attempted =
            state.map { state in
                used == input.revision && (state.source.map { $0 == input.source } ?? !state.hasResult)
            } ?? false
        let needsOnlyPruning = changed.isEmpty
        if needsOnlyPruning, !automated.prune || (input.prunesAreDeferred && attempted) {
            return .nothing("what is left only requires pruning")
        }
        var operation = SyncOperation(
            revision: input.revision, prune: automated.prune, syncOptions: spec.syncOptions,
            retry: spec.retry ?? .automated, isAutomated: true)
        if attempted, let state {
            if state.phase != .succeeded, state.operation.purpose == .sync {
                return .failed("the last sync of commit \(input.revision.prefix(12)) failed: \(state.message)")
            }
            guard automated.selfHeal else { return .nothing("live objects drifted, and selfHeal is off") }
            let attempts = state.operation.autoHealAttempts
            let due = (state.finishedAt ?? state.startedAt) + healDelay(attempts: attempts)
            if now < due { return .wait(until: due) }
            operation.autoHealAttempts = attempts &+ 1
            let drifted = input.comparison.objects.filter { state in
                state.status == .outOfSync && !(state.requiresPruning && input.prunesAreDeferred)
            }
            operation.resources = drifted.map { SyncOperation.Selection($0.reference) }
        }
        let isAllPruned = input.comparison.objects.allSatisfy(\.requiresPruning) && !input.comparison.objects.isEmpty
        if automated.prune, !automated.allowEmpty, isAllPruned {
            return .failed(
                "commit \(input.revision.prefix(12)) would delete every object; allow it with "
                    + "spec.syncPolicy.automated.allowEmpty")
        }
        return .start(operation)
    }
}
