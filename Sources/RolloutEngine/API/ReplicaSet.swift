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
        get { metadata.deletion != nil }
        set { metadata.deletion = newValue ? .value(Timestamp(seconds: 0)) : nil }
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
    /// The label `rollouts-pod-template-hash`, which only ReplicaSets of Rollouts have.
    package var templateHash: String? { metadata.templateHash }
    package var hash: String { templateHash ?? "" }
    package var name: String { key.name }

    /// 0 where the annotation is missing; `nil` where it cannot be read.
    package var revision: Int? {
        guard let text = annotations[Keys.revision] else { return 0 }
        return Int(text)
    }

    /// One of ``labels``, of which no copy is made.
    package func label(_ key: String) -> String? { metadata.label(key) }

    /// As ``labels`` would match, of which no copy is made.
    package func isSelected(by selector: LabelSelector) -> Bool { selector.matches { metadata.label($0) } }

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
        var template: TemplatePlace?
        try reader.readMembers(Name.table) { reader, name throws(JSONError) in
            switch name {
            case .metadata: try metadata.read(&reader)
            case .spec: try Self.readSpec(&reader, into: &self, &template)
            case .status: try Self.readStatus(&reader, into: &self)
            case .kind, .apiVersion: break
            }
        }
        if let template, template.hasAffinity || annotations[Keys.ephemeralMetadata] != nil {
            var again = reader
            again.rewind(to: template.start)
            try forgetInjected(again)
        }
    }

    /// Where a pod template's text begins.
    private struct TemplatePlace {
        var start: JSONReader.Mark
        var hasAffinity: Bool
    }

    package init(_ json: JSON) throws(JSONError) {
        var reader = JSONReader(json.serialized())
        self = try ReplicaSet.decode(&reader)
    }

    private static func readSpec(
        _ reader: inout JSONReader, into found: inout ReplicaSet, _ template: inout TemplatePlace?
    ) throws(JSONError) {
        try reader.readMembers(SpecName.table) { reader, name throws(JSONError) in
            switch name {
            case .replicas: found.replicas = try reader.readOptionalInt32() ?? 1
            case .minReadySeconds: found.minReadySeconds = try reader.readOptionalInt32() ?? 0
            case .selector: break
            case .template:
                let start = reader.mark
                let digest = try TemplateDigest.readWithImages(&reader)
                (found.templateDigest, found.images) = (digest.digest, digest.images)
                template = TemplatePlace(start: start, hasAffinity: digest.hasAffinity)
            }
        }
    }

    private static func readStatus(_ reader: inout JSONReader, into found: inout ReplicaSet) throws(JSONError) {
        try reader.readMembers(StatusName.table) { reader, name throws(JSONError) in
            switch name {
            case .replicas: found.currentReplicas = try reader.readOptionalInt32() ?? 0
            case .readyReplicas: found.readyReplicas = try reader.readOptionalInt32() ?? 0
            case .availableReplicas: found.availableReplicas = try reader.readOptionalInt32() ?? 0
            case .observedGeneration: found.observedGeneration = try reader.readNull() ? 0 : reader.readInt()
            case .conditions:
                try reader.readArray { reader throws(JSONError) in
                    let condition = try RolloutCondition(&reader)
                    if condition.type == "ReplicaFailure", condition.status == "True" { found.failure = condition }
                }
            case .fullyLabeledReplicas, .terminatingReplicas: break
            }
        }
    }

    private enum Name: String, CaseIterable {
        case kind, apiVersion, metadata, spec, status

        static let table = MemberTable<Name>()
    }

    private enum SpecName: String, CaseIterable {
        case replicas, minReadySeconds, selector, template

        static let table = MemberTable<SpecName>()
    }

    private enum StatusName: String, CaseIterable {
        case replicas, fullyLabeledReplicas, readyReplicas, availableReplicas, terminatingReplicas, observedGeneration
        case conditions

        static let table = MemberTable<StatusName>()
    }
}
