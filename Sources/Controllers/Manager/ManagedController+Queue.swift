package import Kubernetes
package import Logging
package import Manifest

extension ManagedController {
    /// A controller over one work queue of object keys.
    /// - Parameters:
    ///   - everything: Keys to look at again every `resync`, spread over that time.
    package static func over(
        _ queue: Workqueue<ObjectKey>, workers: Int, caches: [ManagedCache], resync: Duration?,
        everything: @escaping @Sendable () -> [ObjectKey],
        metrics: MetricsRegistry, logger: Logger, reconcile: @escaping @Sendable (ObjectKey) async throws -> Duration?
    ) -> ManagedController {
        let loop = ControllerLoop(
            queue, workers: workers, logger: logger, report: { metrics.report($0) }, reconcile: reconcile)
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
