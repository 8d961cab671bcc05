package import Manifest

/// A Job that measures for an AnalysisRun, as the cache keeps it.
package struct AnalysisJob: Hashable, Sendable {
    package var key: ObjectKey
    package var resourceVersion: String
    package var uid: String
    package var ownerUID: String?
    package var run: ObjectKey
    package var runUID: String
    package var metric: String
    package var creationTimestamp: Timestamp?
    package var isDeleting: Bool
    /// It is complete or has failed.
    package var isOver: Bool
    /// Nothing but the controller removes it with its run.
    package var isSwept: Bool

    package static func decode(_ reader: inout JSONReader) throws(JSONError) -> AnalysisJob {
        let object = try ObjectParts(&reader)
        let notes = object.annotations
        return AnalysisJob(
            key: object.key, resourceVersion: object.resourceVersion, uid: object.uid, ownerUID: object.ownerUID,
            run: ObjectKey(
                namespace: notes[JobName.namespaceAnnotation] ?? object.key.namespace,
                name: notes[JobName.runAnnotation] ?? ""),
            runUID: object.labels[JobName.runUIDLabel] ?? "", metric: notes[JobName.metricAnnotation] ?? "",
            creationTimestamp: object.creationTimestamp, isDeleting: object.isDeleting,
            isOver: JobVerdict(["status": object.status]) != .running,
            isSwept: notes[JobName.sweepAnnotation] == "true")
    }
}

extension AnalysisRunPlan {
    /// Jobs beyond what is kept of each metric, oldest first; never one whose measurement goes on.
    func garbage(_ status: AnalysisRunStatus) -> [AnalysisJob] {
        guard !jobs.isEmpty else { return [] }
        var garbage: [AnalysisJob] = []
        for metric in metrics {
            let last = status.result(metric.name)?.measurements.last
            let measuring = last?.isFinished == false ? last?.metadata[JobName.nameKey] : nil
            let made = jobs.filter { $0.metric == metric.name && !$0.isDeleting }.sorted { left, right in
                let (one, other) = (left.creationTimestamp, right.creationTimestamp)
                if let one, let other, one != other { return one < other }
                return JobName.number(left.key.name) < JobName.number(right.key.name)
            }
            garbage += made.dropLast(rules.retention(metric.name)).filter { $0.key.name != measuring }
        }
        return garbage
    }
}
