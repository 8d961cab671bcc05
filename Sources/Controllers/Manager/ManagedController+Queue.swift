package import Kubernetes
package import Logging
package import Manifest

extension ManagedController {
    /// A controller over one work queue of object keys.
    /// - Parameters:
    ///   - isKnown: Whether the cache holds a key's object; while it does, "not found" means something that the object
    ///     needs, such as a kind that is not installed, and is tried again.
    ///   - everything: Keys to look at again every `resync`, spread over that time.
    package static func over(
        _ queue: Workqueue<ObjectKey>, workers: Int, caches: [ManagedCache], resync: Duration?,
        isKnown: @escaping @Sendable (ObjectKey) -> Bool = { _ in false },
        everything: @escaping @Sendable () -> [ObjectKey],
        metrics: MetricsRegistry, logger: Logger, reconcile: @escaping @Sendable (ObjectKey) async throws -> Duration?
    ) -> ManagedController {
        let loop = ControllerLoop(
            queue, workers: workers, logger: logger, report: { metrics.report($0) },
            reconcile: { key in
                do {
                    return try await reconcile(key)
                } catch let error as KubernetesError where error.isNotFound && isKnown(key) {
                    throw SomethingMissing(error: error)
                }
            })
        return ManagedController(
            name: queue.name, caches: caches,
            work: {
                await withTaskGroup { group in
                    group.addTask { await loop.run() }
                    if let resync {
                        group.addTask {
                            while !Task.isCancelled, !queue.isShutDown {
                                try? await Task.sleep(for: resync)
                                for key in everything() { queue.add(key, isPatient: true) }
                            }
                        }
                    }
                    // The workers end by themselves; the resync ends with them.
                    await group.next()
                    group.cancelAll()
                }
            }, shutDown: { queue.shutDown() })
    }
}

/// The object is there, and something that it needs is not.
private struct SomethingMissing: Error, CustomStringConvertible {
    var error: KubernetesError
    var description: String { "something that it needs is missing: \(error)" }
}

extension MetricsRegistry {
    /// Counts one reconcile.
    package func report(_ report: ReconcileReport) {
        let controller = ("controller", report.controller)
        increment("controller_runtime_reconcile_total", [controller, ("result", report.result.rawValue)])
        if report.result == .error { increment("controller_runtime_reconcile_errors_total", [controller]) }
        observe("controller_runtime_reconcile_time_seconds", [controller], report.took.inSeconds)
        observe("workqueue_queue_duration_seconds", [("name", report.controller)], report.waited.inSeconds)
    }
}
