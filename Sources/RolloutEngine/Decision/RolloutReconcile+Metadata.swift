import Manifest

extension RolloutReconcile {
    /// What the pods of a ReplicaSet carry in the role that it plays now; `nil` for none.
    private func wantedMetadata(_ index: Int) -> EphemeralMetadata? {
        let (new, settled) =
            blueGreen.map { ($0.previewMetadata, $0.activeMetadata) } ?? (canary.canaryMetadata, canary.stableMetadata)
        let isSettled = status.stableRS.isEmpty || currentIndex == stableIndex
        let wanted = index == currentIndex ? (isSettled ? settled : new) : index == stableIndex ? settled : nil
        return wanted.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What the new ReplicaSet's template is born with.
    var metadataAtBirth: EphemeralMetadata? {
        currentIndex.flatMap { EphemeralMetadata(annotation: sets[$0].annotation(Keys.ephemeralMetadata)) }
    }

    /// Gives every ReplicaSet and its pods the metadata of their role, and takes that of an earlier role away.
    mutating func syncMetadata() {
        for index in sets.indices {
            let record = EphemeralMetadata(annotation: sets[index].annotation(Keys.ephemeralMetadata))
            let wanted = wantedMetadata(index)
            if wanted == nil, record == nil, sets[index].annotation(Keys.podsMetadata) == nil { continue }
            if wanted != record { relabel(index, to: wanted) } else { syncPods(index, wanted) }
        }
    }

    /// A promotion changes roles in the middle of a decision: whoever sees the status of it finds pods that wear theirs.
    ///
    /// The ReplicaSet controller may still make a pod from the template of before; the next look reaches that one.
    mutating func syncMetadataOfPromoted() {
        guard invalid == nil, status.stableRS != old.stableRS else { return }
        for index in sets.indices where !deletedHashes.contains(sets[index].hash) {
            let record = EphemeralMetadata(annotation: sets[index].annotation(Keys.ephemeralMetadata))
            let wanted = wantedMetadata(index)
            guard wanted != record else { continue }
            relabel(index, to: wanted)
            if let carried = sets[index].annotation(Keys.podsMetadata) {
                addPods(index, from: carried, to: wanted, isEarly: true)
            }
        }
    }

    /// Changes what the template and the annotations of a ReplicaSet say, from what was seen, also where this decision has
    /// changed them before.
    private mutating func relabel(_ index: Int, to wanted: EphemeralMetadata?) {
        let original = originals(index)
        let next = wanted ?? EphemeralMetadata()
        var overridden = EphemeralMetadata()
        for key in next.labels.keys { overridden.labels[key] = original.labels[key] }
        for key in next.annotations.keys { overridden.annotations[key] = original.annotations[key] }
        let set = sets[index]
        if !set.isNew {
            let seen = { (key: String) in
                EphemeralMetadata(annotation: set.seen.annotations[key]) ?? EphemeralMetadata()
            }
            let before = seen(Keys.ephemeralMetadata)
            set.templateLabelChanges = changes(from: before.labels, to: next.labels, original.labels)
            set.templateAnnotationChanges = changes(
                from: before.annotations, to: next.annotations, original.annotations)
            if set.spec > 0 || set.seen.currentReplicas > 0 {
                // Pods that were not reached yet carry what an earlier change left, younger ones what the template said.
                annotate(index, Keys.podsMetadata, seen(Keys.podsMetadata).union(before).annotation)
            }
        }
        annotate(index, Keys.ephemeralMetadata, wanted?.annotation)
        annotate(index, Keys.templateMetadata, overridden.isEmpty ? nil : overridden.annotation)
        place(index, atEnd: false)
    }

    /// Pods follow once the ReplicaSet controller makes new ones from the changed template: then none is missed.
    private mutating func syncPods(_ index: Int, _ wanted: EphemeralMetadata?) {
        let set = sets[index]
        guard let carried = set.annotation(Keys.podsMetadata), set.seen.observedGeneration >= set.seen.generation else {
            return
        }
        addPods(index, from: carried, to: wanted)
        sets[index].annotate(Keys.podsMetadata, nil)
        place(index, atEnd: true)
    }

    /// Gives the pods of a ReplicaSet what they are to wear.
    /// - Parameter carried: What they may wear now, as the annotation has it.
    private mutating func addPods(
        _ index: Int, from carried: String, to wanted: EphemeralMetadata?, isEarly: Bool = false
    ) {
        let set = sets[index]
        guard set.spec > 0 else { return }
        let before = EphemeralMetadata(annotation: carried) ?? EphemeralMetadata()
        let next = wanted ?? EphemeralMetadata()
        let original = originals(index)
        add(
            .syncPodMetadata(
                PodMetadataRequest(
                    replicaSet: set.name, uid: set.seen.uid, hash: set.hash,
                    labels: changes(from: before.labels, to: next.labels, original.labels, all: true),
                    annotations: changes(
                        from: before.annotations, to: next.annotations, original.annotations, all: true),
                    isEarly: isEarly)))
    }

    /// What the template itself says at keys that ephemeral metadata overrides or may override.
    private func originals(_ index: Int) -> EphemeralMetadata {
        if index == currentIndex, !isQueueing, let template = rollout.spec.template {
            return EphemeralMetadata(labels: template.labels, annotations: template.annotations)
        }
        return EphemeralMetadata(annotation: sets[index].annotation(Keys.templateMetadata)) ?? EphemeralMetadata()
    }

    /// - Parameter all: Name also what the template says already; pods are compared one by one.
    private func changes(
        from before: [String: String], to next: [String: String], _ original: [String: String], all: Bool = false
    ) -> [String: String?] {
        var changes: [String: String?] = [:]
        for (key, value) in next where all || before[key] != value { changes[key] = .some(value) }
        for key in before.keys where next[key] == nil { changes[key] = .some(original[key]) }
        return changes
    }

    /// The anti-affinity that the strategy asks for.
    var antiAffinity: AntiAffinity? { blueGreen.map(\.antiAffinity) ?? canary.antiAffinity }

    /// Makes an injected rule name the stable ReplicaSet of now: a rule for pods that are gone keeps nothing apart.
    mutating func syncAntiAffinity() {
        guard let index = currentIndex, let antiAffinity, let template = rollout.spec.template, !isQueueing,
            !status.stableRS.isEmpty, status.stableRS != sets[index].hash, !sets[index].isNew
        else { return }
        let named = sets[index].seen.injectedHashes
        guard !named.isEmpty, named != [status.stableRS] else { return }
        let changed = AntiAffinityRule.inject(
            antiAffinity, stableHash: status.stableRS, namespace: rollout.key.namespace, into: template.json)
        sets[index].affinity = changed.at("spec", "affinity")
        place(index, atEnd: false)
    }
}
