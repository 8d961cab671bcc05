/// The places that the built-in transformers change; a `configurations` file may add rows.
struct FieldSpecTables: Sendable {
    var metadataLabels = [FieldSpec("metadata/labels", create: true)]
    var templateLabels = Self.template("labels")
    /// What `includeSelectors` and `commonLabels` add to the templates.
    var selectorLabels = Self.selectors
    var annotations = [FieldSpec("metadata/annotations", create: true)] + Self.template("annotations")
    var namespace: [FieldSpec] = []
    var namePrefix: [FieldSpec] = []
    var nameSuffix: [FieldSpec] = []
    var replicas = ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"].map {
        FieldSpec("spec/replicas", kind: $0, create: true)
    }
    /// Changed after the walk over all containers, as upstream does: a tag suffix is thus added twice in these places.
    var images = ["spec", "spec/template/spec"].flatMap { holder in
        ["containers[]/image", "initContainers[]/image", "volumes[]/image/reference"].map {
            FieldSpec("\(holder)/\($0)")
        }
    }
    var nameReferences = NameReferenceTable.standard

    static let standard = FieldSpecTables()

    private static func template(_ field: String) -> [FieldSpec] {
        let workloads: [(group: String, version: String, kind: String)] = [
            ("", "v1", "ReplicationController"), ("", "", "Deployment"), ("", "", "ReplicaSet"), ("", "", "DaemonSet"),
            ("apps", "", "StatefulSet"), ("batch", "", "Job"),
        ]
        var specs = workloads.map {
            FieldSpec(
                "spec/template/metadata/\(field)", group: $0.group, version: $0.version, kind: $0.kind, create: true)
        }
        for path in ["spec/jobTemplate/metadata/\(field)", "spec/jobTemplate/spec/template/metadata/\(field)"] {
            specs.append(FieldSpec(path, group: "batch", kind: "CronJob", create: true))
        }
        if field == "labels" {
            specs.append(
                FieldSpec(
                    "spec/volumeClaimTemplates[]/metadata/labels", group: "apps", kind: "StatefulSet", create: true))
        }
        return specs
    }

    private static var selectors: [FieldSpec] {
        var specs = [
            FieldSpec("spec/selector", version: "v1", kind: "Service", create: true),
            FieldSpec("spec/selector", version: "v1", kind: "ReplicationController", create: true),
        ]
        for kind in ["Deployment", "ReplicaSet", "DaemonSet"] {
            specs.append(FieldSpec("spec/selector/matchLabels", kind: kind, create: true))
        }
        specs.append(FieldSpec("spec/selector/matchLabels", group: "apps", kind: "StatefulSet", create: true))
        specs.append(FieldSpec("spec/selector/matchLabels", group: "batch", kind: "Job"))
        specs.append(FieldSpec("spec/jobTemplate/spec/selector/matchLabels", group: "batch", kind: "CronJob"))
        specs.append(FieldSpec("spec/selector/matchLabels", group: "policy", kind: "PodDisruptionBudget"))
        for path in ["spec/podSelector", "spec/ingress/from/podSelector", "spec/egress/to/podSelector"] {
            specs.append(FieldSpec("\(path)/matchLabels", group: "networking.k8s.io", kind: "NetworkPolicy"))
        }
        let preferred = "preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels"
        let required = "requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels"
        for kind in ["Deployment", "StatefulSet"] {
            for affinity in ["podAffinity", "podAntiAffinity"] {
                for term in [preferred, required] {
                    specs.append(
                        FieldSpec("spec/template/spec/affinity/\(affinity)/\(term)", group: "apps", kind: kind))
                }
            }
            specs.append(
                FieldSpec(
                    "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels", group: "apps", kind: kind)
            )
        }
        return specs
    }
}
