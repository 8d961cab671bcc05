import Kubernetes
package import Manifest

/// Checks manifests against the schemas of kinds that are known without a cluster, as strict field validation does.
package enum StrictDecoding {
    /// One field that does not fit.
    package struct Problem: Hashable, Sendable {
        package var path: String
        package var message: String
    }

    private static let kinds: [GroupVersionKind: SchemaNode] = {
        var found: [GroupVersionKind: SchemaNode] = [:]
        let custom = (BundledKinds.sluice + "\n" + BundledKinds.mesh).split(separator: "\n")
            .compactMap { try? JSON(parsing: String($0)) }.compactMap(CustomKinds.definition)
        for kind in custom + BuiltInKinds.all {
            for version in kind.versions {
                found[GroupVersionKind(group: kind.group, version: version.name, kind: kind.kind)] = version.schema
            }
        }
        // What the embedded cluster does not serve, or takes as it is.
        let types = SchemaText([builtInSchemaText, newerFieldsText, routeSchemaText]).nodes()
        for (group, versions, kind, type) in routeKinds {
            for version in versions {
                found[GroupVersionKind(group: group, version: version, kind: kind)] = types[type]
            }
        }
        return found
    }()

    private static let routeKinds: [(group: String, versions: [String], kind: String, type: String)] = [
        ("networking.k8s.io", ["v1beta1"], "Ingress", "networking.v1beta1.Ingress"),
        ("extensions", ["v1beta1"], "Ingress", "networking.v1beta1.Ingress"),
        ("networking.istio.io", ["v1alpha3", "v1beta1", "v1"], "VirtualService", "istio.VirtualService"),
    ]

    /// Unknown fields and values of wrong types; `nil` for a kind whose schema is not known here.
    package static func problems(of object: JSON) -> [Problem]? {
        guard let kind = object.groupVersionKind, let schema = kinds[kind] else { return nil }
        var unknown: [String] = []
        var pruned = object
        schema.prune(&pruned, dropped: &unknown)
        let template = BuiltInSchemas.type("core.v1.PodTemplateSpec")
        for (path, value) in podTemplates(of: object) {
            var pruned = value
            template.prune(&pruned, path: path, dropped: &unknown)
        }
        var causes: [KubernetesError.Cause] = []
        schema.validate(object, causes: &causes)
        return unknown.map { Problem(path: $0, message: "unknown field; correct its name or remove it") }
            + causes.map { Problem(path: $0.field, message: $0.message) }
    }

    /// Pod templates inside of custom resources, whose own schemas leave them open.
    private static func podTemplates(of object: JSON) -> [(path: String, value: JSON)] {
        guard object.groupVersionKind?.group == "argoproj.io" else { return [] }
        switch object["kind"]?.stringValue {
        case "Rollout": return object.at("spec", "template").map { [("spec.template", $0)] } ?? []
        case "Experiment":
            let templates = object.at("spec", "templates")?.arrayValue ?? []
            return templates.enumerated().compactMap { index, entry in
                entry["template"].map { ("spec.templates[\(index)].template", $0) }
            }
        default: return []
        }
    }
}
