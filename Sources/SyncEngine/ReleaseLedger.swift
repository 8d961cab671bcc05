import Manifest

/// The Releases of one application, as questions are asked of them.
package struct ReleaseLedger: Hashable, Sendable {
    /// Oldest first.
    package let releases: [Release]

    package init(_ releases: [Release]) {
        self.releases = releases.sorted { ($0.spec.sequence, $0.key) < ($1.spec.sequence, $1.key) }
    }

    /// The Release of what was applied last.
    package var current: Release? { releases.last }

    /// What a restore goes back to.
    package var lastReleased: Release? { releases.last { $0.status.phase == .released } }

    /// What must not be applied, and why.
    /// - Parameters:
    ///   - revision: The commit that the source names now.
    ///   - digest: Of its manifests.
    package func verdict(revision: String, digest: String) -> LedgerVerdict {
        guard let current, current.status.phase == .rejected, current.spec.revision == revision,
            current.spec.digest == digest
        else { return .free }
        if current.spec.onRejection == .hold { return .rejected(current, .hold(why: "")) }
        guard let released = lastReleased else {
            return .rejected(current, .hold(why: "no earlier commit was released"))
        }
        return .rejected(current, .restore(released))
    }

    /// The Release that an operation needs before it may apply anything; `nil` where it needs none.
    package func release(for operation: OperationState, digest: String) -> Release? {
        guard let current, current.spec.revision == operation.operation.revision, current.spec.digest == digest else {
            return nil
        }
        switch current.status.phase {
        case .syncing, .progressing, .released: return current
        // It was rejected while this very operation was still running.
        case .rejected: return current.status.startedAt >= operation.startedAt ? current : nil
        case .superseded: return nil
        }
    }

    /// The oldest Releases beyond the bound; never the current one, an open one, or what a restore goes back to.
    func superfluous(keeping keep: Int) -> [ObjectKey] {
        let needed = lastReleased?.key
        let old = releases.dropLast(max(keep, 1))
        return old.filter { !$0.status.phase.isOpen && $0.key != needed }.map(\.key)
    }

    /// Whether an operation is one that the ledger records.
    package static func records(_ operation: SyncOperation) -> Bool {
        operation.isFull && operation.purpose == .sync
    }

    func missingRelease(_ snapshot: LedgerSnapshot, now: Timestamp) -> Release? {
        guard let state = snapshot.operation, !state.phase.isCompleted, state.phase == .running,
            state.finishedAt == nil,
            ReleaseLedger.records(state.operation), let plan = snapshot.plan,
            plan.revision == state.operation.revision, release(for: state, digest: plan.digest) == nil
        else { return nil }
        let attempts = releases.filter { $0.spec.revision == plan.revision }
        let names = Set(releases.map(\.key.name))
        var attempt = attempts.count + 1
        var name = Release.name(application: snapshot.application.name, revision: plan.revision, attempt: attempt)
        while names.contains(name) {
            attempt += 1
            name = Release.name(application: snapshot.application.name, revision: plan.revision, attempt: attempt)
        }
        let operation = state.operation
        return Release(
            key: ObjectKey(namespace: snapshot.application.namespace, name: name), ownerUID: snapshot.applicationUID,
            spec: Release.Spec(
                application: snapshot.application.name, revision: plan.revision, digest: plan.digest,
                source: plan.source, onRejection: snapshot.onRejection, prune: operation.prune,
                initiatedBy: operation.isAutomated ? "automated" : operation.username, rollouts: plan.rollouts,
                sequence: (current?.spec.sequence ?? 0) &+ 1),
            status: Release.Status(phase: .syncing, changed: plan.changed, startedAt: now))
    }
}

/// Whether a commit may be applied.
package enum LedgerVerdict: Hashable, Sendable {
    package enum Consequence: Hashable, Sendable {
        /// Nothing is applied; `why` says what kept a restore from happening.
        case hold(why: String)
        /// The manifests of this Release take the commit's place.
        case restore(Release)
    }

    case free
    case rejected(Release, Consequence)

    /// The condition that people see.
    package var condition: ApplicationCondition? {
        guard case .rejected(let release, let consequence) = self else { return nil }
        let commit = release.spec.revision.prefix(12)
        let after =
            switch consequence {
            case .hold(let why) where why.isEmpty: "its other changes stay"
            case .hold(let why): "its other changes stay, for \(why)"
            case .restore(let released): "commit \(released.spec.revision.prefix(12)) takes its place"
            }
        return ApplicationCondition(
            .commitRejected,
            "commit \(commit) was rejected (\(release.status.reason)): \(release.status.message); \(after); push another "
                + "commit, or sync this one by hand to try it again")
    }
}
