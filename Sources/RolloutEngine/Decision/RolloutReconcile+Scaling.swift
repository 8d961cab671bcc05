import Manifest

extension RolloutReconcile {
    // MARK: Sizes that are wanted

    /// `setCanaryScale` in effect, where there is one.
    private var effectiveScale: CanaryScale? {
        let keepsInAbort = isStrict && canary.abortScaleDownDelaySeconds == 0
        guard isRouted, !status.abort || keepsInAbort, let index = stepIndex, index < canary.steps.count else {
            return nil
        }
        var position = index
        while position > 0, canary.steps[position].setCanaryScale == nil { position -= 1 }
        let scale = canary.steps[position].setCanaryScale
        guard let scale, !scale.matchTrafficWeight, scale.weight != nil || scale.replicas != nil else { return nil }
        return scale
    }

    private var canaryTarget: RoutedCanarySizes.Target {
        if status.promoteFull || status.stableRS.isEmpty || status.isFullyPromoted { return .weight(maxWeight) }
        if let scale = effectiveScale {
            if let count = scale.replicas { return .count(count) }
            return .weight(scale.weight ?? 0)
        }
        return .weight(status.abort && canary.dynamicStableScale ? drainWeight : currentSetWeight)
    }

    /// The next sizes of canary and stable, recomputed for the present state.
    var nextSizes: CanarySizes {
        if let blueGreen { return CanarySizes(canary: wantedPreviewSize(blueGreen), stable: replicas) }
        if isRouted { return routedSizes }
        let limits = limits
        var weight = 0
        if case .weight(let wanted) = canaryTarget { weight = wanted }
        let pods = { (set: WorkingReplicaSet) in BasicCanarySizes.Pods(spec: set.spec, available: set.counted) }
        let left = neverServedIndex
        return BasicCanarySizes(
            replicas: replicas, limits: limits,
            target: WeightApproximation.sizes(replicas: replicas, weight: weight, surge: limits.surge),
            canary: current.map { pods($0) }, stable: (distinctStable ?? left.map { sets[$0] }).map { pods($0) },
            others: otherIndices.reduce(0) { $1 == left ? $0 : $0 + sets[$1].spec }
        ).next()
    }

    /// Canary pods that the present step asks for; others only stay until their traffic has left them.
    var askedCanarySize: Int {
        RoutedCanarySizes(
            replicas: replicas, maxWeight: maxWeight, minPods: canary.minPodsPerReplicaSet,
            isDynamic: canary.dynamicStableScale
        ).sizes(canaryTarget, stableTarget: nil, recordedStable: nil).canary
    }

    private var routedSizes: CanarySizes {
        let target = canaryTarget
        var stableTarget: Int?
        if canary.dynamicStableScale {
            switch target {
            case .weight(let weight): stableTarget = weight
            // A fixed number of canary pods says nothing of the traffic that stable has lost.
            case .count: stableTarget = isStrict ? 0 : currentSetWeight
            }
        }
        // Pods leave one look after their traffic has, and come before it.
        var served: [Int] = []
        if let weights = old.weights { served.append(stableWeight(weights)) }
        if let weights = status.weights { served.append(stableWeight(weights)) }
        // Of a first request no status may tell yet; until then all traffic is stable's.
        if hasRouter, old.weights == nil { served.append(maxWeight) }
        // Nothing shrinks before routers can be set right, so stable grows to what that takes; also where the canary is sized
        // apart from its weight, and what that leaves for stable never gets there.
        if isTrafficUnknown || effectiveScale != nil, let blockedWeight { served.append(maxWeight - blockedWeight) }
        return RoutedCanarySizes(
            replicas: replicas, maxWeight: maxWeight, minPods: canary.minPodsPerReplicaSet,
            isDynamic: canary.dynamicStableScale
        ).sizes(target, stableTarget: stableTarget, recordedStable: served.max(), recordedCanary: drainedWeight)
    }

    /// What stable serves by recorded weights: also the canary's part, where the status of its promotion was never written, or
    /// where the canary's Service brings that to stable.
    private func stableWeight(_ weights: TrafficWeights) -> Int {
        func part(_ destination: TrafficWeights.Destination) -> Int {
            let isStable =
                destination.podTemplateHash == status.stableRS
                || serviceHash(destination.serviceName) == status.stableRS
            return isStable ? destination.weight : 0
        }
        return max(weights.stable.weight, part(weights.canary) + part(weights.stable))
    }

    /// What the canary still serves, and its pods stay for.
    private var drainedWeight: Int? {
        guard let weights = status.weights, let current else { return status.abort ? 0 : nil }
        // A Service that was switched brings the weight of the pods that it selected before, and one that was not keeps it.
        func share(_ destination: TrafficWeights.Destination) -> Int? {
            let isServed =
                destination.podTemplateHash == current.hash || serviceHash(destination.serviceName) == current.hash
            return isServed ? destination.weight : nil
        }
        let stable = share(weights.stable)
        let canary = status.abort ? weights.canary.weight : effectiveScale == nil ? share(weights.canary) : nil
        return stable == nil && canary == nil ? nil : min(maxWeight, (stable ?? 0) + (canary ?? 0))
    }

    /// Routers hold something else than what is recorded, and this decision does not set them right: nobody knows which pods
    /// get how much.
    var isTrafficUnknown: Bool {
        guard hasRouter, status.weights != nil, seen.traffic?.areWeightsInSync == false else { return false }
        return !slots.contains { if case .effect(.setTraffic) = $0 { true } else { false } }
    }

    /// All pods of the present step are there.
    var areCountsAtTarget: Bool {
        guard let current else { return false }
        let sizes = nextSizes
        guard
            canary.replicaProgressThreshold.isMet(
                wanted: sizes.canary, spec: current.spec, available: current.available(of: sizes.canary))
        else { return false }
        let isDynamic = isRouted && canary.dynamicStableScale
        if !isDynamic, let stable = distinctStable,
            stable.spec != sizes.stable || stable.seen.currentReplicas != sizes.stable
        {
            return false
        }
        return isRouted || otherIndices.allSatisfy { sets[$0].seen.availableReplicas == 0 }
    }

    // MARK: Scaling

    /// Brings the ReplicaSets to their sizes, stable first; `true` when a size changed.
    @discardableResult
    mutating func scale() -> Bool {
        if isHalted, !status.abort, !isScalingEvent { return false }
        if let index = stableIndex { annotate(index, Keys.scaleDownDeadline, nil) }
        if let index = currentIndex, abortDelay == nil { annotate(index, Keys.scaleDownDeadline, nil) }
        var didScale = false
        for _ in 0..<8 {
            guard scaleStable() || scaleCurrent() || scaleOthers() else { break }
            didScale = true
        }
        return didScale
    }

    private mutating func scaleStable() -> Bool {
        guard let index = stableIndex, index != currentIndex else { return false }
        return resize(index, to: keptWhileUnknown(index, nextSizes.stable))
    }

    private mutating func scaleCurrent() -> Bool {
        guard let index = currentIndex else { return false }
        // Pods were not started when the Rollout was paused from its creation on.
        if rollout.spec.paused, isScalingEvent, sets[index].spec == 0,
            sets[index].annotation(Keys.desiredReplicas) != "0"
        {
            return false
        }
        if abortDelay != nil { return drainAborted(index) }
        if keepsAborted { return resize(index, to: sets[index].spec) }
        return resize(index, to: keptWhileUnknown(index, nextSizes.canary))
    }

    /// Pods may come at any time; they only go where their traffic is known.
    private func keptWhileUnknown(_ index: Int, _ size: Int) -> Int {
        isTrafficUnknown ? max(size, sets[index].spec) : size
    }

    /// The new pods of an aborted update stay until traffic has left them, and then for the delay.
    private mutating func drainAborted(_ index: Int) -> Bool {
        let size = sets[index].spec
        guard let delay = abortDelay, size > 0 else { return resize(index, to: size) }
        guard let deadline = sets[index].annotation(Keys.scaleDownDeadline) else {
            if let stable, stable.available >= replicas, hasTrafficLeft(index), areRoutesWithdrawn {
                let deadline = now + .seconds(delay)
                annotate(index, Keys.scaleDownDeadline, deadline.rfc3339)
                wake(at: deadline)
            }
            return resize(index, to: size)
        }
        // Whatever the deadline says: pods that get the production traffic are not taken away.
        guard hasTrafficLeft(index), let time = Timestamp(rfc3339: deadline), time > now else {
            if hasTrafficLeft(index), !areRoutesWithdrawn {
                wake(at: now + .seconds(1))
                return resize(index, to: size)
            }
            // Traffic that this very decision moves is given the time until the next look.
            if hasTrafficLeft(index), blueGreen.map({ seen.services[$0.activeService]?.hash }) == sets[index].hash {
                wake(at: now + .seconds(1))
                return false
            }
            return resize(index, to: hasTrafficLeft(index) ? 0 : max(size, replicas))
        }
        wake(at: time)
        return resize(index, to: size)
    }

    private func hasTrafficLeft(_ index: Int) -> Bool {
        if blueGreen != nil { return active !== sets[index] }
        return (status.weights?.canary.weight ?? 0) == 0 && status.weights?.verified != false
    }

    /// How long the new pods of an aborted update stay; `nil` where no delay applies.
    var abortDelay: Int? {
        guard status.abort, distinctStable != nil else { return nil }
        if let blueGreen { return positive(blueGreen.abortScaleDownDelaySeconds ?? 30) }
        guard isRouted else { return nil }
        if canary.dynamicStableScale, canary.abortScaleDownDelaySeconds == nil { return nil }
        return positive(canary.abortScaleDownDelaySeconds ?? 30)
    }

    /// A delay of 0 means that the new pods of an aborted update stay as they are.
    private var keepsAborted: Bool {
        guard status.abort, distinctStable != nil else { return false }
        if let blueGreen { return (blueGreen.abortScaleDownDelaySeconds ?? 30) <= 0 }
        return isRouted && !isStrict && (canary.abortScaleDownDelaySeconds ?? 30) <= 0
    }

    func positive(_ seconds: Int) -> Int? { seconds > 0 ? seconds : nil }

    // MARK: One ReplicaSet

    /// A new desired size meets a canary that is held, and this size is not yet the one for its present weight: the next
    /// decision goes on, as long as each takes it further.
    private func isPartOfTheWay(_ index: Int, _ size: Int) -> Bool {
        guard isHalted, isScalingEvent, !status.abort, blueGreen == nil, !isRouted else { return false }
        guard distinctStable != nil else { return size != replicas }
        var weight = 0
        if case .weight(let wanted) = canaryTarget { weight = wanted }
        let target = WeightApproximation.sizes(replicas: replicas, weight: weight, surge: limits.surge)
        return size != (index == currentIndex ? target.canary : target.stable)
    }

    /// Records a size and the desired size beside it; `true` when the size changes.
    mutating func resize(_ index: Int, to size: Int) -> Bool {
        let before = sets[index].spec
        let isMain = index == currentIndex || index == stableIndex
        if size == before || scaled.contains(index) {
            // Also a size that stays says for which desired size it does, so that a scaling event ends.
            if isMain, !sets[index].isNew, !scaled.contains(index) || !isPartOfTheWay(index, before) {
                annotate(index, Keys.desiredReplicas, String(replicas))
            }
            return false
        }
        scaled.insert(index)
        if size > before, !sets[index].isNew {
            sets[index].annotate(Keys.podBound, PodBound(growing: sets[index])?.text)
        }
        sets[index].spec = size
        if !isPartOfTheWay(index, size) { sets[index].annotate(Keys.desiredReplicas, String(replicas)) }
        if size == 0, !(index == currentIndex && abortDelay != nil) {
            sets[index].annotate(Keys.scaleDownDeadline, nil)
        }
        place(index, atEnd: true)
        let set = sets[index]
        let direction = size > before ? "up" : "down"
        events.append(
            RolloutEvent(
                "ScalingReplicaSet",
                "scaled \(direction) ReplicaSet \(set.name) (revision \(set.annotation(Keys.revision) ?? "0")) from \(before) to \(size)",
                of: .replicaSet(set.name)))
        return true
    }
}
