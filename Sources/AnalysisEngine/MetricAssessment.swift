import Manifest

/// Where a metric stands, and why.
struct MetricAssessment: Equatable {
    var phase: AnalysisPhase
    /// Empty where the phase needs no reason.
    var reason = ""

    init(_ metric: Metric, _ result: MetricResult?, isTerminating: Bool) {
        guard let result, let last = result.measurements.last else {
            phase = isTerminating ? .successful : .pending
            if let result, result.phase.isFinal { phase = result.phase }
            return
        }
        if result.phase.isFinal {
            phase = result.phase
            reason = phase.isBad ? Self.reason(metric, result, phase) : ""
            return
        }
        guard last.isFinished else {
            phase = .running
            return
        }
        if let (phase, reason) = Self.exceededLimit(metric, result) {
            self.phase = phase
            self.reason = reason
        } else if metric.consecutiveSuccessLimit > 0, result.consecutiveSuccess >= metric.consecutiveSuccessLimit {
            phase = .successful
        } else if let count = metric.effectiveCount, result.count >= count {
            phase =
                metric.consecutiveSuccessLimit == 0 ? .successful : metric.failureLimit < 0 ? .failed : .inconclusive
            if phase.isBad { reason = Self.shortfall(metric, result) }
        } else {
            phase = isTerminating ? .successful : .running
        }
    }

    /// An exceeded limit; an error weighs more than an inconclusive end, and that more than a failure.
    private static func exceededLimit(_ metric: Metric, _ result: MetricResult) -> (AnalysisPhase, String)? {
        if result.consecutiveError > metric.consecutiveErrorLimit {
            return (
                .error,
                "consecutiveErrors (\(result.consecutiveError)) > consecutiveErrorLimit (\(metric.consecutiveErrorLimit))"
            )
        }
        if result.inconclusive > metric.inconclusiveLimit {
            return (
                .inconclusive, "inconclusive (\(result.inconclusive)) > inconclusiveLimit (\(metric.inconclusiveLimit))"
            )
        }
        if metric.failureLimit >= 0, result.failed > metric.failureLimit {
            return (.failed, "failed (\(result.failed)) > failureLimit (\(metric.failureLimit))")
        }
        return nil
    }

    private static func shortfall(_ metric: Metric, _ result: MetricResult) -> String {
        "consecutiveSuccess (\(result.consecutiveSuccess)) < consecutiveSuccessLimit (\(metric.consecutiveSuccessLimit))"
    }

    /// The reason of a phase that was decided in an earlier reconcile: the counters still tell it.
    private static func reason(_ metric: Metric, _ result: MetricResult, _ phase: AnalysisPhase) -> String {
        if let (limit, reason) = exceededLimit(metric, result), limit == phase { return reason }
        return metric.consecutiveSuccessLimit > 0 ? shortfall(metric, result) : ""
    }
}
