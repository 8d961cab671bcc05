import Manifest

/// The kinds that the cluster serves without a CustomResourceDefinition.
enum BuiltInKinds {
    static let all: [KindDefinition] = [
        kind("Namespace", "namespaces", isNamespaced: false, short: ["ns"], status: true, fields: ["status.phase"]),
        kind("Node", "nodes", isNamespaced: false, short: ["no"], status: true, fields: ["spec.unschedulable"]),
        kind("ConfigMap", "configmaps", short: ["cm"]),
        kind("Secret", "secrets", fields: ["type"]),
        kind("Service", "services", short: ["svc"], categories: ["all"], status: true, createsOnUpdate: true),
        kind("Endpoints", "endpoints", singular: "endpoints", short: ["ep"], createsOnUpdate: true),
        kind("ServiceAccount", "serviceaccounts", short: ["sa"]),
        kind(
            "Pod", "pods", short: ["po"], categories: ["all"], status: true,
            fields: [
                "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
            ]),
        kind("Event", "events", short: ["ev"], createsOnUpdate: true, fields: eventFields),
        event,
        kind(
            "Deployment", "deployments", "apps", short: ["deploy"], categories: ["all"], status: true,
            scale: workloadScale, generation: true),
        kind(
            "ReplicaSet", "replicasets", "apps", short: ["rs"], categories: ["all"], status: true,
            scale: workloadScale, generation: true, fields: ["status.replicas"]),
        kind(
            "Job", "jobs", "batch", categories: ["all"], status: true, generation: true,
            fields: ["status.successful"]),
        kind("Ingress", "ingresses", "networking.k8s.io", short: ["ing"], status: true, generation: true),
        kind("IngressClass", "ingressclasses", "networking.k8s.io", isNamespaced: false, generation: true),
        kind("Lease", "leases", "coordination.k8s.io", createsOnUpdate: true),
        kind("EndpointSlice", "endpointslices", "discovery.k8s.io", generation: true),
        kind("PodDisruptionBudget", "poddisruptionbudgets", "policy", short: ["pdb"], status: true, generation: true),
        kind("Role", "roles", "rbac.authorization.k8s.io", createsOnUpdate: true),
        kind("RoleBinding", "rolebindings", "rbac.authorization.k8s.io", createsOnUpdate: true),
        kind("ClusterRole", "clusterroles", "rbac.authorization.k8s.io", isNamespaced: false, createsOnUpdate: true),
        kind(
            "ClusterRoleBinding", "clusterrolebindings", "rbac.authorization.k8s.io", isNamespaced: false,
            createsOnUpdate: true),
        kind(
            "CustomResourceDefinition", "customresourcedefinitions", "apiextensions.k8s.io", isNamespaced: false,
            short: ["crd", "crds"], categories: ["api-extensions"], status: true, generation: true),
    ]

    private static let workloadScale = ScalePaths(
        replicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"], selector: ["spec", "selector"])

    private static let eventFields: Set<String> = [
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "type",
        "reportingComponent", "source",
    ]

    /// `events.k8s.io/v1` over the same storage as `v1`.
    private static let event: KindDefinition = {
        var event = kind("Event", "events", "events.k8s.io", short: ["ev"], createsOnUpdate: true)
        event.storageAlias = "events"
        event.toStorage = EventForms.toCore
        event.fromStorage = EventForms.fromCore
        return event
    }()

    private static func kind(
        _ kind: String, _ plural: String, _ group: String = "", singular: String? = nil, isNamespaced: Bool = true,
        short: [String] = [], categories: [String] = [], status: Bool = false, scale: ScalePaths? = nil,
        createsOnUpdate: Bool = false, generation: Bool = false, fields: Set<String> = []
    ) -> KindDefinition {
        let name = group.isEmpty ? plural : "\(plural).\(group)"
        let type = "\(group.isEmpty ? "core" : String(group.prefix { $0 != "." })).v1.\(kind)"
        return KindDefinition(
            group: group, plural: plural, singular: singular ?? kind.lowercased(), kind: kind,
            isNamespaced: isNamespaced, shortNames: short, categories: categories,
            versions: [
                KindVersion(
                    name: "v1", schema: BuiltInSchemas.type(type), columns: BuiltInColumns.columns(of: name),
                    hasStatus: status, scale: scale)
            ], storageVersion: "v1",
            rules: KindRules(
                defaults: BuiltInDefaults.defaults(of: name), allocate: BuiltInDefaults.allocation(of: name),
                validate: BuiltInValidation.rules(of: name),
                createsOnUpdate: createsOnUpdate, hasGeneration: generation, fields: fields))
    }
}

/// The two forms of an Event.
enum EventForms {
    private static let pairs = [
        ("regarding", "involvedObject"), ("note", "message"), ("reportingController", "reportingComponent"),
        ("deprecatedSource", "source"), ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"),
    ]

    static let toCore: @Sendable (JSON) -> JSON = { event in
        var event = event
        event["apiVersion"] = "v1"
        for (new, core) in pairs {
            if let value = event[new] {
                event[new] = nil
                event[core] = value
            }
        }
        return event
    }

    static let fromCore: @Sendable (JSON) -> JSON = { event in
        var event = event
        event["apiVersion"] = "events.k8s.io/v1"
        for (new, core) in pairs {
            if let value = event[core] {
                event[core] = nil
                event[new] = value
            }
        }
        return event
    }
}
