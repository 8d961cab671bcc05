import Kubernetes

/// The kinds that scenarios touch.
enum Kinds {
    static let namespace = Resource(
        group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)
    static let service = Resource(group: "", version: "v1", plural: "services", kind: "Service")
    static let configMap = Resource(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap")
    static let secret = Resource(group: "", version: "v1", plural: "secrets", kind: "Secret")
    static let event = Resource(group: "", version: "v1", plural: "events", kind: "Event")
    static let pod = Resource(group: "", version: "v1", plural: "pods", kind: "Pod")
    static let serviceAccount = Resource(group: "", version: "v1", plural: "serviceaccounts", kind: "ServiceAccount")
    static let replicaSet = Resource(group: "apps", version: "v1", plural: "replicasets", kind: "ReplicaSet")
    static let deployment = Resource(group: "apps", version: "v1", plural: "deployments", kind: "Deployment")
    static let job = Resource(group: "batch", version: "v1", plural: "jobs", kind: "Job")
    static let ingress = Resource(group: "networking.k8s.io", version: "v1", plural: "ingresses", kind: "Ingress")
    static let role = Resource(group: "rbac.authorization.k8s.io", version: "v1", plural: "roles", kind: "Role")
    static let roleBinding = Resource(
        group: "rbac.authorization.k8s.io", version: "v1", plural: "rolebindings", kind: "RoleBinding")
    static let clusterRole = Resource(
        group: "rbac.authorization.k8s.io", version: "v1", plural: "clusterroles", kind: "ClusterRole",
        isNamespaced: false)
    static let clusterRoleBinding = Resource(
        group: "rbac.authorization.k8s.io", version: "v1", plural: "clusterrolebindings", kind: "ClusterRoleBinding",
        isNamespaced: false)
    static let definition = Resource(
        group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
        kind: "CustomResourceDefinition", isNamespaced: false)
    static let rollout = argo("rollouts", "Rollout", ["status", "scale"])
    static let analysisTemplate = argo("analysistemplates", "AnalysisTemplate")
    static let analysisRun = argo("analysisruns", "AnalysisRun")
    static let application = argo("applications", "Application")
    static let release = Resource(
        group: "sluice.dev", version: "v1alpha1", plural: "releases", kind: "Release", subresources: ["status"])
    static let virtualService = istio("virtualservices", "VirtualService")
    static let destinationRule = istio("destinationrules", "DestinationRule")

    static let trafficSplit = Resource(
        group: "split.smi-spec.io", version: "v1alpha1", plural: "trafficsplits", kind: "TrafficSplit")
    static let traefikService = Resource(
        group: "traefik.io", version: "v1alpha1", plural: "traefikservices", kind: "TraefikService")
    static let mapping = Resource(group: "getambassador.io", version: "v2", plural: "mappings", kind: "Mapping")

    static let all = [
        namespace, service, configMap, secret, event, pod, serviceAccount, replicaSet, deployment, job, ingress, role,
        roleBinding, clusterRole, clusterRoleBinding, definition, rollout, analysisTemplate, analysisRun, application,
        release, virtualService, destinationRule, trafficSplit, traefikService, mapping,
    ]

    private static func argo(_ plural: String, _ kind: String, _ subresources: Set<String> = []) -> Resource {
        Resource(group: "argoproj.io", version: "v1alpha1", plural: plural, kind: kind, subresources: subresources)
    }

    private static func istio(_ plural: String, _ kind: String) -> Resource {
        Resource(group: "networking.istio.io", version: "v1alpha3", plural: plural, kind: kind)
    }
}
