import Kubernetes
import Manifest

/// Who owns which field: the bridge from stored objects to `Manifest`'s server-side apply and strategic merge.
enum FieldOwnership {
    /// Works `managedFields` out after a create, update or patch.
    static func afterWrite(
        _ object: JSON, old: JSON?, kind: ServedKind, subresource: String?, manager: String?, now: Timestamp
    ) -> JSON {
        let result = ManagedFields.updated(
            live: old.map { filled($0, kind) }, new: object, manager: manager ?? "unknown",
            apiVersion: kind.apiVersion, subresource: subresource ?? "", now: now, schema: kind.version.schema,
            ignoring: unwritable(kind, subresource))
        return old == nil ? withoutStructs(result, kind) : result
    }

    /// Structs that a typed object always has: nobody adds them, so nobody owns the struct itself.
    private static let structs: [String: [[String]]] = [
        "deployments.apps": [
            ["spec", "strategy"], ["spec", "template", "metadata"], ["spec", "template", "spec", "containers"],
            ["status"],
        ],
        "replicasets.apps": [
            ["spec", "template", "metadata"], ["spec", "template", "spec", "containers"], ["status"],
        ],
        "jobs.batch": [["spec", "template", "metadata"], ["spec", "template", "spec", "containers"], ["status"]],
        "pods": [["spec", "containers"], ["status"]], "services": [["spec"], ["status", "loadBalancer"]],
        "ingresses.networking.k8s.io": [["spec"], ["status", "loadBalancer"]], "leases.coordination.k8s.io": [["spec"]],
        "poddisruptionbudgets.policy": [["spec"], ["status"]], "namespaces": [["spec"], ["status"]],
        "rolebindings.rbac.authorization.k8s.io": [["roleRef"]],
        "clusterrolebindings.rbac.authorization.k8s.io": [["roleRef"]],
    ]

    private static func filled(_ old: JSON, _ kind: ServedKind) -> JSON {
        var object = old
        for path in structs[kind.definition.name] ?? [] where object.at(path: path) == nil {
            object.set(path.last == "containers" ? [] : .emptyObject, at: path[...])
        }
        return object
    }

    private static func withoutStructs(_ object: JSON, _ kind: ServedKind) -> JSON {
        var object = object
        object.editList(at: ["metadata", "managedFields"]) { entry in
            for path in structs[kind.definition.name] ?? [] {
                for length in 1...path.count {
                    let place = ["fieldsV1"] + path.prefix(length).map { "f:\($0)" } + ["."]
                    entry.set(nil, at: place[...])
                }
            }
        }
        return object
    }

    /// Merges an applied configuration into the live object, or into nothing.
    static func apply(
        _ config: JSON, to live: JSON?, kind: ServedKind, subresource: String?, manager: String, force: Bool,
        now: Timestamp
    ) throws(KubernetesError) -> (object: JSON, managedFields: JSON?) {
        do {
            let object = try ServerSideApply.apply(
                live: live, applied: config, manager: manager, force: force, apiVersion: kind.apiVersion,
                subresource: subresource ?? "", now: now, schema: kind.version.schema,
                ignoring: unwritable(kind, subresource))
            return (object, object.at("metadata", "managedFields"))
        } catch {
            switch error {
            case .conflicts(let conflicts):
                throw KubernetesError(
                    code: 409, reason: "Conflict", message: error.description,
                    causes: conflicts.map { conflict in
                        .init(reason: "FieldManagerConflict", message: conflict.message, field: "\(conflict.path)")
                    })
            case .invalid(let why): throw .badRequest("failed to apply: \(why)")
            }
        }
    }

    /// Fields that a write through this door leaves alone.
    private static func unwritable(_ kind: ServedKind, _ subresource: String?) -> [[String]] {
        guard kind.version.hasStatus else { return [] }
        if subresource != "status" { return [["status"]] }
        return [["spec"]] + ["labels", "annotations", "finalizers", "ownerReferences"].map { ["metadata", $0] }
    }

    static func strategicMerge(_ patch: JSON, into live: JSON, _ schema: SchemaNode) throws(PatchError) -> JSON {
        try StrategicMerge.apply(patch, to: live, schema: schema)
    }

    /// Whether two states differ in nothing but the times of their `managedFields`.
    static func isSame(_ new: JSON, _ old: JSON) -> Bool {
        if new == old { return true }
        return withoutTimes(new) == withoutTimes(old)
    }

    private static func withoutTimes(_ object: JSON) -> JSON {
        guard let entries = object.at("metadata", "managedFields")?.arrayValue else { return object }
        var object = object
        object.set(
            .array(
                entries.map { entry in
                    var entry = entry
                    entry["time"] = nil
                    return entry
                }), at: "metadata", "managedFields")
        return object
    }
}

extension SchemaNode: MergeSchema, ApplySchema {
    /// The node at a path of member names; list elements add nothing to it.
    private func node(at path: [String]) -> SchemaNode? {
        var node = self
        for name in path {
            while let items = node.items { node = items }
            guard let next = node.member(name) else { return nil }
            node = next
        }
        return node
    }

    func structure(at path: [String]) -> ApplyStructure? {
        guard let node = node(at: path) else { return nil }
        if node.mapType == "atomic" { return .atomic }
        if node.type == "array" {
            switch node.listType {
            case "set": return .set
            case "map":
                let defaults = node.listKeys.compactMap { key in
                    node.items?.properties[key]?.defaultValue.map { (key, $0) }
                }
                return .keyed(node.listKeys, defaults: Dictionary(defaults, uniquingKeysWith: { first, _ in first }))
            default: return .atomic
            }
        }
        if !node.properties.isEmpty { return .structure }
        return node.additional == nil ? nil : .map
    }

    func rule(at path: [String]) -> MergeRule? {
        guard let node = node(at: path) else { return nil }
        let strategies = node.patchStrategy?.split(separator: ",") ?? []
        if strategies.contains("replace") { return .replace }
        guard node.type == "array", strategies.contains("merge") else { return nil }
        return MergeRule(merges: true, keys: node.patchMergeKey.map { [$0] } ?? [])
    }
}
