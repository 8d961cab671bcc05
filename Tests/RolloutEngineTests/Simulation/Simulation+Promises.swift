import Manifest
import RolloutEngine

extension Simulation {
    mutating func fail(_ text: String) {
        if failure == nil { failure = "\(text) at \(world.now)" }
        trace("FAILURE \(text)")
    }

    /// Traffic may only move to pods that are there, and pods may only go that carry no traffic.
    mutating func check(_ effect: RolloutEffect, _ seen: RolloutSnapshot) {
        if case .patchStatus(let patch) = effect {
            checkVerdict(patch, seen)
            checkQueue(patch, seen)
        }
        if kind == .blueGreen { return checkBlueGreen(effect, seen) }
        guard isRouted else { return checkBasic(effect, seen) }
        // A size that was changed a moment ago cannot be known from an old view.
        let replicas = seen.rollout.spec.desiredReplicas
        switch effect {
        case .setTraffic(let request): checkTraffic(request, seen)
        case .switchService(let name, let hash, _):
            // A Service without a hash has nothing to lose.
            guard let before = world.services[name]?.hash, !before.isEmpty || world.traffic != nil, carriesTraffic(name)
            else { return }
            if isKnownEmpty(hash) {
                fail("Service \(name) is switched to \(hash), which has no pods")
            }
            // Stable gets its traffic back whatever its pods; a canary gets none that it cannot serve while others can.
            guard let recorded = seen.rollout.status.weights?.canary, let traffic = world.traffic,
                recorded.serviceName == name, traffic.canaryService == name, hash != seen.rollout.status.stableRS,
                seen.available(before) > 0
            else { return }
            let weight = min(recorded.weight, traffic.canaryWeight)
            if seen.available(hash) < (weight * replicas + 99) / 100 {
                fail("Service \(name) brings \(hash) weight \(weight) with \(seen.available(hash)) pods")
            }
        case .updateReplicaSet(let update):
            guard let size = update.replicas, let set = world.sets[update.name],
                set.resourceVersion == update.resourceVersion,
                size < set.replicas
            else { return }
            let needed = (world.weight(of: set.hash) * replicas + 99) / 100
            let status = world.status
            if set.hash == status.stableRS, size < min(needed, replicas) {
                fail("stable \(set.name) is scaled to \(size) while its traffic needs \(needed)")
            }
            if size == 0, world.weight(of: set.hash) > 0 { fail("\(set.name) is scaled to 0 with weight on it") }
            if size == 0, routedHash == set.hash { fail("\(set.name) is scaled to 0 with routes that lead to it") }
        default: break
        }
    }

    /// A newer template waits for the end of the update that is under way, where a person asked for that.
    private mutating func checkQueue(_ patch: JSON, _ seen: RolloutSnapshot) {
        let status = seen.rollout.status
        guard seen.rollout.annotations["sluice.dev/on-new-revision"] == "queue", !status.stableRS.isEmpty,
            !status.currentPodHash.isEmpty, !status.isFullyPromoted, !status.abort,
            status.condition(.progressing)?.reason != ProgressReason.aborted,
            let next = patch.at("status", "currentPodHash")?.stringValue
        else { return }
        fail("\(next) takes the place of \(status.currentPodHash), which it should wait for")
    }

    /// A restart leaves as many pods as the strategy promises.
    mutating func checkEvictions(_ decision: RolloutDecision, _ seen: RolloutSnapshot) {
        let evicted = decision.effects.count { if case .evictPod = $0 { true } else { false } }
        guard evicted > 0, let pods = seen.pods else { return }
        let spec = seen.rollout.spec
        let limits = SurgeLimits(
            replicas: spec.desiredReplicas, maxSurge: spec.canary?.maxSurge,
            maxUnavailable: spec.canary?.maxUnavailable)
        let total = max(spec.desiredReplicas, seen.replicaSets.reduce(0) { $0 + $1.replicas })
        let left = pods.count { $0.readySince != nil } - evicted
        if left < total - max(1, limits.unavailable) {
            fail("\(evicted) pods are evicted, which leaves \(left) of \(total)")
        }
    }

    /// What an analysis was seen to condemn is promoted only where a person or a rollback asked for that.
    private mutating func checkVerdict(_ patch: JSON, _ seen: RolloutSnapshot) {
        let (status, spec) = (seen.rollout.status, seen.rollout.spec)
        guard let stable = patch.at("status", "stableRS")?.stringValue, stable == status.currentPodHash,
            !status.promoteFull, spec.rollbackWindow == 0
        else { return }
        let recorded = [
            status.stepAnalysis, status.backgroundAnalysis, status.prePromotionAnalysis, status.postPromotionAnalysis,
        ].compactMap { $0?.name }
        for run in seen.analysisRuns where recorded.contains(run.name) && run.hash == stable {
            if run.phase == "Failed" || run.phase == "Error" {
                fail("\(stable) is promoted though \(run.name) \(run.phase)")
            }
        }
    }

    /// Weights rise only where pods can serve them.
    private mutating func checkTraffic(_ request: TrafficRequest, _ seen: RolloutSnapshot) {
        // Before the first request traffic goes where the stable Service points.
        guard world.traffic != nil else { return }
        let told = world.traffic.map { $0.canaryHash == request.canaryHash ? $0.routes : [] } ?? []
        if !request.routes.allSatisfy(told.contains), isKnownEmpty(request.canaryHash) {
            fail("routes \(request.routes.map(\.name)) lead to a canary without pods")
        }
        var after = world
        after.traffic = request
        let replicas = seen.rollout.spec.desiredReplicas
        for hash in Set(world.services.values.map(\.hash)).union([request.canaryHash, request.stableHash]) {
            let weight = after.weight(of: hash)
            guard weight > world.weight(of: hash) else { continue }
            if isKnownEmpty(hash) { fail("weight \(weight) goes to \(hash) without pods") }
            // What the decision saw must suffice as well; whole pods of stable, and of the canary also a part.
            let known = seen.available(hash)
            let needed = hash == request.stableHash ? weight * replicas / 100 : (weight * replicas + 99) / 100
            if known < needed, hash == request.stableHash || !isScaledApart {
                fail("weight \(weight) goes to \(hash), of which \(known) of \(needed) pods were seen")
            }
            // Nor may less be there than was seen, but for pods that went by themselves.
            if let set = world.set(hash: hash), set.availableReplicas < min(needed, known), !unseen.contains(set.name),
                hash == request.stableHash || !isScaledApart
            {
                fail("weight \(weight) goes to \(hash), of which \(set.availableReplicas) of \(needed) pods are there")
            }
        }
    }

    /// Not one pod of a hash is there, and the controller can know.
    private func isKnownEmpty(_ hash: String) -> Bool {
        guard let set = world.set(hash: hash) else { return true }
        return set.availableReplicas == 0 && !unseen.contains(set.name)
    }

    /// A person sized the canary apart from its weight.
    private var isScaledApart: Bool {
        world.typed.spec.canary?.steps.contains { $0.setCanaryScale != nil } ?? false
    }

    /// The active Service may only move to pods that can serve, and what it selects is never made smaller.
    mutating func checkBlueGreen(_ effect: RolloutEffect, _ seen: RolloutSnapshot) {
        let replicas = seen.rollout.spec.desiredReplicas
        switch effect {
        case .switchService("web-active", let hash, _):
            let before = world.services["web-active"]?.hash ?? ""
            let served = world.set(hash: before)?.availableReplicas ?? 0
            let present = world.set(hash: hash)?.availableReplicas ?? 0
            let known = seen.replicaSets.first { $0.hash == hash }?.availableReplicas ?? 0
            if hash != seen.rollout.status.stableRS, known < replicas {
                fail("the active Service goes to \(hash), of which \(known) of \(replicas) pods were seen")
            }
            if present == 0, served > 0, known == 0 { fail("the active Service goes to \(hash), which has no pods") }
        case .updateReplicaSet(let update):
            guard let size = update.replicas, let set = world.sets[update.name],
                set.resourceVersion == update.resourceVersion, size < set.replicas
            else { return }
            // An old view may lack the switch that made it active; what it sees as active is what it must protect.
            let isActive = seen.services["web-active"]?.hash == set.hash
            if isActive, size < replicas { fail("\(set.name) is active and is scaled to \(size)") }
            if set.hash == world.status.stableRS, seen.rollout.status.stableRS == set.hash, size < replicas {
                fail("stable \(set.name) is scaled to \(size) of \(replicas)")
            }
        default: break
        }
    }

    func carriesTraffic(_ service: String) -> Bool {
        guard let traffic = world.traffic else { return service == "web-stable" }
        return service == traffic.stableService
            ? traffic.stableWeight > 0 : traffic.canaryWeight > 0 || !traffic.routes.isEmpty
    }

    /// The pods that header and mirror routes lead to.
    private var routedHash: String? {
        guard let traffic = world.traffic, !traffic.routes.isEmpty else { return nil }
        return world.services[traffic.canaryService].flatMap { $0.hash.isEmpty ? nil : $0.hash } ?? traffic.canaryHash
    }

    /// Without a router pods are the traffic: a scale-down may not take the sum of healthy pods below the minimum.
    mutating func checkBasic(_ effect: RolloutEffect, _ seen: RolloutSnapshot) {
        guard case .updateReplicaSet(let update) = effect, let size = update.replicas,
            let set = world.sets[update.name],
            set.resourceVersion == update.resourceVersion, size < min(set.replicas, set.availableReplicas),
            // Pods of which an old status does not tell yet are no fault of the decision.
            size < seen.available(set.hash),
            case let spec = seen.rollout.spec, let canary = spec.canary
        else { return }
        let limits = SurgeLimits(
            replicas: spec.desiredReplicas, maxSurge: canary.maxSurge, maxUnavailable: canary.maxUnavailable)
        let left =
            world.sets.values.reduce(0) { $0 + min($1.availableReplicas, $1.replicas) }
            - min(set.availableReplicas, set.replicas) + size
        // A canary that is being given up counts by its wanted size, for its pods may be broken.
        let total = world.sets.values.reduce(0) { $0 + $1.replicas } - set.replicas + size
        if left < spec.desiredReplicas - limits.unavailable, total < spec.desiredReplicas - limits.unavailable {
            fail("\(set.name) is scaled from \(set.replicas) to \(size), which leaves \(left) available pods")
        }
    }

    /// A decision without effects names what it waits for, unless everything is done.
    mutating func checkNamed(_ decision: RolloutDecision, _ seen: RolloutSnapshot) {
        guard decision.effects.isEmpty, decision.waiting == nil else { return }
        if seen.rollout.status.phase != "Healthy" {
            fail("stands still in phase \(seen.rollout.status.phase) (\(seen.rollout.status.message)) without a reason")
        }
    }
}

extension RolloutSnapshot {
    /// Available pods of a hash, as far as the decision could know.
    fileprivate func available(_ hash: String) -> Int {
        guard let set = replicaSets.first(where: { $0.hash == hash }) else { return 0 }
        guard let pods else { return set.availableReplicas }
        return min(set.availableReplicas, pods.count { $0.ownerUID == set.uid && $0.readySince != nil })
    }
}
