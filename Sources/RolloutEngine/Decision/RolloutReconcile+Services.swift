extension RolloutReconcile {
    /// The Service of the stable pods; ping and pong take turns at it.
    var stableService: String {
        guard let pingPong = canary.pingPong else { return canary.stableService }
        return status.stablePingPong == "ping" ? pingPong.pingService : pingPong.pongService
    }

    /// The Service of the new pods.
    var canaryService: String {
        guard let pingPong = canary.pingPong else { return canary.canaryService }
        return status.stablePingPong == "ping" ? pingPong.pongService : pingPong.pingService
    }

    /// Whether the new pods may get, and can serve, what routers send to the canary Service.
    ///
    /// A switch moves the whole weight at once. What an earlier revision has earned is not for a new one to inherit: routers
    /// are told of the new one first, with a weight that its own steps allow.
    private func mayTakeOver(_ service: String) -> Bool {
        guard let weights = status.weights, let current else { return true }
        // What still carries the traffic of stable, from before a promotion, is left alone until that has moved.
        if weights.stable.serviceName == service, weights.stable.weight > 0 { return false }
        // Pods that cannot serve are no reason to wait.
        let selected = sets.first { $0.hash == serviceHash(service) }
        if selected?.available ?? 0 == 0, current.available > 0 { return true }
        // Routers may send it what no status tells of.
        if isTrafficUnknown, selected?.available ?? 0 > 0 { return false }
        guard weights.canary.serviceName == service, weights.canary.weight > 0 else { return true }
        let needed = RoutedCanarySizes(replicas: replicas, maxWeight: maxWeight).pods(weights.canary.weight)
        return weights.canary.podTemplateHash == current.hash
            && (current.available >= needed
                || canary.replicaProgressThreshold.isMet(
                    wanted: needed, spec: current.spec, available: current.available))
    }

    /// Points the stable and the canary Service at their ReplicaSets, once there are pods to serve.
    mutating func switchServices() {
        if canary.pingPong != nil {
            // The one that a Rollout starts with has nothing to lose; later ones are switched while they get no traffic.
            ensure(stableService, stableIndex, checksPods: !serviceHash(stableService).isEmpty)
            // Not in the decision that finds the new template: until that is written, routers may have been told otherwise.
            let isRecorded = current.map { $0.hash == old.currentPodHash } ?? false
            if !status.isFullyPromoted, isRecorded, mayTakeOver(canaryService) {
                ensure(canaryService, currentIndex, checksPods: false)
            }
            return
        }
        ensure(canary.stableService, stableIndex, checksPods: true)
        if isDynamicRollbackPending { return }
        if status.isFullyPromoted || (status.abort && !isRouted) {
            ensure(canary.canaryService, stableIndex, checksPods: true)
        } else if status.abort {
            // While a dynamically scaled stable grows back, the canary keeps the traffic that stable cannot take yet.
            if canary.dynamicStableScale, (status.weights?.canary.weight ?? 0) > 0 { return }
            // Stable pods that cannot serve are no place for what the canary's pods still can.
            if let stable, stable.available == 0, let current, current.available > 0 { return }
            // Not checked further: a readiness gate of the pods may wait for the very target group that this switch fills.
            ensure(canary.canaryService, stableIndex, checksPods: false)
        } else if mayTakeOver(canary.canaryService) {
            ensure(canary.canaryService, currentIndex, checksPods: true)
        }
    }

    mutating func ensure(_ name: String, _ index: Int?, checksPods: Bool) {
        guard !name.isEmpty, let index, let service = seen.services[name], !(checksPods && sets[index].isNew)
        else { return }
        let set = sets[index]
        guard serviceHash(name) != set.hash else { return }
        let isAdoption = service.managedBy == nil
        if checksPods {
            let isReady = isAdoption ? set.spec > 0 && set.available >= set.spec : set.available >= 1
            guard isReady else { return }
        }
        slots.removeAll {
            if case .effect(.switchService(name, _, _)) = $0 { true } else { false }
        }
        serviceHashes[name] = set.hash
        add(.switchService(name: name, hash: set.hash, adopting: isAdoption))
        events.append(
            RolloutEvent(
                "SwitchService", "switched Service \(name) from \(quoted(service.hash)) to \(quoted(set.hash))",
                of: .service(name)))
    }

    /// The hash that a Service selects once the effects are done.
    func serviceHash(_ name: String) -> String { serviceHashes[name] ?? seen.services[name]?.hash ?? "" }

    private func quoted(_ hash: String) -> String { hash.isEmpty ? "no hash" : "\"\(hash)\"" }
}
