import Controllers
import Kubernetes
import Logging
import Manifest

/// Follows the objects that a view of Rollouts is made of.
struct RolloutWatch {
    private let rollouts: Informer<UntypedObject>
    private let others: [Informer<UntypedObject>]
    private let changed = Lock(true)

    /// - Parameters:
    ///   - name: The only Rollout to follow; `nil` follows all.
    ///   - isDetailed: Follows ReplicaSets, pods and analysis too.
    init(_ session: ClusterSession, namespace: String?, name: String?, isDetailed: Bool) {
        let selector = name.map { "metadata.name=\($0)" }
        rollouts = Informer(
            session.client, .rollouts, ListOptions(namespace: namespace, fieldSelector: selector), logger: .silent)
        let kinds: [Resource] = isDetailed ? [.replicaSets, .pods, .analysisRuns, Kinds.experiments] : []
        others = kinds.map { Informer(session.client, $0, ListOptions(namespace: namespace), logger: .silent) }
    }

    /// Everything that was seen, in a moment of it.
    struct Snapshot {
        var rollouts: [JSON]
        /// ReplicaSets, pods, AnalysisRuns and Experiments.
        var others: [[JSON]]
        /// Why the cluster is not heard at present.
        var problem: String?
    }

    /// Calls `show` with each new state until it returns `false`, the time is over, or the caller is cancelled.
    /// - Parameters:
    ///   - repeats: Shows an unchanged state again each second, because ages move on.
    ///   - limit: `nil` goes on for ever.
    /// - Returns: Whether `show` ended it.
    func run(repeats: Bool, limit: Duration?, show: (Snapshot) throws -> Bool) async throws -> Bool {
        let changed = changed
        for informer in [rollouts] + others {
            informer.onChange { _, _, _ in changed.withLock { $0 = true } }
        }
        let clock = ContinuousClock()
        let end = limit.map { clock.now.advanced(by: $0) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for informer in [rollouts] + others { group.addTask { await informer.run() } }
            defer { group.cancelAll() }
            // A server that is away when the command begins is most often a wrong address; silence would hide it.
            let patience = clock.now.advanced(by: .seconds(5))
            for informer in [rollouts] + others {
                while !informer.hasSynced {
                    if let end, clock.now >= end { return false }
                    if let error = informer.health.lastError, !error.isRetriable || clock.now >= patience {
                        throw error
                    }
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            var shown = clock.now - .seconds(10)
            while true {
                let isDue = repeats && clock.now - shown >= .seconds(1)
                if changed.withLock({ flag in
                    defer { flag = false }; return flag
                }) || isDue {
                    shown = clock.now
                    guard try show(snapshot()) else { return true }
                }
                if let end, clock.now >= end { return false }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private func snapshot() -> Snapshot {
        Snapshot(
            rollouts: rollouts.store.all.map(\.json), others: others.map { $0.store.all.map(\.json) },
            problem: rollouts.health.lastError.map { "\($0)" })
    }
}
