import Manifest

extension RolloutReconcile {
    /// The largest of the ReplicaSets that a first deployment left behind, where no pod of them ever became available.
    ///
    /// The template after it is a first deployment once more; but its pods come in the place of those, within surge and
    /// unavailability as in any update.
    var neverServedIndex: Int? {
        guard !isStrict, !isRouted, blueGreen == nil, distinctStable == nil, old.condition(.healthy) == nil else {
            return nil
        }
        let others = otherIndices.filter { sets[$0].spec > 0 }
        guard others.allSatisfy({ sets[$0].available == 0 }) else { return nil }
        return others.max { sets[$0].spec < sets[$1].spec }
    }

    mutating func scaleOthers() -> Bool {
        let neverServed = neverServedIndex
        if let neverServed, resize(neverServed, to: min(sets[neverServed].spec, nextSizes.stable)) { return true }
        let others = otherIndices.filter { sets[$0].spec > 0 && $0 != neverServed }
        guard !others.isEmpty else { return false }
        if blueGreen != nil {
            if status.hasPause(PauseReason.inconclusiveAnalysis) || keepsOldForAnalysis { return false }
        }
        var wanted: [Int: Int] = [:]
        if blueGreen == nil {
            // Pods that do not serve go first; they cost no availability.
            for index in others where sets[index].available < sets[index].spec {
                wanted[index] = sets[index].available
            }
        }
        // Pods beyond a size that was lowered before are on their way out, though they still count as available.
        var maxDown = sets.reduce(0) { $0 + min($1.available, $1.spec) } - (replicas - limits.unavailable)
        // Old pods of a blue-green Rollout have no part in its availability.
        if blueGreen != nil { maxDown = Int.max / 2 }
        let newestFirst = others.filter { (wanted[$0] ?? sets[$0].spec) > 0 }.sorted {
            let (left, right) = (sets[$0].seen.revision ?? 0, sets[$1].seen.revision ?? 0)
            return left != right ? left > right : sets[$0].name < sets[$1].name
        }
        var delayed = 0
        for index in newestFirst {
            let size = wanted[index] ?? sets[index].spec
            guard maxDown > 0 else { break }
            let isDelayed = isRouted || blueGreen != nil
            let next = isDelayed ? delayedSize(index, size, &delayed) : max(0, size - maxDown)
            maxDown -= size - next
            if next != size { wanted[index] = next }
        }
        var didScale = false
        for index in others {
            if let size = wanted[index], resize(index, to: size) { didScale = true }
        }
        return didScale
    }

    /// Size of an old ReplicaSet behind a router or a Service: it stays until its deadline, for proxies may still send to
    /// it.
    private mutating func delayedSize(_ index: Int, _ size: Int, _ delayed: inout Int) -> Int {
        if isTrafficUnknown || isReferenced(sets[index].hash) { return size }
        let deadline = sets[index].annotation(Keys.scaleDownDeadline)
        if blueGreen == nil {
            let isSettled = status.isFullyPromoted || deadline != nil
            if canary.dynamicStableScale, status.isFullyPromoted || isStrict { return 0 }
            if isStrict, !isSettled { return 0 }
        }
        let delay = blueGreen.map(\.scaleDownDelaySeconds) ?? canary.scaleDownDelaySeconds
        let limit = (blueGreen.map(\.scaleDownDelayRevisionLimit) ?? canary.scaleDownDelayRevisionLimit) ?? Int.max
        // A blue-green ReplicaSet that waits is kept ready for a rollback at full size.
        let kept = blueGreen == nil ? size : replicas
        guard let delay = positive(delay ?? 30) else { return 0 }
        guard let deadline else {
            guard delayed < limit else { return 0 }
            delayed += 1
            let time = now + .seconds(delay)
            annotate(index, Keys.scaleDownDeadline, time.rfc3339)
            wake(at: time)
            return size
        }
        delayed += 1
        guard delayed <= limit, let time = Timestamp(rfc3339: deadline), time > now else { return 0 }
        wake(at: time)
        return kept
    }

    /// Begins the delay of a blue-green ReplicaSet that was stable until now.
    mutating func startDelay(_ index: Int) {
        guard let blueGreen, let delay = positive(blueGreen.scaleDownDelaySeconds ?? 30), sets[index].spec > 0,
            sets[index].annotation(Keys.scaleDownDeadline) == nil
        else { return }
        let time = now + .seconds(delay)
        annotate(index, Keys.scaleDownDeadline, time.rfc3339)
        wake(at: time)
    }

    /// Something still points at the ReplicaSet of this hash.
    private mutating func isReferenced(_ hash: String) -> Bool {
        if hash == status.stableRS || hash == status.currentPodHash { return true }
        if let weights = status.weights,
            weights.canary.podTemplateHash == hash || weights.stable.podTemplateHash == hash
        {
            return true
        }
        // Of ping and pong only one that gets traffic: the other goes on selecting what it had.
        let served = [status.weights?.canary, status.weights?.stable].compactMap { $0 }
        if served.contains(where: { $0.weight > 0 && serviceHash($0.serviceName) == hash }) { return true }
        let services =
            blueGreen.map { [$0.activeService, $0.previewService] } ?? [canary.canaryService, canary.stableService]
        if services.contains(where: { !$0.isEmpty && serviceHash($0) == hash }) { return true }
        // Pods go one look after the traffic that an abort takes from them.
        if let blueGreen, status.abort, seen.services[blueGreen.activeService]?.hash == hash {
            wake(at: now + .seconds(1))
            return true
        }
        return seen.traffic?.referencedHashes.contains(hash) ?? false
    }
}
