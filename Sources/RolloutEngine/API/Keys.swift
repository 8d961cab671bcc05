/// Labels and annotations of the wire contract.
package enum Keys {
    package static let podTemplateHash = "rollouts-pod-template-hash"
    package static let revision = "rollout.argoproj.io/revision"
    package static let revisionHistory = "rollout.argoproj.io/revision-history"
    package static let desiredReplicas = "rollout.argoproj.io/desired-replicas"
    package static let scaleDownDeadline = "scale-down-deadline"
    package static let managedBy = "argo-rollouts.argoproj.io/managed-by-rollouts"
    package static let instanceID = "argo-rollouts.argoproj.io/controller-instance-id"
    package static let rolloutType = "rollout-type"
    package static let stepIndex = "step-index"
    package static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"
    package static let notified = "notified.notifications.argoproj.io"

    /// Annotations of a Rollout that its ReplicaSets do not inherit.
    static let notCopied: Set<String> = [lastApplied, revision, revisionHistory, desiredReplicas, notified]
}
