import Manifest

extension RolloutReconcile {
    /// Finds the ReplicaSet of the template, or makes a plan for a new one.
    mutating func findCurrent(_ template: PodTemplate) {
        let recorded = old.currentPodHash
        if let index = queuedBehind(template) {
            currentIndex = index
            isQueueing = true
            return
        }
        let isSame = { (set: WorkingReplicaSet) in set.seen.templateDigest == template.digest }
        // The recorded one first, so that no change of a hash function ever makes a new revision.
        currentIndex = sets.firstIndex { !recorded.isEmpty && $0.hash == recorded && isSame($0) }
        let hash = template.hash(collisionCount: old.collisionCount)
        if currentIndex == nil { currentIndex = sets.firstIndex { $0.hash == hash } }
        if currentIndex == nil {
            let older = template.hash(collisionCount: old.collisionCount, dialect: .older)
            currentIndex = sets.firstIndex { $0.hash == older }
        }
        if currentIndex == nil { currentIndex = sets.firstIndex(where: isSame) }
        guard currentIndex == nil else { return }
        var set = ReplicaSet(
            key: ObjectKey(namespace: rollout.key.namespace, name: "\(rollout.key.name)-\(hash)"), uid: "",
            resourceVersion: "")
        set.labels = template.labels
        set.labels[Keys.podTemplateHash] = hash
        set.replicas = 0
        set.minReadySeconds = rollout.spec.minReadySeconds
        set.templateDigest = template.digest
        set.creationTimestamp = now
        sets.append(WorkingReplicaSet(set, isNew: true))
        currentIndex = sets.count - 1
        didCreate = true
    }

    /// Numbers the current ReplicaSet, and hands it what it inherits from the Rollout.
    mutating func syncRevision() {
        guard let index = currentIndex else { return }
        var highest = 0
        for other in sets.indices where other != index { highest = max(highest, sets[other].seen.revision ?? 0) }
        let next = highest.addingReportingOverflow(1).partialValue
        let present = sets[index].seen.revision ?? 0
        revision = max(present, next)
        if present < next {
            annotate(index, Keys.revision, String(next))
            if let before = sets[index].seen.annotations[Keys.revision] {
                let history = sets[index].seen.annotations[Keys.revisionHistory]
                annotate(index, Keys.revisionHistory, history.map { "\($0),\(before)" } ?? before)
            }
        }
        for (key, value) in rollout.annotations.sorted(by: { $0.key < $1.key }) where !Keys.notCopied.contains(key) {
            annotate(index, key, value)
        }
        if !sets[index].isNew, sets[index].seen.minReadySeconds != rollout.spec.minReadySeconds {
            sets[index].minReadySeconds = rollout.spec.minReadySeconds
            place(index, atEnd: false)
        }
    }

    /// Notices a new template or new steps, and starts the update over.
    mutating func detectChange() {
        guard let current else { return }
        let isNewTemplate = !old.currentPodHash.isEmpty && old.currentPodHash != current.hash
        // Blue-green has no steps, and no hash of any: what it paused for does not begin again when another controller hands
        // it over.
        let stepHash = blueGreen == nil ? canary.stepHash : ""
        let areStepsChanged =
            blueGreen == nil
            ? old.currentStepHash != stepHash
            : !old.currentStepHash.isEmpty && old.currentStepHash != CanaryStrategy().stepHash
        status.currentPodHash = current.hash
        status.currentStepHash = stepHash
        guard areStepsChanged || isNewTemplate else { return }
        isNewUpdate = isNewTemplate
        areStepsNew = areStepsChanged && !old.currentStepHash.isEmpty && !isNewTemplate
        // Now, for this decision may end before it comes to analyses, and the next one knows nothing of other steps.
        if areStepsNew { endRuns([old.stepAnalysis, old.backgroundAnalysis]) }
        status.pauseConditions = []
        status.controllerPause = false
        status.abort = false
        status.promoteFull = false
        status.stepAnalysis = nil
        status.backgroundAnalysis = nil
        status.prePromotionAnalysis = nil
        status.postPromotionAnalysis = nil
        status.scaleUpPreviewCheckPoint = false
        status.currentStepIndex = canary.steps.isEmpty ? nil : 0
        // Restarting the pods of a template that is on its way out would be in vain.
        if isNewTemplate, let restartAt = rollout.spec.restartAt, restartAt != old.restartedAt {
            status.restartedAt = restartAt
        }
        rememberFastRollback()
        // A first revision of which no pod ever became available is nothing to protect: the next one replaces it.
        if !isStrict, isNewTemplate, current.hash != status.stableRS, old.condition(.healthy) == nil,
            old.condition(.available)?.status != "True", let stable, stable.seen.availableReplicas == 0
        {
            // A status may be late to tell of pods, and all of them would go.
            if let pods = seen.pods {
                if !pods.contains(where: { $0.ownerUID == stable.seen.uid && $0.readySince != nil }) {
                    status.stableRS = ""
                    assignRoles()
                }
            } else {
                needsPods = true
            }
        }
        if isNewTemplate, isHotfix(over: old), !status.isFullyPromoted {
            status.promoteFull = true
            events.append(
                RolloutEvent(
                    "SkipSteps",
                    "promoting revision in full: \(Keys.onNewRevision) is hotfix and an update was under way"))
        }
        guard !canary.steps.isEmpty else { return }
        if current.hash == status.stableRS {
            status.currentStepIndex = canary.steps.count
            events.append(
                RolloutEvent(
                    "SkipSteps",
                    "skipped all \(canary.steps.count) steps: the template is that of the stable ReplicaSet"))
        } else if isInRollbackWindow, current.spec > 0 {
            status.currentStepIndex = canary.steps.count
            events.append(
                RolloutEvent(
                    "SkipSteps", "skipped all \(canary.steps.count) steps: the rollback is within the window"))
        }
    }

    /// Deletes old ReplicaSets beyond the history limit.
    mutating func cleanUpHistory() {
        let old = otherIndices.filter { !sets[$0].seen.isBeingDeleted }
        let surplus = old.count - rollout.spec.revisionHistoryLimit
        guard surplus > 0 else { return }
        for index in old.prefix(surplus) {
            let set = sets[index].seen
            guard set.replicas == 0, set.currentReplicas == 0, set.generation <= set.observedGeneration else {
                continue
            }
            add(.deleteReplicaSet(name: set.name, uid: set.uid, resourceVersion: set.resourceVersion))
            deletedHashes.insert(set.hash)
        }
    }

    /// The manifest of the current ReplicaSet, which does not exist yet.
    func manifest(of set: WorkingReplicaSet) -> JSON {
        guard let template = rollout.spec.template, let selector = rollout.spec.selector else { return .emptyObject }
        var podTemplate = template.json
        podTemplate.set(.string(set.hash), at: "metadata", "labels", Keys.podTemplateHash)
        if let metadata = metadataAtBirth {
            for (key, value) in metadata.labels { podTemplate.set(.string(value), at: "metadata", "labels", key) }
            for (key, value) in metadata.annotations {
                podTemplate.set(.string(value), at: "metadata", "annotations", key)
            }
        }
        if let antiAffinity, !status.stableRS.isEmpty, status.stableRS != set.hash {
            podTemplate = AntiAffinityRule.inject(
                antiAffinity, stableHash: status.stableRS, namespace: rollout.key.namespace, into: podTemplate)
        }
        var matching = selector
        matching.matchLabels[Keys.podTemplateHash] = set.hash
        let annotations = set.annotationChanges.compactMapValues { $0 }
        return [
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": [
                "name": .string(set.name), "namespace": .string(rollout.key.namespace), "labels": JSON(set.seen.labels),
                "annotations": JSON(annotations),
                "ownerReferences": [
                    [
                        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": .string(rollout.key.name),
                        "uid": .string(rollout.uid), "controller": true, "blockOwnerDeletion": true,
                    ]
                ],
            ],
            "spec": [
                "replicas": JSON(set.spec), "minReadySeconds": JSON(rollout.spec.minReadySeconds),
                "selector": matching.json, "template": podTemplate,
            ],
        ]
    }
}
