/// Labels and annotations of the wire contract.
package enum Keys {
    /// Names the Application of Argo CD's kind that syncs an object.
    package static let trackingID = "argocd.argoproj.io/tracking-id"
    package static let podTemplateHash = "rollouts-pod-template-hash"
    package static let revision = "rollout.argoproj.io/revision"
    package static let revisionHistory = "rollout.argoproj.io/revision-history"
    package static let desiredReplicas = "rollout.argoproj.io/desired-replicas"
    package static let scaleDownDeadline = "scale-down-deadline"
    package static let managedBy = "argo-rollouts.argoproj.io/managed-by-rollouts"
    package static let workloadGeneration = "rollout.argoproj.io/workload-generation"
    package static let ephemeralMetadata = "rollout.argoproj.io/ephemeral-metadata"
    /// What the template itself says at keys that ephemeral metadata overrides, so that it can be put back.
    package static let templateMetadata = "sluice.dev/template-metadata"
    /// The set of ephemeral metadata that the pods of a ReplicaSet carry by now.
    package static let podsMetadata = "sluice.dev/pods-metadata"
    /// The stable hash away from which a fast rollback to this ReplicaSet was recognised.
    package static let fastRollback = "sluice.dev/fast-rollback-from"
    /// What an abort needs of the strategy with which a ReplicaSet's update was last valid; see ``RolloutSpec/abortRecord``.
    package static let lastValidStrategy = "sluice.dev/last-valid-strategy"
    /// How many of a ReplicaSet's pods may be believed in until its status has seen a generation; see ``PodBound``.
    package static let podBound = "sluice.dev/available-at-most"
    /// A Rollout's finalizer: its Deployment is to get its pods back first.
    package static let restoreWorkload = "sluice.dev/restore-workload"
    /// The size that the Deployment of `workloadRef` had before its pods were taken away.
    package static let workloadReplicas = "sluice.dev/workload-replicas"
    /// What a newer revision does to an update that is under way: `supersede`, `queue` or `hotfix`.
    package static let onNewRevision = "sluice.dev/on-new-revision"
    package static let instanceID = "argo-rollouts.argoproj.io/controller-instance-id"
    package static let experimentName = "experiment.argoproj.io/name"
    package static let rolloutType = "rollout-type"
    package static let stepIndex = "step-index"
    package static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"
    /// On an AnalysisRun: a person has accepted its inconclusive result.
    package static let inconclusiveAccepted = "sluice.dev/inconclusive-accepted"
    package static let notified = "notified.notifications.argoproj.io"

    /// Annotations of a Rollout that its ReplicaSets do not inherit.
    static let notCopied: Set<String> = [
        lastApplied, revision, revisionHistory, desiredReplicas, notified, onNewRevision, lastValidStrategy,
        workloadReplicas, podBound, "sluice.dev/notified",
    ]
}
