import Kubernetes
import Manifest

/// The `autoscaling/v1` Scale of an object.
enum Scale {
    static func read(_ object: JSON, _ paths: ScalePaths) -> JSON {
        var metadata = JSON.emptyObject
        for name in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
            if let value = object.at("metadata", name) { metadata[name] = value }
        }
        var status: JSON = ["replicas": object.at(path: paths.statusReplicas) ?? 0]
        switch paths.selector.flatMap({ object.at(path: $0) }) {
        case .string(let text): status["selector"] = .string(text)
        case .object(let selector):
            if let parsed = try? LabelSelector(.object(selector)) { status["selector"] = .string(parsed.text) }
        default: break
        }
        let replicas = object.at(path: paths.replicas) ?? 0
        return [
            "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata,
            "spec": replicas == 0 ? [:] : ["replicas": replicas], "status": status,
        ]
    }

    /// Puts the scale's replicas into the object.
    static func write(
        _ scale: JSON, into object: inout JSON, _ paths: ScalePaths, of kind: KindDefinition, name: String
    ) throws(KubernetesError) {
        guard let replicas = scale.at("spec", "replicas")?.intValue ?? (scale.at("spec", "replicas") == nil ? 0 : nil),
            replicas >= 0, replicas <= Int64(Int32.max)
        else {
            throw .invalid(
                kind, name,
                [
                    .invalid(
                        "spec.replicas", (scale.at("spec", "replicas") ?? .null).description,
                        "must be greater than or equal to 0")
                ])
        }
        object.set(.int(replicas), at: paths.replicas[...])
    }
}
