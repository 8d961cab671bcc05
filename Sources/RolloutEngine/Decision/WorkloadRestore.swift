package import Manifest

/// A Rollout that is being deleted: its ReplicaSets go by their owner references, and its Deployment gets its pods back
/// where the Rollout's finalizer asks for that.
///
/// The finalizer holds the Rollout, and with it its pods, until as many of the Deployment's are available, but no longer
/// than `progressDeadlineSeconds`: a Deployment that cannot run must not make a Rollout immortal.
func decideDeletion(_ seen: RolloutSnapshot, now: Timestamp) -> RolloutDecision {
    let rollout = seen.rollout
    var decision = RolloutDecision()
    decision.waiting = Waiting(
        reason: .deletion, message: "the Rollout is being deleted", since: rollout.deletionTimestamp,
        movedBy: "its finalizers")
    guard rollout.finalizers.contains(Keys.restoreWorkload) else { return decision }
    let end = rollout.restoreEnd(now: now)
    if let reference = rollout.spec.workloadRef, reference.kind == "Deployment", let workload = seen.workload,
        let noted = rollout.annotations[Keys.workloadReplicas].flatMap({ Int($0) }), now < end
    {
        // What the Rollout runs now is what its traffic needs now.
        let wanted = max(noted, rollout.spec.desiredReplicas)
        if workload.replicas ?? 0 < wanted { decision.effects = [.scaleWorkload(reference, replicas: wanted)] }
        if workload.availableReplicas < wanted {
            decision.waiting?.message =
                "Deployment \(reference.name) gets its pods back: \(workload.availableReplicas) of \(wanted) are available"
            decision.waiting?.movedBy = "the pods of Deployment \(reference.name), or the clock at \(end.rfc3339)"
            decision.requeueAfter = max(.milliseconds(1), end - now)
            return decision
        }
    }
    decision.effects = [.patchRollout(["metadata": ["finalizers": rollout.finalizersWithoutRestore]])]
    return decision
}

extension Rollout {
    /// Whether a decision may wait for its workload to be read: of a Rollout that is being deleted only as long as for the
    /// workload's pods.
    package func mayAwaitWorkload(at now: Timestamp) -> Bool { !isBeingDeleted || now < restoreEnd(now: now) }

    /// Until when a deletion waits for the Deployment's pods.
    fileprivate func restoreEnd(now: Timestamp) -> Timestamp {
        (deletionTimestamp ?? now) + .seconds(spec.progressDeadlineSeconds)
    }

    var finalizersWithoutRestore: JSON {
        let others = finalizers.filter { $0 != Keys.restoreWorkload }
        return others.isEmpty ? .null : JSON(others)
    }
}

extension RolloutReconcile {
    /// Makes sure of the Deployment's way back before its pods are taken away.
    mutating func promiseRestore(of size: Int) {
        guard seen.restoresWorkload, !rollout.finalizers.contains(Keys.restoreWorkload) else { return }
        add(
            .patchRollout([
                "metadata": [
                    "finalizers": JSON(rollout.finalizers + [Keys.restoreWorkload]),
                    "annotations": [Keys.workloadReplicas: .string(String(size))],
                ]
            ]))
    }

    /// The promise is taken back: by the controller's flag, or because the Rollout no longer takes pods from a Deployment.
    var withdrawsRestore: Bool {
        rollout.finalizers.contains(Keys.restoreWorkload) && invalid == nil
            && !(seen.restoresWorkload && rollout.spec.workloadRef?.isScaledDown ?? false)
    }
}
