import Manifest

/// AWS load balancers: the share of each Service stands in an annotation of the Ingress that a controller in the cluster
/// reads.
///
/// Whether the load balancer has taken it over is not asked: that needs the AWS API.
struct ALBRouter: PiecewiseRouter {
    static let maxStickiness: Int64 = 604_800

    let name = "alb"
    let configuration: ALBConfiguration
    let subject: TrafficSubject
    private let headers: ALBHeaderRoutes

    init(_ configuration: ALBConfiguration, subject: TrafficSubject, managedRoutes: [String]) {
        self.configuration = configuration
        self.subject = subject.taking(subject.pingPong)
        headers = ALBHeaderRoutes(prefix: configuration.annotationPrefix, names: managedRoutes)
    }

    private func reference(_ name: String) -> ObjectReference {
        ObjectReference(
            group: "networking.k8s.io", kind: "Ingress", namespace: subject.rollout.namespace, name: name)
    }

    /// The Service that the Ingress sends to; its action stands in an annotation.
    private var actionService: String {
        configuration.rootService.isEmpty ? subject.stableService : configuration.rootService
    }

    private var actionKey: String { "\(configuration.annotationPrefix)/actions.\(actionService)" }

    var references: [TrafficReference] {
        configuration.ingresses.map {
            TrafficReference(reference: reference($0.name), isRequired: true, path: $0.path)
        }
    }

    // MARK: Validation

    func validate(_ objects: [ObjectReference: JSON]) -> [TrafficProblem] {
        var problems: [TrafficProblem] = []
        if configuration.isAmbiguous {
            problems.append(TrafficProblem(ALBConfiguration.path, "give either ingress or ingresses"))
        }
        if subject.canaryService.isEmpty || subject.stableService.isEmpty {
            problems.append(TrafficProblem(ALBConfiguration.path, "canaryService and stableService are required"))
        }
        if !(1...65_535).contains(configuration.servicePort) {
            problems.append(
                TrafficProblem(
                    "\(ALBConfiguration.path).servicePort",
                    "\(configuration.servicePort) is no port; give the port of the Services, 1 to 65535"))
        }
        if let stickiness = configuration.stickiness, stickiness.isEnabled,
            !(1...Self.maxStickiness).contains(stickiness.seconds)
        {
            problems.append(
                TrafficProblem(
                    "\(ALBConfiguration.path).stickinessConfig.durationSeconds",
                    "\(stickiness.seconds) is outside of 1 to \(Self.maxStickiness) seconds"))
        }
        if headers.names.contains(actionService) {
            problems.append(
                TrafficProblem(
                    "\(TrafficConfiguration.path).managedRoutes",
                    "\"\(actionService)\" is the Service of the weighted action too; give the route another name"))
        }
        var seen: Set<String> = []
        for ingress in configuration.ingresses {
            let reference = reference(ingress.name)
            guard seen.insert(ingress.name).inserted else {
                problems.append(TrafficProblem(ingress.path, "\(reference) is named twice"))
                continue
            }
            guard let object = objects[reference] else {
                problems.append(TrafficProblem(ingress.path, "\(reference) does not exist; create it"))
                continue
            }
            do throws(TrafficError) { _ = try record(of: object, reference) } catch {
                problems.append(TrafficProblem(ingress.path, "\(reference): \(error.reason)"))
            }
        }
        return problems
    }

    /// What is recorded in an Ingress that can carry the weights.
    private func record(of ingress: JSON, _ reference: ObjectReference) throws(TrafficError) -> ALBRecord {
        let leads = (ingress.at("spec", "rules")?.arrayValue ?? []).contains { rule in
            (rule.at("http", "paths")?.arrayValue ?? []).contains {
                $0.at("backend", "service", "name")?.stringValue == actionService
            }
        }
        guard leads else {
            throw TrafficError(
                .invalid, reference,
                "no rule has a path to the Service \(actionService); add one with port use-annotation")
        }
        let record: ALBRecord
        do throws(RouteProblem) { record = try ALBRecord(of: ingress) } catch {
            throw TrafficError(.invalid, reference, error.reason)
        }
        let keys = [actionKey] + headers.names.map(headers.actionKey)
        for key in keys {
            guard let owner = record.otherOwner(of: key, than: subject.rollout.name) else { continue }
            throw TrafficError(
                .owned, reference,
                "its annotation \(key) is written by Rollout \"\(owner)\"; give each Rollout a root Service and route names of its own"
            )
        }
        return record
    }

    // MARK: Planning

    var pieces: [ObjectReference] { configuration.ingresses.map { reference($0.name) } }

    func write(
        _ intent: TrafficIntent, _ reference: ObjectReference, _ objects: [ObjectReference: JSON]
    ) throws(TrafficError) -> TrafficWrite? {
        guard let live = objects[reference] else { throw TrafficError(.notFound, reference, "it does not exist") }
        var record = try record(of: live, reference)
        record.add(actionKey, for: subject.rollout.name)
        let present = live.annotations[actionKey]
        let action = ALBAction(groups: groups(intent), stickiness: stickiness(after: ALBAction(present)))
        var annotations = live.annotations
        annotations[actionKey] = action.text(keeping: present)
        var desired = live
        desired.set(JSON(annotations), at: "metadata", "annotations")
        if !intent.leavesRoutes {
            headers.place(try headerRoutes(intent, live, reference), in: &desired, &record, for: subject.rollout.name)
        }
        desired.set(record.text.map { .string($0) }, at: "metadata", "annotations", ALBRecord.annotation)
        return .patch(
            reference, from: live, to: desired, event: "PatchingALBIngress",
            "Ingress \(reference.key) set to canary weight \(intent.canaryWeight)")
    }

    private func headerRoutes(
        _ intent: TrafficIntent, _ live: JSON, _ reference: ObjectReference
    ) throws(TrafficError) -> [ALBHeaderRoutes.Route] {
        var routes: [ALBHeaderRoutes.Route] = []
        for route in intent.managedRoutes {
            // Mirrors are not for load balancers, which is told elsewhere.
            guard case .header(let matches) = route.kind else { continue }
            let present = live.annotations[headers.actionKey(route.name)]
            let action = ALBAction(
                groups: [group(subject.canaryService, 100)], stickiness: stickiness(after: ALBAction(present)))
            do throws(RouteProblem) {
                let condition = try ALBHeaderRoutes.condition(matches)
                routes.append(.init(name: route.name, action: action.text(keeping: present), condition: condition))
            } catch {
                throw TrafficError(.invalid, reference, "\"\(route.name)\": \(error.reason)")
            }
        }
        return routes
    }

    /// Canary first, then experiments, and stable last.
    private func groups(_ intent: TrafficIntent) -> [ALBAction.TargetGroup] {
        let additional = intent.additional.sorted { utf8Order($0.service, $1.service) }
        return [group(subject.canaryService, intent.canaryWeight)] + additional.map { group($0.service, $0.weight) }
            + [group(subject.stableService, intent.stableWeight)]
    }

    private func group(_ service: String, _ weight: Int) -> ALBAction.TargetGroup {
        ALBAction.TargetGroup(service: service, port: String(configuration.servicePort), weight: weight)
    }

    /// A load balancer keeps stickiness that is no longer spoken of, so once it was on it is switched off by name.
    private func stickiness(after present: ALBAction?) -> ALBConfiguration.Stickiness? {
        if let wanted = configuration.stickiness, wanted.isEnabled { return wanted }
        guard let before = present?.stickiness else { return nil }
        return ALBConfiguration.Stickiness(isEnabled: false, seconds: before.seconds)
    }

    // MARK: What the objects say

    func currentWeight(_ objects: [ObjectReference: JSON]) -> Int? {
        for ingress in configuration.ingresses {
            guard let action = ALBAction(objects[reference(ingress.name)]?.annotations[actionKey]) else { continue }
            return action.groups.first { $0.service == subject.canaryService }?.weight
        }
        return nil
    }

    func referencedHashes(_ objects: [ObjectReference: JSON]) -> Set<String> { [] }

    /// All traffic on the stable Service, and nothing on record.
    func cleanUp(_ objects: [ObjectReference: JSON]) -> [TrafficWrite] {
        configuration.ingresses.compactMap { ingress in
            let reference = reference(ingress.name)
            guard let live = objects[reference], var record = try? ALBRecord(of: live),
                record.keys[subject.rollout.name]?.contains(actionKey) == true
            else { return nil }
            let present = live.annotations[actionKey]
            let home = ALBAction(
                groups: [group(subject.stableService, 100)], stickiness: stickiness(after: ALBAction(present)))
            var annotations = live.annotations
            annotations[actionKey] = home.text(keeping: present)
            var desired = live
            desired.set(JSON(annotations), at: "metadata", "annotations")
            headers.place([], in: &desired, &record, for: subject.rollout.name)
            record.removeAll(for: subject.rollout.name)
            desired.set(record.text.map { .string($0) }, at: "metadata", "annotations", ALBRecord.annotation)
            return .patch(
                reference, from: live, to: desired, event: "PatchingALBIngress",
                "Ingress \(reference.key) is no longer managed by Rollout \(subject.rollout)")
        }
    }
}
