import Manifest

extension CanaryReconcile {
    /// Takes over the pods' counts as they are seen; done first, because progress is measured by them.
    mutating func countPods() {
        let seen = sets.filter { !$0.isNew }.map(\.seen)
        status.replicas = seen.reduce(0) { $0 + $1.currentReplicas }
        status.readyReplicas = seen.reduce(0) { $0 + $1.readyReplicas }
        status.availableReplicas = seen.reduce(0) { $0 + $1.availableReplicas }
        status.updatedReplicas = current.map { $0.isNew ? 0 : $0.seen.currentReplicas } ?? 0
        status.hpaReplicas = status.replicas
        status.selector = rollout.spec.selector?.text ?? status.selector
    }

    /// Ends the decision: conditions, phase, status patch, events, and what is waited for.
    mutating func finish() -> RolloutDecision {
        if currentIndex.map({ sets[$0].isNew }) ?? false, let index = currentIndex {
            sets[index].annotate(Keys.desiredReplicas, String(replicas))
            place(index, atEnd: false)
            events.append(
                RolloutEvent("NewReplicaSetCreated", "created ReplicaSet \(sets[index].name) (revision \(revision))"))
        }
        reportWeights()
        settleAbort()
        updateConditions()
        updateDuration()
        status.observedGeneration = String(rollout.generation)
        (status.phase, status.message) = PhaseRule.phase(of: status, spec: rollout.spec, replicas: replicas)
        reportPauses()

        var decision = RolloutDecision()
        decision.effects = slots.compactMap(render)
        if let patch = status.mergePatch(from: old) { decision.effects.append(.patchStatus(patch)) }
        if invalid == nil, revision > 0, rollout.annotations[Keys.revision] != String(revision) {
            decision.effects.append(
                .patchRollout(["metadata": ["annotations": [Keys.revision: .string(String(revision))]]]))
            events.append(RolloutEvent("RolloutUpdated", "updated to revision \(revision)"))
        }
        decision.events = events
        armDeadline()
        if invalid != nil { wake(at: now + .seconds(20)) }
        if let wakeAt { decision.requeueAfter = max(.milliseconds(1), wakeAt - now) }
        decision.waiting = waiting
        return decision
    }

    /// The status of a Rollout whose spec cannot be acted on.
    mutating func reportInvalid() -> RolloutDecision {
        guard let problem = invalid else { return RolloutDecision() }
        status.set(
            .invalidSpec, "True", "InvalidSpec", "The Rollout \"\(rollout.key.name)\" is invalid: \(problem)", now: now)
        status.observedGeneration = String(rollout.generation)
        (status.phase, status.message) = PhaseRule.phase(of: status, spec: rollout.spec, replicas: replicas)
        var decision = RolloutDecision()
        if let patch = status.mergePatch(from: old) {
            decision.effects = [.patchStatus(patch)]
            decision.events = [RolloutEvent("InvalidSpec", "\(problem)", isWarning: true)]
        }
        decision.requeueAfter = .seconds(20)
        decision.waiting = waiting
        return decision
    }

    private func render(_ slot: Slot) -> RolloutEffect? {
        switch slot {
        case .effect(let effect): return effect
        case .set(let index):
            let set = sets[index]
            guard set.isChanged else { return nil }
            if set.isNew { return .createReplicaSet(manifest(of: set), digest: set.seen.templateDigest) }
            return .updateReplicaSet(set.update)
        }
    }

    private mutating func settleAbort() {
        guard status.abort else {
            status.abortedAt = nil
            if status.pauseConditions.isEmpty { status.controllerPause = false }
            return
        }
        status.abortedAt = status.abortedAt ?? now.wholeSeconds
        status.pauseConditions = []
        status.controllerPause = false
    }

    private mutating func reportPauses() {
        if old.pauseConditions.isEmpty, let first = status.pauseConditions.first {
            events.append(RolloutEvent("RolloutPaused", "paused: \(first.reason)"))
        } else if !old.pauseConditions.isEmpty, status.pauseConditions.isEmpty, !status.abort {
            events.append(RolloutEvent("RolloutResumed", "resumed"))
        }
    }
}
