import Manifest

/// Istio: weights in VirtualServices, and hashes in a DestinationRule where subsets are used.
struct IstioRouter: TrafficRouter {
    static let group = "networking.istio.io"

    let name = "istio"
    let configuration: IstioConfiguration
    let subject: TrafficSubject
    let managedRoutes: [String]

    init(_ configuration: IstioConfiguration, subject: TrafficSubject, managedRoutes: [String]) {
        self.configuration = configuration
        self.subject = subject
        self.managedRoutes = managedRoutes
    }

    private var destinations: RouteDestinations {
        RouteDestinations(subject: subject, rule: configuration.destinationRule)
    }

    private func reference(_ virtualService: IstioConfiguration.VirtualService) -> ObjectReference {
        let namespace = virtualService.namespace.isEmpty ? subject.rollout.namespace : virtualService.namespace
        return ObjectReference(
            group: Self.group, kind: "VirtualService", namespace: namespace, name: virtualService.name)
    }

    private func reference(_ rule: IstioConfiguration.DestinationRule) -> ObjectReference {
        ObjectReference(
            group: Self.group, kind: "DestinationRule", namespace: subject.rollout.namespace, name: rule.name)
    }

    var references: [TrafficReference] {
        var result = configuration.virtualServices.map {
            TrafficReference(reference: reference($0), isRequired: true, path: "\($0.path).name")
        }
        if let rule = configuration.destinationRule {
            let path = "\(IstioConfiguration.path).destinationRule.name"
            result.append(TrafficReference(reference: reference(rule), isRequired: true, path: path))
        }
        return result
    }

    func validate(_ objects: [ObjectReference: JSON]) -> [TrafficProblem] {
        var problems: [TrafficProblem] = []
        if configuration.isAmbiguous {
            problems.append(
                TrafficProblem(IstioConfiguration.path, "give either virtualService or virtualServices"))
        }
        var seen: Set<ObjectReference> = []
        for virtualService in configuration.virtualServices {
            let reference = reference(virtualService)
            let path = "\(virtualService.path).name"
            guard !virtualService.name.isEmpty else {
                problems.append(TrafficProblem(path, "is required"))
                continue
            }
            guard seen.insert(reference).inserted else {
                problems.append(TrafficProblem(path, "\(reference) is named twice"))
                continue
            }
            guard let object = objects[reference] else {
                problems.append(TrafficProblem(path, "\(reference) does not exist; create it"))
                continue
            }
            do throws(RouteProblem) { _ = try routes(of: virtualService, in: object) } catch {
                problems.append(TrafficProblem(virtualService.path, "\(reference): \(error.reason)"))
            }
            for name in virtualService.routes where managedRoutes.contains(name) {
                problems.append(
                    TrafficProblem(
                        "\(virtualService.path).routes",
                        "\"\(name)\" is a managed route too, which steps set and remove; take it out of managedRoutes or give it another name"
                    ))
            }
        }
        if let rule = configuration.destinationRule {
            problems += SubsetHashes(subject: subject, rule: rule).problems(objects[reference(rule)], reference(rule))
        }
        return problems
    }

    func plan(_ intent: TrafficIntent, _ objects: [ObjectReference: JSON]) throws(TrafficError) -> [TrafficWrite] {
        var hashes: [TrafficWrite] = []
        if let rule = configuration.destinationRule {
            let reference = reference(rule)
            guard let object = objects[reference] else { throw TrafficError(.notFound, reference, "it does not exist") }
            let subsets = SubsetHashes(subject: subject, rule: rule)
            if let write = try subsets.plan(intent, object, reference) { hashes.append(write) }
        }
        if let route = intent.managedRoutes.first, let first = configuration.virtualServices.first,
            !configuration.virtualServices.contains(where: { hasHTTP(objects[reference($0)]) })
        {
            throw TrafficError(
                .invalid, reference(first),
                "it has no http route, and \"\(route.name)\" needs one; add one, or remove the step that sets it")
        }
        var weights: [TrafficWrite] = []
        for virtualService in configuration.virtualServices {
            if let write = try plan(intent, virtualService, objects) { weights.append(write) }
        }
        return intent.weightsFirst ? weights + hashes : hashes + weights
    }

    func currentWeight(_ objects: [ObjectReference: JSON]) -> Int? {
        for virtualService in configuration.virtualServices {
            let selection = RouteSelection(configuration: virtualService, managedRoutes: Set(managedRoutes))
            guard let object = objects[reference(virtualService)],
                let route = try? selection.routes(in: object).get().first
            else { continue }
            let entries = object.at("spec", route.section)?[route.index]?["route"]?.arrayValue ?? []
            return entries.first { destinations.role(of: $0) == .canary }?["weight"]?.intValue.map { Int(clamping: $0) }
        }
        return nil
    }

    func referencedHashes(_ objects: [ObjectReference: JSON]) -> Set<String> {
        guard let rule = configuration.destinationRule, let object = objects[reference(rule)] else { return [] }
        return SubsetHashes(subject: subject, rule: rule).hashes(in: object)
    }

    func cleanUp(_ objects: [ObjectReference: JSON]) -> [TrafficWrite] {
        var writes: [TrafficWrite] = []
        let home = TrafficIntent(canaryWeight: 0)
        for virtualService in configuration.virtualServices {
            if let write = try? plan(home, virtualService, objects) { writes.append(write) }
        }
        if let rule = configuration.destinationRule, let object = objects[reference(rule)],
            let write = SubsetHashes(subject: subject, rule: rule).cleanUp(object, reference(rule))
        {
            writes.append(write)
        }
        return writes
    }

    // MARK: VirtualServices

    private func managed(_ objects: [ObjectReference: JSON]) -> ManagedHTTPRoutes {
        let rule = configuration.destinationRule.flatMap { objects[reference($0)] }
        return ManagedHTTPRoutes(
            names: managedRoutes, destinations: destinations, ruleHost: rule?.at("spec", "host")?.stringValue)
    }

    private func hasHTTP(_ object: JSON?) -> Bool { !(object?.at("spec", "http")?.arrayValue ?? []).isEmpty }

    private func routes(
        of virtualService: IstioConfiguration.VirtualService, in object: JSON, former: Set<String> = []
    ) throws(RouteProblem) -> [SelectedRoute] {
        let selection = RouteSelection(configuration: virtualService, managedRoutes: Set(managedRoutes))
        let routes = try selection.routes(in: object).get()
        for route in routes {
            let entries = object.at("spec", route.section)?[route.index]?["route"]?.arrayValue ?? []
            if let problem = destinations.problem(in: entries, former: former, label: route.label) { throw problem }
        }
        return routes
    }

    private func plan(
        _ intent: TrafficIntent, _ virtualService: IstioConfiguration.VirtualService,
        _ objects: [ObjectReference: JSON]
    ) throws(TrafficError) -> TrafficWrite? {
        let reference = reference(virtualService)
        guard let live = objects[reference] else { throw TrafficError(.notFound, reference, "it does not exist") }
        let selected: [SelectedRoute]
        let former = Set(intent.formerAdditional).union(intent.additional.map(\.service))
        do throws(RouteProblem) { selected = try routes(of: virtualService, in: live, former: former) } catch {
            throw TrafficError(.invalid, reference, error.reason)
        }
        var desired = live
        for section in ["http", "tls", "tcp"] {
            guard var routes = live.at("spec", section)?.arrayValue else { continue }
            for route in selected where route.section == section {
                let entries = routes[route.index]["route"]?.arrayValue ?? []
                routes[route.index]["route"] = .array(destinations.weighted(entries, by: intent))
            }
            if section == "http", !intent.leavesRoutes {
                let indices = selected.filter { $0.section == "http" }.map(\.index)
                do throws(RouteProblem) {
                    routes = try managed(objects).place(intent.managedRoutes, in: routes, selected: indices)
                } catch {
                    throw TrafficError(.invalid, reference, error.reason)
                }
            }
            desired.set(.array(routes), at: "spec", section)
        }
        return .patch(
            reference, from: live, to: desired, event: "Updated VirtualService",
            "VirtualService \(reference.key) set to canary weight \(intent.canaryWeight)")
    }
}
