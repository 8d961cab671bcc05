import Manifest

extension RolloutReconcile {
    /// Takes over the pods' counts as they are seen; done first, because progress is measured by them.
    mutating func countPods() {
        (status.replicas, status.readyReplicas, status.availableReplicas) = (0, 0, 0)
        for set in sets where !set.isNew {
            status.replicas += set.seen.currentReplicas
            status.readyReplicas += set.seen.readyReplicas
            status.availableReplicas += set.seen.availableReplicas
        }
        status.updatedReplicas = current.map { $0.isNew ? 0 : $0.seen.currentReplicas } ?? 0
        status.hpaReplicas = status.replicas
        status.selector = rollout.spec.selector?.text ?? status.selector
        guard let active, !active.isNew else { return }
        // Autoscalers and availability look at the pods that have the traffic.
        status.readyReplicas = active.seen.readyReplicas
        status.availableReplicas = active.seen.availableReplicas
        status.hpaReplicas = active.seen.currentReplicas
        if var selector = rollout.spec.selector {
            selector.matchLabels[Keys.podTemplateHash] = active.hash
            status.selector = selector.text
        }
    }

    /// Ends the decision: conditions, phase, status patch, events, and what is waited for.
    mutating func finish() -> RolloutDecision {
        if currentIndex.map({ sets[$0].isNew }) ?? false, let index = currentIndex {
            sets[index].annotate(Keys.desiredReplicas, String(replicas))
            place(index, atEnd: false)
        }
        if needsPods {
            var decision = RolloutDecision()
            decision.needsPods = true
            decision.waiting = waiting
            return decision
        }
        syncMetadataOfPromoted()
        forgetFastRollback()
        rememberStrategy()
        scaleWorkload()
        reportWeights()
        settleAbort()
        updateConditions()
        updateDuration()
        status.observedGeneration = String(rollout.generation)
        let workloadGeneration = seen.workload.map { String($0.generation) }
        if let workloadGeneration {
            status.workloadObservedGeneration = workloadGeneration
        } else if rollout.spec.workloadRef == nil {
            status.workloadObservedGeneration = ""
        }
        (status.phase, status.message) = PhaseRule.phase(of: status, spec: rollout.spec, replicas: replicas)
        reportPauses()

        var decision = RolloutDecision()
        decision.effects = slots.compactMap { render($0) }
        if let patch = status.mergePatch(from: old) { decision.effects.append(.patchStatus(patch)) }
        var annotations: [String: JSON] = [:]
        let isRenumbered = invalid == nil && revision > 0 && rollout.annotations[Keys.revision] != String(revision)
        if isRenumbered { annotations[Keys.revision] = .string(String(revision)) }
        if let workloadGeneration, rollout.annotations[Keys.workloadGeneration] != workloadGeneration {
            annotations[Keys.workloadGeneration] = .string(workloadGeneration)
        }
        var metadata: [String: JSON] = [:]
        if withdrawsRestore {
            metadata["finalizers"] = rollout.finalizersWithoutRestore
            annotations[Keys.workloadReplicas] = .null
        }
        if !annotations.isEmpty { metadata["annotations"] = .object(annotations) }
        if !metadata.isEmpty { decision.effects.append(.patchRollout(["metadata": .object(metadata)])) }
        if isQueueing, !isUnderWay(status) { wake(at: now + .milliseconds(1)) }
        decision.events = openingEvents(isRenumbered: isRenumbered) + events
        decision.finished = finished
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
            if status.pauseConditions.isEmpty, !isResumePending { status.controllerPause = false }
            return
        }
        status.abortedAt = status.abortedAt ?? now.wholeSeconds
        status.pauseConditions = []
        status.controllerPause = false
    }

    /// A person ended the pause, and what it held back could not go on yet: that must not be forgotten.
    private var isResumePending: Bool {
        guard old.controllerPause, old.pauseConditions.isEmpty, !isNewUpdate, !status.isFullyPromoted,
            !status.promoteFull
        else { return false }
        if rollout.spec.paused || !didReachPause { return true }
        guard let blueGreen, isPreviewApproved(blueGreen) else { return false }
        return active !== current && !status.scaleUpPreviewCheckPoint && blueGreen.pausesBeforePromotion
    }
}
