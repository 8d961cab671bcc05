import Manifest

/// Defaults of the built-in kinds: the fields that controllers and diffs depend on.
enum BuiltInDefaults {
    static func defaults(of name: String) -> @Sendable (inout JSON, JSON?) -> Void {
        switch name {
        case "namespaces":
            { object, old in
                if old == nil { object.set(["kubernetes"], at: "spec", "finalizers") }
                object.fill("Active", at: "status", "phase")
                object.fill(.string(object.objectKey.name), at: "metadata", "labels", "kubernetes.io/metadata.name")
            }
        case "secrets": { object, _ in foldStringData(&object) }
        case "services": { object, _ in service(&object) }
        case "endpoints": { _, _ in }
        case "pods":
            { object, old in
                PodDefaults.apply(to: &object, at: ["spec"])
                object.fill(true, at: "spec", "enableServiceLinks")
                if old == nil { object.set(["phase": "Pending", "qosClass": "BestEffort"], at: "status") }
            }
        case "deployments.apps": { object, _ in deployment(&object) }
        case "replicasets.apps":
            { object, _ in
                object.fill(1, at: "spec", "replicas")
                if object["status"] == nil { object["status"] = ["replicas": 0] }
                PodDefaults.apply(to: &object, at: ["spec", "template", "spec"])
            }
        case "jobs.batch": { object, _ in job(&object) }
        case "ingresses.networking.k8s.io":
            { object, _ in if object["status"] == nil { object["status"] = ["loadBalancer": [:]] } }
        case "rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io":
            { object, _ in
                object.fill("rbac.authorization.k8s.io", at: "roleRef", "apiGroup")
                object.editList(at: ["subjects"]) { subject in
                    if subject["kind"] != "ServiceAccount" { subject.fill("rbac.authorization.k8s.io", at: "apiGroup") }
                }
            }
        case "endpointslices.discovery.k8s.io":
            { object, _ in
                object.editList(at: ["ports"]) { port in
                    port.fill("TCP", at: "protocol")
                    port.fill("", at: "name")
                }
            }
        case "customresourcedefinitions.apiextensions.k8s.io":
            { object, _ in
                let kind = object.at("spec", "names", "kind")?.stringValue ?? ""
                object.fill(.string(kind.lowercased()), at: "spec", "names", "singular")
                object.fill(.string(kind + "List"), at: "spec", "names", "listKind")
                object.fill("None", at: "spec", "conversion", "strategy")
            }
        default: { _, _ in }
        }
    }

    /// What is filled after field ownership is worked out.
    static func allocation(of name: String) -> @Sendable (inout JSON, JSON?) -> Void {
        switch name {
        case "services": { object, old in allocateService(&object, old) }
        case "jobs.batch": { object, old in allocateJob(&object, old) }
        case "pods":
            { object, _ in
                object.fill("default", at: "spec", "serviceAccountName")
                object.fill(object.at("spec", "serviceAccountName") ?? "default", at: "spec", "serviceAccount")
                object.fill(0, at: "spec", "priority")
                object.fill("PreemptLowerPriority", at: "spec", "preemptionPolicy")
            }
        default: { _, _ in }
        }
    }

    private static func foldStringData(_ object: inout JSON) {
        object.fill("Opaque", at: "type")
        guard let given = object["stringData"]?.objectValue else { return }
        for (name, value) in given {
            guard let text = value.stringValue else { continue }
            object.set(.string(Base64.encode(text)), at: "data", name)
        }
        object["stringData"] = nil
    }

    private static func service(_ object: inout JSON) {
        object.fill("ClusterIP", at: "spec", "type")
        object.fill("None", at: "spec", "sessionAffinity")
        let type = object.at("spec", "type")?.stringValue
        object.editList(at: ["spec", "ports"]) { port in
            port.fill("TCP", at: "protocol")
            if let number = port["port"] { port.fill(number, at: "targetPort") }
        }
        guard type != "ExternalName" else { return }
        object.fill("Cluster", at: "spec", "internalTrafficPolicy")
        if object["status"] == nil { object["status"] = ["loadBalancer": [:]] }
    }

    private static func allocateService(_ object: inout JSON, _ old: JSON?) {
        guard object.at("spec", "type") != "ExternalName" else { return }
        if let address = old?.at("spec", "clusterIP") { object.fill(address, at: "spec", "clusterIP") }
        if object.at("spec", "clusterIP")?.stringValue?.isEmpty ?? true {
            object.set(.string(clusterAddress(object)), at: "spec", "clusterIP")
        }
        if let address = object.at("spec", "clusterIP") { object.fill([address], at: "spec", "clusterIPs") }
        object.fill(["IPv4"], at: "spec", "ipFamilies")
        object.fill("SingleStack", at: "spec", "ipFamilyPolicy")
    }

    /// An address made from the name, so that it is the same in every run.
    private static func clusterAddress(_ object: JSON) -> String {
        var hash = FNV1a()
        hash.combine("\(object.objectKey)".utf8)
        let value = hash.value
        return "10.\(96 + value >> 28).\(value >> 8 & 0xFF).\(1 + value & 0xFF % 254)"
    }

    private static func deployment(_ object: inout JSON) {
        object.fill(1, at: "spec", "replicas")
        object.fill(10, at: "spec", "revisionHistoryLimit")
        object.fill(600, at: "spec", "progressDeadlineSeconds")
        object.fill("RollingUpdate", at: "spec", "strategy", "type")
        if object.at("spec", "strategy", "type") == "RollingUpdate" {
            object.fill("25%", at: "spec", "strategy", "rollingUpdate", "maxSurge")
            object.fill("25%", at: "spec", "strategy", "rollingUpdate", "maxUnavailable")
        }
        PodDefaults.apply(to: &object, at: ["spec", "template", "spec"])
    }

    private static func job(_ object: inout JSON) {
        if object.at("spec", "completions") == nil, object.at("spec", "parallelism") == nil {
            object.fill(1, at: "spec", "completions")
        }
        object.fill(1, at: "spec", "parallelism")
        object.fill(6, at: "spec", "backoffLimit")
        object.fill("NonIndexed", at: "spec", "completionMode")
        object.fill(false, at: "spec", "suspend")
        object.fill("TerminatingOrFailed", at: "spec", "podReplacementPolicy")
        PodDefaults.apply(to: &object, at: ["spec", "template", "spec"])
    }

    private static func allocateJob(_ object: inout JSON, _ old: JSON?) {
        guard object.at("spec", "manualSelector") != true else { return }
        if let old {
            object.fill(old.at("spec", "selector") ?? .emptyObject, at: "spec", "selector")
            return
        }
        for prefix in ["batch.kubernetes.io/", ""] {
            object.set(
                .string(object.uid), at: "spec", "template", "metadata", "labels", "\(prefix)controller-uid")
            object.set(
                .string(object.objectKey.name), at: "spec", "template", "metadata", "labels", "\(prefix)job-name")
        }
        object.set(
            .string(object.uid), at: "spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid")
    }
}

/// Defaults of a pod's spec, in a pod or a template.
enum PodDefaults {
    static func apply(to object: inout JSON, at path: [String]) {
        guard var spec = object.at(path: path), spec.objectValue != nil else { return }
        spec.fill("Always", at: "restartPolicy")
        spec.fill("ClusterFirst", at: "dnsPolicy")
        spec.fill(30, at: "terminationGracePeriodSeconds")
        spec.fill("default-scheduler", at: "schedulerName")
        spec.fill(.emptyObject, at: "securityContext")
        if let account = spec["serviceAccountName"] { spec.fill(account, at: "serviceAccount") }
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            spec.editList(at: [list]) { fillContainer(&$0) }
        }
        spec.editList(at: ["volumes"]) { volume in
            for (kind, field) in [
                ("configMap", "defaultMode"), ("secret", "defaultMode"), ("projected", "defaultMode"),
                ("downwardAPI", "defaultMode"),
            ]
            where volume[kind] != nil { volume.fill(420, at: kind, field) }
            if volume.objectValue?.count == 1 { volume["emptyDir"] = .emptyObject }
        }
        object.set(spec, at: path[...])
    }

    private static func fillContainer(_ container: inout JSON) {
        if let image = container["image"]?.stringValue {
            let parts = image.split(separator: "@", maxSplits: 1)
            let name = parts.first?.split(separator: "/").last ?? ""
            let isLatest = name.hasSuffix(":latest") || parts.count < 2 && !name.contains(":")
            container.fill(isLatest ? "Always" : "IfNotPresent", at: "imagePullPolicy")
        }
        container.fill("/dev/termination-log", at: "terminationMessagePath")
        container.fill("File", at: "terminationMessagePolicy")
        container.fill(.emptyObject, at: "resources")
        container.editList(at: ["ports"]) { $0.fill("TCP", at: "protocol") }
        container.editList(at: ["env"]) { variable in
            if variable.at("valueFrom", "fieldRef") != nil {
                variable.fill("v1", at: "valueFrom", "fieldRef", "apiVersion")
            }
        }
        for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
            guard var probe = container[name], probe.objectValue != nil else { continue }
            probe.fill(1, at: "timeoutSeconds")
            probe.fill(10, at: "periodSeconds")
            probe.fill(1, at: "successThreshold")
            probe.fill(3, at: "failureThreshold")
            if probe["httpGet"] != nil {
                probe.fill("HTTP", at: "httpGet", "scheme")
                probe.fill("/", at: "httpGet", "path")
            }
            container[name] = probe
        }
        for (list, limit) in [("limits", "requests")] {
            // A request that is not given is the limit.
            for (name, amount) in container.at("resources", list)?.objectValue ?? [:] {
                container.fill(amount, at: "resources", limit, name)
            }
        }
    }
}

extension JSON {
    /// Sets a value where none is, making the objects on the way.
    mutating func fill(_ value: JSON, at path: String...) {
        if self.at(path: path) == nil { set(value, at: path[...]) }
    }

    /// Changes each element of a list at a path, where there is one.
    mutating func editList(at path: [String], _ edit: (inout JSON) -> Void) {
        guard var elements = at(path: path)?.arrayValue, !elements.isEmpty else { return }
        for index in elements.indices { edit(&elements[index]) }
        set(.array(elements), at: path[...])
    }
}
