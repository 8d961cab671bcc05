import ArgumentParser
import Controllers
import Kubernetes
import Logging
import Manifest

/// Follows the objects that a view of Rollouts or Experiments is made of.
struct ObjectWatch {
    private let objects: Informer<UntypedObject>
    private let others: [Informer<UntypedObject>]
    private let changed = Lock(true)

    /// - Parameters:
    ///   - name: The only object to follow; `nil` follows all.
    ///   - isDetailed: Follows ReplicaSets, pods and analysis too.
    init(_ session: ClusterSession, _ resource: Resource, namespace: String?, name: String?, isDetailed: Bool) {
        let selector = name.map { "metadata.name=\($0)" }
        objects = Informer(
            session.client, resource, ListOptions(namespace: namespace, fieldSelector: selector), logger: .silent)
        let kinds: [Resource] = isDetailed ? RelatedObjects.kinds : []
        others = kinds.map { Informer(session.client, $0, ListOptions(namespace: namespace), logger: .silent) }
    }

    /// Everything that was seen, in a moment of it.
    struct Snapshot {
        var objects: [JSON]
        var related: RelatedObjects
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
        for informer in [objects] + others {
            informer.onChange { _, _, _ in changed.withLock { $0 = true } }
        }
        let clock = ContinuousClock()
        let end = limit.map { clock.now.advanced(by: $0) }
        // However short the time, what there is at its beginning is shown once.
        let firstEnd = end.map { max($0, clock.now.advanced(by: .seconds(30))) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for informer in [objects] + others { group.addTask { await informer.run() } }
            defer { group.cancelAll() }
            // A server that is away when the command begins is most often a wrong address; silence would hide it.
            let patience = clock.now.advanced(by: .seconds(5))
            for informer in [objects] + others {
                while !informer.hasSynced {
                    if let firstEnd, clock.now >= firstEnd { return false }
                    if let error = informer.health.lastError {
                        // A kind that is not installed has no objects.
                        if error.isNotFound, informer !== objects { break }
                        if !error.isRetriable || clock.now >= patience { throw error }
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
            objects: objects.store.all.map(\.json),
            related: RelatedObjects(others.map { $0.store.all.map(\.json) }),
            problem: objects.health.lastError.map { "\($0)" })
    }
}

/// What stands below a Rollout or an Experiment, of a whole namespace.
struct RelatedObjects {
    static let kinds: [Resource] = [.replicaSets, .pods, .analysisRuns, .experiments]

    var replicaSets: [JSON] = []
    var pods: [JSON] = []
    var analysisRuns: [JSON] = []
    var experiments: [JSON] = []

    /// - Parameter lists: In the order of `kinds`; empty where nobody asked for them.
    init(_ lists: [[JSON]]) {
        guard lists.count == Self.kinds.count else { return }
        (replicaSets, pods, analysisRuns, experiments) = (lists[0], lists[1], lists[2], lists[3])
    }

    /// Reads them once.
    init(_ session: ClusterSession, namespace: String) async throws {
        var lists: [[JSON]] = []
        for kind in Self.kinds { lists.append(try await session.list(kind, namespace: namespace)) }
        self.init(lists)
    }
}

extension ClusterSession {
    func missing(_ resource: Resource, _ name: String) -> CommandError {
        CommandError("there is no \(resource.kind) \(name) in namespace \(namespace); choose another namespace with -n")
    }
}
