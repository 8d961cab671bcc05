import Manifest

/// Header routes in an Ingress of a load balancer: a path with an action and a condition of its own, ahead of the others.
struct ALBHeaderRoutes {
    /// One that is to stand.
    struct Route {
        var name: String
        var action: String
        var condition: String
    }

    let prefix: String
    /// Names of all managed routes.
    let names: [String]

    func actionKey(_ name: String) -> String { "\(prefix)/actions.\(name)" }
    func conditionKey(_ name: String) -> String { "\(prefix)/conditions.\(name)" }

    /// Makes exactly these of the managed routes stand, in this order.
    func place(_ wanted: [Route], in ingress: inout JSON, _ record: inout ALBRecord, for rollout: String) {
        guard !names.isEmpty else { return }
        var annotations = ingress.annotations
        for name in names {
            let route = wanted.first { $0.name == name }
            for (key, text) in [(actionKey(name), route?.action), (conditionKey(name), route?.condition)] {
                annotations[key] = text
                if text == nil { record.remove(key, for: rollout) } else { record.add(key, for: rollout) }
            }
        }
        ingress.set(JSON(annotations), at: "metadata", "annotations")
        guard var rules = ingress.at("spec", "rules")?.arrayValue else { return }
        for index in rules.indices {
            guard let paths = rules[index].at("http", "paths")?.arrayValue else { continue }
            let others = paths.filter { path in
                path.at("backend", "service", "name")?.stringValue.map { !names.contains($0) } ?? true
            }
            rules[index].set(.array(wanted.map { Self.path($0.name) } + others), at: "http", "paths")
        }
        ingress.set(.array(rules), at: "spec", "rules")
    }

    private static func path(_ name: String) -> JSON {
        [
            "path": "/*", "pathType": "ImplementationSpecific",
            "backend": ["service": ["name": .string(name), "port": ["name": "use-annotation"]]],
        ]
    }

    /// The condition that every header has its value.
    /// - Throws: what a load balancer cannot compare by.
    static func condition(_ matches: [HeaderMatch]) throws(RouteProblem) -> String {
        var conditions: [JSON] = []
        for match in matches {
            guard case .exact(let value) = match.value else {
                throw RouteProblem("header \(match.name) can be compared as a whole only; use exact")
            }
            conditions.append([
                "field": "http-header",
                "httpHeaderConfig": ["httpHeaderName": .string(match.name), "values": [.string(value)]],
            ])
        }
        return JSON.array(conditions).description
    }
}
