package import AnalysisEngine
package import Kubernetes
import Logging
package import Manifest

/// Measures by Jobs: makes them, looks at them, ends them, and removes what nobody else does.
package struct AnalysisJobs: Sendable {
    private let api: any KubernetesAPI
    private let home: any KubernetesAPI
    private let cache: Informer<AnalysisJob>
    private let namespace: String?
    private let isRemote: Bool
    private let clock: any WallClock
    /// Runs that went away while we looked on, and may have left Jobs in another cluster.
    private let gone = Lock<[ObjectKey: Set<String>]>([:])

    /// - Parameters:
    ///   - home: The cluster of the AnalysisRuns.
    ///   - remote: The cluster of the Jobs, where it is another.
    ///   - namespace: The namespace of all Jobs; `nil` for that of the run.
    package init(
        home: any KubernetesAPI, remote: (any KubernetesAPI)?, cache: Informer<AnalysisJob>, namespace: String?,
        clock: any WallClock = SystemClock()
    ) {
        api = remote ?? home
        self.home = home
        self.cache = cache
        self.namespace = namespace
        isRemote = remote != nil
        self.clock = clock
    }

    // MARK: Measuring

    /// Takes one step of a measurement; repeating it makes no second Job.
    package func take(_ task: MeasurementTask) async -> MeasurementResult {
        let now = clock.now()
        do throws(MetricFailure) {
            switch task.kind {
            case .run: return task.begun(try await start(task), now: now)
            case .resume: return try await resume(task, now)
            case .terminate: return try await terminate(task, now)
            }
        } catch {
            guard task.previous != nil else { return task.failed(error, startedAt: now, finishedAt: clock.now()) }
            let outcome: MeasurementOutcome = error.kind == .unavailable ? .unavailable : .invalid
            return task.ended(.error, error.message, outcome: outcome, now: clock.now())
        }
    }

    private func start(_ task: MeasurementTask) async throws(MetricFailure) -> ObjectKey {
        let namespace = namespace ?? task.run.namespace
        let tie: JobManifest.Tie = isRemote ? .none : namespace == task.run.namespace ? .owner : .sweep
        let manifest = try JobManifest.build(task, namespace: namespace, tie: tie)
        let key = ObjectKey(namespace: namespace, name: task.jobName)
        let refusal: KubernetesError
        do throws(KubernetesError) {
            _ = try await api.create(
                .jobs, namespace: namespace, manifest, subresource: nil,
                WriteOptions(fieldManager: FieldManagers.analysis))
            return key
        } catch { refusal = error }
        let failure = MetricFailure(
            refusal.isRetriable || refusal.isForbidden ? .unavailable : .misconfigured,
            "cannot create Job \(key): \(refusal)")
        // No answer may have been a success, and a process before us may have made the Job.
        guard refusal.isRetriable else { throw failure }
        let existing: JSON?
        do throws(KubernetesError) { existing = try await api.get(.jobs, key, subresource: nil) } catch {
            throw failure
        }
        guard let existing else { throw failure }
        guard JobManifest.isJob(existing, ofRun: task.runUID) else {
            throw MetricFailure(
                .unavailable,
                "Job \(key) exists already and is not of this AnalysisRun; delete it, or rename the metric")
        }
        return key
    }

    private func resume(_ task: MeasurementTask, _ now: Timestamp) async throws(MetricFailure) -> MeasurementResult {
        let key = try key(of: task)
        let again = JobVerdict.resumeAt(startedAt: task.previous?.startedAt, now: now)
        let job: JSON?
        do throws(KubernetesError) { job = try await api.get(.jobs, key, subresource: nil) } catch {
            // The Job runs on while nobody can look at it.
            if error.isRetriable { return task.goesOn(until: again, now: now) }
            throw MetricFailure(.unavailable, "cannot read Job \(key): \(error)")
        }
        guard let job, JobManifest.isJob(job, ofRun: task.runUID) else {
            throw MetricFailure(.unavailable, "Job \(key) is gone: somebody deleted it before it was measured")
        }
        switch JobVerdict(job) {
        case .complete: return task.ended(.successful, now: now)
        case .failed(let reason):
            return task.ended(
                .failed, "Job \(key) failed" + (reason.isEmpty ? "" : ": \(reason)"), outcome: .bad, now: now)
        case .running:
            guard let obstacle = JobVerdict.obstacle(job, pods: await pods(of: task, key.namespace)) else {
                return task.goesOn(until: again, now: now)
            }
            return task.ended(
                .inconclusive, "Job \(key) cannot start: \(obstacle)", outcome: .unavailable, now: now)
        }
    }

    /// The pods of a run's Jobs; none where they cannot be read, for the Job's end will be seen all the same.
    private func pods(of task: MeasurementTask, _ namespace: String) async -> [JSON] {
        let pods = Lock<[JSON]>([])
        let options = ListOptions(
            namespace: namespace, labelSelector: "\(JobName.runUIDLabel)=\(task.runUID)", resourceVersion: "0")
        _ = try? await api.list(.pods, options) { bytes in
            let pod = try JSON(parsing: bytes)
            pods.withLock { $0.append(pod) }
        }
        return pods.withLock { $0 }
    }

    private func terminate(_ task: MeasurementTask, _ now: Timestamp) async throws(MetricFailure) -> MeasurementResult {
        let key = try key(of: task)
        do throws(KubernetesError) {
            try await api.delete(.jobs, key, DeleteOptions(propagation: .foreground))
        } catch {
            throw MetricFailure(.unavailable, "cannot delete Job \(key): \(error)")
        }
        return task.ended(.inconclusive, now: now)
    }

    private func key(of task: MeasurementTask) throws(MetricFailure) -> ObjectKey {
        guard let key = task.job else {
            throw MetricFailure(.misconfigured, "the measurement does not say which Job takes it")
        }
        return key
    }

    // MARK: Jobs that are there

    /// The Jobs of a run that the cache shows.
    func known(_ run: AnalysisRun) -> [AnalysisJob] { cache.store.indexed(Self.runUIDIndex, run.uid) }

    /// Deletes Jobs with their pods.
    func delete(_ jobs: [AnalysisJob]) async throws(KubernetesError) {
        for job in jobs { try await delete(job.key, uid: job.uid) }
    }

    private func delete(_ key: ObjectKey, uid: String) async throws(KubernetesError) {
        do throws(KubernetesError) {
            try await api.delete(.jobs, key, DeleteOptions(propagation: .background, uid: uid))
        } catch {
            // Another Job has the name now.
            guard error.isConflict else { throw error }
        }
    }

    /// Remembers that a run is gone, so that ``sweep(_:)`` finds what it left in another cluster.
    func noteGone(_ run: AnalysisRun) {
        guard isRemote else { return }
        gone.withLock { _ = $0[run.key, default: []].insert(run.uid) }
    }

    /// Deletes the Jobs of runs of this name that are gone, where no owner reference does.
    ///
    /// A Job in this cluster is deleted only after the API server itself says that its run does not exist. In another
    /// cluster Jobs may be those of somebody else's runs: only those are deleted whose run we saw go.
    /// - Parameter current: The uid of the run that has the name now.
    func sweep(_ run: ObjectKey, current: String? = nil) async throws(KubernetesError) {
        let uids = gone.withLock { $0.removeValue(forKey: run) } ?? []
        for uid in uids.sorted() {
            do throws(KubernetesError) { try await deleteAll(ofRun: uid) } catch {
                gone.withLock { _ = $0[run, default: []].insert(uid) }
                throw error
            }
        }
        let left = cache.store.indexed(Self.runIndex, run.description).filter {
            $0.isSwept && !$0.isDeleting && $0.runUID != current
        }
        guard !isRemote, !left.isEmpty else { return }
        let live = try await home.get(.analysisRuns, run, subresource: nil)
        try await delete(left.filter { $0.runUID != live?.uid })
    }

    private func deleteAll(ofRun uid: String) async throws(KubernetesError) {
        let jobs = Lock<[JSON]>([])
        let options = ListOptions(namespace: namespace, labelSelector: "\(JobName.runUIDLabel)=\(uid)")
        _ = try await api.list(.jobs, options) { bytes in
            let job = try JSON(parsing: bytes)
            jobs.withLock { $0.append(job) }
        }
        for job in jobs.withLock({ $0 }) { try await delete(job.objectKey, uid: job.uid) }
    }

    // MARK: Cache

    private static let runUIDIndex = "runUID"
    private static let runIndex = "run"

    static func cache(_ api: any KubernetesAPI, namespace: String?, logger: Logger) -> Informer<AnalysisJob> {
        Informer(
            api, .jobs, ListOptions(namespace: namespace, labelSelector: JobName.runUIDLabel),
            indexes: [runUIDIndex: { [$0.runUID] }, runIndex: { [$0.run.description] }], logger: logger)
    }
}

extension AnalysisJob: CachedObject {}

extension Resource {
    package static let jobs = Resource(group: "batch", version: "v1", plural: "jobs", kind: "Job")
}
