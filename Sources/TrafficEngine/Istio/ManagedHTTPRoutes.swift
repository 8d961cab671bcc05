import Manifest

/// Puts header and mirror routes into the `http` section of a VirtualService, and takes out those that are to go.
struct ManagedHTTPRoutes {
    /// Names of all managed routes, in their order.
    let names: [String]
    let destinations: RouteDestinations
    /// `spec.host` of the DestinationRule, where one is configured.
    let ruleHost: String?

    /// The section with exactly the wanted managed routes, ahead of all others, which keep their order.
    /// - Parameters:
    ///   - routes: The section with its weights set.
    ///   - selected: The routes in it that carry the weights; the first lends the managed ones its destinations.
    func place(_ wanted: [ManagedRoute], in routes: [JSON], selected: [Int]) throws(RouteProblem) -> [JSON] {
        var managed: [JSON] = []
        var placed: Set<String> = []
        for name in names where placed.insert(name).inserted {
            guard let route = wanted.first(where: { $0.name == name }) else { continue }
            guard let index = selected.first, routes.indices.contains(index) else {
                throw RouteProblem(
                    "no http route carries the weights, so that \"\(name)\" has no destinations to take over")
            }
            managed.append(try json(route, beside: routes[index]["route"]?.arrayValue ?? []))
        }
        let others = routes.indices.filter { index in
            selected.contains(index) || !(routes[index]["name"]?.stringValue.map(names.contains) ?? false)
        }
        return managed + others.map { routes[$0] }
    }

    private func json(_ route: ManagedRoute, beside weighted: [JSON]) throws(RouteProblem) -> JSON {
        guard let canary = weighted.first(where: { destinations.role(of: $0) == .canary })?["destination"] else {
            throw RouteProblem("http route \"\(route.name)\" finds no canary destination to send to")
        }
        let target = canaryTarget(canary)
        switch route.kind {
        case .header(let matches):
            let headers = Dictionary(matches.map { ($0.name, $0.value.json) }, uniquingKeysWith: { $1 })
            return [
                "name": .string(route.name), "match": [["headers": .object(headers)]],
                "route": [["destination": target, "weight": 100]],
            ]
        case .mirror(let matches, let percentage):
            return [
                "name": .string(route.name), "match": .array(matches.map(\.json)), "route": .array(weighted),
                "mirror": target, "mirrorPercentage": ["value": JSON(percentage)],
            ]
        }
    }

    /// The canary as the weighted route has it; with a DestinationRule, its subset of that rule's host.
    private func canaryTarget(_ canary: JSON) -> JSON {
        guard let rule = destinations.rule else { return canary }
        var target: JSON = [
            "host": ruleHost.map { .string($0) } ?? canary["host"] ?? "", "subset": .string(rule.canarySubset),
        ]
        if let port = canary["port"] { target["port"] = port }
        return target
    }
}

extension TextMatch {
    fileprivate var json: JSON {
        switch self {
        case .exact(let text): ["exact": .string(text)]
        case .prefix(let text): ["prefix": .string(text)]
        case .regex(let text): ["regex": .string(text)]
        }
    }
}

extension MirrorMatch {
    fileprivate var json: JSON {
        var match: JSON = [:]
        if let method { match["method"] = method.json }
        if let path { match["uri"] = path.json }
        if !headers.isEmpty { match["headers"] = .object(headers.mapValues(\.json)) }
        return match
    }
}
