import Manifest

/// Tells the destinations of a route apart and sets their weights.
struct RouteDestinations {
    enum Role: Hashable {
        case canary, stable
        /// A subset of `additionalSubsetNames`, whose weight is the user's.
        case additionalSubset
        /// Not the Rollout's.
        case foreign
    }

    let subject: TrafficSubject
    let rule: IstioConfiguration.DestinationRule?

    func role(of entry: JSON) -> Role {
        let destination = entry["destination"]
        let subset = destination?["subset"]?.stringValue ?? ""
        if let rule, !subset.isEmpty {
            // The subset decides where host and subset both fit: both sides may share the stable Service's host.
            if subset == rule.canarySubset { return .canary }
            if subset == rule.stableSubset { return .stable }
            if rule.additionalSubsets.contains(subset) { return .additionalSubset }
        }
        let host = destination?["host"]?.stringValue ?? ""
        if isService(subject.canaryService, host) { return .canary }
        if isService(subject.stableService, host) { return .stable }
        return .foreign
    }

    /// Whether a host means a Service of the Rollout's namespace: `shop`, `shop.prod`, `shop.prod.svc.cluster.local`.
    func isService(_ service: String, _ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        guard !service.isEmpty, parts.first.map(String.init) == service else { return false }
        return parts.count == 1 || String(parts[1]) == subject.rollout.namespace
    }

    /// Why a route cannot carry the weights; `nil` when it can.
    func problem(in entries: [JSON], former: Set<String> = [], label: String) -> RouteProblem? {
        let roles = entries.map { role(of: $0) }
        guard !entries.isEmpty else { return RouteProblem("\(label) has no destination") }
        for (role, name) in [(Role.canary, "canary"), (.stable, "stable")] where !roles.contains(role) {
            let service = role == .canary ? subject.canaryService : subject.stableService
            let subset = role == .canary ? rule?.canarySubset : rule?.stableSubset
            let wanted = subset.map { "subset \($0)" } ?? "host \(service)"
            return RouteProblem("\(label) has no \(name) destination; add one with \(wanted)")
        }
        for (entry, role) in zip(entries, roles) where role == .foreign {
            let host = entry.at("destination", "host")?.stringValue ?? ""
            guard (entry["weight"]?.intValue ?? 0) > 0, !former.contains(host) else { continue }
            return RouteProblem(
                "\(label) sends weight to \(host.isEmpty ? "a foreign destination" : host), which is not the Rollout's; "
                    + "remove it or set its weight to 0")
        }
        return nil
    }

    /// The destinations with the weights of the intent; foreign ones stay as they are.
    func weighted(_ entries: [JSON], by intent: TrafficIntent) -> [JSON] {
        let wanted = intent.additional.sorted { utf8Order($0.service, $1.service) }
        let gone = Set(intent.formerAdditional).subtracting(wanted.map(\.service))
        let fixed = entries.filter { role(of: $0) == .additionalSubset }
            .reduce(Int64(0)) { $0 &+ min(max($1["weight"]?.intValue ?? 0, 0), 100) }
        let others = wanted.reduce(fixed) { $0 &+ Int64(clamping: $1.weight) }
        let canaryWeight = Int64(min(max(intent.canaryWeight, 0), 100))
        var rest: [Role: Int64] = [.canary: canaryWeight, .stable: max(0, 100 - canaryWeight - others)]
        let port = entries.first { role(of: $0) == .canary }?.at("destination", "port")

        var result: [JSON] = []
        var placed: Set<String> = []
        for entry in entries {
            let role = role(of: entry)
            var entry = entry
            switch role {
            case .canary, .stable:
                // Should a side stand there twice, its first entry carries the weight.
                entry["weight"] = .int(rest.updateValue(0, forKey: role) ?? 0)
            case .additionalSubset: break
            case .foreign:
                let host = entry.at("destination", "host")?.stringValue ?? ""
                if gone.contains(host) { continue }
                if let destination = wanted.first(where: { $0.service == host }) {
                    entry["weight"] = .int(Int64(clamping: destination.weight))
                    placed.insert(host)
                }
            }
            result.append(entry)
        }
        for destination in wanted where !placed.contains(destination.service) {
            var target: JSON = ["host": .string(destination.service)]
            if let port { target["port"] = port }
            result.append(["destination": target, "weight": .int(Int64(clamping: destination.weight))])
        }
        return result
    }
}
