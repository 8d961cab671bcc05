import Manifest

/// What a Rollout's routers, other than Istio's, write into objects that Git may have too.
package struct RoutedObjects: Hashable, Sendable {
    /// An Ingress of a load balancer.
    struct Ingress: Hashable, Sendable {
        var prefix: String
        /// The Service whose action carries the weights.
        var service: String
        var managedRoutes: [String]
    }

    /// Entries of a list whose weights are the router's.
    struct Weighted: Hashable, Sendable {
        /// Services or virtual nodes of the entries.
        var names: Set<String>
        /// Names of the rules that have such a list; empty where there is one list alone, or all count.
        var rules: Set<String> = []
    }

    private(set) var ingresses: [ObjectKey: [Ingress]] = [:]
    private(set) var traefikServices: [ObjectKey: Weighted] = [:]
    private(set) var apisixRoutes: [ObjectKey: Weighted] = [:]
    private(set) var virtualNodes: Set<ObjectKey> = []

    mutating func add(_ key: ObjectKey, canary: JSON) {
        guard let routing = canary["trafficRouting"] else { return }
        let services = [canary["canaryService"], canary["stableService"]].compactMap { $0?.stringValue }
        let names = Set(services.filter { !$0.isEmpty })
        func place(_ name: String) -> ObjectKey { ObjectKey(namespace: key.namespace, name: name) }
        if let alb = routing["alb"] {
            func text(_ name: String, or other: String) -> String {
                alb[name]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } ?? other
            }
            let ingress = Ingress(
                prefix: text("annotationPrefix", or: "alb.ingress.kubernetes.io"),
                service: text("rootService", or: canary["stableService"]?.stringValue ?? ""),
                managedRoutes: (routing["managedRoutes"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue })
            let ingresses = [alb["ingress"]].compactMap { $0 } + (alb["ingresses"]?.arrayValue ?? [])
            for name in ingresses.compactMap(\.stringValue) where self.ingresses[place(name)]?.contains(ingress) != true
            {
                self.ingresses[place(name), default: []].append(ingress)
            }
        }
        if let name = routing.at("traefik", "weightedTraefikServiceName")?.stringValue {
            traefikServices[place(name), default: Weighted(names: [])].names.formUnion(names)
        }
        if let route = routing.at("apisix", "route"), let name = route["name"]?.stringValue {
            let rules = (route["rules"]?.arrayValue ?? []).compactMap(\.stringValue)
            apisixRoutes[place(name), default: Weighted(names: [])].names.formUnion(names)
            apisixRoutes[place(name)]?.rules.formUnion(rules.isEmpty ? [name] : rules)
        }
        for side in ["canaryVirtualNodeRef", "stableVirtualNodeRef"] {
            if let name = routing.at("appMesh", "virtualNodeGroup", side, "name")?.stringValue {
                virtualNodes.insert(place(name))
            }
        }
    }

    /// Whether a router writes into this object, or may: which VirtualRouter it is only the live mesh knows.
    func contains(_ reference: ObjectReference) -> Bool {
        switch reference.kind {
        case "Ingress": ingresses[reference.key] != nil
        case "TraefikService": traefikServices[reference.key] != nil
        case "ApisixRoute": apisixRoutes[reference.key] != nil
        case "VirtualNode": virtualNodes.contains(reference.key)
        case "VirtualRouter": virtualNodes.contains { $0.namespace == reference.namespace }
        default: false
        }
    }
}

extension RoutedObjects {
    /// Takes over what routers wrote into the live object.
    func adopt(_ rule: FieldOwnership.Rule, from live: JSON, into object: inout JSON) {
        let key = object.objectKey
        switch rule {
        case .balancedIngress:
            for ingress in ingresses[key] ?? [] { ingress.adopt(from: live, into: &object) }
        case .listedWeights:
            if let weighted = traefikServices[key], object["kind"] == "TraefikService" {
                object.adoptWeights(from: live, at: ["spec", "weighted", "services"]) { entry in
                    entry["name"]?.stringValue.map(weighted.names.contains) ?? false
                }
            }
            if let weighted = apisixRoutes[key], object["kind"] == "ApisixRoute" {
                object.adoptInRules(from: live, at: ["spec", "http"], weighted.rules) { rule, live in
                    rule.adoptWeights(from: live, at: ["backends"]) { entry in
                        entry["serviceName"]?.stringValue.map(weighted.names.contains) ?? false
                    }
                }
            }
            if object["kind"] == "VirtualRouter" {
                let nodes = Set(virtualNodes.filter { $0.namespace == key.namespace }.map(\.name))
                object.adoptInRules(from: live, at: ["spec", "routes"], []) { route, live in
                    for kind in ["httpRoute", "http2Route", "grpcRoute", "tcpRoute"] {
                        route.adoptWeights(from: live, at: [kind, "action", "weightedTargets"]) { entry in
                            entry.at("virtualNodeRef", "name")?.stringValue.map(nodes.contains) ?? false
                        }
                    }
                }
            }
        case .podSelectorHash:
            let path = ["spec", "podSelector", "matchLabels", FieldOwnership.hashLabel]
            guard virtualNodes.contains(key), let hash = live.at(path: path) else { return }
            object.set(hash, at: path[...])
        default: return
        }
    }
}

extension RoutedObjects.Ingress {
    fileprivate func adopt(from live: JSON, into object: inout JSON) {
        let record = "rollouts.argoproj.io/managed-alb-annotations"
        for key in [record, "\(prefix)/actions.\(service)"] {
            if let text = live.annotations[key] { object.set(.string(text), at: "metadata", "annotations", key) }
        }
        guard !managedRoutes.isEmpty else { return }
        for name in managedRoutes {
            for key in ["\(prefix)/actions.\(name)", "\(prefix)/conditions.\(name)"] {
                object.set(live.annotations[key].map { .string($0) }, at: "metadata", "annotations", key)
            }
        }
        guard var rules = object.at("spec", "rules")?.arrayValue else { return }
        let others = live.at("spec", "rules")?.arrayValue ?? []
        func isManaged(_ path: JSON) -> Bool {
            path.at("backend", "service", "name")?.stringValue.map(managedRoutes.contains) ?? false
        }
        for index in rules.indices {
            guard let paths = rules[index].at("http", "paths")?.arrayValue, others.indices.contains(index),
                others[index]["host"] == rules[index]["host"]
            else { continue }
            let managed = (others[index].at("http", "paths")?.arrayValue ?? []).filter(isManaged)
            rules[index].set(.array(managed + paths.filter { !isManaged($0) }), at: "http", "paths")
        }
        object.set(.array(rules), at: "spec", "rules")
    }
}

extension JSON {
    /// Takes the live weights of those entries of a list that are a router's.
    fileprivate mutating func adoptWeights(from live: JSON, at path: [String], where isRouters: (JSON) -> Bool) {
        guard var entries = at(path: path)?.arrayValue, let others = live.at(path: path)?.arrayValue else { return }
        func bare(_ entry: JSON) -> JSON {
            var entry = entry
            entry["weight"] = nil
            return entry
        }
        for index in entries.indices where isRouters(entries[index]) {
            let wanted = bare(entries[index])
            // The same entry, or where it was edited besides, the one in its place.
            let other = others.first { bare($0) == wanted } ?? (others.indices.contains(index) ? others[index] : nil)
            guard let other, isRouters(other) else { continue }
            entries[index]["weight"] = other["weight"]
        }
        set(.array(entries), at: path[...])
    }

    /// Changes the rules of a list that have these names, or all, each with the live one of its name.
    fileprivate mutating func adoptInRules(
        from live: JSON, at path: [String], _ names: Set<String>, _ change: (inout JSON, JSON) -> Void
    ) {
        guard var rules = at(path: path)?.arrayValue, let others = live.at(path: path)?.arrayValue else { return }
        for index in rules.indices {
            guard let name = rules[index]["name"]?.stringValue, names.isEmpty || names.contains(name),
                let other = others.first(where: { $0["name"]?.stringValue == name })
            else { continue }
            change(&rules[index], other)
        }
        set(.array(rules), at: path[...])
    }
}
