package import Manifest

/// When what Git no longer has may be deleted.
package enum PruneRule {
    /// What an operation may prune.
    ///
    /// A commit that moves Rollouts deletes nothing while they move: stable pods may still mount what it removed.
    package static func permission(for operation: SyncOperation, release: Release?, ledger: ReleaseLedger)
        -> PrunePermission
    {
        guard operation.prune else { return .notRequested }
        switch operation.purpose {
        case .prune: return .allowed
        case .restore(let release): return .deferred(release: release)
        case .sync: break
        }
        guard let release = release ?? ledger.current else { return .allowed }
        switch release.status.phase {
        case .released: return .allowed
        // Nothing rolls: as upstream, at the end of the sync.
        case .syncing, .progressing:
            return release.spec.rollouts.isEmpty ? .allowed : .deferred(release: release.key.name)
        case .rejected, .superseded: return .deferred(release: release.key.name)
        }
    }

    /// What the ledger gives free to delete outside a sync, and the Release that says so.
    /// - Parameters:
    ///   - comparison: Live objects beside what is in force: the released commit, or the one restored after a rejection.
    ///   - rejected: The rejected commit's objects; only what it brought is deleted without being asked for.
    package static func prunable(
        ledger: ReleaseLedger, revision: String, digest: String, comparison: LiveComparison,
        rejected: Set<ObjectReference>
    ) -> (release: String, objects: [ObjectReference])? {
        guard let current = ledger.current else { return nil }
        let extra = comparison.objects.filter { state in
            state.requiresPruning && !state.options.forbidsPrune
                && state.live?.json.at("metadata", "deletionTimestamp") == nil
        }.map(\.reference)
        switch current.status.phase {
        case .released:
            guard current.spec.prune, current.spec.revision == revision, current.spec.digest == digest else {
                return nil
            }
            return (current.key.name, extra)
        case .rejected:
            let isInForce = current.spec.revision == revision && current.spec.digest == digest
            guard current.status.settledAt != nil, isInForce || current.status.revertedBy == revision else {
                return nil
            }
            return (current.key.name, extra.filter { current.spec.prune || rejected.contains($0) })
        case .syncing, .progressing, .superseded: return nil
        }
    }
}

/// Whether a rejected commit is undone in the repository.
package enum RevertRule {
    /// - Parameters:
    ///   - head: The commit that the source names now: a newer one is its authors' answer already.
    ///   - isOwnRevert: The rejected commit is itself a revert by Sluice, which is never undone in turn.
    package static func shouldRevert(_ ledger: ReleaseLedger, head: String, isOwnRevert: Bool, branch: String)
        -> Release?
    {
        guard let current = ledger.current, current.status.phase == .rejected, current.spec.onRejection == .revert,
            current.status.revertedBy.isEmpty, ledger.lastReleased != nil, current.spec.revision == head,
            !isOwnRevert, !isCommit(branch)
        else { return nil }
        return current
    }

    private static func isCommit(_ revision: String) -> Bool {
        revision.utf8.count >= 7 && revision.utf8.count <= 40 && revision.allSatisfy(\.isHexDigit)
    }
}
