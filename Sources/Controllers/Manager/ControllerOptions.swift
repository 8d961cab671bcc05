/// How the controller runs; the defaults are those of the command line.
package struct ControllerOptions: Sendable {
    /// The only namespace to watch; `nil` watches all.
    package var namespace: String?
    /// Objects whose label `argo-rollouts.argoproj.io/controller-instance-id` equals it, or that have none where it is empty.
    package var instanceID = ""
    /// Runs AnalysisRuns and nothing else: for a cluster whose Rollouts are elsewhere.
    package var runsAnalysisAlone = false
    package var rolloutResync: Duration = .seconds(900)
    package var rolloutWorkers = 10
    package var analysisWorkers = 30
    /// Where the Jobs of analysis run; `nil` runs each beside its AnalysisRun.
    package var analysisJobNamespace: String?
    package var applicationWorkers = 10
    /// Keeps defects of Argo Rollouts that people may rely on.
    package var isStrict = false
    /// Gives a Deployment its pods back when the Rollout that took them by `workloadRef` is deleted.
    package var restoresWorkload = false
    package var leaderElect = true
    package var leaseDuration: Duration = .seconds(15)
    package var renewDeadline: Duration = .seconds(10)
    package var retryPeriod: Duration = .seconds(2)
    /// Where the process' own Lease stands.
    package var controllerNamespace = "sluice-system"
    /// Where the Lease and the notification ConfigMap of Argo Rollouts stand.
    package var argoRolloutsNamespace = "argo-rollouts"
    /// Whether notification settings in the namespaces of Rollouts count besides the controller's own.
    package var selfServiceNotifications = false
    /// Where Applications stand.
    package var argocdNamespace = "argocd"
    /// ServiceAccount as `namespace:name` that applies are made as; `nil` applies as the controller itself.
    package var syncAs: String?
    /// Folder of the bare mirrors of repositories.
    package var mirrors = "/var/lib/sluice"
    /// Lets Applications read repositories of this machine by `file://`.
    package var allowsFileRepositories = false
    /// `hold`, `restore` or `revert`, where an Application does not say; `nil` decides by its sync policy.
    package var defaultOnRejection: String?
    /// How often a repository is looked at where no webhook says so.
    package var applicationResync: Duration = .seconds(120)
    package var metricsPort = 8090
    package var healthPort = 8080
    package var httpPort = 3100
    /// Address that all three listeners bind to.
    package var bindAddress = "0.0.0.0"
    /// Lets the dashboard promote and abort.
    package var enablesActions = false
    /// After how long a weight that no router has confirmed is looked at again.
    package var verifyRetry: Duration = .seconds(10)
    /// Versions of the routers' APIs that are spoken.
    package var routers = RouterVersions()

    package init() {}

    /// Name of the Lease that keeps us and an Argo Rollouts controller from leading together.
    package var leaseName: String {
        instanceID.isEmpty ? "argo-rollouts-controller-lock" : "argo-rollouts-controller-lock-\(instanceID)"
    }

    /// The label selector of objects that carry the instance id.
    package var instanceSelector: String {
        let label = "argo-rollouts.argoproj.io/controller-instance-id"
        return instanceID.isEmpty ? "!\(label)" : "\(label)=\(instanceID)"
    }
}
