import Manifest

/// How the lists of built-in kinds merge in a strategic patch; a list that is not here is replaced.
final class MergeSchema: Sendable {
    enum Lists: Sendable {
        case replaced
        /// Elements are objects, told apart by these fields.
        case keyed([String])
        /// Elements are strings, each at most once.
        case set
    }

    let lists: Lists
    /// Fields of the object, or of a list's elements.
    let fields: [String: MergeSchema]

    init(_ lists: Lists = .replaced, _ fields: [String: MergeSchema] = [:]) {
        self.lists = lists
        self.fields = fields
    }

    private static func keyed(_ keys: String..., fields: [String: MergeSchema] = [:]) -> MergeSchema {
        MergeSchema(.keyed(keys), fields)
    }

    private static func object(_ fields: [String: MergeSchema]) -> MergeSchema { MergeSchema(.replaced, fields) }

    private static let metadata = object(["ownerReferences": keyed("uid"), "finalizers": MergeSchema(.set)])
    private static let conditions = object(["conditions": keyed("type")])
    private static let container = [
        "ports": keyed("containerPort", "protocol"), "env": keyed("name"), "volumeMounts": keyed("mountPath"),
        "volumeDevices": keyed("devicePath"),
    ]
    private static let podSpec = object([
        "containers": keyed("name", fields: container), "initContainers": keyed("name", fields: container),
        "ephemeralContainers": keyed("name", fields: container), "volumes": keyed("name"),
        "imagePullSecrets": keyed("name"), "resourceClaims": keyed("name"), "schedulingGates": keyed("name"),
        "hostAliases": keyed("ip"), "topologySpreadConstraints": keyed("topologyKey", "whenUnsatisfiable"),
    ])
    private static let template = object(["metadata": metadata, "spec": podSpec])
    private static let workload = object(["spec": object(["template": template]), "status": conditions])
    private static let webhooks = object([
        "webhooks": keyed("name", fields: ["matchConditions": keyed("name")])
    ])
    private static let other = object(["status": conditions])

    private static let kinds: [GroupKind: MergeSchema] = {
        var kinds: [GroupKind: MergeSchema] = [:]
        func add(_ group: String, _ names: String..., schema: MergeSchema) {
            for name in names { kinds[GroupKind(group: group, kind: name)] = schema }
        }
        let pod = object([
            "spec": podSpec,
            "status": object(["conditions": keyed("type"), "podIPs": keyed("ip"), "hostIPs": keyed("ip")]),
        ])
        add("", "Pod", schema: pod)
        add("", "PodTemplate", schema: object(["template": template]))
        add("", "ReplicationController", schema: workload)
        add(
            "", "Service", schema: object(["spec": object(["ports": keyed("port", "protocol")]), "status": conditions]))
        add("", "ServiceAccount", schema: object(["secrets": keyed("name"), "imagePullSecrets": keyed("name")]))
        add(
            "", "Node",
            schema: object([
                "spec": object(["podCIDRs": MergeSchema(.set)]),
                "status": object(["addresses": keyed("type"), "conditions": keyed("type")]),
            ]))
        add("apps", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", schema: workload)
        add("batch", "Job", schema: workload)
        add("batch", "CronJob", schema: object(["spec": object(["jobTemplate": workload])]))
        add("storage.k8s.io", "CSINode", schema: object(["spec": object(["drivers": keyed("name")])]))
        add("discovery.k8s.io", "EndpointSlice", schema: other)
        add(
            "admissionregistration.k8s.io", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
            schema: webhooks)
        add(
            "admissionregistration.k8s.io", "ValidatingAdmissionPolicy",
            schema: object(["spec": object(["matchConditions": keyed("name"), "variables": keyed("name")])]))
        for kind in [
            "ConfigMap", "Secret", "Namespace", "PersistentVolume", "PersistentVolumeClaim", "ResourceQuota",
            "LimitRange",
            "Endpoints", "Event",
        ] {
            kinds[GroupKind(group: "", kind: kind)] = other
        }
        add("policy", "PodDisruptionBudget", schema: other)
        add("autoscaling", "HorizontalPodAutoscaler", schema: other)
        add("networking.k8s.io", "Ingress", "IngressClass", "NetworkPolicy", schema: other)
        add("rbac.authorization.k8s.io", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", schema: other)
        add("storage.k8s.io", "StorageClass", "CSIDriver", "VolumeAttachment", schema: other)
        add("scheduling.k8s.io", "PriorityClass", schema: other)
        add("apiextensions.k8s.io", "CustomResourceDefinition", schema: other)
        add("apiregistration.k8s.io", "APIService", schema: other)
        return kinds.mapValues { schema in
            MergeSchema(schema.lists, schema.fields.merging(["metadata": metadata]) { own, _ in own })
        }
    }()

    /// The schema of a kind; `nil` for custom kinds, whose lists are replaced.
    static func of(_ kind: GroupVersionKind) -> MergeSchema? { kinds[kind.groupKind] }
}
