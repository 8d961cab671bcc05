import Kubernetes
import Manifest

extension ClusterAPI {
    /// The way of every written object: unknown fields out, defaults in, then the rules.
    /// - Returns: Warnings about unknown fields, unless they are ignored or an error.
    func admit(
        _ object: inout JSON, old: JSON?, _ kind: ServedKind, _ options: WriteOptions
    ) throws(KubernetesError) -> [String] {
        let definition = kind.definition
        let name = object.objectKey.name
        var dropped: [String] = []
        let schema = kind.version.schema
        if definition.isCustom {
            schema.prune(&object, dropped: &dropped)
            Self.dropNullMetadata(&object)
        } else {
            SchemaNode.dropNulls(&object)
            var causes: [KubernetesError.Cause] = []
            schema.validate(object, causes: &causes)
            if let wrong = causes.first(where: { $0.reason == "FieldValueTypeInvalid" }) {
                throw .badRequest(
                    "\(definition.kind) in version \"\(kind.version.name)\" cannot be handled as a "
                        + "\(definition.kind): json: cannot unmarshal: \(wrong.field): \(wrong.message)")
            }
            schema.prune(&object, dropped: &dropped)
            schema.dropEmpties(&object)
        }
        var warnings: [String] = []
        if !dropped.isEmpty {
            let texts = dropped.prefix(50).map { "unknown field \"\($0)\"" }
            switch options.fieldValidation ?? "Warn" {
            case "Ignore": break
            case "Strict": throw .badRequest("strict decoding error: \(texts.joined(separator: ", "))")
            default: warnings = texts
            }
        }
        if definition.isCustom { schema.applyDefaults(to: &object) } else { definition.rules.defaults(&object, old) }
        try checkMetadata(object, old: old, definition, name)
        return warnings
    }

    /// The last checks, on what would be stored.
    func checkStored(_ object: JSON, old: JSON?, _ kind: ServedKind) throws(KubernetesError) {
        var causes: [KubernetesError.Cause] = []
        if kind.definition.isCustom {
            kind.version.schema.validate(object, causes: &causes)
            if let old, !causes.isEmpty {
                // What was invalid before and has not changed stays tolerated.
                var known: [KubernetesError.Cause] = []
                kind.version.schema.validate(old, causes: &known)
                let tolerated = Set(known)
                causes.removeAll { tolerated.contains($0) }
            }
        } else {
            var schemaCauses: [KubernetesError.Cause] = []
            kind.version.schema.validate(object, causes: &schemaCauses)
            causes = schemaCauses.filter { $0.reason != "FieldValueRequired" || !$0.field.hasPrefix("status") }
            causes += kind.definition.rules.validate(object, old)
        }
        if !causes.isEmpty {
            throw .invalid(kind.definition, object.objectKey.name, Array(causes.prefix(100)))
        }
        if object.serialized().count > 3 * 1024 * 1024 {
            throw KubernetesError(
                code: 413, reason: "RequestEntityTooLarge", message: "Request entity too large: limit is 3145728")
        }
    }

    private func checkMetadata(
        _ object: JSON, old: JSON?, _ kind: KindDefinition, _ name: String
    ) throws(KubernetesError) {
        var causes: [KubernetesError.Cause] = []
        let metadata = object["metadata"] ?? .emptyObject
        if name.isEmpty {
            causes.append(
                .init(
                    reason: "FieldValueRequired", message: "Required value: name or generateName is required",
                    field: "metadata.name"))
        } else if old == nil, !NameRules.isValid(name, for: kind) {
            causes.append(.invalid("metadata.name", "\"\(name)\"", NameRules.explanation(for: kind)))
        }
        for (key, value) in (metadata["labels"]?.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
            if !NameSyntax.isKey(key) {
                causes.append(
                    .invalid(
                        "metadata.labels", "\"\(key)\"",
                        "name part must consist of alphanumeric characters, '-', '_' or '.'"))
            }
            if value.stringValue.map(NameSyntax.isValue) != true {
                causes.append(
                    .invalid(
                        "metadata.labels", value.description,
                        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.'"))
            }
        }
        var size = 0
        for (key, value) in (metadata["annotations"]?.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
            if !NameSyntax.isAnnotationKey(key) {
                causes.append(
                    .invalid(
                        "metadata.annotations", "\"\(key)\"",
                        "name part must consist of alphanumeric characters, '-', '_' or '.'"))
            }
            size += key.utf8.count + (value.stringValue?.utf8.count ?? 0)
        }
        if size > 256 * 1024 {
            causes.append(
                .init(
                    reason: "FieldValueTooLong", message: "Too long: must have at most 262144 bytes",
                    field: "metadata.annotations"))
        }
        for (index, owner) in (metadata["ownerReferences"]?.arrayValue ?? []).enumerated() {
            for field in ["apiVersion", "kind", "name", "uid"] where owner[field]?.stringValue?.isEmpty ?? true {
                causes.append(.required("metadata.ownerReferences[\(index)].\(field)"))
            }
        }
        if metadata["ownerReferences"]?.arrayValue?.count(where: { $0["controller"] == true }) ?? 0 > 1 {
            causes.append(
                .invalid("metadata.ownerReferences", "[]", "Only one reference can have Controller set to true"))
        }
        if !causes.isEmpty { throw .invalid(kind, name, causes) }
    }

    private static func dropNullMetadata(_ object: inout JSON) {
        guard var metadata = object["metadata"] else { return }
        SchemaNode.dropNulls(&metadata)
        object["metadata"] = metadata
    }
}

/// What names a kind allows.
enum NameRules {
    static func isValid(_ name: String, for kind: KindDefinition) -> Bool {
        switch kind.name {
        case "namespaces", "services": NameSyntax.isDNSLabel(name)
        case _ where kind.group == "rbac.authorization.k8s.io":
            !name.isEmpty && name != "." && name != ".." && !name.contains("/") && !name.contains("%")
        default: NameSyntax.isSubdomain(name)
        }
    }

    static func explanation(for kind: KindDefinition) -> String {
        switch kind.name {
        case "namespaces", "services":
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "
                + "end with an alphanumeric character"
        case _ where kind.group == "rbac.authorization.k8s.io": "may not be '.', '..' or contain '/' or '%'"
        default:
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
                + "start and end with an alphanumeric character"
        }
    }
}
