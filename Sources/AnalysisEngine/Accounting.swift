import Manifest

extension MetricResult {
    /// Files a measurement and counts it if it is finished.
    mutating func account(_ measurement: Measurement, replacesLast: Bool) {
        if replacesLast, let last = measurements.indices.last {
            measurements[last] = measurement
        } else {
            measurements.append(measurement)
        }
        guard measurement.isFinished else { return }
        switch measurement.phase {
        case .successful:
            successful &+= 1
            count &+= 1
            consecutiveError = 0
            consecutiveSuccess &+= 1
        case .failed:
            failed &+= 1
            count &+= 1
            consecutiveError = 0
            consecutiveSuccess = 0
        case .inconclusive:
            inconclusive &+= 1
            count &+= 1
            consecutiveError = 0
            consecutiveSuccess = 0
        case .error:
            error &+= 1
            consecutiveError &+= 1
            consecutiveSuccess = 0
        case .none, .pending, .running: break
        }
    }

    mutating func trim(to limit: Int) { measurements.removeFirst(max(0, measurements.count - limit)) }
}

extension AnalysisRunPlan {
    /// The stored status with new measurements filed.
    func accounted(_ results: [MeasurementResult], now: Timestamp) -> AnalysisRunStatus {
        var status = run.status
        for metric in metrics {
            guard let result = results.first(where: { $0.metric == metric.name }) else { continue }
            var measurement = result.measurement
            if measurement.phase.isFinal, measurement.finishedAt == nil { measurement.finishedAt = now.wholeSeconds }
            if measurement.startedAt == nil { measurement.startedAt = now.wholeSeconds }
            var place = status.metricResults.firstIndex { $0.name == metric.name }
            if place == nil {
                status.metricResults.append(MetricResult(name: metric.name))
                place = status.metricResults.count - 1
            }
            guard let place, !status.metricResults[place].phase.isFinal else { continue }
            let isResumed = status.metricResults[place].measurements.last.map { !$0.isFinished } ?? false
            status.metricResults[place].dryRun = isDryRun(metric)
            status.metricResults[place].metadata.merge(result.metadata) { $1 }
            status.metricResults[place].account(measurement, replacesLast: isResumed)
        }
        return status
    }
}
