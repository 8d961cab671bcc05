package import Manifest

/// The desired object with the live value of every field that the ownership table gives to another writer.
///
/// What comes back is both compared and applied, so a forced sync in the middle of a canary leaves weights, replica
/// counts and hash selectors as they are, and still heals every other edit of the same object.
package func adoptForeignFields(desired: JSON, live: JSON, context: OwnershipContext) -> JSON {
    let reference = desired.objectReference
    var result = desired
    for row in FieldOwnership.rows(for: reference.groupKind) {
        switch row.rule {
        case .virtualServiceWeights:
            for routing in context.virtualServices[reference.key] ?? [] {
                result.adoptWeights(from: live, for: routing)
            }
        case .managedRoutes:
            let names = Set((context.virtualServices[reference.key] ?? []).flatMap(\.managedRoutes))
            if !names.isEmpty { result.adoptManagedRoutes(from: live, names: names) }
        case .subsetHashes:
            if let subsets = context.destinationRules[reference.key] {
                result.adoptSubsetHashes(from: live, subsets: subsets)
            }
        case .selectorHash:
            guard context.services.contains(reference.key) else { continue }
            // Only the hash: the user's own keys are Git's.
            result.adopt(from: live, at: "spec", "selector", FieldOwnership.hashLabel)
        case .managedByAnnotation:
            guard context.isShared(reference) else { continue }
            result.adopt(from: live, at: "metadata", "annotations", FieldOwnership.managedBy)
        case .scaledReplicas:
            if context.scaled.contains(reference), desired.at("spec", "replicas") != nil {
                result.adopt(from: live, at: "spec", "replicas")
            }
        case .balancedIngress, .listedWeights, .podSelectorHash:
            context.routed.adopt(row.rule, from: live, into: &result)
        case .wholeObject: continue
        }
    }
    return result
}

extension JSON {
    /// Takes the live value at a path, where there is one.
    fileprivate mutating func adopt(from live: JSON, at path: String...) {
        guard let value = live.at(path: path), !value.isNull else { return }
        set(value, at: path[...])
    }

    fileprivate mutating func adoptWeights(from live: JSON, for routing: OwnershipContext.Routing) {
        for section in ["http", "tls", "tcp"] {
            guard var routes = at("spec", section)?.arrayValue, let liveRoutes = live.at("spec", section)?.arrayValue
            else { continue }
            let unmanaged = liveRoutes.filter { !routing.isManaged($0) }
            for (index, route) in routes.enumerated() where section != "http" || routing.selects(route) {
                guard let other = JSON.counterpart(of: route, at: index, in: unmanaged) else { continue }
                routes[index] = route.withWeights(of: other, for: routing)
            }
            set(.array(routes), at: "spec", section)
        }
    }

    /// The live route that a route of Git's stands for: the one with its name, or else the one in its place.
    private static func counterpart(of route: JSON, at index: Int, in live: [JSON]) -> JSON? {
        if let name = route["name"]?.stringValue { return live.first { $0["name"]?.stringValue == name } }
        guard live.indices.contains(index), live[index]["name"] == nil else { return nil }
        return live[index]
    }

    private func withWeights(of live: JSON, for routing: OwnershipContext.Routing) -> JSON {
        guard let destinations = self["route"]?.arrayValue else { return self }
        let others = live["route"]?.arrayValue ?? []
        var result = self
        result["route"] = .array(
            destinations.map { entry in
                guard routing.owns(entry),
                    let match = others.first(where: { $0["destination"] == entry["destination"] })
                else { return entry }
                var entry = entry
                entry["weight"] = match["weight"]
                return entry
            })
        return result
    }

    /// Puts the live routes that a Rollout manages back to where they are: before the others, in their live order.
    ///
    /// One of Git's that bears such a name is the Rollout's too: it comes and goes with the steps.
    fileprivate mutating func adoptManagedRoutes(from live: JSON, names: Set<String>) {
        guard let routes = at("spec", "http")?.arrayValue else { return }
        func isManaged(_ route: JSON) -> Bool { route["name"]?.stringValue.map(names.contains) ?? false }
        let managed = (live.at("spec", "http")?.arrayValue ?? []).filter(isManaged)
        let own = routes.filter { !isManaged($0) }
        set(.array(managed + own), at: "spec", "http")
    }

    fileprivate mutating func adoptSubsetHashes(from live: JSON, subsets: Set<String>) {
        guard var entries = at("spec", "subsets")?.arrayValue else { return }
        let others = live.at("spec", "subsets")?.arrayValue ?? []
        for (index, entry) in entries.enumerated() {
            guard let name = entry["name"]?.stringValue, subsets.contains(name),
                let other = others.first(where: { $0["name"]?.stringValue == name }),
                let hash = other.at("labels", FieldOwnership.hashLabel)
            else { continue }
            entries[index].set(hash, at: "labels", FieldOwnership.hashLabel)
        }
        set(.array(entries), at: "spec", "subsets")
    }
}

extension OwnershipContext.Routing {
    fileprivate func isManaged(_ route: JSON) -> Bool {
        route["name"]?.stringValue.map(managedRoutes.contains) ?? false
    }

    fileprivate func selects(_ route: JSON) -> Bool {
        routes.isEmpty || route["name"]?.stringValue.map(routes.contains) ?? false
    }

    /// Whether a destination is the canary's or the stable one's, so that its weight is the router's.
    fileprivate func owns(_ entry: JSON) -> Bool {
        let host = entry.at("destination", "host")?.stringValue ?? ""
        let short = String(host.prefix { $0 != "." })
        let services = [canaryService, stableService].filter { !$0.isEmpty }
        if services.contains(short) { return true }
        let subset = entry.at("destination", "subset")?.stringValue ?? ""
        return !subset.isEmpty && (subset == canarySubset || subset == stableSubset)
    }
}
