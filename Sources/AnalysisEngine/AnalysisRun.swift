package import Manifest

/// An AnalysisRun, as the cache keeps it.
///
/// Spec and status stay as they were written: a malformed spec is no reason to lose sight of the run, but one to say so in
/// its status.
package struct AnalysisRun: Hashable, Sendable {
    package var key: ObjectKey
    package var resourceVersion: String
    package var uid: String
    package var ownerUID: String?
    package var labels: [String: String]
    package var annotations: [String: String]
    package var creationTimestamp: Timestamp?
    package var isDeleting: Bool
    package var spec: JSON
    package var statusJSON: JSON

    package static func decode(_ reader: inout JSONReader) throws(JSONError) -> AnalysisRun {
        let object = try ObjectParts(&reader)
        return AnalysisRun(
            key: object.key, resourceVersion: object.resourceVersion, uid: object.uid, ownerUID: object.ownerUID,
            labels: object.labels, annotations: object.annotations, creationTimestamp: object.creationTimestamp,
            isDeleting: object.isDeleting, spec: object.spec, statusJSON: object.status)
    }

    /// Reads a manifest.
    package init(_ json: JSON) throws(JSONError) {
        var reader = JSONReader(json.serialized())
        self = try AnalysisRun.decode(&reader)
    }

    private init(
        key: ObjectKey, resourceVersion: String, uid: String, ownerUID: String?, labels: [String: String],
        annotations: [String: String], creationTimestamp: Timestamp?, isDeleting: Bool, spec: JSON, statusJSON: JSON
    ) {
        self.key = key
        self.resourceVersion = resourceVersion
        self.uid = uid
        self.ownerUID = ownerUID
        self.labels = labels
        self.annotations = annotations
        self.creationTimestamp = creationTimestamp
        self.isDeleting = isDeleting
        self.spec = spec
        self.statusJSON = statusJSON
    }

    package var phase: AnalysisPhase { AnalysisPhase(rawValue: statusJSON["phase"]?.stringValue ?? "") ?? .none }
    package var message: String { statusJSON["message"]?.stringValue ?? "" }
    package var status: AnalysisRunStatus { AnalysisRunStatus(statusJSON) }
    /// `Step`, `Background`, `PrePromotion`, `PostPromotion`; empty for a run that no Rollout made.
    package var rolloutType: String { labels["rollout-type"] ?? "" }
    /// Someone asked that it ends.
    package var isTerminated: Bool { spec["terminate"]?.boolValue ?? false }
}
