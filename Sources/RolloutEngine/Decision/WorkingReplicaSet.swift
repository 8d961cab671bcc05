import Manifest

/// A ReplicaSet as it is seen, and as the effects decided so far will leave it.
///
/// A class, because a pass looks at it dozens of times and copying it would cost more than the rules do; it never
/// leaves the decision.
final class WorkingReplicaSet {
    /// As seen; of a ReplicaSet that is yet to be created, what it will be.
    let seen: ReplicaSet
    /// Available pods as the status counts them, also those that are not believed in.
    let reportedAvailable: Int
    let isNew: Bool
    let hash: String
    /// `spec.replicas` after the effects.
    var spec: Int
    var annotationChanges: [String: String?] = [:]
    var minReadySeconds: Int?
    var templateLabelChanges: [String: String?] = [:]
    var templateAnnotationChanges: [String: String?] = [:]
    /// `spec.affinity` of the template, where it changes.
    var affinity: JSON?

    init(_ seen: ReplicaSet, isNew: Bool = false) {
        self.seen = seen.believed
        reportedAvailable = seen.availableReplicas
        self.isNew = isNew
        hash = seen.hash
        spec = isNew ? 0 : seen.replicas
    }

    /// Available pods, at worst: those beyond a size that was lowered, or is by these effects, are taken to be gone already.
    var available: Int { isNew ? 0 : min(seen.availableReplicas, seen.replicas, spec) }
    /// Available pods as they are counted, also those that an earlier effect lets go.
    var counted: Int { isNew ? 0 : spec < seen.replicas ? min(seen.availableReplicas, spec) : seen.availableReplicas }
    /// Available pods for comparison with a wanted size: exactly that many are asked for, and those that go are none of them.
    func available(of wanted: Int) -> Int {
        isNew ? 0 : seen.replicas < wanted ? min(seen.availableReplicas, seen.replicas) : seen.availableReplicas
    }
    var name: String { seen.name }

    func annotation(_ key: String) -> String? {
        if let change = annotationChanges[key] { return change }
        return seen.annotations[key]
    }

    func annotate(_ key: String, _ value: String?) {
        if seen.annotations[key] == value, !isNew {
            annotationChanges[key] = nil
        } else {
            annotationChanges[key] = .some(value)
        }
    }

    var isChanged: Bool {
        isNew || spec != seen.replicas || !annotationChanges.isEmpty || minReadySeconds != nil
            || !templateLabelChanges.isEmpty || !templateAnnotationChanges.isEmpty || affinity != nil
    }

    var update: ReplicaSetUpdate {
        ReplicaSetUpdate(
            name: seen.name, uid: seen.uid, resourceVersion: seen.resourceVersion,
            replicas: spec == seen.replicas ? nil : spec, minReadySeconds: minReadySeconds,
            annotations: annotationChanges, templateLabels: templateLabelChanges,
            templateAnnotations: templateAnnotationChanges, affinity: affinity)
    }
}
