import Manifest

/// `trafficRouting.apisix`.
struct APISIXConfiguration: Hashable, Sendable {
    static let path = "\(TrafficConfiguration.path).apisix"

    var route: String
    /// Names of the route's rules; one of the route's own name where none is given.
    var rules: [String]

    init(_ json: JSON) throws(JSONError) {
        try json.requireObject(at: Self.path)
        let path = "\(Self.path).route"
        let settings = json["route"].flatMap { $0.isNull ? Optional.none : $0 } ?? .emptyObject
        try settings.requireObject(at: path)
        route = try settings.text("name", at: [path])
        let names = try settings.texts("rules", at: [path])
        rules = names.isEmpty ? [route] : names
    }
}

/// APISIX: weights in the rules of an ApisixRoute of the user's, and an ApisixRoute of its own for each header route.
struct APISIXRouter: TrafficRouter {
    let name = "apisix"
    let configuration: APISIXConfiguration
    let subject: TrafficSubject
    let managedRoutes: [String]

    private static let field = "\(APISIXConfiguration.path).route.name"

    private var reference: ObjectReference { reference(configuration.route) }

    private func reference(_ name: String) -> ObjectReference {
        ObjectReference(
            group: "apisix.apache.org", kind: "ApisixRoute", namespace: subject.rollout.namespace, name: name)
    }

    var references: [TrafficReference] {
        guard !configuration.route.isEmpty else { return [] }
        let base = TrafficReference(reference: reference, isRequired: true, path: Self.field)
        return [base]
            + managedRoutes.filter { $0 != configuration.route }.map {
                TrafficReference(reference: reference($0), isRequired: false, path: Self.routesField)
            }
    }

    private static let routesField = "\(TrafficConfiguration.path).managedRoutes"

    func validate(_ objects: [ObjectReference: JSON]) -> [TrafficProblem] {
        if subject.canaryService.isEmpty || subject.stableService.isEmpty {
            return [TrafficProblem(APISIXConfiguration.path, "canaryService and stableService are required")]
        }
        if configuration.route.isEmpty { return [TrafficProblem(Self.field, "is required")] }
        guard let live = objects[reference] else {
            return [TrafficProblem(Self.field, "\(reference) does not exist; create it")]
        }
        do throws(TrafficError) { _ = try weighted(live, TrafficIntent(canaryWeight: 0)) } catch {
            return [TrafficProblem(Self.field, "\(reference): \(error.reason)")]
        }
        if managedRoutes.contains(configuration.route) {
            let message =
                "\"\(configuration.route)\" is the route that carries the weights too; give this one another name"
            return [TrafficProblem(Self.routesField, message)]
        }
        return managedRoutes.compactMap { name in
            guard let live = objects[reference(name)], !subject.controls(live) else { return nil }
            return TrafficProblem(Self.routesField, "\(reference(name)) \(foreign)")
        }
    }

    private var foreign: String { "exists and is not controlled by this Rollout; give the route another name" }

    /// All rules, those that are named with the weights of the intent.
    private func weighted(_ live: JSON, _ intent: TrafficIntent) throws(TrafficError) -> [JSON] {
        var rules = live.at("spec", "http")?.arrayValue ?? []
        for name in configuration.rules {
            guard let index = rules.firstIndex(where: { $0["name"]?.stringValue == name }) else {
                throw TrafficError(
                    .invalid, reference, "spec.http has no rule \"\(name)\"; add it or correct route.rules")
            }
            var backends = rules[index]["backends"]?.arrayValue ?? []
            let weights = [
                (subject.canaryService, intent.canaryWeight), (subject.stableService, 100 - intent.canaryWeight),
            ]
            for (service, weight) in weights {
                guard let place = backends.firstIndex(where: { $0["serviceName"]?.stringValue == service }) else {
                    throw TrafficError(
                        .invalid, reference, "rule \"\(name)\" has no backend for the Service \(service); add one")
                }
                backends[place]["weight"] = JSON(weight)
            }
            rules[index]["backends"] = .array(backends)
        }
        return rules
    }

    func plan(_ intent: TrafficIntent, _ objects: [ObjectReference: JSON]) throws(TrafficError) -> [TrafficWrite] {
        guard let live = objects[reference] else { throw TrafficError(.notFound, reference, "it does not exist") }
        var desired = live
        desired.set(.array(try weighted(live, intent)), at: "spec", "http")
        let write = TrafficWrite.patch(
            reference, from: live, to: desired, event: "ApisixRouteUpdated",
            "ApisixRoute \(reference.key) set to canary weight \(intent.canaryWeight)",
            failure: "ApisixRouteUpdateError")
        let routes = intent.leavesRoutes ? [] : try headerRoutes(intent, base: live, objects)
        return (write.map { [$0] } ?? []) + routes
    }

    // MARK: Header routes

    private func headerRoutes(
        _ intent: TrafficIntent, base: JSON, _ objects: [ObjectReference: JSON]
    ) throws(TrafficError) -> [TrafficWrite] {
        var writes: [TrafficWrite] = []
        for name in managedRoutes where name != configuration.route {
            let reference = reference(name)
            let live = objects[reference]
            let route = intent.managedRoutes.first { $0.name == name }
            // Mirrors are not for APISIX, which is told elsewhere.
            guard let route, case .header(let matches) = route.kind else {
                guard let live, subject.controls(live) else { continue }
                writes.append(
                    TrafficWrite(
                        reference: reference, apiVersion: live["apiVersion"]?.stringValue ?? "",
                        change: .delete(resourceVersion: live.resourceVersion), eventReason: "ApisixRouteUpdated",
                        eventMessage: "ApisixRoute \(reference.key) deleted, for its step has passed",
                        failureReason: "ApisixRouteDeleteError"))
                continue
            }
            if let live, !subject.controls(live) { throw TrafficError(.owned, reference, "it \(foreign)") }
            if let write = try write(name, matches, base: base, live) { writes.append(write) }
        }
        return writes
    }

    private func write(
        _ name: String, _ matches: [HeaderMatch], base: JSON, _ live: JSON?
    ) throws(TrafficError) -> TrafficWrite? {
        let reference = reference(name)
        var spec = base["spec"] ?? .emptyObject
        spec["http"] = .array(try headerRules(of: base, matches))
        // A second route of the same ports would take connections that nobody divides.
        spec["stream"] = nil
        if let live {
            var desired = live
            desired["spec"] = spec
            return .patch(
                reference, from: live, to: desired, event: "ApisixRouteUpdated",
                "ApisixRoute \(reference.key) brought up to date", failure: "ApisixRouteUpdateError")
        }
        var metadata: JSON = [
            "name": .string(name), "namespace": .string(reference.namespace), "ownerReferences": [subject.owner],
        ]
        // Whose controller it is for is said there too.
        let annotations = base.annotations.filter { key, _ in
            key == "kubernetes.io/ingress.class" || key.hasPrefix("k8s.apisix.apache.org/")
        }
        if !annotations.isEmpty { metadata["annotations"] = JSON(annotations) }
        let object: JSON = [
            "apiVersion": base["apiVersion"] ?? "apisix.apache.org/v2", "kind": "ApisixRoute", "metadata": metadata,
            "spec": spec,
        ]
        return TrafficWrite(
            reference: reference, apiVersion: object["apiVersion"]?.stringValue ?? "", change: .create(object),
            eventReason: "ApisixRouteUpdated", eventMessage: "ApisixRoute \(reference.key) created",
            failureReason: "ApisixRouteCreateError")
    }

    /// The rules that carry weights, for requests with these headers and to the canary alone.
    private func headerRules(of base: JSON, _ matches: [HeaderMatch]) throws(TrafficError) -> [JSON] {
        let named = try weighted(base, TrafficIntent(canaryWeight: 100)).filter { rule in
            rule["name"]?.stringValue.map(configuration.rules.contains) ?? false
        }
        return named.map { rule in
            var rule = rule
            let backends = (rule["backends"]?.arrayValue ?? []).filter {
                $0["serviceName"]?.stringValue == subject.canaryService
            }
            rule["backends"] = .array(backends)
            rule["priority"] = .int((rule["priority"]?.intValue ?? 0) &+ 1)
            let present = rule.at("match", "exprs")?.arrayValue ?? []
            rule.set(.array(present + matches.map(\.expression)), at: "match", "exprs")
            return rule
        }
    }

    // MARK: What the objects say

    func currentWeight(_ objects: [ObjectReference: JSON]) -> Int? {
        let rules = objects[reference]?.at("spec", "http")?.arrayValue ?? []
        let rule = rules.first { $0["name"]?.stringValue == configuration.rules.first }
        let backend = (rule?["backends"]?.arrayValue ?? []).first {
            $0["serviceName"]?.stringValue == subject.canaryService
        }
        return backend?["weight"]?.intValue.map { Int(clamping: $0) }
    }

    func referencedHashes(_ objects: [ObjectReference: JSON]) -> Set<String> { [] }

    /// All traffic on stable; the object is the user's and stays.
    func cleanUp(_ objects: [ObjectReference: JSON]) -> [TrafficWrite] {
        (try? plan(TrafficIntent(canaryWeight: 0), objects)) ?? []
    }
}

extension HeaderMatch {
    /// As an entry of a rule's `match.exprs`.
    fileprivate var expression: JSON {
        let (op, text) =
            switch value {
            case .exact(let text): ("Equal", text)
            case .prefix(let text): ("RegexMatch", "^\(text.escapedForRegularExpression).*")
            case .regex(let text): ("RegexMatch", text)
            }
        return ["subject": ["scope": "Header", "name": .string(name)], "op": .string(op), "value": .string(text)]
    }
}

extension String {
    fileprivate var escapedForRegularExpression: String {
        var escaped = ""
        for character in self {
            if "\\.+*?()|[]{}^$".contains(character) { escaped.append("\\") }
            escaped.append(character)
        }
        return escaped
    }
}
