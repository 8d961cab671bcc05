package import Manifest

extension MeasurementTask {
    /// The name of the Job that a new measurement gets: the same one after a crash.
    package var jobName: String { JobName.make(runUID: runUID, metric: metric.name, number: number) }

    /// The Job of the unfinished measurement; `nil` where it names none.
    package var job: ObjectKey? {
        guard let name = previous?.metadata[JobName.nameKey], !name.isEmpty else { return nil }
        return ObjectKey(namespace: previous?.metadata[JobName.namespaceKey] ?? run.namespace, name: name)
    }

    /// A measurement that has just begun.
    package func begun(_ job: ObjectKey, now: Timestamp) -> MeasurementResult {
        recorded(
            Measurement(
                phase: .running, startedAt: now.wholeSeconds,
                metadata: [JobName.nameKey: job.name, JobName.namespaceKey: job.namespace],
                resumeAt: now.wholeSeconds), [:])
    }

    /// The unfinished measurement, to be looked at again.
    package func goesOn(until resumeAt: Timestamp, now: Timestamp) -> MeasurementResult {
        var measurement = previous ?? Measurement(phase: .running, startedAt: now.wholeSeconds)
        measurement.phase = .running
        measurement.resumeAt = resumeAt
        return recorded(measurement, [:])
    }

    /// The unfinished measurement with its end, which no condition judges.
    package func ended(
        _ phase: AnalysisPhase, _ message: String = "", outcome: MeasurementOutcome? = nil, now: Timestamp
    ) -> MeasurementResult {
        var measurement = previous ?? Measurement(phase: phase, startedAt: now.wholeSeconds)
        measurement.phase = phase
        measurement.message = message
        measurement.finishedAt = now.wholeSeconds
        measurement.resumeAt = nil
        if let outcome { measurement.metadata[MeasurementOutcome.key] = outcome.rawValue }
        return recorded(measurement, [:])
    }
}
