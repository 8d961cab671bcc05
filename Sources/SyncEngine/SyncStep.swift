package import Manifest

/// Whether an operation may delete what Git no longer has.
package enum PrunePermission: Hashable, Sendable {
    case allowed
    /// The operation does not ask for it.
    case notRequested
    /// Stable pods may still use it: the named Release decides.
    case deferred(release: String)
}

/// What an operation does next.
package struct SyncStep: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        /// Ask the server whether all of these would be accepted; nothing is changed before.
        case dryRun([SyncTask])
        /// Carry out one wave: prunes first, then the groups, each in parallel, one after the other.
        case wave(prunes: [SyncTask], groups: [[SyncTask]])
        /// Make sure that an object which is missing from the cache is really gone.
        case confirmGone([ObjectReference])
        /// Look again when one of these objects changes.
        case wait(for: [ObjectReference], message: String)
        case finish(OperationPhase, message: String)
    }

    /// The results so far, brought up to date.
    package var results: [ResourceResult]
    package var action: Action

    /// Decides the next step from what is recorded and what is live.
    ///
    /// Pure, and safe to repeat after a crash anywhere: an object without a recorded result is applied again.
    /// - Parameters:
    ///   - tasks: All tasks of the operation, in order; live objects as of now.
    ///   - approvedAt: When a person confirmed deletions, for `Prune=confirm`.
    package static func decide(
        _ state: OperationState, tasks: [SyncTask], prune: PrunePermission, approvedAt: Timestamp? = nil
    ) -> SyncStep {
        if state.phase == .terminating {
            return SyncStep(results: state.results, action: .finish(.failed, message: "the operation was terminated"))
        }
        let applies = tasks.filter { $0.action == .apply && $0.isModified }
        if !state.hasResult {
            return SyncStep(results: [], action: .dryRun(applies))
        }
        var results = state.results
        let spansWaves = Set(tasks.map(\.wave)).count > 1
        // After the last wave nothing is gated any more, and the operation ends without waiting for health.
        let gates = !pendingTasks(tasks, results).isEmpty
        let live = Dictionary(tasks.map { ($0.reference, $0) }, uniquingKeysWith: { $1 })
        var gone: [ObjectReference] = []
        var waiting: [(ObjectReference, String)] = []
        for (index, result) in results.enumerated() where result.phase == .running {
            // An object that left the selection or the commit is nobody's to wait for.
            guard let task = live[result.reference] else {
                results[index].phase = .succeeded
                continue
            }
            if result.status == .pruned {
                if task.live == nil {
                    results[index].phase = .succeeded
                } else {
                    waiting.append((result.reference, "waits until it is deleted"))
                }
                continue
            }
            guard let object = task.live else {
                gone.append(result.reference)
                continue
            }
            let health = Health.of(object.json) ?? .healthy
            switch health.status {
            case .healthy: results[index].phase = .succeeded
            case .degraded where gates:
                results[index].phase = .failed
                results[index].message = health.message.isEmpty ? "degraded" : health.message
            case .degraded, .suspended, .progressing, .missing, .unknown:
                waiting.append((result.reference, health.message))
            }
        }
        if gates, !gone.isEmpty { return SyncStep(results: results, action: .confirmGone(gone)) }
        let failed = results.filter { $0.phase == .failed || $0.phase == .error }
        let pending = pendingTasks(tasks, results)
        if !failed.isEmpty {
            return SyncStep(results: results, action: .finish(.failed, message: summary(of: failed)))
        }
        if spansWaves, !pending.isEmpty, let first = waiting.first {
            let why = first.1.isEmpty ? "to become healthy" : first.1
            let more = waiting.count > 1 ? " and \(waiting.count - 1) more" : ""
            return SyncStep(
                results: results,
                action: .wait(for: waiting.map(\.0), message: "waits for \(first.0)\(more): \(why)"))
        }
        guard let wave = pending.map(\.wave).min() else {
            return SyncStep(results: results, action: .finish(.succeeded, message: "successfully synced"))
        }
        return runWave(pending.filter { $0.wave == wave }, results, prune, approvedAt, startedAt: state.startedAt)
    }

    private static func pendingTasks(_ tasks: [SyncTask], _ results: [ResourceResult]) -> [SyncTask] {
        let done = Set(results.map(\.reference))
        return tasks.filter { !done.contains($0.reference) }
    }

    private static func runWave(
        _ tasks: [SyncTask], _ results: [ResourceResult], _ permission: PrunePermission, _ approvedAt: Timestamp?,
        startedAt: Timestamp
    ) -> SyncStep {
        var results = results
        var prunes: [SyncTask] = []
        var groups: [[SyncTask]] = []
        var unconfirmed: [ObjectReference] = []
        func record(_ task: SyncTask, _ status: ResourceResult.Status, _ message: String) {
            results.append(
                ResourceResult(
                    reference: task.reference, version: task.version, status: status, message: message,
                    phase: .succeeded))
        }
        for task in tasks where task.action == .prune {
            if task.options.forbidsPrune {
                record(task, .pruneSkipped, "not pruned: the object has the sync option Prune=false")
                continue
            }
            switch permission {
            case .notRequested: record(task, .pruneSkipped, "requires pruning, which this operation does not ask for")
            case .deferred(let release):
                record(task, .pruneSkipped, "pruned when Release \(release) is decided: stable pods may still use it")
            case .allowed:
                if task.options.confirmsPrune, approvedAt.map({ $0 < startedAt }) ?? true {
                    unconfirmed.append(task.reference)
                } else if task.live?.json.at("metadata", "deletionTimestamp") != nil {
                    record(task, .pruned, "is being deleted already")
                } else {
                    prunes.append(task)
                }
            }
        }
        if !unconfirmed.isEmpty {
            let names = unconfirmed.prefix(3).map(\.description).joined(separator: ", ")
            return SyncStep(
                results: results,
                action: .wait(
                    for: unconfirmed,
                    message: "waits for a person to confirm the deletion of \(names); set the annotation "
                        + "\(Names.deletionApproved) on the Application to the current time"))
        }
        for task in tasks where task.action == .apply {
            guard task.isModified else {
                record(task, .synced, "unchanged")
                continue
            }
            if let last = groups.last?.first, last.reference.groupKind == task.reference.groupKind {
                groups[groups.count - 1].append(task)
            } else {
                groups.append([task])
            }
        }
        return SyncStep(results: results, action: .wave(prunes: prunes, groups: groups))
    }

    private static func summary(of failed: [ResourceResult]) -> String {
        let first = failed.prefix(3).map { "\($0.reference): \($0.message)" }.joined(separator: "; ")
        return failed.count > 3 ? "\(first); and \(failed.count - 3) more" : first
    }
}
