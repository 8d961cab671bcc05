package import Kubernetes
package import Logging
package import Manifest
package import SyncEngine

extension Application: CachedObject {}
extension Release: CachedObject {}

extension Resource {
    package static let applications = Resource(
        group: "argoproj.io", version: "v1alpha1", plural: "applications", kind: "Application",
        shortNames: ["app", "apps"])
    package static let appProjects = Resource(
        group: "argoproj.io", version: "v1alpha1", plural: "appprojects", kind: "AppProject",
        shortNames: ["appproj", "appprojs"])
    package static let releases = Resource(
        group: "sluice.dev", version: "v1alpha1", plural: "releases", kind: "Release", subresources: ["status"])
    package static let secrets = Resource(group: "", version: "v1", plural: "secrets", kind: "Secret")
}

/// The caches that Applications are observed from, beside the live objects.
package struct ApplicationCaches: Sendable {
    package var applications: Informer<Application>
    package var releases: Informer<Release>
    package var projects: Informer<UntypedObject>

    package init(_ api: any KubernetesAPI, options: ControllerOptions, logger: Logger) {
        let scope = ListOptions(namespace: options.argocdNamespace)
        // An instance id divides Applications as it divides Rollouts: two controllers must not sync the same one.
        var own = scope
        own.labelSelector = options.instanceSelector
        applications = Informer(api, .applications, own, logger: logger)
        releases = Informer(api, .releases, scope, logger: logger)
        projects = Informer(api, .appProjects, scope, logger: logger)
    }

    /// The Releases of one application, in no particular order.
    package func releases(of application: Application) -> [Release] { releases.store.ownedBy(application.uid) }
}

/// A live object as the sync engine needs it: whole where some application tracks it, else only its identity.
///
/// A cluster's Secrets and ConfigMaps are many and mostly nobody's; Rollouts and autoscalers that nobody tracks still
/// say which fields of tracked objects they write, and keep just that.
package struct ManagedObject: CachedObject {
    package var key: ObjectKey
    package var resourceVersion: String
    package var uid: String
    package var ownerUID: String?
    /// The application that the object says it belongs to.
    package var instance: String?
    package var live: LiveObject?

    package init(_ json: JSON) {
        var object = json
        let owned = LiveObject.owned(inManagedFields: json.at("metadata", "managedFields"))
        object.set(nil, at: "metadata", "managedFields")
        key = json.objectKey
        resourceVersion = json.resourceVersion
        uid = json.uid
        let owners = json.at("metadata", "ownerReferences")?.arrayValue ?? []
        ownerUID = owners.first { $0["controller"]?.boolValue == true }?["uid"]?.stringValue
        instance = json.annotations[Names.trackingID].flatMap(TrackingID.init)?.instance
        live = LiveObject(object, owned: owned)
    }

    package static func decode(_ reader: inout JSONReader) throws(JSONError) -> ManagedObject {
        let object = ManagedObject(try reader.readJSON())
        if object.key.name.isEmpty { throw JSONError("the object has no name", path: ["metadata", "name"]) }
        return object
    }

    package mutating func adopt(_ resource: Resource) {
        guard var live else { return }
        if live.json["apiVersion"] == nil { live.json["apiVersion"] = .string(resource.apiVersion) }
        if live.json["kind"] == nil { live.json["kind"] = .string(resource.kind) }
        if instance != nil {
            self.live = live
            return
        }
        switch resource.kind {
        case "Rollout": self.live = LiveObject(live.json.reduced(to: ["strategy"]))
        case "HorizontalPodAutoscaler": self.live = LiveObject(live.json.reduced(to: ["scaleTargetRef"]))
        default: self.live = nil
        }
    }
}

extension JSON {
    /// Identity, and some members of the spec.
    fileprivate func reduced(to members: [String]) -> JSON {
        var result: JSON = ["apiVersion": self["apiVersion"] ?? .null, "kind": self["kind"] ?? .null]
        let key = objectKey
        result["metadata"] = ["name": .string(key.name), "namespace": .string(key.namespace)]
        for name in members { result.set(at("spec", name), at: "spec", name) }
        return result
    }
}
