import Manifest

/// `trafficRouting.smi`.
struct SMIConfiguration: Hashable, Sendable {
    static let path = "\(TrafficConfiguration.path).smi"

    /// Empty: the stable Service.
    var rootService: String
    /// Empty: the Rollout's name.
    var trafficSplitName: String

    init(_ json: JSON) throws(JSONError) {
        try json.requireObject(at: Self.path)
        rootService = try json.text("rootService", at: [Self.path])
        trafficSplitName = try json.text("trafficSplitName", at: [Self.path])
    }
}

/// Service Mesh Interface, which Linkerd reads: a TrafficSplit of the Rollout's own.
struct SMIRouter: TrafficRouter {
    let name = "smi"
    let configuration: SMIConfiguration
    let subject: TrafficSubject

    private var reference: ObjectReference {
        let name = configuration.trafficSplitName
        return ObjectReference(
            group: "split.smi-spec.io", kind: "TrafficSplit", namespace: subject.rollout.namespace,
            name: name.isEmpty ? subject.rollout.name : name)
    }

    var references: [TrafficReference] {
        [
            TrafficReference(
                reference: reference, isRequired: false,
                path: configuration.trafficSplitName.isEmpty
                    ? SMIConfiguration.path : "\(SMIConfiguration.path).trafficSplitName")
        ]
    }

    func validate(_ objects: [ObjectReference: JSON]) -> [TrafficProblem] {
        if subject.canaryService.isEmpty || subject.stableService.isEmpty {
            return [TrafficProblem(SMIConfiguration.path, "canaryService and stableService are required")]
        }
        guard let live = objects[reference], !subject.controls(live) else { return [] }
        return references.map { TrafficProblem($0.path, "\(reference) \(foreign)") }
    }

    private var foreign: String {
        "exists and is not controlled by this Rollout; delete it or choose another trafficSplitName"
    }

    func plan(_ intent: TrafficIntent, _ objects: [ObjectReference: JSON]) throws(TrafficError) -> [TrafficWrite] {
        guard let live = objects[reference] else { return [create(intent)] }
        guard subject.controls(live) else { throw TrafficError(.owned, reference, "it \(foreign)") }
        var desired = live
        desired.set(.string(rootService), at: "spec", "service")
        desired.set(.array(backends(intent, like: live)), at: "spec", "backends")
        let write = TrafficWrite.patch(
            reference, from: live, to: desired, event: "TrafficSplitModified",
            "TrafficSplit \(reference.key) set to canary weight \(intent.canaryWeight)")
        return write.map { [$0] } ?? []
    }

    private var rootService: String {
        configuration.rootService.isEmpty ? subject.stableService : configuration.rootService
    }

    /// Canary first, then experiments, and stable last.
    ///
    /// A weight was a quantity once, and may stand there as a text; one of the same value stays as it is.
    private func backends(_ intent: TrafficIntent, like live: JSON) -> [JSON] {
        let present = live.at("spec", "backends")?.arrayValue ?? []
        let additional = intent.additional.sorted { utf8Order($0.service, $1.service) }
        let weights =
            [(subject.canaryService, intent.canaryWeight)] + additional.map { ($0.service, $0.weight) }
            + [(subject.stableService, intent.stableWeight)]
        return weights.map { service, weight in
            let same = present.first { entry in
                guard entry["service"]?.stringValue == service else { return false }
                return entry["weight"].flatMap { Quantity($0) }?.nanos == Quantity(Int64(weight)).nanos
            }
            return same ?? ["service": .string(service), "weight": JSON(weight)]
        }
    }

    private func create(_ intent: TrafficIntent) -> TrafficWrite {
        let object: JSON = [
            "apiVersion": "split.smi-spec.io/v1alpha1", "kind": "TrafficSplit",
            "metadata": [
                "name": .string(reference.name), "namespace": .string(reference.namespace),
                "ownerReferences": [subject.owner],
            ],
            "spec": ["service": .string(rootService), "backends": .array(backends(intent, like: .null))],
        ]
        return TrafficWrite(
            reference: reference, apiVersion: "split.smi-spec.io/v1alpha1", change: .create(object),
            eventReason: "TrafficSplitCreated",
            eventMessage: "TrafficSplit \(reference.key) created with canary weight \(intent.canaryWeight)",
            failureReason: "TrafficSplitNotCreated")
    }

    func currentWeight(_ objects: [ObjectReference: JSON]) -> Int? {
        let entries = objects[reference]?.at("spec", "backends")?.arrayValue ?? []
        let weight = entries.first { $0["service"]?.stringValue == subject.canaryService }?["weight"]
        return weight?.intValue.map { Int(clamping: $0) } ?? weight?.stringValue.flatMap { Int($0) }
    }

    func referencedHashes(_ objects: [ObjectReference: JSON]) -> Set<String> { [] }

    /// Nothing: the TrafficSplit goes with its owner.
    func cleanUp(_ objects: [ObjectReference: JSON]) -> [TrafficWrite] { [] }
}
