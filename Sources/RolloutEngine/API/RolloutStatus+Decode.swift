import Manifest

extension RolloutStatus {
    init(_ reader: inout JSONReader) throws(JSONError) {
        var status = RolloutStatus()
        try reader.readObject { reader, name throws(JSONError) in
            if try reader.readNull() { return }
            switch name {
            case "abort": status.abort = try reader.readBool()
            case "abortedAt": status.abortedAt = try reader.readTime()
            case "pauseConditions":
                try reader.readArray { reader throws(JSONError) in
                    var pause = PauseCondition(reason: "", startTime: Timestamp(seconds: 0))
                    try reader.readObject { reader, name throws(JSONError) in
                        switch name {
                        case "reason": pause.reason = try reader.readText()
                        case "startTime": pause.startTime = try reader.readTime() ?? Timestamp(seconds: 0)
                        default: break
                        }
                    }
                    status.pauseConditions.append(pause)
                }
            case "controllerPause": status.controllerPause = try reader.readBool()
            case "currentPodHash": status.currentPodHash = try reader.readText()
            case "currentStepHash": status.currentStepHash = try reader.readText()
            case "currentStepIndex": status.currentStepIndex = try reader.readInt32()
            case "replicas": status.replicas = try reader.readInt32()
            case "updatedReplicas": status.updatedReplicas = try reader.readInt32()
            case "readyReplicas": status.readyReplicas = try reader.readInt32()
            case "availableReplicas": status.availableReplicas = try reader.readInt32()
            case "HPAReplicas": status.hpaReplicas = try reader.readInt32()
            case "selector": status.selector = try reader.readText()
            case "collisionCount": status.collisionCount = try reader.readInt32()
            case "observedGeneration": status.observedGeneration = try reader.readText()
            case "conditions":
                try reader.readArray { reader throws(JSONError) in
                    status.conditions.append(try RolloutCondition(&reader))
                }
            case "phase": status.phase = try reader.readText()
            case "message": status.message = try reader.readText()
            case "stableRS": status.stableRS = try reader.readText()
            case "promoteFull": status.promoteFull = try reader.readBool()
            case "canary":
                try reader.readObject { reader, name throws(JSONError) in
                    if try reader.readNull() { return }
                    switch name {
                    case "currentStepAnalysisRunStatus": status.stepAnalysis = try AnalysisRunStatus(&reader)
                    case "currentBackgroundAnalysisRunStatus":
                        status.backgroundAnalysis = try AnalysisRunStatus(&reader)
                    case "weights": status.weights = try TrafficWeights(&reader)
                    case "stablePingPong": status.stablePingPong = try reader.readText()
                    default: break
                    }
                }
            case "blueGreen":
                try reader.readObject { reader, name throws(JSONError) in
                    if try reader.readNull() { return }
                    switch name {
                    case "previewSelector": status.previewSelector = try reader.readText()
                    case "activeSelector": status.activeSelector = try reader.readText()
                    case "scaleUpPreviewCheckPoint": status.scaleUpPreviewCheckPoint = try reader.readBool()
                    case "prePromotionAnalysisRunStatus":
                        status.prePromotionAnalysis = try AnalysisRunStatus(&reader)
                    case "postPromotionAnalysisRunStatus":
                        status.postPromotionAnalysis = try AnalysisRunStatus(&reader)
                    default: break
                    }
                }
            case "restartedAt": status.restartedAt = try reader.readTime()
            case "workloadObservedGeneration": status.workloadObservedGeneration = try reader.readText()
            case "duration": status.duration = try RolloutDuration(&reader)
            default: break
            }
        }
        self = status
    }
}

extension RolloutStatus.AnalysisRunStatus {
    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = Self(name: "", status: "")
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "name": found.name = try reader.readText()
            case "status": found.status = try reader.readText()
            case "message": found.message = try reader.readText()
            default: break
            }
        }
        self = found
    }
}

extension TrafficWeights {
    init(_ reader: inout JSONReader) throws(JSONError) {
        let none = Destination(weight: 0, serviceName: "", podTemplateHash: "")
        var found = TrafficWeights(canary: none, stable: none)
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "canary": found.canary = try Destination(&reader)
            case "stable": found.stable = try Destination(&reader)
            case "verified": found.verified = try reader.readNull() ? nil : reader.readBool()
            default: break
            }
        }
        self = found
    }
}

extension TrafficWeights.Destination {
    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = Self(weight: 0, serviceName: "", podTemplateHash: "")
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "weight": found.weight = try reader.readOptionalInt32() ?? 0
            case "serviceName": found.serviceName = try reader.readText()
            case "podTemplateHash": found.podTemplateHash = try reader.readText()
            default: break
            }
        }
        self = found
    }
}

extension RolloutCondition {
    init(_ reader: inout JSONReader) throws(JSONError) {
        let never = Timestamp(seconds: 0)
        var found = RolloutCondition(
            type: "", status: "", reason: "", message: "", lastUpdateTime: never, lastTransitionTime: never)
        try reader.readObject { reader, name throws(JSONError) in
            switch name {
            case "type": found.type = try reader.readText()
            case "status": found.status = try reader.readText()
            case "reason": found.reason = try reader.readText()
            case "message": found.message = try reader.readText()
            case "lastUpdateTime": found.lastUpdateTime = try reader.readTime() ?? never
            case "lastTransitionTime": found.lastTransitionTime = try reader.readTime() ?? never
            default: break
            }
        }
        self = found
    }
}

extension RolloutDuration {
    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = RolloutDuration()
        try reader.readObject { reader, name throws(JSONError) in
            if try reader.readNull() { return }
            switch name {
            case "rolloutStartedAt": found.rolloutStartedAt = try reader.readTime()
            case "manualPauseStartedAt": found.manualPauseStartedAt = try reader.readTime()
            case "totalManualPauseDurationSeconds": found.totalManualPauseDurationSeconds = try reader.readInt()
            case "finishedAt": found.finishedAt = try reader.readTime()
            case "completionStatus": found.completionStatus = try reader.readText()
            default: break
            }
        }
        self = found
    }
}
