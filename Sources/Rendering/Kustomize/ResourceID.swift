import Manifest

/// Identity of an object inside a Kustomize build.
struct ResourceID: Hashable, CustomStringConvertible {
    var kind: GroupVersionKind
    var namespace: String
    var name: String

    init(kind: GroupVersionKind, namespace: String, name: String) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }

    init(of object: JSON) {
        let metadata = object["metadata"]
        kind = GroupVersionKind(
            apiVersion: object["apiVersion"]?.stringValue ?? "", kind: object["kind"]?.stringValue ?? "")
        namespace = metadata?["namespace"]?.stringValue ?? ""
        name = metadata?["name"]?.stringValue ?? ""
    }

    var isClusterScoped: Bool { ClusterScopedKinds.contains(kind) }

    /// What namespaces are compared by: none means `default`, and cluster-scoped objects are in a place of their own.
    var effectiveNamespace: String {
        if isClusterScoped { return "_non_namespaceable_" }
        return namespace.isEmpty ? "default" : namespace
    }

    /// The identity with the namespace in the form that is compared.
    var effective: ResourceID { ResourceID(kind: kind, namespace: effectiveNamespace, name: name) }

    func matches(_ other: ResourceID) -> Bool {
        name == other.name && kind == other.kind && effectiveNamespace == other.effectiveNamespace
    }

    var description: String { "\(kind.kind) \(ObjectKey(namespace: namespace, name: name))" }
}

/// Built-in kinds without a namespace; what is not listed counts as namespaced.
enum ClusterScopedKinds {
    private static let groups: [String: String] = [
        "Namespace": "", "Node": "", "PersistentVolume": "", "ComponentStatus": "",
        "CustomResourceDefinition": "apiextensions.k8s.io", "APIService": "apiregistration.k8s.io",
        "ClusterRole": "rbac.authorization.k8s.io", "ClusterRoleBinding": "rbac.authorization.k8s.io",
        "StorageClass": "storage.k8s.io", "CSIDriver": "storage.k8s.io", "CSINode": "storage.k8s.io",
        "VolumeAttachment": "storage.k8s.io", "VolumeAttributesClass": "storage.k8s.io",
        "PriorityClass": "scheduling.k8s.io", "IngressClass": "networking.k8s.io", "IPAddress": "networking.k8s.io",
        "ServiceCIDR": "networking.k8s.io", "RuntimeClass": "node.k8s.io",
        "MutatingWebhookConfiguration": "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration": "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicy": "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding": "admissionregistration.k8s.io",
        "MutatingAdmissionPolicy": "admissionregistration.k8s.io",
        "MutatingAdmissionPolicyBinding": "admissionregistration.k8s.io",
        "FlowSchema": "flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration": "flowcontrol.apiserver.k8s.io",
        "CertificateSigningRequest": "certificates.k8s.io", "ClusterTrustBundle": "certificates.k8s.io",
        "PodSecurityPolicy": "policy", "DeviceClass": "resource.k8s.io", "ResourceSlice": "resource.k8s.io",
        "TokenReview": "authentication.k8s.io", "SelfSubjectReview": "authentication.k8s.io",
        "SubjectAccessReview": "authorization.k8s.io", "SelfSubjectAccessReview": "authorization.k8s.io",
        "SelfSubjectRulesReview": "authorization.k8s.io", "StorageVersion": "internal.apiserver.k8s.io",
        "StorageVersionMigration": "storagemigration.k8s.io",
    ]

    static func contains(_ kind: GroupVersionKind) -> Bool { groups[kind.kind] == kind.group }
}
