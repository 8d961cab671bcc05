/// Which fields hold the name of which kind of object.
struct NameReferenceTable: Sendable {
    struct Row: Sendable {
        /// Empty parts match everything.
        var group = ""
        var version = ""
        var kind: String
        var referrers: [FieldSpec]
    }

    var rows: [Row]

    static let standard = NameReferenceTable(rows: build())

    private static let podHolders: [(kind: String, prefix: String)] = [
        ("Pod", "spec"), ("Deployment", "spec/template/spec"), ("ReplicaSet", "spec/template/spec"),
        ("DaemonSet", "spec/template/spec"), ("StatefulSet", "spec/template/spec"), ("Job", "spec/template/spec"),
        ("CronJob", "spec/jobTemplate/spec/template/spec"), ("PodTemplate", "template/spec"),
    ]

    private static func pods(_ paths: [String]) -> [FieldSpec] {
        podHolders.flatMap { holder in paths.map { FieldSpec("\(holder.prefix)/\($0)", kind: holder.kind) } }
    }

    /// Pod fields that the tables know in fewer kinds: without ReplicaSet and PodTemplate, with ReplicationController.
    private static func commonPods(_ path: String) -> [FieldSpec] {
        podHolders.filter { !["ReplicaSet", "PodTemplate"].contains($0.kind) }
            .map { FieldSpec("\($0.prefix)/\(path)", kind: $0.kind) }
            + [FieldSpec("spec/template/spec/\(path)", kind: "ReplicationController")]
    }

    private static func containers(_ paths: [String]) -> [String] {
        ["containers", "initContainers"].flatMap { list in paths.map { "\(list)/\($0)" } }
    }

    private static func build() -> [Row] {
        let roles = ["Role", "ClusterRole"].map { FieldSpec("rules/resourceNames", kind: $0) }
        let bindings = ["RoleBinding", "ClusterRoleBinding"]
        var rows = ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"].map {
            Row(kind: $0, referrers: [FieldSpec("spec/scaleTargetRef/name", kind: "HorizontalPodAutoscaler")])
        }
        rows.append(
            Row(
                version: "v1", kind: "ConfigMap",
                referrers: pods(
                    ["volumes/configMap/name", "volumes/projected/sources/configMap/name"]
                        + containers(["env/valueFrom/configMapKeyRef/name", "envFrom/configMapRef/name"]))
                    + [FieldSpec("spec/configSource/configMap", kind: "Node")] + roles
                    + [ingressAnnotation("nginx.ingress.kubernetes.io\\/fastcgi-params-configmap")]))
        rows.append(Row(version: "v1", kind: "Secret", referrers: secretReferrers(roles)))
        rows.append(Row(version: "v1", kind: "Service", referrers: serviceReferrers))
        rows.append(Row(kind: "Role", referrers: [rbac("roleRef/name", "RoleBinding")]))
        rows.append(Row(kind: "ClusterRole", referrers: bindings.map { rbac("roleRef/name", $0) }))
        rows.append(
            Row(
                version: "v1", kind: "ServiceAccount",
                referrers: bindings.map { rbac("subjects", $0) } + commonPods("serviceAccountName")))
        rows.append(
            Row(
                version: "v1", kind: "PersistentVolumeClaim",
                referrers: commonPods("volumes/persistentVolumeClaim/claimName")))
        rows.append(
            Row(
                version: "v1", kind: "PersistentVolume",
                referrers: [
                    FieldSpec("spec/volumeName", kind: "PersistentVolumeClaim"),
                    rbac("rules/resourceNames", "ClusterRole"),
                ]))
        rows.append(
            Row(
                group: "storage.k8s.io", version: "v1", kind: "StorageClass",
                referrers: [
                    FieldSpec("spec/storageClassName", kind: "PersistentVolume"),
                    FieldSpec("spec/storageClassName", kind: "PersistentVolumeClaim"),
                    FieldSpec("spec/volumeClaimTemplates/spec/storageClassName", kind: "StatefulSet"),
                ]))
        rows.append(
            Row(
                group: "scheduling.k8s.io", version: "v1", kind: "PriorityClass",
                referrers: commonPods("priorityClassName")))
        // IngressClass has no row: upstream's names the group with its version, and so never matches.
        rows.append(
            Row(
                group: "admissionregistration.k8s.io", kind: "ValidatingAdmissionPolicy",
                referrers: [FieldSpec("spec/policyName", kind: "ValidatingAdmissionPolicyBinding")]))
        return rows
    }

    private static func rbac(_ path: String, _ kind: String) -> FieldSpec {
        FieldSpec(path, group: "rbac.authorization.k8s.io", kind: kind)
    }

    private static func ingressAnnotation(_ escapedName: String) -> FieldSpec {
        FieldSpec("metadata/annotations/\(escapedName)", kind: "Ingress")
    }

    private static func secretReferrers(_ roles: [FieldSpec]) -> [FieldSpec] {
        let inContainers = containers(["env/valueFrom/secretKeyRef/name", "envFrom/secretRef/name"])
        var referrers = pods(
            ["volumes/secret/secretName", "imagePullSecrets/name", "volumes/projected/sources/secret/name"]
                + inContainers)
        referrers.append(FieldSpec("spec/tls/secretName", kind: "Ingress"))
        for name in ["ingress.kubernetes.io\\/auth-secret", "nginx.ingress.kubernetes.io\\/auth-secret"] {
            referrers.append(ingressAnnotation(name))
        }
        referrers.append(ingressAnnotation("nginx.ingress.kubernetes.io\\/auth-tls-secret"))
        referrers.append(FieldSpec("imagePullSecrets/name", kind: "ServiceAccount"))
        for name in ["secretName", "adminSecretName", "userSecretName", "secretRef"] {
            referrers.append(FieldSpec("parameters/\(name)", kind: "StorageClass"))
        }
        referrers += roles
        for list in ["containers", "initContainers"] {
            referrers.append(
                FieldSpec(
                    "spec/template/spec/\(list)/env/valueFrom/secretKeyRef/name", group: "serving.knative.dev",
                    version: "v1", kind: "Service"))
        }
        referrers.append(FieldSpec("spec/azureFile/secretName", kind: "PersistentVolume"))
        return referrers
    }

    private static var serviceReferrers: [FieldSpec] {
        var referrers = [FieldSpec("spec/serviceName", group: "apps", kind: "StatefulSet")]
        for path in [
            "spec/rules/http/paths/backend/serviceName", "spec/backend/serviceName",
            "spec/rules/http/paths/backend/service/name", "spec/defaultBackend/service/name",
        ] {
            referrers.append(FieldSpec(path, kind: "Ingress"))
        }
        referrers.append(FieldSpec("spec/service/name", group: "apiregistration.k8s.io", kind: "APIService"))
        for kind in ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"] {
            referrers.append(
                FieldSpec("webhooks/clientConfig/service", group: "admissionregistration.k8s.io", kind: kind))
        }
        return referrers
    }
}
