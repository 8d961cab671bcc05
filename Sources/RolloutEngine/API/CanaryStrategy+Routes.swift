extension CanaryStrategy {
    /// The header and mirror routes that stand at a step, set by it or by one before it and not removed since; in the
    /// order of `managedRoutes`.
    ///
    /// As a weight does, a route counts whether or not its step was waited for: a step that was skipped has set it too.
    package func routes(at index: Int) -> [ManagedRouteStep] {
        guard hasManagedRoutes, index >= 0 else { return [] }
        var standing: [ManagedRouteStep] = []
        for route in steps.prefix(index + 1).flatMap(\.routes) {
            standing.removeAll { $0.name == route.name }
            if !route.matches.isEmpty { standing.append(route) }
        }
        let order = trafficRouting?.managedRoutes ?? []
        func place(_ route: ManagedRouteStep) -> Int { order.firstIndex(of: route.name) ?? order.count }
        return standing.enumerated().sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }
            .map(\.element)
    }
}

extension Rollout {
    /// The header and mirror routes of the step that the status is at; none where the update has ended or is to end.
    package var recordedRoutes: [ManagedRouteStep] {
        guard let canary = spec.canary, !status.isFullyPromoted, !status.abort, !status.promoteFull else { return [] }
        return canary.routes(at: min(max(0, status.currentStepIndex ?? 0), canary.steps.count))
    }
}

extension TrafficRouting {
    /// Routers that can send requests with given headers to the canary; of plugins only they themselves know.
    static let headerRouters = ["istio", "alb", "apisix", "plugins"]
    /// Routers that can copy requests to the canary.
    static let mirrorRouters = ["istio", "plugins"]

    /// The routers among these that a route has no effect with.
    func routers(without kind: ManagedRouteStep.Kind) -> [String] {
        let able = kind == .header ? Self.headerRouters : Self.mirrorRouters
        return routers.keys.filter { !able.contains($0) }.sorted()
    }

    /// Some router can carry such a route.
    func canCarry(_ kind: ManagedRouteStep.Kind) -> Bool {
        (kind == .header ? Self.headerRouters : Self.mirrorRouters).contains(where: has)
    }
}
