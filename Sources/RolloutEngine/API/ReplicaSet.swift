package import Manifest

/// A ReplicaSet as the cache keeps it; of its pod template only a digest.
package struct ReplicaSet: Hashable, Sendable {
    private var metadata = DecodedMetadata()
    package var observedGeneration: Int64 = 0
    /// `spec.replicas`.
    package var replicas = 1
    package var minReadySeconds = 0
    /// `status.replicas`: pods that exist.
    package var currentReplicas = 0
    package var readyReplicas = 0
    package var availableReplicas = 0
    /// See ``TemplateDigest``.
    package var templateDigest: UInt64 = 0
    package var images: [String] = []
    /// Stable hashes that injected anti-affinity rules name.
    package var injectedHashes: [String] = []
    /// The message of a true `ReplicaFailure` condition, with its reason.
    package var failure: RolloutCondition? {
        get { rareFailure?.value }
        set { rareFailure = newValue.map { .value($0) } }
    }
    private var rareFailure: Indirect<RolloutCondition>?

    package var key: ObjectKey {
        get { metadata.key }
        set { metadata.key = newValue }
    }
    package var uid: String {
        get { metadata.uid }
        set { metadata.uid = newValue }
    }
    package var resourceVersion: String {
        get { metadata.resourceVersion }
        set { metadata.resourceVersion = newValue }
    }
    package var generation: Int64 {
        get { metadata.generation }
        set { metadata.generation = newValue }
    }
    package var creationTimestamp: Timestamp {
        get { metadata.creationTimestamp }
        set { metadata.creationTimestamp = newValue }
    }
    package var isBeingDeleted: Bool {
        get { metadata.isBeingDeleted }
        set { metadata.isBeingDeleted = newValue }
    }
    package var labels: [String: String] {
        get { metadata.labels }
        set { metadata.labels = newValue }
    }
    /// Only those under `rollout.argoproj.io/`, the deadline, and what is inherited from the Rollout.
    package var annotations: [String: String] {
        get { metadata.annotations }
        set { metadata.annotations = newValue }
    }
    package var owner: OwnerReference? {
        get { metadata.owner?.value }
        set { metadata.owner = newValue.map { .value($0) } }
    }

    package var ownerUID: String? { owner?.uid }
    package var hash: String { labels[Keys.podTemplateHash] ?? "" }
    package var name: String { key.name }

    /// 0 where the annotation is missing; `nil` where it cannot be read.
    package var revision: Int? {
        guard let text = annotations[Keys.revision] else { return 0 }
        return Int(text)
    }

    package var scaleDownDeadline: String? { annotations[Keys.scaleDownDeadline] }

    package init(key: ObjectKey, uid: String, resourceVersion: String) {
        (metadata.key, metadata.uid, metadata.resourceVersion) = (key, uid, resourceVersion)
    }

    package static func decode(_ reader: inout JSONReader) throws(JSONError) -> ReplicaSet {
        var found = ReplicaSet()
        try found.read(&reader)
        return found
    }

    private init() {}

    /// Reads into what is here, of which no copy is made.
    private mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        var template: TemplateText?
        let names = Name.table
        try reader.readHashedObject { reader, name throws(JSONError) in
            switch names[name] {
            case .metadata: try metadata.read(&reader)
            case .spec: try Self.readSpec(&reader, into: &self, &template)
            case .status: try Self.readStatus(&reader, into: &self)
            default: break
            }
        }
        if let template, template.hasAffinity || annotations[Keys.ephemeralMetadata] != nil {
            try forgetInjected(template.reader)
        }
    }

    /// Where a pod template's text begins.
    private struct TemplateText {
        var reader: JSONReader
        var hasAffinity: Bool
    }

    package init(_ json: JSON) throws(JSONError) {
        var reader = JSONReader(json.serialized())
        self = try ReplicaSet.decode(&reader)
    }

    private static func readSpec(
        _ reader: inout JSONReader, into found: inout ReplicaSet, _ template: inout TemplateText?
    ) throws(JSONError) {
        var text: TemplateText?
        let names = Name.table
        try reader.readHashedObject { reader, name throws(JSONError) in
            switch names[name] {
            case .replicas: found.replicas = try reader.readOptionalInt32() ?? 1
            case .minReadySeconds: found.minReadySeconds = try reader.readOptionalInt32() ?? 0
            case .template:
                let start = reader
                let digest = try TemplateDigest.readWithImages(&reader)
                (found.templateDigest, found.images) = (digest.digest, digest.images)
                text = TemplateText(reader: start, hasAffinity: digest.hasAffinity)
            default: break
            }
        }
        template = text
    }

    private static func readStatus(_ reader: inout JSONReader, into found: inout ReplicaSet) throws(JSONError) {
        let names = Name.table
        try reader.readHashedObject { reader, name throws(JSONError) in
            switch names[name] {
            case .replicas: found.currentReplicas = try reader.readOptionalInt32() ?? 0
            case .readyReplicas: found.readyReplicas = try reader.readOptionalInt32() ?? 0
            case .availableReplicas: found.availableReplicas = try reader.readOptionalInt32() ?? 0
            case .observedGeneration: found.observedGeneration = try reader.readNull() ? 0 : reader.readInt()
            case .conditions:
                try reader.readArray { reader throws(JSONError) in
                    let condition = try RolloutCondition(&reader)
                    if condition.type == "ReplicaFailure", condition.status == "True" { found.failure = condition }
                }
            default: break
            }
        }
    }

    private enum Name: String, CaseIterable {
        case availableReplicas, conditions, metadata, minReadySeconds, observedGeneration, readyReplicas, replicas, spec
        case status, template

        static let table = MemberTable<Name>()
    }
}
