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
        metrics.collect(queue)
        let names = ObjectMetrics.names[queue.name]
        let loop = ControllerLoop(
            queue, workers: workers, logger: logger, report: { metrics.report($0) },
            reconcile: { key in
                let start = ContinuousClock.now
                defer {
                    if let names { metrics.observe(names.time, of: key, (ContinuousClock.now - start).inSeconds) }
                }
                do {
                    return try await reconcile(key)
                } catch let error as KubernetesError where error.isNotFound && isKnown(key) {
                    if let names { metrics.increment(names.errors, of: key) }
                    throw SomethingMissing(error: error)
                } catch {
                    let isConflict = (error as? KubernetesError)?.isConflict ?? false
                    if let names, !isConflict { metrics.increment(names.errors, of: key) }
                    throw error
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

/// Metrics of reconciles by object, for the kinds whose controllers always had them.
private enum ObjectMetrics {
    static let names: [String: (time: String, errors: String)] = [
        "Rollouts": ("rollout_reconcile", "rollout_reconcile_error"),
        "AnalysisRuns": ("analysis_run_reconcile", "analysis_run_reconcile_error"),
    ]
}

extension MetricsRegistry {
    /// Reads a queue's numbers when somebody scrapes.
    func collect(_ queue: Workqueue<ObjectKey>) {
        collect { writer in
            let numbers = queue.statistics
            let name = [("name", queue.name)]
            writer.gauge("workqueue_depth", name, Double(numbers.depth))
            writer.counter("workqueue_adds_total", name, Double(numbers.adds))
            writer.counter("workqueue_retries_total", name, Double(numbers.retries))
            writer.gauge("workqueue_unfinished_work_seconds", name, numbers.unfinished.inSeconds)
            writer.gauge("workqueue_longest_running_processor_seconds", name, numbers.longestRunning.inSeconds)
        }
    }

    /// Counts one reconcile.
    package func report(_ report: ReconcileReport) {
        let controller = ("controller", report.controller)
        increment("controller_runtime_reconcile_total", [controller, ("result", report.result.rawValue)])
        if report.result == .error { increment("controller_runtime_reconcile_errors_total", [controller]) }
        observe("controller_runtime_reconcile_time_seconds", [controller], report.took.inSeconds)
        observe("workqueue_work_duration_seconds", [("name", report.controller)], report.took.inSeconds)
        observe("workqueue_queue_duration_seconds", [("name", report.controller)], report.waited.inSeconds)
    }
}
