import Manifest

/// When a metric is measured next.
enum NextMeasurement: Equatable {
    case none
    case measure
    case resume
    case terminate
    case wait(until: Timestamp)
}

extension AnalysisRunPlan {
    static let errorRetry = Duration.seconds(10)
    /// `finishedAt` has whole seconds, and nobody needs a metric more often.
    static let shortestInterval = Duration.seconds(1)

    func next(_ metric: Metric, _ status: AnalysisRunStatus, now: Timestamp) -> NextMeasurement {
        let result = status.result(metric.name)
        let isTerminating = isTerminating(metric, status)
        if let result, result.phase.isFinal { return .none }
        guard let result, let last = result.measurements.last else {
            if isTerminating { return .none }
            guard metric.initialDelay > .zero else { return .measure }
            return due((status.startedAt ?? now) + metric.initialDelay, now)
        }
        if !last.isFinished {
            if isTerminating { return .terminate }
            if let resumeAt = last.resumeAt, resumeAt > now, !isOver(last) { return .wait(until: resumeAt) }
            return .resume
        }
        if isTerminating { return .none }
        if let count = metric.effectiveCount, result.count >= count { return .none }
        let finishedAt = last.finishedAt ?? now
        if last.phase == .error { return due(finishedAt + Self.errorRetry, now) }
        return due(finishedAt + max(metric.interval ?? .zero, Self.shortestInterval), now)
    }

    /// Whether the Job that measures has come to its end.
    private func isOver(_ measurement: Measurement) -> Bool {
        guard let name = measurement.metadata[JobName.nameKey] else { return false }
        return jobs.contains { $0.isOver && $0.key.name == name }
    }

    private func due(_ time: Timestamp, _ now: Timestamp) -> NextMeasurement {
        time <= now ? .measure : .wait(until: time)
    }

    /// What is measured now.
    func tasks(now: Timestamp) -> [MeasurementTask] {
        let status = run.status
        var tasks: [MeasurementTask] = []
        for (index, metric) in metrics.enumerated() {
            let result = status.result(metric.name)
            switch next(metric, status, now: now) {
            case .none, .wait: break
            case .measure: tasks.append(MeasurementTask(.run, self, index: index, previous: nil))
            case .resume:
                tasks.append(MeasurementTask(.resume, self, index: index, previous: result?.measurements.last))
            case .terminate:
                tasks.append(MeasurementTask(.terminate, self, index: index, previous: result?.measurements.last))
            }
        }
        return tasks
    }

    /// How long nothing is due.
    func wakeUp(_ status: AnalysisRunStatus, now: Timestamp) -> Duration? {
        var earliest: Timestamp?
        for metric in metrics {
            switch next(metric, status, now: now) {
            case .none: break
            case .measure, .resume, .terminate: return .zero
            case .wait(let time): earliest = min(earliest ?? time, time)
            }
        }
        return earliest.map { $0 - now }
    }
}
