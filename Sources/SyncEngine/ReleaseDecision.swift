package import Manifest

/// How one Rollout stands towards a Release; taken from one reading of one object, so that its parts fit together.
package struct RolloutFact: Hashable, Sendable {
    package var reference: ObjectReference
    /// The live pod template is the Release's, and the controller has observed it.
    package var runsRelease: Bool
    package var health: Health
    package var isAborted: Bool
    package var abortedAt: Timestamp?
    package var rejection: Release.Rejection
    package var evidence: [Release.Evidence]

    package init(
        reference: ObjectReference, runsRelease: Bool, health: Health, isAborted: Bool = false,
        abortedAt: Timestamp? = nil, rejection: Release.Rejection = .abortedByUser,
        evidence: [Release.Evidence] = []
    ) {
        self.reference = reference
        self.runsRelease = runsRelease
        self.health = health
        self.isAborted = isAborted
        self.abortedAt = abortedAt
        self.rejection = rejection
        self.evidence = evidence
    }
}

/// What the ledger of one application is decided from.
package struct LedgerSnapshot: Hashable, Sendable {
    package var application: ObjectKey
    package var applicationUID: String
    /// The Releases that the application owns, in any order.
    package var releases: [Release]
    /// The running or last operation.
    package var operation: OperationState?
    /// What the operation's commit changes; `nil` until it is rendered.
    package var plan: ReleasePlan?
    package var onRejection: OnRejection
    /// Rollouts beside the current Release.
    package var rollouts: [RolloutFact]
    /// Whether all Rollouts of the rejected commit run the last released one again, healthy.
    package var isSettled: Bool
    /// A commit on the branch that undoes the current Release's.
    package var revertedBy: String
    /// How many Releases are kept.
    package var keep: Int

    package init(
        application: ObjectKey, applicationUID: String = "", releases: [Release] = [], operation: OperationState? = nil,
        plan: ReleasePlan? = nil, onRejection: OnRejection = .restore, rollouts: [RolloutFact] = [],
        isSettled: Bool = false, revertedBy: String = "", keep: Int = 20
    ) {
        self.application = application
        self.applicationUID = applicationUID
        self.releases = releases
        self.operation = operation
        self.plan = plan
        self.onRejection = onRejection
        self.rollouts = rollouts
        self.isSettled = isSettled
        self.revertedBy = revertedBy
        self.keep = keep
    }
}

/// What to write into the ledger; each part is safe to repeat.
package struct ReleaseDecision: Hashable, Sendable {
    package var create: Release?
    /// New statuses of existing Releases.
    package var updates: [Release]
    package var delete: [ObjectKey]

    package var isEmpty: Bool { create == nil && updates.isEmpty && delete.isEmpty }
}

/// Decides what becomes of an application's Releases.
///
/// Pure: a Release is recorded before anything of its commit is applied, it ends when the Rollouts that it changed have
/// ended, and what has ended stays as it is, except that people may promote what they were told was rejected.
package func decideRelease(_ snapshot: LedgerSnapshot, now: Timestamp) -> ReleaseDecision {
    var decision = ReleaseDecision(updates: [], delete: [])
    let now = now.wholeSeconds
    let ledger = ReleaseLedger(snapshot.releases)
    if let create = ledger.missingRelease(snapshot, now: now) {
        decision.create = create
        decision.updates = ledger.releases.compactMap { $0.superseded(by: create, at: now) }
        decision.delete = ledger.superfluous(keeping: snapshot.keep - 1)
        return decision
    }
    guard var current = ledger.current else { return decision }
    // A crash may have left an older one open.
    decision.updates = ledger.releases.dropLast().compactMap { $0.superseded(by: current, at: now) }
    let before = current.status
    current.status.advance(current, snapshot, now: now)
    if current.status != before { decision.updates.append(current) }
    decision.delete = ledger.superfluous(keeping: snapshot.keep)
    return decision
}

extension Release {
    fileprivate func superseded(by next: Release, at now: Timestamp) -> Release? {
        guard status.phase.isOpen else { return nil }
        var old = self
        old.status.end(
            .superseded, reason: "", message: "commit \(next.spec.revision.prefix(12)) is synced instead", at: now)
        return old
    }
}

extension Release.Status {
    fileprivate mutating func end(_ phase: Release.Phase, reason: String, message: String, at now: Timestamp) {
        self.phase = phase
        self.reason = reason
        self.message = message
        endedAt = now
    }

    fileprivate mutating func advance(_ release: Release, _ snapshot: LedgerSnapshot, now: Timestamp) {
        switch phase {
        case .syncing:
            if changed.isEmpty, let plan = snapshot.plan, plan.digest == release.spec.digest { changed = plan.changed }
            // A Rollout can be aborted while later waves are still being applied.
            if reject(release, snapshot, now: now) { return }
            guard let operation = snapshot.operation, operation.concerns(release), operation.phase == .succeeded else {
                if let operation = snapshot.operation, operation.concerns(release), operation.phase.isCompleted {
                    message = "the sync failed: \(operation.message)".bounded
                }
                return
            }
            phase = .progressing
            message = ""
            progressingAt = now
            advance(release, snapshot, now: now)
        case .progressing:
            if reject(release, snapshot, now: now) { return }
            let waiting = waits(release, snapshot)
            if waiting.isEmpty {
                end(.released, reason: "", message: "", at: now)
            } else {
                message = waiting
            }
        case .rejected:
            if revertedBy.isEmpty { revertedBy = snapshot.revertedBy }
            // People may retry what was held, and see it through.
            if restoredAt == nil, !release.spec.rollouts.isEmpty, waits(release, snapshot).isEmpty {
                end(.released, reason: "PromotedAfterRejection", message: "", at: now)
                return
            }
            if restoredAt == nil, let operation = snapshot.operation, operation.phase == .succeeded,
                operation.operation.purpose == .restore(release: release.key.name)
            {
                restoredAt = now
            }
            if restoredAt != nil, settledAt == nil, snapshot.isSettled { settledAt = now }
        case .released, .superseded: break
        }
    }

    /// Ends the Release when one of its Rollouts was aborted since it began.
    private mutating func reject(_ release: Release, _ snapshot: LedgerSnapshot, now: Timestamp) -> Bool {
        let aborted = snapshot.rollouts.filter { fact in
            guard release.spec.rollouts.contains(fact.reference), fact.runsRelease, fact.isAborted else { return false }
            // An abort from before is another release's; a retry brings it to this one.
            return fact.abortedAt.map { $0 >= startedAt } ?? false
        }.sorted { $0.reference < $1.reference }
        guard let first = aborted.first else { return false }
        evidence = Array(aborted.flatMap(\.evidence).prefix(20))
        let names = aborted.prefix(3).map(\.reference.description).joined(separator: ", ")
        let why = first.health.message.isEmpty ? "" : ": \(first.health.message)"
        end(.rejected, reason: first.rejection.rawValue, message: "\(names) was aborted\(why)".bounded, at: now)
        return true
    }

    /// What the Release still waits for; empty where all its Rollouts run it, healthy.
    private func waits(_ release: Release, _ snapshot: LedgerSnapshot) -> String {
        for reference in release.spec.rollouts {
            guard let fact = snapshot.rollouts.first(where: { $0.reference == reference }) else {
                return "waits for \(reference) to appear"
            }
            if !fact.runsRelease { return "waits for \(reference) to take up this commit's pods" }
            if fact.isAborted { return "waits for \(reference), which is aborted; retry it or sync another commit" }
            if fact.health.status != .healthy {
                let why = fact.health.message.isEmpty ? "" : ": \(fact.health.message)"
                return "waits for \(reference), \(fact.health.status.rawValue)\(why)".bounded
            }
        }
        return ""
    }
}

extension OperationState {
    /// Whether this operation is one of those that apply the Release's commit.
    fileprivate func concerns(_ release: Release) -> Bool {
        ReleaseLedger.records(operation) && operation.revision == release.spec.revision
    }
}

extension String {
    /// Cut to what fits a status message.
    fileprivate var bounded: String { String(prefix(1_000)) }
}
