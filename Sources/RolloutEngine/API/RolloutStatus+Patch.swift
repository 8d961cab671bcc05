package import Manifest

extension RolloutStatus {
    /// The merge patch that turns `old` into this status, or `nil` where nothing differs.
    ///
    /// Fields that neither holds, such as those of other strategies, are never mentioned and so stay as they are.
    package func mergePatch(from old: RolloutStatus) -> JSON? {
        if self == old { return nil }
        var patch: [String: JSON] = [:]
        func put<Value: Equatable>(_ name: String, _ new: Value, _ before: Value, _ json: (Value) -> JSON) {
            if new != before { patch[name] = json(new) }
        }
        let text = { (value: String) -> JSON in value.isEmpty ? .null : .string(value) }
        let number = { (value: Int) -> JSON in JSON(value) }
        put("abort", abort, old.abort) { $0 ? true : .null }
        put("abortedAt", abortedAt, old.abortedAt) { $0.map { .string($0.rfc3339) } ?? .null }
        put("pauseConditions", pauseConditions, old.pauseConditions) { conditions in
            conditions.isEmpty
                ? .null
                : .array(
                    conditions.map { ["reason": .string($0.reason), "startTime": .string($0.startTime.rfc3339)] })
        }
        put("controllerPause", controllerPause, old.controllerPause) { $0 ? true : .null }
        put("currentPodHash", currentPodHash, old.currentPodHash, text)
        put("currentStepHash", currentStepHash, old.currentStepHash, text)
        put("currentStepIndex", currentStepIndex, old.currentStepIndex) { $0.map(JSON.init) ?? .null }
        put("replicas", replicas, old.replicas, number)
        put("updatedReplicas", updatedReplicas, old.updatedReplicas, number)
        put("readyReplicas", readyReplicas, old.readyReplicas, number)
        put("availableReplicas", availableReplicas, old.availableReplicas, number)
        put("HPAReplicas", hpaReplicas, old.hpaReplicas, number)
        put("selector", selector, old.selector, text)
        put("collisionCount", collisionCount, old.collisionCount) { $0.map(JSON.init) ?? .null }
        put("observedGeneration", observedGeneration, old.observedGeneration, text)
        put("conditions", conditions, old.conditions) { .array($0.map(\.json)) }
        put("phase", phase, old.phase, text)
        put("message", message, old.message, text)
        put("stableRS", stableRS, old.stableRS, text)
        put("promoteFull", promoteFull, old.promoteFull) { $0 ? true : .null }
        put("restartedAt", restartedAt, old.restartedAt) { $0.map { .string($0.rfc3339) } ?? .null }
        put("workloadObservedGeneration", workloadObservedGeneration, old.workloadObservedGeneration, text)
        put("duration", duration, old.duration) { $0?.json ?? .null }
        var canary: [String: JSON] = [:]
        if stepAnalysis != old.stepAnalysis { canary["currentStepAnalysisRunStatus"] = stepAnalysis?.json ?? .null }
        if backgroundAnalysis != old.backgroundAnalysis {
            canary["currentBackgroundAnalysisRunStatus"] = backgroundAnalysis?.json ?? .null
        }
        if weights != old.weights { canary["weights"] = weights?.json ?? .null }
        if stablePingPong != old.stablePingPong { canary["stablePingPong"] = text(stablePingPong) }
        if !canary.isEmpty { patch["canary"] = .object(canary) }
        var blueGreen: [String: JSON] = [:]
        if previewSelector != old.previewSelector { blueGreen["previewSelector"] = text(previewSelector) }
        if activeSelector != old.activeSelector { blueGreen["activeSelector"] = text(activeSelector) }
        if scaleUpPreviewCheckPoint != old.scaleUpPreviewCheckPoint {
            blueGreen["scaleUpPreviewCheckPoint"] = scaleUpPreviewCheckPoint ? true : .null
        }
        if prePromotionAnalysis != old.prePromotionAnalysis {
            blueGreen["prePromotionAnalysisRunStatus"] = prePromotionAnalysis?.json ?? .null
        }
        if postPromotionAnalysis != old.postPromotionAnalysis {
            blueGreen["postPromotionAnalysisRunStatus"] = postPromotionAnalysis?.json ?? .null
        }
        if !blueGreen.isEmpty { patch["blueGreen"] = .object(blueGreen) }
        return .object(["status": .object(patch)])
    }
}

extension RolloutStatus.AnalysisRunStatus {
    /// Merge patches reach into objects, so an empty message is written as null.
    var json: JSON {
        ["name": .string(name), "status": .string(status), "message": message.isEmpty ? .null : .string(message)]
    }
}

extension TrafficWeights {
    var json: JSON {
        ["canary": canary.json, "stable": stable.json, "verified": verified.map { .bool($0) } ?? .null]
    }
}

extension TrafficWeights.Destination {
    var json: JSON {
        [
            "weight": JSON(weight), "serviceName": serviceName.isEmpty ? .null : .string(serviceName),
            "podTemplateHash": podTemplateHash.isEmpty ? .null : .string(podTemplateHash),
        ]
    }
}

extension RolloutCondition {
    var json: JSON {
        [
            "type": .string(type), "status": .string(status), "reason": .string(reason), "message": .string(message),
            "lastUpdateTime": .string(lastUpdateTime.rfc3339),
            "lastTransitionTime": .string(lastTransitionTime.rfc3339),
        ]
    }
}

extension RolloutDuration {
    var json: JSON {
        func time(_ value: Timestamp?) -> JSON { value.map { .string($0.rfc3339) } ?? .null }
        return [
            "rolloutStartedAt": time(rolloutStartedAt), "manualPauseStartedAt": time(manualPauseStartedAt),
            "totalManualPauseDurationSeconds": totalManualPauseDurationSeconds.map { .int($0) } ?? .null,
            "finishedAt": time(finishedAt),
            "completionStatus": completionStatus.isEmpty ? .null : .string(completionStatus),
        ]
    }
}
