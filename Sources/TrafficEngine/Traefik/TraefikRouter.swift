import Manifest

/// `trafficRouting.traefik`.
struct TraefikConfiguration: Hashable, Sendable {
    static let path = "\(TrafficConfiguration.path).traefik"

    var service: String

    init(_ json: JSON) throws(JSONError) {
        try json.requireObject(at: Self.path)
        service = try json.text("weightedTraefikServiceName", at: [Self.path])
    }
}

/// Traefik: weights in a TraefikService of the user's.
struct TraefikRouter: TrafficRouter {
    let name = "traefik"
    let configuration: TraefikConfiguration
    let subject: TrafficSubject

    private static let field = "\(TraefikConfiguration.path).weightedTraefikServiceName"

    private var reference: ObjectReference {
        ObjectReference(
            group: "traefik.io", kind: "TraefikService", namespace: subject.rollout.namespace,
            name: configuration.service)
    }

    var references: [TrafficReference] {
        configuration.service.isEmpty
            ? [] : [TrafficReference(reference: reference, isRequired: true, path: Self.field)]
    }

    func validate(_ objects: [ObjectReference: JSON]) -> [TrafficProblem] {
        if subject.canaryService.isEmpty || subject.stableService.isEmpty {
            return [TrafficProblem(TraefikConfiguration.path, "canaryService and stableService are required")]
        }
        if configuration.service.isEmpty { return [TrafficProblem(Self.field, "is required")] }
        guard let live = objects[reference] else {
            return [TrafficProblem(Self.field, "\(reference) does not exist; create it")]
        }
        do throws(TrafficError) { _ = try entries(of: live) } catch {
            return [TrafficProblem(Self.field, "\(reference): \(error.reason)")]
        }
        return []
    }

    /// The weighted Services, among which both sides are.
    private func entries(of live: JSON) throws(TrafficError) -> [JSON] {
        let entries = live.at("spec", "weighted", "services")?.arrayValue ?? []
        for service in [subject.canaryService, subject.stableService]
        where !entries.contains(where: { isService(service, $0) }) {
            throw TrafficError(
                .invalid, reference, "spec.weighted.services has no entry for the Service \(service); add one")
        }
        return entries
    }

    /// Whether an entry means a Service of the Rollout's namespace.
    private func isService(_ service: String, _ entry: JSON) -> Bool {
        let namespace = entry["namespace"]?.stringValue ?? ""
        return entry["name"]?.stringValue == service
            && (namespace.isEmpty || namespace == subject.rollout.namespace)
    }

    func plan(_ intent: TrafficIntent, _ objects: [ObjectReference: JSON]) throws(TrafficError) -> [TrafficWrite] {
        guard let live = objects[reference] else { throw TrafficError(.notFound, reference, "it does not exist") }
        var entries = try entries(of: live)
        let port = entries.first { isService(subject.canaryService, $0) }?["port"]
        let gone = intent.formerAdditional.filter { name in !intent.additional.contains { $0.service == name } }
        entries.removeAll { entry in gone.contains { isService($0, entry) } }
        let additional = intent.additional.sorted { utf8Order($0.service, $1.service) }
        for destination in additional where !entries.contains(where: { isService(destination.service, $0) }) {
            var entry: JSON = ["name": .string(destination.service), "kind": "Service"]
            if let port { entry["port"] = port }
            entries.append(entry)
        }
        let weights =
            [(subject.canaryService, intent.canaryWeight), (subject.stableService, intent.stableWeight)]
            + additional.map { ($0.service, $0.weight) }
        for (service, weight) in weights {
            for index in entries.indices where isService(service, entries[index]) {
                entries[index]["weight"] = JSON(weight)
            }
        }
        var desired = live
        desired.set(.array(entries), at: "spec", "weighted", "services")
        let write = TrafficWrite.patch(
            reference, from: live, to: desired, event: "TraefikServiceUpdated",
            "TraefikService \(reference.key) set to canary weight \(intent.canaryWeight)",
            failure: "TraefikServiceUpdateError")
        return write.map { [$0] } ?? []
    }

    func currentWeight(_ objects: [ObjectReference: JSON]) -> Int? {
        let entries = objects[reference]?.at("spec", "weighted", "services")?.arrayValue ?? []
        return entries.first { isService(subject.canaryService, $0) }?["weight"]?.intValue.map { Int(clamping: $0) }
    }

    func referencedHashes(_ objects: [ObjectReference: JSON]) -> Set<String> { [] }

    /// All traffic on stable; the object is the user's and stays.
    func cleanUp(_ objects: [ObjectReference: JSON]) -> [TrafficWrite] {
        (try? plan(TrafficIntent(canaryWeight: 0), objects)) ?? []
    }
}
