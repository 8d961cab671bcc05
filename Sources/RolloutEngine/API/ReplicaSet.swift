package import Manifest

/// A ReplicaSet as the cache keeps it; of its pod template only a digest.
package struct ReplicaSet: Hashable, Sendable {
    package var key: ObjectKey
    package var uid: String
    package var resourceVersion: String
    package var generation: Int64 = 0
    package var observedGeneration: Int64 = 0
    package var creationTimestamp = Timestamp(seconds: 0)
    package var isBeingDeleted = false
    package var labels: [String: String] = [:]
    /// Only those under `rollout.argoproj.io/`, the deadline, and what is inherited from the Rollout.
    package var annotations: [String: String] = [:]
    package var owner: OwnerReference?
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
    package var failure: RolloutCondition?

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
        (self.key, self.uid, self.resourceVersion) = (key, uid, resourceVersion)
    }

    package static func decode(_ reader: inout JSONReader) throws(JSONError) -> ReplicaSet {
        var found = ReplicaSet(key: ObjectKey(name: ""), uid: "", resourceVersion: "")
        var template: TemplateText?
        let names = Name.table
        try reader.readHashedObject { reader, name throws(JSONError) in
            switch names[name] {
            case .metadata:
                let metadata = try DecodedMetadata(&reader)
                found.key = metadata.key
                found.uid = metadata.uid
                found.resourceVersion = metadata.resourceVersion
                found.generation = metadata.generation
                found.creationTimestamp = metadata.creationTimestamp
                found.isBeingDeleted = metadata.isBeingDeleted
                found.labels = metadata.labels
                found.annotations = metadata.annotations
                found.owner = metadata.owner
            case .spec: try readSpec(&reader, into: &found, &template)
            case .status: try readStatus(&reader, into: &found)
            default: break
            }
        }
        if let template, template.hasAffinity || found.annotations[Keys.ephemeralMetadata] != nil {
            try found.forgetInjected(template.reader)
        }
        return found
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
