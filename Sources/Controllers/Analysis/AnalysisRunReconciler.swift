package import AnalysisEngine
package import Kubernetes
package import Logging
package import Manifest

/// Observes an AnalysisRun, asks the engine, and carries out what it says; holds no rules of its own.
package final class AnalysisRunReconciler: Sendable {
    private let api: any KubernetesAPI
    private let runs: Informer<AnalysisRun>
    private let measuring: AnalysisMeasuring
    private let jobs: AnalysisJobs
    private let recorder: EventRecorder
    private let clock: any WallClock
    private let logger: Logger
    /// Whether the installed kind has a status subresource; found out by the first write that an ordinary patch loses.
    private let hasStatusSubresource = Lock(false)

    package init(
        api: any KubernetesAPI, runs: Informer<AnalysisRun>, measuring: AnalysisMeasuring, jobs: AnalysisJobs,
        recorder: EventRecorder, clock: any WallClock = SystemClock(), logger: Logger
    ) {
        self.api = api
        self.runs = runs
        self.measuring = measuring
        self.jobs = jobs
        self.recorder = recorder
        self.clock = clock
        var logger = logger
        logger[metadataKey: "controller"] = "AnalysisRuns"
        self.logger = logger
    }

    /// Reconciles one run.
    ///
    /// Never waits for a provider: what is due is measured beside, and the key comes back after.
    /// - Returns: When to look again without an event.
    package func reconcile(_ key: ObjectKey) async throws -> Duration? {
        if let problem = runs.problem(key) { return try await quarantine(key, problem) }
        guard let run = runs.store.get(key), !run.isDeleting else {
            measuring.forget(key)
            try await jobs.sweep(key)
            return nil
        }
        // A decision on a past that we changed ourselves would measure twice.
        if runs.store.isBehind(key) { return .milliseconds(100) }
        if measuring.isMeasuring(run) { return nil }
        let now = clock.now()
        let results = measuring.results(run)
        let known = jobs.known(run)
        let decision =
            results.map { AnalysisEngine.account(run, $0, jobs: known, now: now) }
            ?? AnalysisEngine.decide(run, jobs: known, now: now)
        if !decision.tasks.isEmpty {
            measuring.start(run, decision.tasks)
            return nil
        }
        if decision.deletes {
            try await api.delete(.analysisRuns, key, DeleteOptions(propagation: .background, uid: run.uid))
            logger.info("deleted after its time to live", metadata: ["analysisRun": "\(key)"])
            return nil
        }
        if let patch = decision.statusPatch { try await write(patch, decision.status, run) }
        if results != nil { measuring.forget(key) }
        for event in decision.events { record(event, run) }
        await clean(run, decision.garbage)
        return decision.requeueAfter
    }

    /// Removes Jobs that are not needed any more; the run goes on where that fails.
    private func clean(_ run: AnalysisRun, _ garbage: [AnalysisJob]) async {
        do {
            try await jobs.delete(garbage)
            try await jobs.sweep(run.key, current: run.uid)
        } catch {
            logger.warning(
                "cannot delete Jobs that are not needed any more",
                metadata: ["analysisRun": "\(run.key)", "error": "\(error)"])
        }
    }

    private func write(_ patch: JSON, _ status: AnalysisRunStatus, _ run: AnalysisRun) async throws {
        let phase = status.phase
        var patch = patch
        // Another run of the same name must not get this status.
        patch.set(.string(run.uid), at: "metadata", "uid")
        let usesSubresource = hasStatusSubresource.withLock { $0 }
        var written = try await patched(run.key, patch, subresource: usesSubresource ? "status" : nil)
        let stored = AnalysisRunStatus(written["status"] ?? .emptyObject)
        if !usesSubresource, stored.phase != phase || !stored.measured(asIn: status) {
            // A kind with a status subresource drops the status of an ordinary write without a word.
            do throws(KubernetesError) {
                written = try await patched(run.key, patch, subresource: "status")
                hasStatusSubresource.withLock { $0 = true }
            } catch {
                // No subresource: the kind's schema knows less than we wrote.
                guard error.isNotFound else { throw error }
            }
        }
        runs.store.noteWrite(run.key, written.resourceVersion)
        if phase != run.phase {
            logger.info("phase changed", metadata: ["analysisRun": "\(run.key)", "phase": "\(phase.rawValue)"])
        }
    }

    private func patched(_ key: ObjectKey, _ patch: JSON, subresource: String?) async throws(KubernetesError) -> JSON {
        try await api.patch(
            .analysisRuns, key, .merge, patch, subresource: subresource,
            WriteOptions(fieldManager: FieldManagers.analysis))
    }

    private func record(_ event: AnalysisEvent, _ run: AnalysisRun) {
        recorder.record(
            event.isWarning ? .warning : .normal, event.reason, event.message,
            regarding: ObjectEvent.Target(
                apiVersion: Resource.analysisRuns.apiVersion, kind: Resource.analysisRuns.kind, key: run.key,
                uid: run.uid, resourceVersion: run.resourceVersion))
    }

    /// A run that cannot even be decoded ends with phase `Error`, so that nobody waits for it.
    private func quarantine(_ key: ObjectKey, _ problem: JSONError) async throws -> Duration? {
        guard let live = try await api.get(.analysisRuns, key, subresource: nil) else { return nil }
        let phase = AnalysisPhase(rawValue: live.at("status", "phase")?.stringValue ?? "") ?? .none
        guard !phase.isFinal else { return nil }
        let message = "invalid spec: the AnalysisRun cannot be read: \(problem); correct or delete it"
        let status: JSON = [
            "phase": .string(AnalysisPhase.error.rawValue), "message": .string(message),
            "completedAt": .string(clock.now().rfc3339),
        ]
        let patch: JSON = ["status": status, "metadata": ["uid": .string(live.uid)]]
        let written = try await patched(key, patch, subresource: nil)
        if written.at("status", "phase")?.stringValue != AnalysisPhase.error.rawValue {
            _ = try await patched(key, patch, subresource: "status")
        }
        recorder.record(.warning, "AnalysisRunError", message, regarding: ObjectEvent.Target(live))
        logger.warning("analysis run cannot be read", metadata: ["analysisRun": "\(key)", "error": "\(problem)"])
        return nil
    }
}
