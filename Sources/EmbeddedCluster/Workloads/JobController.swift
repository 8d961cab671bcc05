import Kubernetes
import Manifest

/// Runs a Job's pods to completion.
struct JobController {
    let cluster: ClusterAPI

    func reconcile(_ key: ObjectKey) throws(KubernetesError) -> Duration? {
        guard let job = cluster.store.get("jobs.batch", key)?.json, !job.isBeingDeleted else { return nil }
        let now = cluster.clock.now()
        if job.condition("Complete")?["status"] == "True" || job.condition("Failed")?["status"] == "True" {
            return try expire(job, now)
        }
        let pods = cluster.ownedPods(job.uid)
        func phase(_ name: String) -> Int64 { Int64(pods.count { $0.at("status", "phase")?.stringValue == name }) }
        let (succeeded, failed) = (phase("Succeeded"), phase("Failed"))
        let active = pods.filter(\.isActivePod)
        let wanted = job.at("spec", "completions")?.intValue ?? 1
        let limit = job.at("spec", "backoffLimit")?.intValue ?? 6
        var next = job
        next.fill(.string(now.rfc3339), at: "status", "startTime")
        let started = next.at("status", "startTime")?.stringValue.flatMap { Timestamp(rfc3339: $0) } ?? now
        let left = job.at("spec", "activeDeadlineSeconds")?.intValue.map { Duration.seconds($0) - (now - started) }
        var wait: Duration?
        var isOver = true
        if failed > limit {
            next.setCondition(
                "Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit", now)
        } else if let left, left <= .zero {
            // Also where the pods have succeeded meanwhile, as in a real cluster.
            next.setCondition(
                "Failed", "True", "DeadlineExceeded", "Job was active longer than specified deadline", now)
        } else if succeeded >= wanted {
            next.setCondition(
                "Complete", "True", "CompletionsReached", "Reached expected number of succeeded pods", now)
            next.set(.string(now.rfc3339), at: "status", "completionTime")
        } else {
            isOver = false
            wait = left.map { max($0, .milliseconds(100)) }
        }
        let kind = try cluster.kind("pods")
        if isOver || job.at("spec", "suspend") == true {
            for pod in active { _ = try? cluster.delete(kind, pod.objectKey, DeleteOptions(uid: pod.uid)) }
        } else {
            let parallel = min(job.at("spec", "parallelism")?.intValue ?? 1, wanted - succeeded)
            for _ in stride(from: Int64(active.count), to: min(parallel, 500), by: 1) { try createPod(of: job) }
        }
        let running = cluster.ownedPods(job.uid).filter(\.isActivePod)
        for (name, count) in [
            ("active", Int64(isOver ? 0 : running.count)), ("succeeded", succeeded), ("failed", failed),
            ("ready", Int64(isOver ? 0 : running.count(where: \.isReadyPod))),
        ] { next.set(count > 0 || name == "ready" ? .int(count) : nil, at: "status", name) }
        try cluster.writeStatus("jobs.batch", key, uid: job.uid, next["status"] ?? .emptyObject)
        return wait
    }

    private func createPod(of job: JSON) throws(KubernetesError) {
        var metadata: JSON = [
            "generateName": .string("\(job.objectKey.name)-"),
            "ownerReferences": [
                [
                    "apiVersion": "batch/v1", "kind": "Job", "name": .string(job.objectKey.name),
                    "uid": .string(job.uid),
                    "controller": true, "blockOwnerDeletion": true,
                ]
            ],
        ]
        for name in ["labels", "annotations"] { metadata[name] = job.at("spec", "template", "metadata", name) }
        try cluster.create(
            "pods", namespace: job.objectKey.namespace,
            [
                "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
                "spec": job.at("spec", "template", "spec") ?? .emptyObject,
            ])
    }

    /// Deletes a Job some time after its end, where it says so.
    private func expire(_ job: JSON, _ now: Timestamp) throws(KubernetesError) -> Duration? {
        guard let seconds = job.at("spec", "ttlSecondsAfterFinished")?.intValue else { return nil }
        let end =
            (job.condition("Complete") ?? job.condition("Failed"))?["lastTransitionTime"]?.stringValue
            .flatMap { Timestamp(rfc3339: $0) } ?? now
        let left = Duration.seconds(seconds) - (now - end)
        if left > .zero { return left }
        _ = try cluster.delete(cluster.kind("jobs.batch"), job.objectKey, DeleteOptions(uid: job.uid))
        return nil
    }
}
