package import Manifest

/// An Argo CD `Application`: what to sync from where to where, and what came of it.
///
/// It has no status subresource upstream: spec, `operation` and status are one object, and a status write raises
/// `metadata.generation`, which therefore says nothing.
package struct Application: Hashable, Sendable {
    package static let groupVersionKind = GroupVersionKind(
        group: "argoproj.io", version: "v1alpha1", kind: "Application")

    package var key: ObjectKey
    package var uid: String
    package var resourceVersion: String
    /// The uid of the controlling owner; empty where there is none.
    package var ownerUID: String?
    package var annotations: [String: String]
    package var finalizers: [String]
    package var deletedAt: Timestamp?
    package var spec: ApplicationSpec
    package var status: ApplicationStatus
    /// The operation that is requested and not finished.
    package var operation: SyncOperation?

    package init(
        key: ObjectKey, uid: String = "", resourceVersion: String = "", ownerUID: String = "",
        annotations: [String: String] = [:], finalizers: [String] = [], deletedAt: Timestamp? = nil,
        spec: ApplicationSpec, status: ApplicationStatus = ApplicationStatus(), operation: SyncOperation? = nil
    ) {
        self.key = key
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.ownerUID = ownerUID
        self.annotations = annotations
        self.finalizers = finalizers
        self.deletedAt = deletedAt
        self.spec = spec
        self.status = status
        self.operation = operation
    }

    /// Reads one object from its bytes; fields of the spec that have a wrong type end up in `spec.problems`.
    package static func decode(_ reader: inout JSONReader) throws(JSONError) -> Application {
        var metadata = JSON.emptyObject
        var spec = JSON.emptyObject
        var status = JSON.emptyObject
        var operation = JSON.null
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "metadata":
                try reader.readObject { reader, name throws(JSONError) in
                    if name != "managedFields" { metadata[name] = try reader.readJSON() }
                }
            case "spec": spec = try reader.readJSON()
            case "status": status = try reader.readJSON()
            case "operation": operation = try reader.readJSON()
            default: break
            }
        }
        guard let name = metadata["name"]?.stringValue, !name.isEmpty else {
            throw JSONError("metadata.name is required")
        }
        let owners = metadata["ownerReferences"]?.arrayValue ?? []
        let controller = owners.first { $0["controller"]?.boolValue == true }
        return Application(
            key: ObjectKey(namespace: metadata["namespace"]?.stringValue ?? "", name: name),
            uid: metadata["uid"]?.stringValue ?? "",
            resourceVersion: metadata["resourceVersion"]?.stringValue ?? "",
            ownerUID: controller?["uid"]?.stringValue ?? "",
            annotations: metadata["annotations"]?.stringMap ?? [:],
            finalizers: metadata["finalizers"]?.arrayValue?.compactMap(\.stringValue) ?? [],
            deletedAt: metadata["deletionTimestamp"]?.stringValue.flatMap(Timestamp.init(rfc3339:)),
            spec: ApplicationSpec(spec), status: ApplicationStatus(status), operation: SyncOperation(operation))
    }

    package var reference: ObjectReference {
        ObjectReference(group: "argoproj.io", kind: "Application", namespace: key.namespace, name: key.name)
    }

    /// The name under which its objects are tracked.
    /// - Parameter controlNamespace: Applications there go by their bare name.
    package func instanceName(controlNamespace: String) -> String {
        key.namespace == controlNamespace ? key.name : "\(key.namespace)_\(key.name)"
    }
}

/// Keys of annotations, labels and finalizers that the sync engine reads or writes.
package enum Names {
    package static let refresh = "argocd.argoproj.io/refresh"
    package static let skipReconcile = "argocd.argoproj.io/skip-reconcile"
    package static let deletionApproved = "argocd.argoproj.io/deletion-approved"
    package static let trackingID = "argocd.argoproj.io/tracking-id"
    package static let syncWave = "argocd.argoproj.io/sync-wave"
    package static let syncOptions = "argocd.argoproj.io/sync-options"
    package static let compareOptions = "argocd.argoproj.io/compare-options"
    package static let hook = "argocd.argoproj.io/hook"
    package static let ignoreHealthcheck = "argocd.argoproj.io/ignore-healthcheck"
    package static let ignoreRestartPolicy = "argocd.argoproj.io/ignore-restart-policy"
    package static let helmHook = "helm.sh/hook"
    package static let helmHookWeight = "helm.sh/hook-weight"
    package static let helmResourcePolicy = "helm.sh/resource-policy"
    package static let resourcesFinalizer = "resources-finalizer.argocd.argoproj.io"
    package static let onRejection = "sluice.dev/on-rejection"
    /// The field manager of applies.
    package static let fieldManager = "argocd-controller"
}
