package import Kubernetes
package import Manifest

/// Where the pod template of a Rollout stands: in itself, or in the workload that it refers to.
package struct TemplatePlace: Hashable, Sendable {
    package var resource: Resource
    package var key: ObjectKey
    /// `["spec", "template"]`, or `["template"]` in a PodTemplate.
    package var path: [String]

    /// - Throws: A sentence for the user, where the reference is to a kind that holds no template.
    package init(_ rollout: JSON) throws(PromotionError) {
        let own = rollout.objectKey
        guard let reference = rollout.at("spec", "workloadRef"), reference.isObject else {
            (resource, key, path) = (.rollouts, own, ["spec", "template"])
            return
        }
        let apiVersion = reference["apiVersion"]?.stringValue ?? ""
        let kind = reference["kind"]?.stringValue ?? ""
        key = ObjectKey(namespace: own.namespace, name: reference["name"]?.stringValue ?? "")
        switch (apiVersion, kind) {
        case ("apps/v1", "Deployment"):
            resource = Resource(group: "apps", version: "v1", plural: "deployments", kind: "Deployment")
            path = ["spec", "template"]
        case ("apps/v1", "ReplicaSet"): (resource, path) = (.replicaSets, ["spec", "template"])
        case ("v1", "PodTemplate"):
            resource = Resource(group: "", version: "v1", plural: "podtemplates", kind: "PodTemplate")
            path = ["template"]
        default:
            throw PromotionError(
                "Rollout \(own.name) refers to \(apiVersion) \(kind) \(key.name), which holds no pod template; "
                    + "refer to a Deployment, ReplicaSet or PodTemplate")
        }
    }

    /// The template as an object holds it.
    package func template(in object: JSON) -> JSON { object.at(path: path) ?? .emptyObject }

    /// A JSON patch that puts another template in its place.
    /// - Parameter uid: Of the object that it is meant for; empty for any.
    package func replacement(with template: JSON, uid: String) -> JSON {
        let replace: JSON = ["op": "replace", "path": .string("/" + path.joined(separator: "/")), "value": template]
        if uid.isEmpty { return [replace] }
        return [["op": "test", "path": "/metadata/uid", "value": .string(uid)], replace]
    }

    /// A merge patch that gives containers an image.
    /// - Parameters:
    ///   - object: The object as it was read; its resourceVersion is the patch's precondition.
    ///   - container: The name of a normal, init or ephemeral container; `*` is all.
    /// - Throws: A sentence for the user, when there is no such container.
    package func imagePatch(
        _ object: JSON, container: String, image: String
    ) throws(PromotionError) -> JSON {
        let spec = template(in: object)["spec"] ?? .emptyObject
        var changed = JSON.emptyObject
        var names: [String] = []
        var isFound = false
        for field in ["initContainers", "containers", "ephemeralContainers"] {
            guard var containers = spec[field]?.arrayValue else { continue }
            var isChanged = false
            for index in containers.indices {
                let name = containers[index]["name"]?.stringValue ?? ""
                names.append(name)
                guard container == "*" || name == container else { continue }
                containers[index]["image"] = .string(image)
                isChanged = true
            }
            // A merge patch replaces a list as a whole, and so it is sent as it was read.
            if isChanged { changed[field] = .array(containers) }
            isFound = isFound || isChanged
        }
        guard isFound else {
            throw PromotionError(
                "\(resource.kind) \(key.name) has no container \(container); it has \(names.joined(separator: ", "))")
        }
        var patch = JSON.emptyObject
        patch.set(changed, at: (path + ["spec"])[...])
        if !object.resourceVersion.isEmpty {
            patch.set(.string(object.resourceVersion), at: "metadata", "resourceVersion")
        }
        return patch
    }
}
