import Controllers
import Kubernetes
import Manifest
import RolloutEngine

/// A connection to the cluster, and the namespace to act in.
struct ClusterSession {
    let client: KubernetesClient
    let discovery: Discovery
    let namespace: String

    func key(_ name: String) -> ObjectKey { ObjectKey(namespace: namespace, name: name) }

    func get(_ resource: Resource, _ name: String) async throws -> JSON { try await get(resource, key(name)) }

    func get(_ resource: Resource, _ key: ObjectKey) async throws -> JSON {
        guard var object = try await client.get(resource, key, subresource: nil) else {
            let place =
                resource.isNamespaced ? " in namespace \(key.namespace); choose another namespace with -n" : ""
            throw CommandError("there is no \(resource.kind) \(key.name)\(place)")
        }
        object.adopt(resource)
        return object
    }

    /// What a Rollout refers to by `workloadRef`; `nil` where it refers to nothing that has a template, or that is there.
    func workload(of rollout: Rollout) async throws -> JSON? {
        guard let reference = rollout.spec.workloadRef, reference.isSupported else { return nil }
        let kinds: [String: Resource] = [
            "Deployment": .deployments, "ReplicaSet": .replicaSets, "PodTemplate": .podTemplates,
        ]
        guard let resource = kinds[reference.kind] else { return nil }
        var object = try await client.get(resource, key(reference.name), subresource: nil)
        object?.adopt(resource)
        return object
    }

    /// Objects ordered by key, none where their kind is not installed.
    /// - Parameter namespace: `nil` is all of them.
    func list(_ resource: Resource, namespace: String?, labelSelector: String? = nil) async throws -> [JSON] {
        let found = Lock<[JSON]>([])
        let collect: @Sendable ([UInt8]) throws -> Void = { bytes in
            var object = try JSON(parsing: bytes)
            object.adopt(resource)
            found.withLock { $0.append(object) }
        }
        let options = ListOptions(namespace: namespace, labelSelector: labelSelector)
        do {
            _ = try await client.list(resource, options, item: collect)
        } catch {
            if !error.isNotFound { throw error }
        }
        return found.withLock { $0 }.sorted { $0.objectKey < $1.objectKey }
    }

    /// Carries out what a command asks for.
    func changes(_ dryRun: DryRunOptions) -> ObjectChanges {
        ObjectChanges(client, fieldManager: "kubectl-sluice", mode: dryRun.mode)
    }
}

extension JSON {
    /// Items of a list have neither `apiVersion` nor `kind`.
    mutating func adopt(_ resource: Resource) {
        if self["apiVersion"] == nil { self["apiVersion"] = .string(resource.apiVersion) }
        if self["kind"] == nil { self["kind"] = .string(resource.kind) }
        set(nil, at: "metadata", "managedFields")
    }
}

extension Resource {
    static let experiments = Resource(
        group: "argoproj.io", version: "v1alpha1", plural: "experiments", kind: "Experiment")
}
