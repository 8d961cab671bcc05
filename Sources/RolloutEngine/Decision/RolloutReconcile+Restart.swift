import Manifest

extension RolloutReconcile {
    /// Whether pods created before `restartAt` are still to be replaced.
    private var restartTime: Timestamp? {
        guard let time = rollout.spec.restartAt, time != status.restartedAt else { return nil }
        return time
    }

    /// An abort that has yet to give the traffic back: pods that serve it are no time for a restart.
    private var isAbortUnderWay: Bool {
        guard status.abort else { return false }
        if old.abortedAt == nil || status.weights?.canary.weight ?? 0 > 0 { return true }
        if blueGreen != nil { return active != nil && active !== stable }
        let isServed = canary.pingPong == nil && !canaryService.isEmpty && serviceHash(canaryService) == current?.hash
        return isServed && current !== stable && stable?.available ?? 0 > 0
    }

    /// Evicts pods that are older than `restartAt`, as many as availability allows.
    /// - Returns: `false` when the rest of the reconcile has to wait, because the counts of pods are stale now. It does not
    ///   wait for pods whose eviction was refused.
    mutating func restartPods() -> Bool {
        guard invalid == nil, let time = restartTime else { return true }
        guard now > time else {
            wake(at: time + .milliseconds(1))
            return true
        }
        // What moves traffic brings the next look.
        if isAbortUnderWay {
            wake(at: now + .seconds(30))
            return true
        }
        guard let pods = seen.pods else {
            needsPods = true
            return false
        }
        var order = otherIndices
        if let currentIndex, currentIndex != stableIndex { order.insert(currentIndex, at: 0) }
        if let stableIndex { order.insert(stableIndex, at: 0) }
        let owned = pods.filter { pod in order.contains { sets[$0].seen.uid == pod.ownerUID } }
        var allowance = Self.restartAllowance(
            replicas: replicas, total: order.reduce(0) { $0 + sets[$1].seen.replicas },
            maxUnavailable: restartUnavailable,
            available: owned.count { isAvailable($0) })
        var left = 0
        var evicted = 0
        for index in order {
            let due = owned.filter { $0.ownerUID == sets[index].seen.uid && $0.creationTimestamp < time }
                .sorted { ($0.creationTimestamp, $0.name) < ($1.creationTimestamp, $1.name) }
            for pod in due {
                left += 1
                guard !pod.isTerminating, !pod.isHeld, allowance > 0 else { continue }
                allowance -= 1
                evicted += 1
                add(.evictPod(name: pod.name, uid: pod.uid))
            }
        }
        podsToRestart = left
        guard left > 0 else {
            status.restartedAt = time
            return true
        }
        wake(at: now + .seconds(30))
        return evicted == 0
    }

    /// How many pods may be taken away now.
    /// - Parameter total: Sum of `spec.replicas` of all ReplicaSets.
    static func restartAllowance(replicas: Int, total: Int, maxUnavailable: Int, available: Int) -> Int {
        available - (max(replicas, total) - max(1, maxUnavailable))
    }

    private var restartUnavailable: Int {
        guard let blueGreen else { return limits.unavailable }
        return (blueGreen.maxUnavailable ?? .string("25%")).resolved(of: replicas, roundingUp: false)
    }

    private func isAvailable(_ pod: PodFact) -> Bool {
        guard !pod.isTerminating, let since = pod.readySince else { return false }
        return since + .seconds(rollout.spec.minReadySeconds) <= now
    }
}
