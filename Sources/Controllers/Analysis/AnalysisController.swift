package import AnalysisEngine
package import Kubernetes
package import Logging
package import Manifest

/// Wires AnalysisRuns to their queue, and measurements to theirs.
package struct AnalysisController: Sendable {
    /// Runs that are measured at the same time, whatever their providers do.
    package static let measuredRuns = 128

    package let queue: Workqueue<ObjectKey>
    package let caches: AnalysisCaches
    package let measuring: AnalysisMeasuring
    private let jobs: AnalysisJobs
    private let reconciler: AnalysisRunReconciler
    private let workers: Int
    private let metrics: MetricsRegistry
    private let logger: Logger

    /// - Parameter remote: The cluster of the Jobs that measure, where it is another.
    package init(
        _ api: any KubernetesAPI, remote: (any KubernetesAPI)? = nil, caches: AnalysisCaches,
        source: any MetricSource, recorder: EventRecorder,
        options: ControllerOptions, metrics: MetricsRegistry, clock: any WallClock = SystemClock(), logger: Logger
    ) {
        queue = Workqueue("AnalysisRuns", backoff: .reconcile)
        self.caches = caches
        jobs = AnalysisJobs(
            home: api, remote: remote, cache: caches.jobs, namespace: options.analysisJobNamespace, clock: clock)
        measuring = AnalysisMeasuring(api: api, source: source, jobs: jobs, clock: clock)
        reconciler = AnalysisRunReconciler(
            api: api, runs: caches.runs, measuring: measuring, jobs: jobs, recorder: recorder, clock: clock,
            logger: logger)
        workers = options.analysisWorkers
        self.metrics = metrics
        self.logger = logger
        watch()
    }

    private func watch() {
        let (queue, measuring, jobs, runs, metrics) = (queue, measuring, jobs, caches.runs, metrics)
        runs.onChange { key, old, new in
            // Ends requests on behalf of a run that is gone or was replaced.
            if new == nil {
                measuring.forget(key)
                metrics.forget(key, after: .seconds(65))
            } else if old == nil {
                metrics.remember(key)
            }
            if new == nil, let old { jobs.noteGone(old) }
            queue.add(key, isPatient: old == nil && new != nil && !runs.hasSynced)
        }
        caches.jobs.onChange { _, old, new in
            guard let job = new ?? old, !job.run.name.isEmpty else { return }
            // Steps on the way are looked at by the clock; the end at once.
            if new == nil || new?.isOver == true || old == nil { queue.add(job.run) }
        }
        runs.onQuarantine { key, _ in queue.add(key) }
    }

    /// For the manager.
    /// - Parameter runsCaches: Whether the caches are run here; `false` where another controller runs them.
    package func managed(runsCaches: Bool) -> ManagedController {
        let (queue, caches, measuring, reconciler) = (queue, caches, measuring, reconciler)
        let reconciling = ManagedController.over(
            queue, workers: workers,
            // Nobody waits for the Jobs: without their cache they are looked at by the clock.
            caches: [ManagedCache(run: { await caches.jobs.run() })]
                + (runsCaches
                    ? caches.managed
                    : [ManagedCache(run: {}, synced: { await caches.runs.waitUntilSynced() })]),
            resync: .seconds(900),
            everything: { caches.runs.store.all.map(\.key) }, metrics: metrics, logger: logger,
            reconcile: { try await reconciler.reconcile($0) })
        let measure = ControllerLoop(measuring.queue, workers: Self.measuredRuns, logger: logger) { key in
            if await measuring.measure(key) { queue.add(key) }
            return nil
        }
        var managed = reconciling
        managed.work = {
            await withTaskGroup { group in
                group.addTask { await reconciling.work() }
                group.addTask { await measure.run() }
                await group.waitForAll()
            }
        }
        managed.shutDown = {
            reconciling.shutDown()
            measuring.queue.shutDown()
        }
        return managed
    }
}
