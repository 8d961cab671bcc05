import Manifest

/// One route of a VirtualService in which a Rollout's weights stand.
struct SelectedRoute: Hashable {
    /// `http`, `tls` or `tcp`.
    var section: String
    var index: Int
    /// As a message names it: `http route "main"`.
    var label: String
}

/// Finds the routes of a VirtualService that a configuration means.
struct RouteSelection {
    let configuration: IstioConfiguration.VirtualService
    let managedRoutes: Set<String>

    /// The selected routes, or why they cannot be told.
    func routes(in virtualService: JSON) -> Result<[SelectedRoute], RouteProblem> {
        var selected: [SelectedRoute] = []
        for section in ["http", "tls", "tcp"] {
            guard let value = virtualService.at("spec", section), value != .null else { continue }
            guard case .array(let routes) = value else {
                return .failure(RouteProblem("spec.\(section) must be a list, found \(value.typeName)"))
            }
            if routes.isEmpty { continue }
            let found: Result<[Int], RouteProblem> =
                switch section {
                case "http": http(routes)
                case "tls": tls(routes)
                default: tcp(routes)
                }
            switch found {
            case .failure(let problem): return .failure(problem)
            case .success(let indices):
                selected += indices.map { index in
                    let name = routes[index]["name"]?.stringValue.map { "\"\($0)\"" } ?? "\(index)"
                    return SelectedRoute(section: section, index: index, label: "\(section) route \(name)")
                }
            }
        }
        guard !selected.isEmpty else { return .failure(RouteProblem("it has no http, tls or tcp route")) }
        return .success(selected)
    }

    private func http(_ routes: [JSON]) -> Result<[Int], RouteProblem> {
        func isManaged(_ route: JSON) -> Bool { route["name"]?.stringValue.map(managedRoutes.contains) ?? false }
        if configuration.routes.isEmpty {
            let candidates = routes.indices.filter { !isManaged(routes[$0]) }
            guard candidates.count == 1 else {
                return .failure(
                    RouteProblem("it has \(candidates.count) http routes; name those that carry the weights in routes"))
            }
            return .success(candidates)
        }
        var indices: [Int] = []
        for name in configuration.routes {
            guard let index = routes.firstIndex(where: { $0["name"]?.stringValue == name }) else {
                return .failure(RouteProblem("it has no http route named \"\(name)\""))
            }
            if !indices.contains(index) { indices.append(index) }
        }
        return .success(indices)
    }

    private func tls(_ routes: [JSON]) -> Result<[Int], RouteProblem> {
        if configuration.tlsRoutes.isEmpty { return .success([0]) }
        let indices = routes.indices.filter { index in
            let matches = routes[index]["match"]?.arrayValue ?? []
            return configuration.tlsRoutes.contains { wanted in
                matches.contains { match in
                    let hosts = Set((match["sniHosts"]?.arrayValue ?? []).compactMap(\.stringValue))
                    return (wanted.port == nil || match["port"]?.intValue == wanted.port)
                        && (wanted.sniHosts.isEmpty || hosts == wanted.sniHosts)
                }
            }
        }
        return indices.isEmpty ? .failure(RouteProblem("no tls route matches tlsRoutes")) : .success(indices)
    }

    private func tcp(_ routes: [JSON]) -> Result<[Int], RouteProblem> {
        if configuration.tcpPorts.isEmpty { return .success([0]) }
        let indices = routes.indices.filter { index in
            (routes[index]["match"]?.arrayValue ?? [])
                .contains { match in match["port"]?.intValue.map(configuration.tcpPorts.contains) ?? false }
        }
        return indices.isEmpty ? .failure(RouteProblem("no tcp route matches tcpRoutes")) : .success(indices)
    }
}

/// Why the routes of a VirtualService do not serve.
struct RouteProblem: Error, Hashable {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}
