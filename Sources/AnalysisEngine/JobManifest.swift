package import Manifest

/// The Job that takes one measurement.
package enum JobManifest {
    /// What removes the Job when its run is gone.
    package enum Tie: Sendable, Hashable {
        /// The API server, by an owner reference: run and Job are in one namespace.
        case owner
        /// The controller: the Job is in another namespace of the run's cluster.
        case sweep
        /// The controller, while it sees the run go: the Job is in another cluster.
        case none
    }

    /// - Parameter task: With its secrets filled in.
    /// - Throws: `MetricFailure` where the metric describes no Job.
    package static func build(
        _ task: MeasurementTask, namespace: String, tie: Tie
    ) throws(MetricFailure) -> JSON {
        let settings = task.metric.settings
        guard var spec = settings["spec"], spec.objectValue?.isEmpty == false else {
            throw MetricFailure(.misconfigured, "job: spec is missing; write the spec of a Job there")
        }
        var labels = settings.at("metadata", "labels")?.stringMap ?? [:]
        labels[JobName.runUIDLabel] = task.runUID
        var annotations = settings.at("metadata", "annotations")?.stringMap ?? [:]
        annotations[JobName.runAnnotation] = task.run.name
        annotations[JobName.namespaceAnnotation] = task.run.namespace
        annotations[JobName.metricAnnotation] = task.metric.name
        if tie == .sweep { annotations[JobName.sweepAnnotation] = "true" }
        var metadata: JSON = [
            "name": .string(task.jobName), "namespace": .string(namespace), "labels": JSON(labels),
            "annotations": JSON(annotations),
        ]
        if tie == .owner {
            metadata["ownerReferences"] = [
                [
                    "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun", "name": .string(task.run.name),
                    "uid": .string(task.runUID), "controller": true, "blockOwnerDeletion": true,
                ]
            ]
        }
        spec.set(.string(task.runUID), at: "template", "metadata", "labels", JobName.runUIDLabel)
        return ["apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec]
    }

    /// Whether an existing Job was made for the run.
    package static func isJob(_ job: JSON, ofRun uid: String) -> Bool {
        if job.at("metadata", "labels", JobName.runUIDLabel)?.stringValue == uid { return true }
        let owners = job.at("metadata", "ownerReferences")?.arrayValue ?? []
        return owners.contains { $0["uid"]?.stringValue == uid }
    }
}
