package import Manifest

extension RolloutStatus {
    /// The merge patch that reports a ReplicaSet which could not be created, or `nil` where the status says so already.
    package func reportingCreateError(_ message: String, now: Timestamp) -> JSON? {
        var status = self
        status.set(.progressing, "False", ProgressReason.createError, message, now: now)
        return status.mergePatch(from: self)
    }
}
