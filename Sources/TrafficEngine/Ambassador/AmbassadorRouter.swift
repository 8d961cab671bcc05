import Manifest

/// `trafficRouting.ambassador`.
struct AmbassadorConfiguration: Hashable, Sendable {
    static let path = "\(TrafficConfiguration.path).ambassador"

    var mappings: [String]

    init(_ json: JSON) throws(JSONError) {
        try json.requireObject(at: Self.path)
        mappings = try json.texts("mappings", at: [Self.path])
    }
}

/// Ambassador, also known as Emissary: a second Mapping beside each of the user's takes a share of its requests while
/// the canary has weight.
///
/// When the weight ends, the second Mapping is first written with weight 0 and deleted some seconds later, so that no
/// proxy loses a route that it still sends to.
struct AmbassadorRouter: PiecewiseRouter {
    /// How long a Mapping without weight is kept.
    static let keptFor: Duration = .seconds(5)
    static let weightlessSince = "sluice.dev/weightless-since"

    let name = "ambassador"
    let configuration: AmbassadorConfiguration
    let subject: TrafficSubject

    private func reference(_ name: String) -> ObjectReference {
        ObjectReference(
            group: "getambassador.io", kind: "Mapping", namespace: subject.rollout.namespace, name: name)
    }

    private func canary(of mapping: String) -> ObjectReference {
        reference("\(String(decoding: mapping.utf8.prefix(246), as: UTF8.self))-canary")
    }

    private func field(_ index: Int) -> String { "\(AmbassadorConfiguration.path).mappings[\(index)]" }

    var references: [TrafficReference] {
        configuration.mappings.enumerated().flatMap { index, mapping in
            [
                TrafficReference(reference: reference(mapping), isRequired: true, path: field(index)),
                TrafficReference(reference: canary(of: mapping), isRequired: false, path: field(index)),
            ]
        }
    }

    // MARK: Validation

    func validate(_ objects: [ObjectReference: JSON]) -> [TrafficProblem] {
        if subject.canaryService.isEmpty || subject.stableService.isEmpty {
            return [TrafficProblem(AmbassadorConfiguration.path, "canaryService and stableService are required")]
        }
        if configuration.mappings.isEmpty {
            return [
                TrafficProblem("\(AmbassadorConfiguration.path).mappings", "at least one mapping is needed; name one")
            ]
        }
        return configuration.mappings.enumerated().compactMap { index, mapping in
            guard let base = objects[reference(mapping)] else {
                return TrafficProblem(field(index), "\(reference(mapping)) does not exist; create it")
            }
            do throws(TrafficError) { _ = try spec(from: base, mapping) } catch {
                return TrafficProblem(field(index), "\(error.reference): \(error.reason)")
            }
            return objects[canary(of: mapping)].flatMap(foreignness).map {
                TrafficProblem(field(index), "\(canary(of: mapping)) \($0)")
            }
        }
    }

    /// Why a second Mapping is not ours; `nil` where it is.
    ///
    /// Ones without an owner were made by Argo Rollouts and are taken over. These always carry a weight, also where it is 0;
    /// one without is a route of its own that only has such a name.
    private func foreignness(_ mapping: JSON) -> String? {
        if subject.controls(mapping) { return nil }
        let owners = mapping.at("metadata", "ownerReferences")?.arrayValue ?? []
        if owners.contains(where: { $0["controller"]?.boolValue == true }) {
            return "exists and is controlled by another owner; delete it"
        }
        guard (mapping.at("spec", "weight") ?? .null).isNull else { return nil }
        return "exists, carries no weight and is not controlled by this Rollout; give it another name, or delete it"
    }

    /// The canary's spec but for its weight: the user's, sent to the canary.
    private func spec(from base: JSON, _ mapping: String) throws(TrafficError) -> JSON {
        guard (base.at("spec", "weight") ?? .null).isNull else {
            var error = TrafficError(.invalid, reference(mapping), "it carries a weight of its own; remove it")
            error.eventReason = "AmbassadorMappingConfigError"
            throw error
        }
        let service = base.at("spec", "service")?.stringValue ?? ""
        guard let place = service.place(ofName: subject.stableService) else {
            var error = TrafficError(
                .invalid, reference(mapping),
                "its service \"\(service)\" is not the stable Service \(subject.stableService); send it there")
            error.eventReason = "AmbassadorMappingConfigError"
            throw error
        }
        var spec = base["spec"] ?? .emptyObject
        spec["service"] = .string(service.replacingCharacters(in: place, with: subject.canaryService))
        return spec
    }

    // MARK: Planning

    var pieces: [String] { configuration.mappings }

    func write(
        _ intent: TrafficIntent, _ mapping: String, _ objects: [ObjectReference: JSON]
    ) throws(TrafficError) -> TrafficWrite? {
        let reference = canary(of: mapping)
        let live = objects[reference]
        if let foreign = live.flatMap(foreignness) { throw TrafficError(.owned, reference, "it \(foreign)") }
        if intent.canaryWeight == 0 {
            return live.flatMap { withdraw($0, reference, now: intent.now) }
        }
        guard let base = objects[self.reference(mapping)] else {
            var error = TrafficError(.notFound, self.reference(mapping), "it does not exist")
            error.eventReason = "AmbassadorMappingNotFound"
            throw error
        }
        var spec = try spec(from: base, mapping)
        spec["weight"] = JSON(intent.canaryWeight)
        guard let live else { return create(reference, spec, like: base, weight: intent.canaryWeight) }
        var desired = live
        desired["spec"] = spec
        for (name, value) in base.labels { desired.set(.string(value), at: "metadata", "labels", name) }
        desired.set(nil, at: "metadata", "annotations", Self.weightlessSince)
        if !subject.controls(live) {
            let others = live.at("metadata", "ownerReferences")?.arrayValue ?? []
            desired.set(.array(others + [subject.owner]), at: "metadata", "ownerReferences")
        }
        return .patch(
            reference, from: live, to: desired, event: "CanaryMappingWeightUpdate",
            "Mapping \(reference.key) set to weight \(intent.canaryWeight)", failure: "CanaryMappingUpdateError")
    }

    private func create(
        _ reference: ObjectReference, _ spec: JSON, like base: JSON, weight: Int
    ) -> TrafficWrite {
        var object: JSON = [
            "apiVersion": base["apiVersion"] ?? "getambassador.io/v2", "kind": "Mapping",
            "metadata": [
                "name": .string(reference.name), "namespace": .string(reference.namespace),
                "ownerReferences": [subject.owner],
            ],
            "spec": spec,
        ]
        if !base.labels.isEmpty { object.set(JSON(base.labels), at: "metadata", "labels") }
        return TrafficWrite(
            reference: reference, apiVersion: base["apiVersion"]?.stringValue ?? "", change: .create(object),
            eventReason: "CanaryMappingWeightUpdate",
            eventMessage: "Mapping \(reference.key) created with weight \(weight)",
            failureReason: "CanaryMappingCreationError")
    }

    // MARK: The end of a weight

    /// Takes the weight away, and some seconds later the Mapping.
    private func withdraw(_ live: JSON, _ reference: ObjectReference, now: Timestamp) -> TrafficWrite? {
        if let since = weightless(live) {
            guard now >= since + Self.keptFor else { return nil }
            return TrafficWrite(
                reference: reference, apiVersion: live["apiVersion"]?.stringValue ?? "",
                change: .delete(resourceVersion: live.resourceVersion), eventReason: "CanaryMappingWeightUpdate",
                eventMessage: "Mapping \(reference.key) deleted, for it has no weight any more",
                failureReason: "CanaryMappingCleanupError")
        }
        var desired = live
        desired.set(0, at: "spec", "weight")
        // Written in whole seconds, rounded up.
        let since = now + .milliseconds(999)
        desired.set(.string(since.rfc3339), at: "metadata", "annotations", Self.weightlessSince)
        return .patch(
            reference, from: live, to: desired, event: "CanaryMappingWeightUpdate",
            "Mapping \(reference.key) set to weight 0", failure: "CanaryMappingUpdateError")
    }

    /// Since when a Mapping is known to have no weight.
    private func weightless(_ mapping: JSON) -> Timestamp? {
        guard mapping.at("spec", "weight")?.intValue == 0, let text = mapping.annotations[Self.weightlessSince] else {
            return nil
        }
        return Timestamp(rfc3339: text)
    }

    func due(_ objects: [ObjectReference: JSON]) -> Timestamp? {
        configuration.mappings.compactMap { mapping in
            let ours = objects[canary(of: mapping)].flatMap { foreignness($0) == nil ? $0 : nil }
            return ours.flatMap(weightless).map { $0 + Self.keptFor }
        }.min()
    }

    // MARK: What the objects say

    func currentWeight(_ objects: [ObjectReference: JSON]) -> Int? {
        guard let first = configuration.mappings.first else { return nil }
        guard let live = objects[canary(of: first)] else { return 0 }
        return live.at("spec", "weight")?.intValue.map { Int(clamping: $0) }
    }

    func referencedHashes(_ objects: [ObjectReference: JSON]) -> Set<String> { [] }

    /// Nothing: the second Mappings go with their owner.
    func cleanUp(_ objects: [ObjectReference: JSON]) -> [TrafficWrite] { [] }
}

extension String {
    /// Where a text first occurs as a whole name: not within a longer one, so that `shop` is not found in `shop-api`.
    fileprivate func place(ofName name: String) -> Range<String.Index>? {
        let (own, wanted) = (Array(utf8), Array(name.utf8))
        guard !wanted.isEmpty, own.count >= wanted.count else { return nil }
        func continues(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        }
        for start in 0...(own.count - wanted.count) where Array(own[start..<start + wanted.count]) == wanted {
            let end = start + wanted.count
            if start > 0, continues(own[start - 1]) { continue }
            if end < own.count, continues(own[end]) { continue }
            return utf8.index(startIndex, offsetBy: start)..<utf8.index(startIndex, offsetBy: end)
        }
        return nil
    }

    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
