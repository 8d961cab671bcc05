import Manifest

extension CanaryReconcile {
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
        if status.isFullyPromoted || status.abort { return 0 }
        guard let current, current.available > 0 else { return 0 }
        if status.promoteFull { return status.weights?.canary.weight ?? 0 }
        guard let index = stepIndex else { return 0 }
        // Capacity before traffic: until the pods of this step are there, the last step's weight stays.
        if !areCountsAtTarget { return weight(upTo: index) }
        return currentSetWeight
    }

    /// Tells the routers their weights; `false` ends the reconcile with what was decided so far.
    mutating func shiftTraffic() -> Bool {
        isStableCapacityMissing = false
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
            return true
        }
        // After a promotion all traffic goes where the stable Service points, which must be the new pods by then.
        if status.isFullyPromoted, !canary.stableService.isEmpty, serviceHash(canary.stableService) != stable.hash {
            isStableCapacityMissing = true
            return true
        }
        return setWeight(weight, canaryHash: current.hash, stableHash: stable.hash)
    }

    private mutating func setWeight(_ weight: Int, canaryHash: String, stableHash: String) -> Bool {
        var weights = TrafficWeights(
            canary: .init(weight: weight, serviceName: canary.canaryService, podTemplateHash: canaryHash),
            stable: .init(weight: maxWeight - weight, serviceName: canary.stableService, podTemplateHash: stableHash),
            verified: status.weights?.verified)
        let isRecorded = weights == status.weights
        let isInSync = isRecorded && (seen.traffic?.isInSync ?? false)
        if isInSync {
            weights.verified = seen.traffic?.verified
        } else if !hasRequested(weight) {
            let earlier = slots.firstIndex {
                if case .effect(.setTraffic) = $0 { true } else { false }
            }
            if let earlier {
                // One write of the routers for each decision. Only an abort may not wait for the next one.
                guard status.abort else { return false }
                slots.remove(at: earlier)
            }
            weights.verified = seen.traffic?.verified == nil ? nil : false
            let request = TrafficRequest(
                canaryWeight: weight, maxWeight: maxWeight, canaryHash: canaryHash, stableHash: stableHash,
                canaryService: canary.canaryService, stableService: canary.stableService,
                removesManagedRoutes: status.isFullyPromoted || status.abort || status.promoteFull)
            add(.setTraffic(request))
        }
        status.weights = weights
        if weights.verified == false {
            wake(at: now + .seconds(10))
            // At the end of the steps nothing may be scaled down before the routers confirm.
            return weight < maxWeight
        }
        return true
    }

    private func hasRequested(_ weight: Int) -> Bool {
        slots.contains {
            if case .effect(.setTraffic(let request)) = $0 { request.canaryWeight == weight } else { false }
        }
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
