import Manifest

// An abort has to work while the spec does not: the strategy that gave traffic away may be gone from it, or name a route
// that does not exist. What an abort needs of the last valid one stands on the update's own ReplicaSet, because that is
// created for the update anyway, so the note costs no request; because it outlives the controller, which memory does
// not; and because `kubectl replace` and Git rewrite the Rollout but never its ReplicaSets. A note on the Rollout,
// written when its spec first turns out invalid, would come too late: by then only memory could tell what was valid.

extension RolloutSpec {
    /// What an abort needs of the strategy, as one line of JSON: who has the traffic, and how pods may come and go.
    ///
    /// Of the steps only their weights; no analyses and no metadata, for an abort begins none. Every decision in mid-update
    /// needs it, so it is written as text at once.
    var abortRecord: String? {
        var writer = MemberWriter()
        if let canary {
            writer.object("canary") { canary.writeAbortRecord(to: &$0) }
        } else if let blueGreen {
            writer.object("blueGreen") { blueGreen.writeAbortRecord(to: &$0) }
        } else {
            return nil
        }
        let text = writer.finish()
        // All annotations of an object have 256 KiB together, and an update is worth more than this note.
        return text.count <= 16 << 10 ? String(decoding: text, as: UTF8.self) : nil
    }

    /// Takes over the strategy of such a record; `false` where it is none.
    fileprivate mutating func takeStrategy(abortRecord text: String) -> Bool {
        guard let strategy = try? JSON(parsing: Array(text.utf8)) else { return false }
        var reader = JSONReader(JSON.object(["strategy": strategy]).serialized())
        guard let found = try? RolloutSpec(&reader), (found.canary == nil) != (found.blueGreen == nil) else {
            return false
        }
        (canary, blueGreen) = (found.canary, found.blueGreen)
        return true
    }
}

extension CanaryStrategy {
    /// Members in the order of their names; none that says nothing.
    fileprivate func writeAbortRecord(to writer: inout MemberWriter) {
        writer.member("abortScaleDownDelaySeconds", abortScaleDownDelaySeconds)
        writer.member("canaryService", canaryService)
        if dynamicStableScale { writer.member("dynamicStableScale", json: true) }
        writer.member("maxSurge", json: maxSurge?.json)
        writer.member("maxUnavailable", json: maxUnavailable?.json)
        writer.member("minPodsPerReplicaSet", minPodsPerReplicaSet)
        if let pingPong {
            writer.object("pingPong") {
                $0.member("pingService", pingPong.pingService)
                $0.member("pongService", pingPong.pongService)
            }
        }
        if let threshold = replicaProgressThreshold {
            writer.object("replicaProgressThreshold") {
                $0.member("type", threshold.type)
                $0.member("value", threshold.value)
            }
        }
        writer.member("scaleDownDelayRevisionLimit", scaleDownDelayRevisionLimit)
        writer.member("scaleDownDelaySeconds", scaleDownDelaySeconds)
        writer.member("stableService", stableService)
        writer.list("steps", steps) { step, writer in writer.member("setWeight", step.setWeight) }
        writer.member("trafficRouting", json: trafficRouting?.json)
    }
}

extension BlueGreenStrategy {
    /// Likewise.
    fileprivate func writeAbortRecord(to writer: inout MemberWriter) {
        writer.member("abortScaleDownDelaySeconds", abortScaleDownDelaySeconds)
        writer.member("activeService", activeService)
        writer.member("previewReplicaCount", previewReplicaCount)
        writer.member("previewService", previewService)
        writer.member("scaleDownDelayRevisionLimit", scaleDownDelayRevisionLimit)
        writer.member("scaleDownDelaySeconds", scaleDownDelaySeconds)
    }
}

/// Appends members of one object after the other, leaving out those that have no value.
private struct MemberWriter {
    private var json = JSONWriter()
    private var isFirst = true

    init() {
        json.reserve(1_024)
        json.raw("{")
    }

    /// The text, which ends here.
    mutating func finish() -> [UInt8] {
        json.raw("}")
        return json.bytes
    }

    private mutating func name(_ name: String) {
        if !isFirst { json.raw(",") }
        isFirst = false
        json.write(name)
        json.raw(":")
    }

    mutating func member(_ name: String, _ value: Int?) {
        guard let value else { return }
        self.name(name)
        json.raw(String(value))
    }

    mutating func member(_ name: String, _ value: String) {
        guard !value.isEmpty else { return }
        self.name(name)
        json.write(value)
    }

    mutating func member(_ name: String, json value: JSON?) {
        guard let value else { return }
        self.name(name)
        json.write(value)
    }

    mutating func object(_ name: String, _ members: (inout MemberWriter) -> Void) {
        self.name(name)
        object(members)
    }

    private mutating func object(_ members: (inout MemberWriter) -> Void) {
        json.raw("{")
        isFirst = true
        members(&self)
        isFirst = false
        json.raw("}")
    }

    mutating func list<Element>(_ name: String, _ elements: [Element], _ members: (Element, inout MemberWriter) -> Void)
    {
        guard !elements.isEmpty else { return }
        self.name(name)
        json.raw("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { json.raw(",") }
            object { members(element, &$0) }
        }
        json.raw("]")
    }
}

extension RolloutReconcile {
    /// Notes the strategy on the ReplicaSet of an update: with its creation, or with another change of it.
    ///
    /// Only a strategy that is edited in mid-update costs a write of its own. An update that another controller began is
    /// left as it is until something else of its ReplicaSet changes.
    mutating func rememberStrategy() {
        guard invalid == nil else { return }
        for index in sets.indices {
            let isUpdating = index == currentIndex && stableIndex != nil && index != stableIndex
            guard isUpdating || sets[index].isChanged else { continue }
            let noted = sets[index].annotation(Keys.lastValidStrategy)
            if isUpdating, sets[index].isChanged || noted != nil {
                annotate(index, Keys.lastValidStrategy, rollout.spec.abortRecord)
            } else if noted != nil, !isUpdating {
                annotate(index, Keys.lastValidStrategy, nil)
            }
        }
    }
}

extension RolloutSnapshot {
    /// What is wrong with the Rollout as it is written, first what goes into the status.
    var problems: [FieldProblem] {
        if !writtenProblems.isEmpty { return writtenProblems }
        return rollout.problems.isEmpty ? ReferenceValidation.problems(of: self) : rollout.problems
    }

    /// `rollout` has the last valid strategy, not the one that is written.
    package var hasEarlierStrategy: Bool { !writtenProblems.isEmpty }

    /// Puts the last valid strategy in the place of the written one, where an abort meets a spec that cannot be acted on.
    package mutating func takeLastValidStrategy(
        services: (Rollout) -> [String: ServiceFact], traffic: (Rollout) -> TrafficFact?
    ) {
        guard rollout.status.abort, !rollout.isBeingDeleted, !rollout.status.isFullyPromoted,
            let noted = replicaSets.first(where: {
                $0.ownerUID == rollout.uid && $0.hash == rollout.status.currentPodHash
            })?.annotations[Keys.lastValidStrategy]
        else { return }
        let found = problems
        guard !found.isEmpty, rollout.spec.takeStrategy(abortRecord: noted) else { return }
        writtenProblems = found
        self.services = services(rollout)
        self.traffic = traffic(rollout)
    }
}
