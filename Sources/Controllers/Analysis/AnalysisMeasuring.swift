package import AnalysisEngine
package import Kubernetes
import Logging
package import Manifest

/// Takes the measurements of AnalysisRuns beside the reconcile workers, so that a slow provider holds up nobody else.
///
/// A run has at most one batch at a time. What a batch found is kept until its status is stored; when the process dies
/// before, the measurements are taken again.
package final class AnalysisMeasuring: Sendable {
    private enum State {
        case measuring
        case done([MeasurementResult])
    }

    private struct Batch {
        var uid: String
        var tasks: [MeasurementTask]
        var state: State
        /// Opened when the run is gone, which ends its requests.
        var gone: Latch
    }

    /// Runs whose measurements wait or are taken.
    package let queue = Workqueue<ObjectKey>("Measurements")
    private let api: any KubernetesAPI
    private let source: any MetricSource
    private let jobs: AnalysisJobs
    private let clock: any WallClock
    private let tasksPerRun: Int
    private let batches = Lock<[ObjectKey: Batch]>([:])

    /// - Parameter tasksPerRun: Requests of one run at the same time.
    package init(
        api: any KubernetesAPI, source: any MetricSource, jobs: AnalysisJobs, clock: any WallClock = SystemClock(),
        tasksPerRun: Int = 16
    ) {
        self.api = api
        self.source = source
        self.jobs = jobs
        self.clock = clock
        self.tasksPerRun = max(1, tasksPerRun)
    }

    /// Starts a batch; nothing happens where the run has one already.
    func start(_ run: AnalysisRun, _ tasks: [MeasurementTask]) {
        let isNew = batches.withLock { batches in
            if let present = batches[run.key], present.uid == run.uid { return false }
            batches[run.key]?.gone.open()
            batches[run.key] = Batch(uid: run.uid, tasks: tasks, state: .measuring, gone: Latch())
            return true
        }
        if isNew { queue.add(run.key) }
    }

    /// Whether a batch of this run is under way.
    func isMeasuring(_ run: AnalysisRun) -> Bool {
        batches.withLock { batches in
            guard let batch = batches[run.key], batch.uid == run.uid, case .measuring = batch.state else {
                return false
            }
            return true
        }
    }

    /// What the last batch of this run found, until ``forget(_:)``.
    func results(_ run: AnalysisRun) -> [MeasurementResult]? {
        batches.withLock { batches in
            guard let batch = batches[run.key], batch.uid == run.uid, case .done(let results) = batch.state else {
                return nil
            }
            return results
        }
    }

    /// Drops the batch of a run: it is stored, or the run is gone.
    func forget(_ key: ObjectKey) {
        let batch = batches.withLock { $0.removeValue(forKey: key) }
        batch?.gone.open()
    }

    /// Takes the measurements of one run's batch.
    /// - Returns: Whether there is something to account for.
    func measure(_ key: ObjectKey) async -> Bool {
        let batch = batches.withLock { batches -> Batch? in
            guard let batch = batches[key], case .measuring = batch.state else { return nil }
            return batch
        }
        guard let batch else { return false }
        let results = await untilGone(batch)
        return batches.withLock { batches in
            guard batches[key]?.uid == batch.uid, batches[key]?.gone === batch.gone else { return false }
            guard let results else {
                // Cut short by the end of the process: the next one measures again.
                batches[key] = nil
                return false
            }
            batches[key]?.state = .done(results)
            return true
        }
    }

    /// The results, or `nil` where the run went away first.
    private func untilGone(_ batch: Batch) async -> [MeasurementResult]? {
        await withTaskGroup(of: [MeasurementResult]?.self) { group in
            group.addTask { await self.take(batch.tasks) }
            group.addTask {
                _ = await batch.gone.wait()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return Task.isCancelled ? nil : first
        }
    }

    private func take(_ tasks: [MeasurementTask]) async -> [MeasurementResult] {
        let secrets = await AnalysisSecrets.read(tasks, api: api)
        return await withTaskGroup(of: MeasurementResult.self) { group in
            var waiting = tasks.makeIterator()
            for _ in 0..<tasksPerRun {
                guard let task = waiting.next() else { break }
                group.addTask { await self.take(task, secrets) }
            }
            var results: [MeasurementResult] = []
            while let result = await group.next() {
                results.append(result)
                if let task = waiting.next() { group.addTask { await self.take(task, secrets) } }
            }
            return results
        }
    }

    private func take(_ task: MeasurementTask, _ secrets: AnalysisSecrets) async -> MeasurementResult {
        let startedAt = clock.now()
        let isJob = task.metric.provider == "job"
        // A Job that runs has its secrets already; that they are gone now is no reason not to look at it.
        if isJob, task.kind != .run { return await jobs.take((try? secrets.resolve(task)) ?? task) }
        do throws(MetricFailure) {
            let resolved = try secrets.resolve(task)
            if isJob { return await jobs.take(resolved) }
            do throws(MetricFailure) {
                let reading = try await source.measure(resolved, now: startedAt)
                return resolved.judge(reading, startedAt: startedAt, finishedAt: clock.now())
            } catch {
                // By the task that knows what to hide.
                return resolved.failed(error, startedAt: startedAt, finishedAt: clock.now())
            }
        } catch {
            return task.failed(error, startedAt: startedAt, finishedAt: clock.now())
        }
    }
}
