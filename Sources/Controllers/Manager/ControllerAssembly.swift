import AnalysisEngine
import GitSource
import Glibc
package import Kubernetes
package import Logging
package import Manifest
import MetricProviders
import Notifications
import RolloutEngine
import SyncEngine
package import Transport

/// Builds every controller and connects it to the caches that it reads; the process runs what it builds.
package final class ControllerAssembly: Sendable {
    package let manager: ControllerManager
    package let rollouts: RolloutController
    package let metrics: MetricsRegistry
    private let applications: ApplicationController
    private let notifications: NotificationController
    private let settings: NotificationSettings

    /// - Parameter jobs: The cluster in which the Jobs of analysis run, where it is another.
    package init(
        _ api: any KubernetesAPI, jobs: (any KubernetesAPI)? = nil, discovery: Discovery, http: HTTPClient,
        options: ControllerOptions, metrics: MetricsRegistry,
        logger: Logger,
        clock: any WallClock = SystemClock()
    ) {
        self.metrics = metrics
        let recorder = EventRecorder(api, component: "rollouts-controller", clock: clock, logger: logger)

        let caches = RolloutController.caches(api, options: options, logger: logger)
        let analysis = AnalysisCaches(api, remote: jobs, options: options, logger: logger)
        let routes = RouteCaches(
            api, namespace: options.namespace, versions: options.routers, clock: clock, logger: logger)

        let settings = NotificationSettings(
            api, namespace: options.argoRolloutsNamespace, selfService: options.selfServiceNotifications,
            watched: options.namespace, recorder: recorder, logger: logger)
        let notifications = NotificationController(
            api: api, rollouts: caches.rollouts, settings: settings,
            courier: ServiceCourier(client: http, service: { settings.service(of: $0) }),
            recorder: recorder, metrics: metrics, clock: clock, logger: logger)
        self.settings = settings
        self.notifications = notifications

        let workloads = RolloutWorkloads(api, namespace: options.namespace, logger: logger)
        let routers = RolloutRoutes(
            api: api, caches: routes, replicaSets: caches.replicaSets.store, clock: clock)
        let reconciler = RolloutReconciler(
            api: api, caches: caches, analyses: RolloutAnalysisRuns(api: api, caches: analysis),
            routers: routers,
            workloads: workloads, isStrict: options.isStrict, restoresWorkload: options.restoresWorkload,
            verifyRetry: options.verifyRetry, recorder: recorder, clock: clock, logger: logger,
            onEvent: { rollout, event, written in
                metrics.increment(
                    "rollout_events_total", of: rollout.key,
                    [("type", event.isWarning ? "Warning" : "Normal"), ("reason", event.reason)])
                notifications.notify(rollout, event, in: written)
            },
            onFinish: { RolloutMetrics.report($0, to: metrics) })
        let rollouts = RolloutController(
            caches: caches, reconciler: reconciler, options: options, metrics: metrics, logger: logger)
        self.rollouts = rollouts
        notifications.register()
        caches.rollouts.onChange { key, old, new in
            if new == nil { metrics.forget(key, after: .seconds(65)) } else if old == nil { metrics.remember(key) }
        }

        workloads.onChange { kind, key in rollouts.enqueue(referringTo: RolloutReference.route(kind, key)) }
        routes.onChange { kind, key in
            rollouts.enqueue(referringTo: RolloutReference.route(kind.kind, key))
            rollouts.enqueue(
                referringTo: RolloutReference.route(kind.kind, ObjectKey(namespace: key.namespace, name: "")))
        }
        routes.onRecord { keys in
            for key in keys where caches.rollouts.store.get(key) == nil { rollouts.queue.add(key) }
        }
        // Who stands by has its caches full, too.
        caches.rollouts.onChange { _, _, new in if let new { _ = routers.areKnown(for: new) } }
        analysis.runs.onChange { _, old, new in
            for uid in Set([old?.ownerUID, new?.ownerUID]) { rollouts.enqueue(owner: uid) }
        }
        analysis.templates.onChange { key, _, _ in rollouts.enqueue(referringTo: RolloutReference.template(key)) }
        analysis.clusterTemplates.onChange { key, _, _ in
            rollouts.enqueue(referringTo: RolloutReference.clusterTemplate(key.name))
        }

        let analysisRuns = AnalysisController(
            api, remote: jobs, caches: analysis,
            source: MetricProviders(
                http: http,
                prometheusAddress: getenv("ARGO_ROLLOUTS_PROMETHEUS_ADDRESS").map { String(cString: $0) }),
            recorder: recorder, options: options, metrics: metrics, clock: clock, logger: logger)

        let applications = ControllerAssembly.applications(
            api, discovery: discovery, rollouts: caches.rollouts, runs: analysis.runs, recorder: recorder,
            options: options, metrics: metrics, clock: clock, logger: logger)
        self.applications = applications

        var controllers = [analysisRuns.managed(runsCaches: options.runsAnalysisAlone)]
        if !options.runsAnalysisAlone {
            controllers += [
                rollouts.managed(more: routes.managed + workloads.managed + analysis.managed),
                applications.managed(),
                ManagedController(
                    name: "Notifications", caches: [ManagedCache(run: { await settings.run() })],
                    work: { await notifications.run() }, shutDown: { notifications.shutDown() }),
            ]
        }

        RolloutMetrics.collect(into: metrics, caches)
        AnalysisMetrics.collect(into: metrics, analysis)
        ApplicationMetrics.collect(into: metrics, applications.reconciler.caches)
        metrics.collect(caches.rollouts, clock: clock)
        metrics.collect(caches.replicaSets, clock: clock)
        metrics.collect(caches.services, clock: clock)
        metrics.collect(analysis.runs, clock: clock)
        metrics.collect(applications.reconciler.caches.applications, clock: clock)
        manager = ControllerManager(
            api, options: options, controllers: controllers, recorder: recorder,
            identity: ControllerAssembly.identity(), logger: logger)
        let manager = manager
        metrics.collect { writer in
            writer.gauge("leader_election_master_status", [("name", "sluice")], manager.isLeading ? 1 : 0)
        }
    }

    private static func applications(
        _ api: any KubernetesAPI, discovery: Discovery, rollouts: Informer<Rollout>, runs: Informer<AnalysisRun>,
        recorder: EventRecorder, options: ControllerOptions, metrics: MetricsRegistry, clock: any WallClock,
        logger: Logger
    ) -> ApplicationController {
        let caches = ApplicationCaches(api, options: options, logger: logger)
        let credentials = RepositoryCredentials(api: api, namespace: options.argocdNamespace)
        let mirrors = GitMirrors(root: options.mirrors, allowsFiles: options.allowsFileRepositories)
        let sources = ApplicationSources(interval: options.applicationResync) { url throws(SourceError) in
            SourceRepository(
                try mirrors.repository(url) { () async throws(SourceError) in
                    try await credentials.credentials(for: url)
                })
        }
        let releases = ReleaseReconciler(
            api: api, caches: caches,
            evidence: RejectionEvidence.source(runs: runs.store, uid: { rollouts.store.get($0)?.uid }),
            recorder: recorder, logger: logger)
        let reconciler = ApplicationReconciler(
            api: api, caches: caches,
            live: LiveObjects(api, namespace: options.namespace, clock: clock, logger: logger), discovery: discovery,
            sources: sources, releases: releases, recorder: recorder, clock: clock, logger: logger, options: options)
        return ApplicationController(reconciler: reconciler, options: options, metrics: metrics, logger: logger)
    }

    /// `<hostname>_<random>`: another for each process.
    private static func identity() -> String {
        var name = [CChar](repeating: 0, count: 256)
        _ = gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(host)_\(String(UInt64.random(in: 0 ... .max), radix: 16))"
    }
}

extension ControllerAssembly {
    /// Looks at the Applications of a repository that was pushed to.
    package func pushed(_ urls: [String], _ ref: String) {
        let branch = ["refs/heads/", "refs/tags/"].first { ref.hasPrefix($0) }.map { String(ref.dropFirst($0.count)) }
        applications.refresh(pushedTo: urls, branch: branch)
    }
}
