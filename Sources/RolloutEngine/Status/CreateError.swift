package import Manifest

extension Rollout {
    /// The merge patch that reports a ReplicaSet which could not be created, or `nil` where the status says so already.
    package func reportingCreateError(_ message: String, now: Timestamp) -> JSON? {
        var next = status
        next.set(.progressing, "False", ProgressReason.createError, message, now: now)
        return reporting(&next)
    }

    /// The merge patch after which another hash is tried for the template, for the present one is another template's.
    package func reportingCollision() -> JSON? {
        var next = status
        next.collisionCount = (status.collisionCount ?? 0) + 1
        return reporting(&next)
    }

    /// Whoever waits for the spec to be observed is told what became of it, also where nothing did.
    private func reporting(_ next: inout RolloutStatus) -> JSON? {
        next.observedGeneration = String(generation)
        // The pods that are there are not of the template that was observed.
        next.updatedReplicas = 0
        (next.phase, next.message) = PhaseRule.phase(of: next, spec: spec, replicas: spec.desiredReplicas)
        return next.mergePatch(from: status)
    }
}
