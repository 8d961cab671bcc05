import Manifest

extension AnalysisRunPlan {
    /// Judges all metrics and the run, and trims what is stored.
    func assessed(_ accounted: AnalysisRunStatus, now: Timestamp) -> AnalysisDecision {
        var status = accounted
        status.startedAt = status.startedAt ?? now.wholeSeconds
        var events: [AnalysisEvent] = []
        var assessments = metrics.map { assess($0, &status, isTerminating: isTerminating, &events) }
        if onlyEndlessDryRunsRemain(assessments.map(\.phase)) {
            // Their outcome counts for nothing, so a finite analysis does not wait for it.
            assessments = metrics.map { assess($0, &status, isTerminating: true, &events) }
        }
        let before = status.phase
        judge(&status, assessments, now)
        summarize(&status, assessments)
        if status.phase != before, status.phase.isFinal {
            status.completedAt = now.wholeSeconds
            let text = status.message.isEmpty ? "" : ": \(status.message)"
            events.append(
                AnalysisEvent(
                    "AnalysisRun\(status.phase.rawValue)", "Analysis \(status.phase.rawValue)\(text)",
                    isWarning: status.phase.isWarning))
        }
        for index in status.metricResults.indices {
            status.metricResults[index].trim(to: rules.retention(status.metricResults[index].name))
        }
        var decision = AnalysisEngine.decision(run, status, now: now)
        decision.events = events
        decision.garbage = garbage(status)
        if !status.phase.isFinal {
            // A metric that has just gone bad ends the others in the next reconcile: at once.
            let wentBad = zip(metrics, assessments).contains { !isDryRun($0) && $1.phase.isBad } && !isTerminating
            decision.requeueAfter = wentBad ? .zero : wakeUp(status, now: now)
        }
        return decision
    }

    private func assess(
        _ metric: Metric, _ status: inout AnalysisRunStatus, isTerminating: Bool, _ events: inout [AnalysisEvent]
    ) -> MetricAssessment {
        guard let place = status.metricResults.firstIndex(where: { $0.name == metric.name }) else {
            return MetricAssessment(metric, nil, isTerminating: isTerminating)
        }
        let result = status.metricResults[place]
        let assessment = MetricAssessment(metric, result, isTerminating: isTerminating)
        guard assessment.phase != result.phase else { return assessment }
        status.metricResults[place].phase = assessment.phase
        status.metricResults[place].message = result.measurements.last?.message ?? ""
        if isDryRun(metric), assessment.phase.isFinal {
            let reason = assessment.reason.isEmpty ? "" : ": \(assessment.reason)"
            status.metricResults[place].message = "dry run \(assessment.phase.rawValue)\(reason)"
        }
        if assessment.phase.isFinal {
            let reason = assessment.reason.isEmpty ? "" : ": \(assessment.reason)"
            events.append(
                AnalysisEvent(
                    "Metric\(assessment.phase.rawValue)",
                    "metric \"\(metric.name)\" \(assessment.phase.rawValue)\(reason)",
                    isWarning: assessment.phase.isWarning))
        }
        return assessment
    }

    /// Whether a step or a pre- or post-promotion analysis waits for nothing but dry runs without an end.
    private func onlyEndlessDryRunsRemain(_ phases: [AnalysisPhase]) -> Bool {
        guard ["Step", "PrePromotion", "PostPromotion"].contains(run.rolloutType) else { return false }
        let real = zip(metrics, phases).filter { !isDryRun($0.0) }
        let open = zip(metrics, phases).filter { !$0.1.isFinal }
        guard !real.isEmpty, !open.isEmpty else { return false }
        return open.allSatisfy { isDryRun($0.0) && !$0.0.isFinite }
    }

    /// Whether a metric is to end now: the run ends, or nothing but endless dry runs is left of it.
    func isTerminating(_ metric: Metric, _ status: AnalysisRunStatus) -> Bool {
        if isTerminating { return true }
        guard isDryRun(metric), !metric.isFinite else { return false }
        return onlyEndlessDryRunsRemain(metrics.map { status.result($0.name)?.phase ?? .none })
    }

    private func judge(_ status: inout AnalysisRunStatus, _ assessments: [MetricAssessment], _ now: Timestamp) {
        var worst = AnalysisPhase.successful
        var message = ""
        for (metric, assessment) in zip(metrics, assessments) where !isDryRun(metric) && assessment.phase.isFinal {
            guard assessment.phase.badness > worst.badness else { continue }
            worst = assessment.phase
            let reason = assessment.reason.isEmpty ? "" : ": \(assessment.reason)"
            let last = status.result(metric.name)?.message ?? ""
            message =
                "metric \"\(metric.name)\" is \(worst.rawValue)\(reason)"
                + (last.isEmpty ? "" : "; last message: \(last)")
        }
        let allFinal = assessments.allSatisfy(\.phase.isFinal)
        // A measurement that goes on is terminated first: a Job would outlive the run's verdict.
        let isMeasuring = status.metricResults.contains { $0.measurements.last?.isFinished == false }
        guard allFinal || isTerminating && !isMeasuring else {
            status.phase = .running
            return
        }
        status.phase = worst
        status.message = message
        if run.isTerminated, worst == .successful { status.message = "run terminated" }
    }

    private func summarize(_ status: inout AnalysisRunStatus, _ assessments: [MetricAssessment]) {
        status.runSummary = AnalysisSummary()
        status.dryRunSummary = AnalysisSummary()
        for (metric, assessment) in zip(metrics, assessments) {
            let isMeasured = status.result(metric.name) != nil
            if isDryRun(metric) {
                status.dryRunSummary.count += 1
                if isMeasured { status.dryRunSummary.add(assessment.phase) }
            } else {
                status.runSummary.count += 1
                if isMeasured { status.runSummary.add(assessment.phase) }
            }
        }
    }
}
