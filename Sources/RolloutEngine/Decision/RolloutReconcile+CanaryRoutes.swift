/// Header and mirror routes: requests that reach the canary whatever its weight is.
extension RolloutReconcile {
    /// The routes that may stand in the present state: those of the steps so far, and none where an update ends, or where
    /// the canary has no pod that could serve them.
    var wantedRoutes: [ManagedRouteStep] {
        guard canary.hasManagedRoutes, !status.stableRS.isEmpty, !status.isFullyPromoted, !status.abort,
            !status.promoteFull, !isInRollbackWindow, let index = stepIndex, let current,
            // Pods beyond the size that was seen are on their way out, though they still count as available.
            min(current.available, current.seen.replicas) > 0, askedCanarySize > 0, isCanaryServiceTaken
        else { return [] }
        return canary.routes(at: index)
    }

    /// The canary Service does not lead to the pods of an earlier revision, whose time may be over.
    private var isCanaryServiceTaken: Bool {
        let selected = serviceHash(canaryService)
        return selected.isEmpty || selected == current?.hash
    }

    /// The router objects hold the recorded weights with exactly these routes, and nothing else was asked of them.
    func isInSync(with routes: [ManagedRouteStep]) -> Bool {
        guard let traffic = seen.traffic, told == nil else { return false }
        if routes.isEmpty { return traffic.isInSyncWithoutRoutes }
        return traffic.isInSync && routes == rollout.recordedRoutes
    }

    /// The step's own routes have reached the routers, or will have once the effects are done.
    ///
    /// Where the step asks for no pods at all there is nothing that a route could lead to; it is set when pods come.
    var areStepRoutesSet: Bool {
        guard hasRouter, let index = stepIndex else { return true }
        return areRoutesSettled && (wantedRoutes == canary.routes(at: index) || askedCanarySize == 0)
    }

    /// No header or mirror route leads to the canary any more once the effects are done.
    var areRoutesWithdrawn: Bool {
        guard canary.hasManagedRoutes, hasRouter else { return true }
        return wantedRoutes.isEmpty && (areRoutesSettled || isInSync(with: []))
    }

    /// Takes the routes back where the weights have to stay: requests that match a route would be lost with the canary's
    /// pods, and those that are left need no more stable pods than they have.
    ///
    /// Weights that routers took and no status tells of could not stay so: with those, routes wait until weights may move,
    /// and pods with them.
    mutating func withdrawRoutes() {
        guard canary.hasManagedRoutes, hasRouter, wantedRoutes.isEmpty, let recorded = status.weights else { return }
        if let told {
            areRoutesSettled = true
            slots[told.slot] = .effect(.setTraffic(told.request.with([])))
            return
        }
        guard seen.traffic?.areWeightsInSync ?? false else { return }
        areRoutesSettled = true
        if isInSync(with: []) { return }
        let request = TrafficRequest(
            canaryWeight: recorded.canary.weight, maxWeight: maxWeight, canaryHash: recorded.canary.podTemplateHash,
            stableHash: recorded.stable.podTemplateHash, canaryService: recorded.canary.serviceName,
            stableService: recorded.stable.serviceName)
        add(.setTraffic(request))
    }

    /// Says which routers do nothing about a step's routes.
    mutating func reportUnsupportedRoutes(of step: CanaryStep, _ index: Int) {
        guard let routing = canary.trafficRouting else { return }
        for route in step.routes where !route.matches.isEmpty {
            for router in routing.routers(without: route.kind) {
                let what = route.kind == .header ? "send requests with given headers to the canary" : "mirror requests"
                events.append(
                    RolloutEvent(
                        "TrafficRoutingUnsupported",
                        "step \(index + 1) of \(canary.steps.count) (\(route.summary)) has no effect with \(router), "
                            + "which cannot \(what); requests that come by it follow the weights alone",
                        isWarning: true))
            }
        }
    }
}
