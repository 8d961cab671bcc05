import Kubernetes
import Manifest

/// Who owns which field: the bridge from stored objects to `Manifest`'s server-side apply and strategic merge.
enum FieldOwnership {
    /// Works `managedFields` out after a create, update or patch.
    static func afterWrite(
        _ object: JSON, old: JSON?, kind: ServedKind, subresource: String?, manager: String?, now: Timestamp
    ) -> JSON {
        object
    }

    static func apply(
        _ config: JSON, to live: JSON, kind: ServedKind, subresource: String?, manager: String, force: Bool,
        now: Timestamp, isNew: Bool = false
    ) throws(KubernetesError) -> (object: JSON, managedFields: JSON?) {
        (MergePatch.apply(config, to: live), nil)
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

extension SchemaNode: MergeSchema {
    func rule(at path: [String]) -> MergeRule? {
        var node = self
        for name in path {
            while let items = node.items { node = items }
            guard let next = node.member(name) else { return nil }
            node = next
        }
        let strategies = node.patchStrategy?.split(separator: ",") ?? []
        if strategies.contains("replace") { return .replace }
        guard node.type == "array", strategies.contains("merge") else { return nil }
        return MergeRule(merges: true, keys: node.patchMergeKey.map { [$0] } ?? [])
    }
}
