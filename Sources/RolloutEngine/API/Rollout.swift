package import Manifest

/// A Rollout as the cache keeps it: what decisions read, in compact form.
///
/// Fields that are not kept are never lost, because only patches are ever sent.
package struct Rollout: Hashable, Sendable {
    package var key: ObjectKey
    package var uid: String
    package var resourceVersion: String
    package var generation: Int64
    package var creationTimestamp: Timestamp
    /// When its deletion was asked for.
    package var deletionTimestamp: Timestamp?
    package var finalizers: [String] = []
    package var labels: [String: String]
    /// Without `kubectl.kubernetes.io/last-applied-configuration`.
    package var annotations: [String: String]
    package var spec: RolloutSpec
    package var status: RolloutStatus
    /// What the static rules of validation found, first the one that goes into the status.
    package internal(set) var problems: [FieldProblem] = []
    /// What is accepted but hardly meant.
    package internal(set) var warnings: [FieldProblem] = []
    /// What was left out of the pod template, because those who know Kubernetes' types cannot read it.
    package internal(set) var leftOut: [FieldProblem] = []
    /// JSON pointers to it in the object; empty where it is to stay there.
    package var unreadable: [String] = []

    package var ownerUID: String? { nil }
    package var isBeingDeleted: Bool { deletionTimestamp != nil }

    /// - Throws: `JSONError` with the path of the first field whose type is wrong.
    package static func decode(_ reader: inout JSONReader) throws(JSONError) -> Rollout {
        var metadata = DecodedMetadata()
        var spec = RolloutSpec()
        var status = RolloutStatus()
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "metadata": metadata = try DecodedMetadata(&reader)
            case "spec": spec = try RolloutSpec(&reader)
            case "status": status = try RolloutStatus(&reader)
            default: break
            }
        }
        var rollout = Rollout(
            key: metadata.key, uid: metadata.uid, resourceVersion: metadata.resourceVersion,
            generation: metadata.generation, creationTimestamp: metadata.creationTimestamp,
            deletionTimestamp: metadata.deletion?.value, labels: metadata.labels, annotations: metadata.annotations,
            spec: spec, status: status)
        rollout.finalizers = metadata.finalizers
        rollout.validate(ownTemplate: spec.template, workload: .unknown)
        return rollout.leavingOutUnreadable()
    }

    package init(_ json: JSON) throws(JSONError) {
        var reader = JSONReader(json.serialized())
        self = try Rollout.decode(&reader)
    }

    init(
        key: ObjectKey, uid: String, resourceVersion: String, generation: Int64, creationTimestamp: Timestamp,
        deletionTimestamp: Timestamp?, labels: [String: String], annotations: [String: String], spec: RolloutSpec,
        status: RolloutStatus
    ) {
        self.key = key
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.generation = generation
        self.creationTimestamp = creationTimestamp
        self.deletionTimestamp = deletionTimestamp
        self.labels = labels
        self.annotations = annotations
        self.spec = spec
        self.status = status
    }

    /// Applies the static rules anew.
    mutating func validate(ownTemplate: PodTemplate?, workload: StaticValidation.Workload) {
        let findings = StaticValidation.findings(of: self, ownTemplate: ownTemplate, workload: workload)
        problems = findings.problems
        warnings = findings.warnings
    }
}

/// One finding of validation: where, what is wrong, and how to mend it.
package struct FieldProblem: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        case required = "Required value"
        case invalid = "Invalid value"
        case notSupported = "Unsupported value"
        case notFound = "Not found"
    }

    package var path: String
    package var kind: Kind
    package var message: String

    package init(_ path: String, _ kind: Kind, _ message: String) {
        (self.path, self.kind, self.message) = (path, kind, message)
    }

    /// A feature that this version does not act on, whatever else may be wrong with it.
    package var isUnsupportedFeature: Bool { kind == .notSupported && message.contains(" is not supported yet") }

    package var description: String { "\(path): \(kind.rawValue): \(message)" }
}
