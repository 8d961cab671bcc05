import ArgumentParser
import Controllers
import Glibc
import Kubernetes
import Logging
import RolloutEngine

/// Runs the controller until it is told to stop.
struct ControllerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "controller", abstract: "Run the controller.",
        discussion: """
            Outside a cluster it uses the kubeconfig that kubectl would; inside, its ServiceAccount.
            Flags that Argo Rollouts' controller has keep their names.
            """)

    @Option(help: "Path of a kubeconfig; without it KUBECONFIG, ~/.kube/config, or the ServiceAccount.")
    var kubeconfig: String?
    @Option(help: "Context of the kubeconfig.") var context: String?
    @OptionGroup(visibility: .hidden) var connection: ConnectionDetails
    @Flag(help: "Watch one namespace only.") var namespaced = false
    @Option(
        name: .shortAndLong,
        help:
            "The namespace to watch with --namespaced; POD_NAMESPACE, the ServiceAccount's or the kubeconfig's by default."
    )
    var namespace: String?
    @Option(help: "Mind only objects that carry this instance id.") var instanceId = ""
    @Option(help: "Seconds after which every Rollout is looked at again.") var rolloutResync = 900
    @Flag(help: "Keep those habits of Argo Rollouts that are mended otherwise.") var strictCompat = false
    @Flag(help: "Give a Deployment its pods back when the Rollout that took them by workloadRef is deleted.")
    var restoreWorkloadOnDelete = false
    @Option(help: "Rollouts that are reconciled at the same time.") var rolloutThreads = 10
    @Option(help: "AnalysisRuns that are reconciled at the same time.") var analysisThreads = 30
    @OptionGroup var rate: RateOptions
    @Flag(inversion: .prefixedNo, help: "Take a Lease before acting, so that one process acts.") var leaderElect = true
    @Option(help: "How long a Lease lasts.") var leaderElectionLeaseDuration = LeaseTime.seconds(15)
    @Option(help: "Within which time a Lease must be renewed.") var leaderElectionRenewDeadline = LeaseTime.seconds(10)
    @Option(help: "The time between two tries at the Lease.") var leaderElectionRetryPeriod = LeaseTime.seconds(2)
    @Option(
        name: [.customLong("metricsPort"), .customLong("metricsport")], help: "Port of /metrics; 0 takes any.")
    var metricsPort = 8090
    @Option(name: .customLong("healthzPort"), help: "Port of /healthz and /readyz; 0 takes any.") var healthzPort = 8080
    @Option(help: "Port of the dashboard, the API and the Git webhook; 0 takes any.") var port = 3100
    @Option(help: "Address that the ports are bound to.") var bind = "0.0.0.0"
    @Flag(help: "Let the dashboard promote and abort.") var enableActions = false
    @Option(help: "ServiceAccount (namespace:name) that manifests are applied as.") var syncAs: String?
    @Option(help: "Folder for mirrors of repositories.") var mirrors = "/var/lib/sluice"
    @Flag(help: "Let Applications read repositories of this machine by file:// URLs.") var allowFileRepositories = false
    @Option(help: "Namespace of Applications; argocd, or with --namespaced the one that is watched.")
    var argocdNamespace: String?
    @Option(
        help: """
            Namespace of Argo Rollouts' Lease and notification settings; argo-rollouts, or with --namespaced the one \
            that is watched.
            """)
    var argoRolloutsNamespace: String?
    @Flag(help: "Let namespaces have notification settings of their own.") var selfServiceNotificationEnabled = false
    @Option(help: "What happens to a rejected commit where its Application does not say: hold, restore or revert.")
    var defaultOnRejection: String?
    @Option(help: "Seconds between two looks at a repository.") var appResync = 120
    @Option(help: "Version of Istio's API to speak.") var istioApiVersion = "v1alpha3"
    @Option(help: "Version of SMI's TrafficSplit to speak: v1alpha1, v1alpha2 or v1alpha3.")
    var trafficSplitApiVersion = "v1alpha1"
    @Option(help: "Group of Traefik's API to speak, where its version names none.") var traefikApiGroup: String?
    @Option(help: "Version of Traefik's API to speak, with its group.") var traefikApiVersion: String?
    @Option(help: "Version of Ambassador's API to speak, with its group.")
    var ambassadorApiVersion = "getambassador.io/v2"
    @Option(help: "Version of App Mesh's API to speak.") var appmeshCrdVersion = "v1beta2"
    @Option(help: "trace, debug, info, warning or error.") var loglevel = "info"
    @Option(help: "text or json.") var logformat = "text"
    @Option(help: "all, or analysis for AnalysisRuns alone.") var controllers = "all"
    @Flag(help: "Print the version and end.") var version = false
    @OptionGroup(title: "Accepted from Argo Rollouts, without effect") var accepted: AcceptedFlags

    func validate() throws {
        if accepted.awsVerifyTargetGroup {
            throw ValidationError(
                "--aws-verify-target-group needs the AWS API, which this version does not speak; remove it: weights of "
                    + "load balancers are then not verified")
        }
        if let value = defaultOnRejection.nonEmpty, !["hold", "restore", "revert"].contains(value) {
            throw ValidationError("--default-on-rejection is \"\(value)\"; use hold, restore or revert")
        }
        if let syncAs = syncAs.nonEmpty, syncAs.split(separator: ":").count != 2 {
            throw ValidationError("--sync-as is \"\(syncAs)\"; write it as namespace:name")
        }
        if leaderElectionRenewDeadline.duration >= leaderElectionLeaseDuration.duration {
            throw ValidationError("--leader-election-renew-deadline must be below --leader-election-lease-duration")
        }
        guard level != nil else {
            throw ValidationError("--loglevel is \"\(loglevel)\"; use trace, debug, info, warning or error")
        }
        guard ["all", "analysis"].contains(controllers) else {
            throw ValidationError("--controllers is \"\(controllers)\"; use all or analysis")
        }
    }

    /// As Argo Rollouts' controller names levels, too; `nil` for any other name.
    private var level: Logger.Level? {
        switch loglevel.lowercased() {
        case "warn": .warning
        case "fatal", "panic": .critical
        case let name: Logger.Level(rawValue: name)
        }
    }

    func run() async throws {
        if version { return Terminal.write("sluice controller \(Version.number)\n") }
        let level = level ?? .info
        let format: StandardErrorLog.Format = logformat == "json" ? .json : .text
        let logger = Logger(label: "sluice") { _ in StandardErrorLog(format: format, level: level) }
        if let text = Self.verifyRetryText, RolloutSnapshot.verifyRetry(text) == nil {
            logger.warning(
                "ROLLOUT_VERIFY_RETRY_INTERVAL is not a whole number of seconds from 1 on; using 10",
                metadata: ["value": "\(text.prefix(60))"])
        }
        if accepted.enablePprofAddress.nonEmpty != nil {
            logger.warning("--enable-pprof-address has no effect: there are no profiles of Go; use perf")
        }
        let configuration = try connection.apply(
            to: ClusterConnection.configuration(
                kubeconfig: kubeconfig, context: context, cluster: connection.cluster, user: connection.user,
                server: connection.server))
        var client = KubernetesClient.Options()
        if let limit = try connection.limit { client.timeout = limit }
        client.userAgent = Version.userAgent("controller")
        client.rate = rate.rate
        let process = ControllerProcess(
            configuration, jobs: try ClusterConnection.analysisJobs(), client: client,
            options: options(configuration.namespace), logger: logger)
        try await process.run()
    }

    private static var verifyRetryText: String? { ClusterConnection.variable("ROLLOUT_VERIFY_RETRY_INTERVAL") }

    /// The options that the flags stand for.
    ///
    /// With one namespace everything else is there by itself, for a Role reaches no further.
    /// - Parameters:
    ///   - current: The namespace of the kubeconfig.
    ///   - variable: Environment variables; `nil` where one is empty.
    ///   - serviceAccount: The folder in which a pod finds its ServiceAccount.
    func options(
        _ current: String, variable: (String) -> String? = ClusterConnection.variable,
        serviceAccount: String = ClusterConfiguration.serviceAccountFolder
    ) -> ControllerOptions {
        let own =
            variable("POD_NAMESPACE")
            ?? ClusterConfiguration.inCluster(environment: variable, folder: serviceAccount)?.namespace
        let watched = namespaced ? namespace.nonEmpty ?? own ?? current : nil
        var options = ControllerOptions()
        options.namespace = watched
        options.instanceID = instanceId
        options.isStrict = strictCompat
        options.runsAnalysisAlone = controllers == "analysis"
        options.restoresWorkload = restoreWorkloadOnDelete
        options.rolloutResync = .seconds(max(1, rolloutResync))
        options.rolloutWorkers = max(1, rolloutThreads)
        options.analysisWorkers = max(1, analysisThreads)
        options.leaderElect = leaderElect
        options.leaseDuration = leaderElectionLeaseDuration.duration
        options.renewDeadline = leaderElectionRenewDeadline.duration
        options.retryPeriod = max(.seconds(1), leaderElectionRetryPeriod.duration)
        options.controllerNamespace = own ?? argoRolloutsNamespace.nonEmpty ?? watched ?? "argo-rollouts"
        // Argo Rollouts of one namespace stands in that namespace.
        options.argoRolloutsNamespace = argoRolloutsNamespace.nonEmpty ?? watched ?? "argo-rollouts"
        options.selfServiceNotifications = selfServiceNotificationEnabled
        options.argocdNamespace = argocdNamespace.nonEmpty ?? watched ?? "argocd"
        options.analysisJobNamespace = variable("ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE")
        options.syncAs = syncAs.nonEmpty
        options.mirrors = mirrors
        options.allowsFileRepositories = allowFileRepositories
        options.defaultOnRejection = defaultOnRejection.nonEmpty
        options.applicationResync = .seconds(max(5, appResync))
        options.metricsPort = metricsPort
        options.healthPort = healthzPort
        options.httpPort = port
        options.bindAddress = bind
        options.enablesActions = enableActions
        options.verifyRetry = Self.verifyRetryText.flatMap(RolloutSnapshot.verifyRetry) ?? options.verifyRetry
        options.routers.istio = istioApiVersion
        options.routers.trafficSplit = trafficSplitApiVersion
        let traefik = traefikApiVersion.nonEmpty ?? "v1alpha1"
        options.routers.traefik =
            traefik.contains("/") ? traefik : "\(traefikApiGroup.nonEmpty ?? "traefik.io")/\(traefik)"
        options.routers.ambassador = ambassadorApiVersion
        options.routers.appMesh = appmeshCrdVersion
        return options
    }
}
