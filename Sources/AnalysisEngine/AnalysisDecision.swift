package import Manifest

/// Something to tell about a run.
package struct AnalysisEvent: Hashable, Sendable {
    package var reason: String
    package var message: String
    package var isWarning: Bool

    package init(_ reason: String, _ message: String, isWarning: Bool) {
        self.reason = reason
        self.message = message
        self.isWarning = isWarning
    }
}

/// What to do for an AnalysisRun now.
package struct AnalysisDecision: Sendable {
    /// Take these first, all at once, then call `AnalysisEngine.account`; everything else is empty then.
    package var tasks: [MeasurementTask] = []
    /// The status as it should be.
    package var status = AnalysisRunStatus()
    /// A merge patch that makes it so; `nil` where it is so.
    package var statusPatch: JSON?
    /// To be sent once the patch is stored.
    package var events: [AnalysisEvent] = []
    /// When to look again; `nil` where only a change can matter.
    package var requeueAfter: Duration?
    /// The run has outlived its time: delete it in the background.
    package var deletes = false
    /// Jobs beyond what is kept, to be deleted in the background.
    package var garbage: [AnalysisJob] = []
}

/// Decides what happens to AnalysisRuns.
package enum AnalysisEngine {
    /// What is due: measurements, or without any the status alone.
    /// - Parameter jobs: The Jobs that the run has, as far as is known; one that is over is looked at at once.
    package static func decide(_ run: AnalysisRun, jobs: [AnalysisJob] = [], now: Timestamp) -> AnalysisDecision {
        guard !run.isDeleting else { return AnalysisDecision() }
        if run.phase.isFinal {
            var decision = timeToLive(run, run.status, now: now)
            // The caches may have been behind when the run ended.
            if !jobs.isEmpty { decision.garbage = (try? AnalysisRunPlan(run, jobs: jobs))?.garbage(run.status) ?? [] }
            return decision
        }
        do throws(AnalysisError) {
            let plan = try AnalysisRunPlan(run, jobs: jobs)
            let tasks = plan.tasks(now: now)
            guard tasks.isEmpty else { return AnalysisDecision(tasks: tasks) }
            return plan.assessed(plan.accounted([], now: now), now: now)
        } catch {
            return ended(run, by: error, now: now)
        }
    }

    /// The status that follows from measurements which were just taken.
    package static func account(
        _ run: AnalysisRun, _ results: [MeasurementResult], jobs: [AnalysisJob] = [], now: Timestamp
    ) -> AnalysisDecision {
        guard !run.isDeleting, !run.phase.isFinal else { return decide(run, jobs: jobs, now: now) }
        do throws(AnalysisError) {
            let plan = try AnalysisRunPlan(run, jobs: jobs)
            return plan.assessed(plan.accounted(results, now: now), now: now)
        } catch {
            return ended(run, by: error, now: now)
        }
    }

    private static func ended(_ run: AnalysisRun, by error: AnalysisError, now: Timestamp) -> AnalysisDecision {
        var status = run.status
        status.phase = .error
        status.message = error.description.bounded(MeasurementTask.maximalMessage)
        status.startedAt = status.startedAt ?? now.wholeSeconds
        status.completedAt = now.wholeSeconds
        var decision = decision(run, status, now: now)
        decision.events = [AnalysisEvent("AnalysisRunError", status.message, isWarning: true)]
        return decision
    }

    /// A decision that stores `status`.
    static func decision(_ run: AnalysisRun, _ status: AnalysisRunStatus, now: Timestamp) -> AnalysisDecision {
        var decision = AnalysisDecision()
        decision.status = status
        decision.statusPatch = MergePatch.diff(from: run.statusJSON, to: status.json).map { ["status": $0] }
        if status.phase.isFinal {
            let rest = timeToLive(run, status, now: now)
            // The end is stored before the run may go.
            decision.requeueAfter = rest.deletes ? .zero : rest.requeueAfter
        }
        return decision
    }

    /// Deletes a completed run when its time is over, and otherwise waits for that moment.
    private static func timeToLive(
        _ run: AnalysisRun, _ status: AnalysisRunStatus, now: Timestamp
    ) -> AnalysisDecision {
        var decision = AnalysisDecision()
        decision.status = status
        guard let strategy = run.spec["ttlStrategy"], let completedAt = status.completedAt else { return decision }
        let fallback = strategy["secondsAfterCompletion"]?.intValue
        let seconds: Int64?
        switch status.phase {
        case .successful: seconds = strategy["secondsAfterSuccess"]?.intValue ?? fallback
        case .failed: seconds = strategy["secondsAfterFailure"]?.intValue ?? fallback
        default: seconds = fallback
        }
        guard let seconds else { return decision }
        // Whole seconds since completion must exceed the value.
        let end = completedAt + .seconds(min(max(0, seconds), 1 << 32) + 1)
        if end <= now { decision.deletes = true } else { decision.requeueAfter = end - now }
        return decision
    }
}
