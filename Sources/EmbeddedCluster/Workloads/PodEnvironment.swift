import Kubernetes
import Manifest

/// The environment of a pod's first container, with what it takes from ConfigMaps and Secrets.
struct PodEnvironment {
    private let cluster: ClusterAPI

    init(_ cluster: ClusterAPI) { self.cluster = cluster }

    /// - Throws: `NotFound` for a ConfigMap or key that is not there and not optional.
    func variables(of pod: JSON) throws(KubernetesError) -> [String: String] {
        guard let container = pod.at("spec", "containers")?[0] else { return [:] }
        let namespace = pod.objectKey.namespace
        var variables: [String: String] = [:]
        for source in container["envFrom"]?.arrayValue ?? [] {
            for (field, name) in [("configMapRef", "configmaps"), ("secretRef", "secrets")] {
                guard let reference = source[field] else { continue }
                let prefix = source["prefix"]?.stringValue ?? ""
                for (key, value) in try data(name, reference, namespace) { variables[prefix + key] = value }
            }
        }
        for variable in container["env"]?.arrayValue ?? [] {
            guard let name = variable["name"]?.stringValue else { continue }
            if let value = variable["value"]?.stringValue {
                variables[name] = value
                continue
            }
            for (field, kind) in [("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")] {
                guard let reference = variable.at("valueFrom", field) else { continue }
                let key = reference["key"]?.stringValue ?? ""
                if let value = try data(kind, reference, namespace)[key] {
                    variables[name] = value
                } else if reference["optional"] != true {
                    throw KubernetesError(code: 404, reason: "NotFound", message: "couldn't find key \(key) in \(kind)")
                }
            }
            if let path = variable.at("valueFrom", "fieldRef", "fieldPath")?.stringValue {
                variables[name] = (try? JSONPathExpression(path))?.values(in: pod).first.flatMap {
                    $0.stringValue ?? $0.description
                }
            }
        }
        // Mounted ConfigMaps must be there too.
        for volume in pod.at("spec", "volumes")?.arrayValue ?? [] {
            if let reference = volume["configMap"] { _ = try data("configmaps", reference, namespace) }
        }
        return variables
    }

    private func data(_ kind: String, _ reference: JSON, _ namespace: String) throws(KubernetesError) -> [String:
        String]
    {
        let key = ObjectKey(namespace: namespace, name: reference["name"]?.stringValue ?? "")
        guard let object = cluster.store.get(kind, key)?.json else {
            if reference["optional"] == true { return [:] }
            throw KubernetesError(code: 404, reason: "NotFound", message: "\(kind) \"\(key.name)\" not found")
        }
        return object["data"]?.stringMap ?? [:]
    }
}
