import Manifest

extension RolloutReconcile {
    /// Takes the pods of the Deployment away that the Rollout's first revision replaces.
    ///
    /// Only revision 1 migrates: later the Deployment has done its part, whatever becomes of an update.
    mutating func scaleWorkload() {
        guard invalid == nil, let reference = rollout.spec.workloadRef, reference.kind == "Deployment", revision == 1,
            let workload = seen.workload, let present = workload.replicas, let current
        else { return }
        var wanted: Int?
        switch reference.scaleDown {
        case "onsuccess":
            if old.phase == "Healthy", status.isFullyPromoted { wanted = 0 }
        case "progressively":
            let isShrinking = !current.isNew && current.spec < current.seen.replicas
            if old.phase == "Healthy" {
                wanted = 0
            } else if status.readyReplicas > 0 || isShrinking {
                wanted = max(0, replicas - status.readyReplicas)
            }
        default: break
        }
        guard let wanted, wanted != present else { return }
        if wanted < present { promiseRestore(of: present) }
        add(.scaleWorkload(reference, replicas: wanted))
    }
}
