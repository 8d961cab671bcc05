package import Manifest

/// What happens next with an application.
package struct SyncDecision: Sendable {
    package enum Next: Hashable, Sendable {
        /// Ask for an operation, by writing it into the Application.
        case request(SyncOperation)
        /// Take up the requested operation.
        case begin(OperationState)
        /// The ledger must record a Release first.
        case awaitRelease(OperationState)
        /// Carry out a step; the state has its results so far.
        case step(OperationState, SyncStep.Action)
        /// Write the state of an operation that ended, or that waits for another try.
        case end(OperationState)
        case wait(until: Timestamp)
        case idle(String)
    }

    /// The cluster beside the commit that the source names.
    package var comparison: LiveComparison
    package var conditions: [ApplicationCondition]
    package var next: Next
    package var facts: LedgerFacts
}

/// Decides what an application does next: the whole of the sync engine in one pure function.
package func decideSync(_ snapshot: SyncSnapshot, now: Timestamp) -> SyncDecision {
    let comparison = snapshot.compare(snapshot.head)
    let ledger = ReleaseLedger(snapshot.releases)
    let verdict = ledger.verdict(revision: snapshot.head.revision, digest: snapshot.head.set.digest)
    var conditions = comparison.conditions
    if let condition = verdict.condition { conditions.append(condition) }
    var facts = LedgerFacts(rollouts: snapshot.rolloutFacts(ledger), isSettled: snapshot.isSettled(ledger))
    var decision = SyncDecision(comparison: comparison, conditions: conditions, next: .idle(""), facts: facts)
    let application = snapshot.application
    if let state = application.status.operationState, !state.phase.isCompleted {
        decision.next = snapshot.advance(state, ledger, &facts, now: now)
        decision.facts = facts
        return decision
    }
    if let requested = application.operation {
        guard let commit = snapshot.operation else { return decision }
        let state = OperationState.begin(requested, revision: commit.revision, now: now)
        if let problem = requested.problems.first {
            decision.next = .end(state.ended(.error, problem, canRetry: false, now: now))
        } else {
            decision.next = .begin(state)
        }
        return decision
    }
    decision.next = snapshot.automate(comparison, verdict, ledger, now: now)
    if case .idle(let message) = decision.next, message.hasPrefix(failurePrefix) {
        decision.conditions.append(.init(.sync, String(message.dropFirst(failurePrefix.count))))
    }
    return decision
}

private let failurePrefix = "failed: "

extension SyncSnapshot {
    fileprivate func rolloutFacts(_ ledger: ReleaseLedger) -> [RolloutFact] {
        guard let release = ledger.current, let commit = current else { return [] }
        let matches = commit.set.digest == release.spec.digest
        return release.spec.rollouts.compactMap { reference in
            guard let found = live[reference] else { return nil }
            // Rendered otherwise than it was recorded: nobody can say what runs.
            let desired = matches ? commit.set.targets.first { $0.reference == reference }?.object : nil
            return RolloutFact(reference, live: found.json, desired: desired)
        }
    }

    /// Whether every Rollout of a rejected commit runs the last released commit's pods again.
    fileprivate func isSettled(_ ledger: ReleaseLedger) -> Bool {
        guard let release = ledger.current, release.status.phase == .rejected, let released else { return false }
        return release.spec.rollouts.allSatisfy { reference in
            let before = released.set.targets.first { $0.reference == reference }?.object
            // A Rollout that the commit brought is pruned like anything else that it brought.
            guard let before, let found = live[reference] else { return before == nil }
            let fact = RolloutFact(reference, live: found.json, desired: before)
            return fact.runsRelease && fact.health.status == .healthy
        }
    }

    fileprivate func advance(
        _ state: OperationState, _ ledger: ReleaseLedger, _ facts: inout LedgerFacts, now: Timestamp
    ) -> SyncDecision.Next {
        if state.phase == .terminating {
            return .end(state.ended(.failed, "the operation was terminated", canRetry: false, now: now))
        }
        if let due = state.retryAt { return now < due ? .wait(until: due) : .begin(state.retried()) }
        guard let commit = operation else {
            return .idle("waits for commit \(state.operation.revision) to be rendered")
        }
        let comparison = compare(commit)
        if let error = comparison.conditions.first(where: \.isError) {
            return .end(state.ended(.error, error.message, now: now))
        }
        if SyncOptions(state.operation.syncOptions).failsOnSharedResource,
            let shared = comparison.conditions.first(where: { $0.kind == .sharedResource })
        {
            return .end(state.ended(.failed, shared.message, now: now))
        }
        var release: Release?
        if ReleaseLedger.records(state.operation) {
            var state = state
            state.source = commit.source
            facts.plan = ReleasePlan.of(commit, released: released?.set, current: comparison)
            release = ledger.release(for: state, digest: commit.set.digest)
            guard let release else { return .awaitRelease(state) }
            if release.status.phase == .rejected {
                return .end(
                    state.ended(.failed, "commit rejected: \(release.status.message)", canRetry: false, now: now))
            }
        } else if state.operation.isAutomated, state.operation.purpose == .sync,
            case .rejected(let release, _) = ledger.verdict(revision: commit.revision, digest: commit.set.digest)
        {
            return .end(state.ended(.failed, "commit rejected: \(release.status.message)", canRetry: false, now: now))
        }
        let approvedAt = application.annotations[Names.deletionApproved].flatMap(Timestamp.init(rfc3339:))
        let tasks = SyncTask.ordered(
            comparison.objects, selection: state.operation.resources,
            prunesLast: SyncOptions(state.operation.syncOptions).prunesLast)
        let permission = PruneRule.permission(for: state.operation, release: release, ledger: ledger)
        let step = SyncStep.decide(state, tasks: tasks, prune: permission, approvedAt: approvedAt)
        var next = state
        next.results = step.results
        next.source = commit.source
        switch step.action {
        case .finish(let phase, let message): return .end(next.ended(phase, message, now: now))
        case .wait(_, let message): next.message = message
        case .dryRun, .wave, .confirmGone: break
        }
        return .step(next, step.action)
    }

    fileprivate func automate(
        _ comparison: LiveComparison, _ verdict: LedgerVerdict, _ ledger: ReleaseLedger, now: Timestamp
    ) -> SyncDecision.Next {
        // After a rejection the last released commit is in force.
        var inForce = comparison
        if case .rejected(_, .restore(let release)) = verdict {
            guard let released, released.set.digest == release.spec.digest else {
                return .idle(
                    failurePrefix
                        + "the last released commit \(release.spec.revision.prefix(12)) does not render as it did, so it "
                        + "cannot be restored")
            }
            inForce = compare(released)
        }
        let rejected = Set(current?.set.targets.map(\.reference) ?? [])
        let prunable = PruneRule.prunable(
            ledger: ledger, revision: head.revision, digest: head.set.digest, comparison: inForce, rejected: rejected)
        let isMoving = ledger.current.map { $0.status.phase.isOpen && !$0.spec.rollouts.isEmpty } ?? false
        let decision = AutoSync.decide(
            AutoSyncInput(
                application: application, revision: head.revision, source: head.source, comparison: inForce,
                verdict: verdict, prunable: prunable, prunesAreDeferred: isMoving),
            now: now)
        switch decision {
        case .start(let operation): return .request(operation)
        case .wait(let until): return .wait(until: until)
        case .nothing(let why): return .idle(why)
        case .failed(let message): return .idle(failurePrefix + message)
        }
    }
}
