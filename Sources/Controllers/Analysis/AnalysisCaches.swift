package import AnalysisEngine
package import Kubernetes
package import Logging
import Manifest

extension AnalysisRun: CachedObject {}
extension AnalysisTemplate: CachedObject {}
extension ClusterAnalysisTemplate: CachedObject {}

/// The caches of analysis kinds.
package struct AnalysisCaches: Sendable {
    package var runs: Informer<AnalysisRun>
    package var templates: Informer<AnalysisTemplate>
    /// Never filled where one namespace is watched: none is known there.
    package var clusterTemplates: Informer<ClusterAnalysisTemplate>
    /// Those that measure for runs.
    package var jobs: Informer<AnalysisJob>
    /// A Role of one namespace allows nothing of the whole cluster.
    private let watchesCluster: Bool

    /// - Parameter remote: The cluster of the Jobs, where it is another.
    package init(
        _ api: any KubernetesAPI, remote: (any KubernetesAPI)? = nil, options: ControllerOptions, logger: Logger
    ) {
        let scope = ListOptions(namespace: options.namespace, labelSelector: options.instanceSelector)
        runs = Informer(api, .analysisRuns, scope, logger: logger)
        // Templates are shared between instances.
        templates = Informer(api, .analysisTemplates, ListOptions(namespace: options.namespace), logger: logger)
        watchesCluster = options.namespace == nil
        clusterTemplates = Informer(api, .clusterAnalysisTemplates, ListOptions(), logger: logger)
        jobs = AnalysisJobs.cache(
            remote ?? api, namespace: options.analysisJobNamespace ?? options.namespace, logger: logger)
    }

    /// The caches that a Rollout's or a run's worker waits for.
    package var managed: [ManagedCache] {
        [ManagedCache(runs), ManagedCache(templates)] + (watchesCluster ? [ManagedCache(clusterTemplates)] : [])
    }

    /// Templates by name, from the caches.
    package var catalog: TemplateCatalog {
        let (templates, clusterTemplates) = (templates.store, clusterTemplates.store)
        return TemplateCatalog(
            namespaced: { templates.get($0)?.spec },
            clusterScoped: { clusterTemplates.get(ObjectKey(name: $0))?.spec })
    }
}

extension Resource {
    package static let analysisRuns = Resource(
        group: "argoproj.io", version: "v1alpha1", plural: "analysisruns", kind: "AnalysisRun")
    package static let analysisTemplates = Resource(
        group: "argoproj.io", version: "v1alpha1", plural: "analysistemplates", kind: "AnalysisTemplate")
    package static let clusterAnalysisTemplates = Resource(
        group: "argoproj.io", version: "v1alpha1", plural: "clusteranalysistemplates", kind: "ClusterAnalysisTemplate",
        isNamespaced: false)
}
