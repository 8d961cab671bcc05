import Kubernetes

/// The kinds that the demo touches.
enum DemoResources {
    static let namespace = Resource(
        group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)
    static let configMap = Resource(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap")
    static let pod = Resource(group: "", version: "v1", plural: "pods", kind: "Pod")
    static let rollout = Resource(
        group: "argoproj.io", version: "v1alpha1", plural: "rollouts", kind: "Rollout",
        subresources: ["status", "scale"])
    static let analysisRun = Resource(
        group: "argoproj.io", version: "v1alpha1", plural: "analysisruns", kind: "AnalysisRun")
    static let application = Resource(
        group: "argoproj.io", version: "v1alpha1", plural: "applications", kind: "Application")
    static let release = Resource(
        group: "sluice.dev", version: "v1alpha1", plural: "releases", kind: "Release", subresources: ["status"])
    static let virtualService = Resource(
        group: "networking.istio.io", version: "v1alpha3", plural: "virtualservices", kind: "VirtualService")

    /// What the demo watches.
    static let followed = [rollout, release, analysisRun, virtualService, application, pod]
}
