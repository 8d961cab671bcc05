import Manifest

// An abort has to work while the spec does not: the strategy that gave traffic away may be gone from it, or name a route
// that does not exist. What an abort needs of the last valid one stands on the update's own ReplicaSet, because that is
// created for the update anyway, so the note costs no request; because it outlives the controller, which memory does
// not; and because `kubectl replace` and Git rewrite the Rollout but never its ReplicaSets. A note on the Rollout,
// written when its spec first turns out invalid, would come too late: by then only memory could tell what was valid.

extension RolloutSpec {
    /// What an abort needs of the strategy, as one line of JSON: who has the traffic, and how pods may come and go.
    ///
    /// Of the steps only their weights; no analyses and no metadata, for an abort begins none.
    var abortRecord: String? {
        var json: [String: JSON] = [:]
        if var canary {
            canary.steps = canary.steps.map { step in
                var weight = CanaryStep()
                weight.setWeight = step.setWeight
                return weight
            }
            canary.analysis = nil
            canary.antiAffinity = nil
            canary.canaryMetadata = nil
            canary.stableMetadata = nil
            json["canary"] = canary.json.withoutDefaults
        } else if let blueGreen {
            var kept = BlueGreenStrategy()
            kept.activeService = blueGreen.activeService
            kept.previewService = blueGreen.previewService
            kept.previewReplicaCount = blueGreen.previewReplicaCount
            kept.scaleDownDelaySeconds = blueGreen.scaleDownDelaySeconds
            kept.scaleDownDelayRevisionLimit = blueGreen.scaleDownDelayRevisionLimit
            kept.abortScaleDownDelaySeconds = blueGreen.abortScaleDownDelaySeconds
            json["blueGreen"] = kept.json.withoutDefaults
        }
        guard !json.isEmpty else { return nil }
        let text = JSON.object(json).serialized()
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

extension JSON {
    /// Without members that say nothing: empty texts and lists, `false`, and blue-green's automatic promotion.
    fileprivate var withoutDefaults: JSON {
        guard let members = objectValue else { return self }
        return .object(
            members.filter { name, value in
                !name.hasPrefix("autoPromotion") && value != "" && value != false && value != .array([])
            })
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
            let noted = sets[index].annotation(Keys.lastValidStrategy)
            if isUpdating, sets[index].isChanged || noted != nil {
                annotate(index, Keys.lastValidStrategy, rollout.spec.abortRecord)
            } else if noted != nil, sets[index].isChanged {
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
