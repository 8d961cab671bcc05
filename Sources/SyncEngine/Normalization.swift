package import Manifest

/// Brings manifests into the one form in which they are applied and compared.
package enum Normalization {
    /// A manifest as it is applied: without what belongs to the server, Secrets with their texts folded into `data`.
    package static func forApply(_ manifest: JSON) -> JSON {
        var object = manifest
        object["status"] = nil
        if var metadata = object["metadata"] {
            for name in [
                "creationTimestamp", "managedFields", "resourceVersion", "uid", "generation", "selfLink",
                "deletionTimestamp", "deletionGracePeriodSeconds",
            ] {
                metadata[name] = nil
            }
            object["metadata"] = metadata
        }
        if object["apiVersion"] == "v1", object["kind"] == "Secret" { foldSecret(&object) }
        return object
    }

    private static func foldSecret(_ secret: inout JSON) {
        var data = secret["data"]?.objectValue ?? [:]
        for (key, value) in data where value.isNull { data[key] = "" }
        if let texts = secret["stringData"]?.objectValue {
            for (key, value) in texts {
                switch value {
                case .string(let text): data[key] = .string(Base64.encode(text))
                case .null: data[key] = ""
                default: data[key] = value  // kept, so that the apply fails where everyone sees it
                }
            }
            secret["stringData"] = nil
        }
        if !data.isEmpty || secret["data"] != nil { secret["data"] = .object(data) }
    }

    /// A side of the comparison: without status and the fields that rules ignore.
    static func forComparison(_ object: JSON, ignoring rules: [IgnoreRule]) -> JSON {
        var object = forApply(object)
        let reference = object.objectReference
        for rule in rules where rule.matches(reference) {
            for pointer in rule.jsonPointers { object.replace(at: IgnoreRule.parts(of: pointer)[...], with: nil) }
        }
        let kind = object.groupVersionKind?.groupKind
        if kind == GroupKind(group: "rbac.authorization.k8s.io", kind: "ClusterRole"),
            object["aggregationRule"]?.objectValue != nil
        {
            object["rules"] = nil
        }
        return object
    }
}
