import Manifest

extension RolloutReconcile {
    /// The weight that the steps ask for now.
    var currentSetWeight: Int {
        if status.abort { return 0 }
        guard let index = stepIndex, index < canary.steps.count else { return maxWeight }
        return weight(upTo: index + 1)
    }

    /// The nearest `setWeight` before `end`, else 0.
    private func weight(upTo end: Int) -> Int {
        var index = end - 1
        while index >= 0 {
            if let weight = canary.steps[index].setWeight { return weight }
            index -= 1
        }
        return 0
    }

    /// The canary's share of traffic in the present state.
    private var desiredWeight: Int {
        if isDynamicRollbackPending { return drainingWeight }
        if status.isFullyPromoted { return 0 }
        if status.abort { return drainingWeight }
        guard let current, current.available > 0 else { return 0 }
        if status.promoteFull {
            guard canary.dynamicStableScale, replicas > 0 else {
                return capped(earned(status.weights?.canary.weight ?? 0))
            }
            return capped(min(maxWeight, share(current.available)))
        }
        guard let index = stepIndex else { return 0 }
        // Capacity before traffic: until the pods of this step are there, the last step's weight stays.
        return capped(areCountsAtTarget ? currentSetWeight : earned(weight(upTo: index)))
    }

    /// A weight that rises no faster than pods come: a rollback jumps over its steps, and other pods had what is recorded.
    private func earned(_ weight: Int) -> Int {
        guard replicas > 0, let current else { return weight }
        let recorded = status.weights?.canary
        let present = recorded?.podTemplateHash == current.hash ? recorded?.weight ?? 0 : 0
        return min(weight, max(present, share(current.available)))
    }

    /// A weight that does not rise while the canary Service still brings it to the pods of an earlier revision.
    private func capped(_ weight: Int) -> Int {
        let selected = serviceHash(canaryService)
        if selected.isEmpty || selected == current?.hash { return weight }
        let serves = sets.contains { $0.hash == selected && $0.available > 0 }
        return serves ? min(weight, status.weights?.canary.weight ?? 0) : 0
    }

    // MARK: Giving traffic back

    /// A template went back to the stable one while stable had shrunk: it grows first, and traffic follows.
    var isDynamicRollbackPending: Bool {
        guard status.isFullyPromoted, canary.dynamicStableScale, let current, let recorded = old.weights?.canary else {
            return false
        }
        // Pods beyond the size that was asked for last are on their way out, though they may still be counted.
        let staying = min(current.available, current.seen.replicas)
        guard recorded.weight > 0, recorded.podTemplateHash != current.hash, staying < replicas else { return false }
        // Pods that are gone cannot hold traffic, whatever the status says of them.
        return sets.contains { $0.hash == recorded.podTemplateHash && $0.available > 0 }
    }

    /// The traffic that so many pods may get, rounded down.
    private func share(_ pods: Int) -> Int {
        replicas == 0 ? 0 : Int(Int128(maxWeight) * Int128(pods) / Int128(replicas))
    }

    /// The weight to which a dynamically scaled canary is being drained: that of the last step which stable's missing pods
    /// still need.
    var drainWeight: Int {
        if isDynamicRollbackPending { return maxWeight }
        guard let stable, let current, replicas > 0 else { return 0 }
        // An abort that has reached 0 never fetches the canary back.
        if let recorded = old.weights, old.abort, recorded.canary.weight == 0 { return 0 }
        if isAnothersWeight { return 0 }
        let sizes = RoutedCanarySizes(replicas: replicas, maxWeight: maxWeight)
        var needed = replicas - stable.available
        if (canary.abortScaleDownDelaySeconds ?? 0) <= 0 {
            var present = current.counted
            // A canary at its least size has given away all that its step asks for.
            if let least = canary.minPodsPerReplicaSet, present <= min(least, replicas), let recorded = status.weights {
                present = min(present, sizes.pods(recorded.canary.weight))
            }
            needed = max(needed, present)
        }
        return canary.steps.reversed().compactMap(\.setWeight).first { sizes.pods($0) < needed } ?? 0
    }

    /// The recorded weight is that of an earlier canary, and no other is decided on yet.
    private var isAnothersWeight: Bool {
        guard let current, let recorded = status.weights?.canary else { return false }
        return recorded.podTemplateHash != current.hash
    }

    /// The canary's weight while traffic goes back to stable; it never rises.
    private var drainingWeight: Int {
        guard canary.dynamicStableScale, let stable, let current, replicas > 0 else { return 0 }
        // What an earlier canary had is nothing that this one could give back, and no reason to send it anything.
        if !isDynamicRollbackPending, isAnothersWeight { return 0 }
        let served = min(maxWeight, share(stable.available))
        let excess = max(0, maxWeight - served)
        let target = drainWeight
        // Pods that are gone serve nothing: stable gets what it can take, as it can take it.
        if !isDynamicRollbackPending, current.available == 0 {
            return min(excess, status.weights?.canary.weight ?? 0)
        }
        guard let recorded = status.weights?.canary.weight else { return max(excess, target) }
        if target <= 0 { return min(excess, recorded) }
        if served < maxWeight - target { return recorded }
        return min(target, recorded)
    }

    /// Tells the routers their weights; `false` ends the reconcile with what was decided so far.
    mutating func shiftTraffic() -> Bool {
        isStableCapacityMissing = false
        areRoutesSettled = false
        blockedWeight = nil
        guard hasRouter else {
            status.weights = nil
            return true
        }
        guard let stable, !stable.isNew, let current else { return true }
        let weight = desiredWeight
        let needed = Int(Int128(maxWeight - weight) * Int128(replicas) / Int128(maxWeight))
        if stable.available < needed,
            !canary.replicaProgressThreshold.isMet(wanted: needed, spec: stable.spec, available: stable.available)
        {
            isStableCapacityMissing = true
            blockedWeight = weight
            withdrawRoutes()
            return true
        }
        // Few replicas round the need down to nothing, and no pod at all gets nothing back.
        if stable.available == 0, current.available > 0, isGivingBack(weight) {
            isStableCapacityMissing = true
            withdrawRoutes()
            return true
        }
        // After a promotion all traffic goes where the stable Service points, which must be the new pods by then.
        if status.isFullyPromoted, !stableService.isEmpty, serviceHash(stableService) != stable.hash {
            isStableCapacityMissing = true
            withdrawRoutes()
            return true
        }
        let canaryHash = isDynamicRollbackPending ? old.weights?.canary.podTemplateHash : current.hash
        return setWeight(weight, canaryHash: canaryHash ?? current.hash, stableHash: stable.hash)
    }

    /// Stable would get more than it is known to have.
    private func isGivingBack(_ weight: Int) -> Bool {
        guard replicas > 0, weight < maxWeight, let recorded = status.weights?.canary.weight else { return false }
        return weight < recorded || weight == recorded && !(seen.traffic?.areWeightsInSync ?? false)
    }

    private mutating func setWeight(_ weight: Int, canaryHash: String, stableHash: String) -> Bool {
        var weights = TrafficWeights(
            canary: .init(weight: weight, serviceName: canaryService, podTemplateHash: canaryHash),
            stable: .init(weight: maxWeight - weight, serviceName: stableService, podTemplateHash: stableHash),
            verified: status.weights?.verified)
        let isRecorded = weights == status.weights
        let routes = wantedRoutes
        if isRecorded, isInSync(with: routes) {
            // What was confirmed of these very weights stays so where nobody can tell: a router that is taken over as it is
            // gets no write. What was not is no longer waited for.
            weights.verified = seen.traffic?.verified ?? (weights.verified == true ? true : nil)
        } else if told.map({ $0.request.canaryWeight != weight || $0.request.routes != routes }) ?? true {
            weights.verified = seen.traffic?.verified == nil ? nil : false
            let request = TrafficRequest(
                canaryWeight: weight, maxWeight: maxWeight, canaryHash: canaryHash, stableHash: stableHash,
                canaryService: canaryService, stableService: stableService, routes: routes)
            guard tellRouters(request) else { return false }
        }
        status.weights = weights
        areRoutesSettled = true
        if weights.verified == false {
            wake(at: now + seen.verifyRetry)
            // At the end of the steps nothing may be scaled down before the routers confirm.
            return weight < maxWeight
        }
        return true
    }

    /// Asks for the one write of the routers that a decision has; `false` where another one stands in the way, which the
    /// next decision will find done.
    private mutating func tellRouters(_ request: TrafficRequest) -> Bool {
        guard let told else {
            add(.setTraffic(request))
            return true
        }
        // Routes that come on top of the same weights go with them in one write.
        if told.request.with(request.routes) == request, told.request.routes.allSatisfy(request.routes.contains) {
            slots[told.slot] = .effect(.setTraffic(request))
            return true
        }
        // Only an abort may not wait for the next decision. In the same place: what comes behind it may count on it.
        guard status.abort else { return false }
        slots[told.slot] = .effect(.setTraffic(request))
        return true
    }

    /// What this decision asks of the routers so far.
    var told: (slot: Int, request: TrafficRequest)? {
        for (slot, effect) in slots.enumerated() {
            if case .effect(.setTraffic(let request)) = effect { return (slot, request) }
        }
        return nil
    }

    /// The Event about changed weights, once the final ones are known.
    mutating func reportWeights() {
        guard let new = status.weights else { return }
        let before = old.weights
        guard new.canary != before?.canary || new.stable != before?.stable else { return }
        events.append(
            RolloutEvent(
                "TrafficWeightUpdated",
                "canary weight \(before?.canary.weight ?? 0) -> \(new.canary.weight), stable weight "
                    + "\(before?.stable.weight ?? maxWeight) -> \(new.stable.weight)"))
    }
}
