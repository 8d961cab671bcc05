import Kubernetes
import Manifest

/// Rules of the built-in kinds beyond their schema.
enum BuiltInValidation {
    private typealias Cause = KubernetesError.Cause

    static func rules(of name: String) -> @Sendable (JSON, JSON?) -> [KubernetesError.Cause] {
        switch name {
        case "configmaps", "secrets": { data($0, $1, isSecret: name == "secrets") }
        case "services": { service($0, $1) }
        case "pods": { object, _ in podSpec(object["spec"], "spec", anyRestart: true) }
        case "deployments.apps": { workload($0, $1) }
        case "replicasets.apps": { workload($0, $1) }
        case "jobs.batch": { job($0, $1) }
        case "ingresses.networking.k8s.io": { object, _ in ingress(object) }
        case "rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io":
            { immutable("roleRef", ["roleRef"], $0, $1) }
        case CustomKinds.definitionsName: { definition($0, $1) }
        default: { _, _ in [] }
        }
    }

    private static func immutable(
        _ field: String, _ path: [String], _ object: JSON, _ old: JSON?
    ) -> [KubernetesError.Cause] {
        guard let old, let before = old.at(path: path), object.at(path: path) != before else { return [] }
        return [.invalid(field, (object.at(path: path) ?? .null).description, "field is immutable")]
    }

    private static func data(_ object: JSON, _ old: JSON?, isSecret: Bool) -> [KubernetesError.Cause] {
        var causes: [Cause] = []
        var size = 0
        for part in ["data", "binaryData"] {
            for (key, value) in (object[part]?.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
                let isName =
                    !key.isEmpty && key.utf8.count <= 253 && key != "." && !key.hasPrefix("..")
                    && key.utf8.allSatisfy {
                        $0 == 0x2D || $0 == 0x2E || $0 == 0x5F || Character(Unicode.Scalar($0)).isLetter
                            || Character(Unicode.Scalar($0)).isNumber
                    }
                if !isName {
                    causes.append(
                        .invalid(
                            "\(part)[\(key.prefix(80))]", "\"\(key.prefix(80))\"",
                            "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"))
                }
                size += value.stringValue?.utf8.count ?? 0
                if isSecret || part == "binaryData", Base64.decode(value.stringValue ?? "") == nil {
                    causes.append(.invalid("\(part)[\(key.prefix(80))]", "\"…\"", "must be base 64"))
                }
            }
        }
        if size > 1_048_576 * (isSecret ? 4 : 3) / 3 {
            causes.append(
                .init(
                    reason: "FieldValueTooLong", message: "Too long: must have at most 1048576 bytes",
                    field: isSecret ? "data" : ""))
        }
        if let old, old["immutable"] == true {
            for part in ["data", "binaryData", "immutable"] where object[part] != old[part] {
                causes.append(
                    .init(
                        reason: "FieldValueForbidden", message: "Forbidden: field is immutable when `immutable` is set",
                        field: part))
            }
        }
        return causes + (isSecret ? immutable("type", ["type"], object, old) : [])
    }

    private static func service(_ object: JSON, _ old: JSON?) -> [KubernetesError.Cause] {
        var causes: [Cause] = []
        let ports = object.at("spec", "ports")?.arrayValue ?? []
        let type = object.at("spec", "type")?.stringValue
        if ports.isEmpty, type != "ExternalName", object.at("spec", "clusterIP") != "None" {
            causes.append(.required("spec.ports"))
        }
        for (index, port) in ports.enumerated() {
            if let number = port["port"]?.intValue, !(1...65_535).contains(number) {
                causes.append(
                    .invalid("spec.ports[\(index)].port", "\(number)", "must be between 1 and 65535, inclusive"))
            }
            if ports.count > 1, port["name"]?.stringValue?.isEmpty ?? true {
                causes.append(.required("spec.ports[\(index)].name"))
            }
        }
        if let old, type != "ExternalName", old.at("spec", "type") != "ExternalName" {
            causes += immutable("spec.clusterIP", ["spec", "clusterIP"], object, old)
        }
        return causes
    }

    private static func workload(_ object: JSON, _ old: JSON?) -> [KubernetesError.Cause] {
        var causes: [Cause] = []
        if let replicas = object.at("spec", "replicas")?.intValue, replicas < 0 {
            causes.append(.invalid("spec.replicas", "\(replicas)", "must be greater than or equal to 0"))
        }
        let labels = object.at("spec", "template", "metadata", "labels")?.stringMap ?? [:]
        if let json = object.at("spec", "selector") {
            if let selector = try? LabelSelector(json) {
                if selector.isEmpty {
                    causes.append(
                        .invalid("spec.selector", json.description, "empty selector is invalid for deployment"))
                } else if !selector.matches(labels) {
                    causes.append(
                        .invalid(
                            "spec.template.metadata.labels", JSON(labels).description,
                            "`selector` does not match template `labels`"))
                }
            } else {
                causes.append(.invalid("spec.selector", json.description, "invalid label selector"))
            }
        }
        causes += immutable("spec.selector", ["spec", "selector"], object, old)
        return causes + podSpec(object.at("spec", "template", "spec"), "spec.template.spec", anyRestart: false)
    }

    private static func job(_ object: JSON, _ old: JSON?) -> [KubernetesError.Cause] {
        var causes = immutable("spec.selector", ["spec", "selector"], object, old)
        if old?.at("spec", "suspend") != true {
            causes += immutable("spec.template", ["spec", "template"], object, old)
        }
        causes += immutable("spec.completions", ["spec", "completions"], object, old)
        let policy = object.at("spec", "template", "spec", "restartPolicy")?.stringValue ?? ""
        if !["Never", "OnFailure"].contains(policy) {
            causes.append(
                .init(
                    reason: "FieldValueNotSupported",
                    message: "Unsupported value: \"\(policy)\": supported values: \"OnFailure\", \"Never\"",
                    field: "spec.template.spec.restartPolicy"))
        }
        return causes + podSpec(object.at("spec", "template", "spec"), "spec.template.spec", anyRestart: true)
    }

    private static func podSpec(_ spec: JSON?, _ path: String, anyRestart: Bool) -> [KubernetesError.Cause] {
        guard let spec else { return [] }
        var causes: [Cause] = []
        let containers = spec["containers"]?.arrayValue ?? []
        if containers.isEmpty { causes.append(.required("\(path).containers")) }
        var names: Set<String> = []
        for (index, container) in containers.enumerated() {
            let field = "\(path).containers[\(index)]"
            let name = container["name"]?.stringValue ?? ""
            if name.isEmpty {
                causes.append(.required("\(field).name"))
            } else if !NameSyntax.isDNSLabel(name) {
                causes.append(.invalid("\(field).name", "\"\(name)\"", "a lowercase RFC 1123 label is required"))
            } else if !names.insert(name).inserted {
                causes.append(.duplicate("\(field).name", "\"\(name)\""))
            }
            if container["image"]?.stringValue?.isEmpty ?? true { causes.append(.required("\(field).image")) }
        }
        let policy = spec["restartPolicy"]?.stringValue ?? "Always"
        if !anyRestart, policy != "Always" {
            causes.append(
                .init(
                    reason: "FieldValueNotSupported",
                    message: "Unsupported value: \"\(policy)\": supported values: \"Always\"",
                    field: "\(path).restartPolicy"))
        }
        return causes
    }

    private static func ingress(_ object: JSON) -> [KubernetesError.Cause] {
        var causes: [Cause] = []
        for (index, rule) in (object.at("spec", "rules")?.arrayValue ?? []).enumerated() {
            for (place, path) in (rule.at("http", "paths")?.arrayValue ?? []).enumerated()
            where path["pathType"]?.stringValue?.isEmpty ?? true {
                causes.append(.required("spec.rules[\(index)].http.paths[\(place)].pathType"))
            }
        }
        return causes
    }

    private static func definition(_ object: JSON, _ old: JSON?) -> [KubernetesError.Cause] {
        var causes: [Cause] = []
        let plural = object.at("spec", "names", "plural")?.stringValue ?? ""
        let group = object.at("spec", "group")?.stringValue ?? ""
        if object.objectKey.name != "\(plural).\(group)" {
            causes.append(
                .invalid("metadata.name", "\"\(object.objectKey.name)\"", "must be spec.names.plural+\".\"+spec.group"))
        }
        let versions = object.at("spec", "versions")?.arrayValue ?? []
        if versions.count(where: { $0["storage"] == true }) != 1 {
            causes.append(.invalid("spec.versions", "[…]", "must have exactly one version marked as storage version"))
        }
        for (index, version) in versions.enumerated() where version.at("schema", "openAPIV3Schema") == nil {
            causes.append(.required("spec.versions[\(index)].schema.openAPIV3Schema"))
        }
        if let scope = object.at("spec", "scope")?.stringValue, !["Namespaced", "Cluster"].contains(scope) {
            causes.append(
                .init(
                    reason: "FieldValueNotSupported",
                    message: "Unsupported value: \"\(scope)\": supported values: \"Cluster\", \"Namespaced\"",
                    field: "spec.scope"))
        }
        for path in [["spec", "scope"], ["spec", "group"], ["spec", "names", "kind"], ["spec", "names", "plural"]] {
            causes += immutable(path.joined(separator: "."), path, object, old)
        }
        return causes
    }
}
