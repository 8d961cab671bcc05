package import Kubernetes
package import Logging
package import Manifest
package import RolloutEngine

/// A Deployment, ReplicaSet or PodTemplate as `workloadRef` looks at it.
package struct CachedWorkload: CachedObject {
    package var key: ObjectKey
    package var resourceVersion: String
    package var uid: String
    package var ownerUID: String? { nil }
    package var fact: WorkloadFact

    package static func decode(_ reader: inout JSONReader) throws(JSONError) -> CachedWorkload {
        var key = ObjectKey(name: "")
        var (resourceVersion, uid, generation) = ("", "", Int64(0))
        var template: PodTemplate?
        var selector: LabelSelector?
        var replicas: Int?
        var available = 0
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "metadata":
                try reader.readObject { reader, name throws(JSONError) in
                    switch name {
                    case "name": key.name = try reader.readString()
                    case "namespace": key.namespace = try reader.readString()
                    case "uid": uid = try reader.readString()
                    case "resourceVersion": resourceVersion = try reader.readString()
                    case "generation": generation = try reader.readInt()
                    default: break
                    }
                }
            case "template": template = try PodTemplate(&reader)  // of a PodTemplate
            case "spec":
                try reader.readObject { reader, name throws(JSONError) in
                    switch name {
                    case "template": template = try PodTemplate(&reader)
                    case "selector": selector = try LabelSelector(try reader.readJSON())
                    case "replicas": replicas = try reader.readNull() ? nil : Int(clamping: reader.readInt())
                    default: break
                    }
                }
            case "status":
                try reader.readObject { reader, name throws(JSONError) in
                    guard name == "availableReplicas", try !reader.readNull() else { return }
                    available = Int(clamping: try reader.readInt())
                }
            default: break
            }
        }
        guard let template else { throw JSONError("a workload needs a pod template", offset: 0) }
        return CachedWorkload(
            key: key, resourceVersion: resourceVersion, uid: uid,
            fact: WorkloadFact(
                template: template, selector: selector, generation: max(1, generation), replicas: replicas ?? 1,
                availableReplicas: available))
    }
}

/// The workloads that Rollouts refer to; each kind is watched from its first use on.
package final class RolloutWorkloads: Sendable {
    /// What a look at a referenced workload found.
    package enum Answer: Sendable {
        case found(WorkloadFact)
        case missing
        /// The first list of its kind is still under way.
        case notYetKnown
    }

    private struct Kind: Sendable {
        var informer: Informer<CachedWorkload>
        var isWanted: Latch
    }

    private let kinds: [String: Kind]

    package init(_ api: any KubernetesAPI, namespace: String?, logger: Logger) {
        var kinds: [String: Kind] = [:]
        for (kind, resource) in [
            ("Deployment", Resource.deployments), ("ReplicaSet", .replicaSets), ("PodTemplate", .podTemplates),
        ] {
            kinds[kind] = Kind(
                informer: Informer(api, resource, ListOptions(namespace: namespace), logger: logger), isWanted: Latch())
        }
        self.kinds = kinds
    }

    /// Looks up what a Rollout refers to; `nil` where it refers to nothing that has a template.
    package func find(for rollout: Rollout) -> Answer? {
        guard let reference = rollout.spec.workloadRef, reference.isSupported, let kind = kinds[reference.kind] else {
            return nil
        }
        kind.isWanted.open()
        guard kind.informer.hasSynced else { return .notYetKnown }
        let key = ObjectKey(namespace: rollout.key.namespace, name: reference.name)
        return kind.informer.store.get(key).map { .found($0.fact) } ?? .missing
    }

    /// Calls `changed` with the kind and key of every workload that changes.
    package func onChange(_ changed: @escaping @Sendable (_ kind: String, ObjectKey) -> Void) {
        for (name, kind) in kinds { kind.informer.onChange { key, _, _ in changed(name, key) } }
    }

    /// For the manager; a kind that nobody refers to costs nothing.
    package var managed: [ManagedCache] {
        kinds.values.map { kind in
            ManagedCache(run: {
                guard await kind.isWanted.wait() else { return }
                await kind.informer.run()
            })
        }
    }
}
