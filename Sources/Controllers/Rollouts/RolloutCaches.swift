package import Kubernetes
package import Manifest
package import RolloutEngine

extension Rollout: CachedObject {}
extension ReplicaSet: CachedObject {}

/// A Service as the cache keeps it: its selector, and who manages it.
package struct CachedService: CachedObject {
    package var key: ObjectKey
    package var resourceVersion: String
    package var uid: String
    package var ownerUID: String? { nil }
    package var fact: ServiceFact

    package static func decode(_ reader: inout JSONReader) throws(JSONError) -> CachedService {
        var service = CachedService(
            key: ObjectKey(name: ""), resourceVersion: "", uid: "", fact: ServiceFact(selector: [:]))
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "metadata":
                try reader.readObject { reader, name throws(JSONError) in
                    switch name {
                    case "name": service.key.name = try reader.readString()
                    case "namespace": service.key.namespace = try reader.readString()
                    case "uid": service.uid = try reader.readString()
                    case "resourceVersion": service.resourceVersion = try reader.readString()
                    case "annotations": service.fact.managedBy = try reader.readStringMap()[Keys.managedBy]
                    default: break
                    }
                }
            case "spec":
                try reader.readObject { reader, name throws(JSONError) in
                    if name == "selector" { service.fact.selector = try reader.readStringMap() }
                }
            default: break
            }
        }
        return service
    }
}

/// The caches that a Rollout is observed from.
package struct RolloutCaches: Sendable {
    package var rollouts: Informer<Rollout>
    package var replicaSets: Informer<ReplicaSet>
    package var services: Informer<CachedService>

    package init(
        rollouts: Informer<Rollout>, replicaSets: Informer<ReplicaSet>, services: Informer<CachedService>
    ) {
        self.rollouts = rollouts
        self.replicaSets = replicaSets
        self.services = services
    }
}

extension Resource {
    package static let rollouts = Resource(
        group: "argoproj.io", version: "v1alpha1", plural: "rollouts", kind: "Rollout",
        subresources: ["status", "scale"], shortNames: ["ro"])
    package static let replicaSets = Resource(
        group: "apps", version: "v1", plural: "replicasets", kind: "ReplicaSet", subresources: ["status", "scale"])
    package static let deployments = Resource(
        group: "apps", version: "v1", plural: "deployments", kind: "Deployment", subresources: ["status", "scale"])
    package static let podTemplates = Resource(
        group: "", version: "v1", plural: "podtemplates", kind: "PodTemplate")
    package static let services = Resource(group: "", version: "v1", plural: "services", kind: "Service")
    package static let pods = Resource(group: "", version: "v1", plural: "pods", kind: "Pod")
}
