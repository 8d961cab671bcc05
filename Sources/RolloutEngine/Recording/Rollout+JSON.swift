import Manifest

// A Rollout as JSON, from what the cache keeps of it. The pod template's body is not in it, only what was computed from
// it: recordings travel in bug reports, and templates hold what nobody should send around.

extension Rollout {
    /// As the API has it, as far as decisions read it, with `template` replaced by its digest.
    var recorded: JSON {
        [
            "metadata": [
                "name": .string(key.name), "namespace": .string(key.namespace), "uid": .string(uid),
                "resourceVersion": .string(resourceVersion), "generation": .int(generation),
                "creationTimestamp": .string(creationTimestamp.rfc3339), "labels": JSON(labels),
                "annotations": JSON(annotations),
                "deletionTimestamp": deletionTimestamp.map { .string($0.rfc3339) } ?? .null,
                "finalizers": finalizers.isEmpty ? .null : JSON(finalizers),
            ],
            "spec": spec.json,
            "status": status.mergePatch(from: RolloutStatus())?["status"] ?? .emptyObject,
            "recorded": [
                "template": spec.template?.recorded ?? .null,
                "stepHash": spec.canary.map { .string($0.stepHash) } ?? .null,
                "problems": .array(problems.map(\.json)), "warnings": .array(warnings.map(\.json)),
                "leftOut": .array(leftOut.map(\.json)), "unreadable": JSON(unreadable),
            ],
        ]
    }

    /// - Throws: `JSONError` where this is no recorded Rollout.
    init(recorded json: JSON) throws(JSONError) {
        self = try Rollout(json)
        let extra = json["recorded"]
        if let template = extra?["template"], !template.isNull { spec.template = try PodTemplate(recorded: template) }
        if let hash = extra?["stepHash"]?.stringValue { spec.canary?.stepHash = hash }
        problems = (extra?["problems"]?.arrayValue ?? []).compactMap(FieldProblem.init(recorded:))
        warnings = (extra?["warnings"]?.arrayValue ?? []).compactMap(FieldProblem.init(recorded:))
        leftOut = (extra?["leftOut"]?.arrayValue ?? []).compactMap(FieldProblem.init(recorded:))
        unreadable = (extra?["unreadable"]?.arrayValue ?? []).compactMap(\.stringValue)
    }
}

extension FieldProblem {
    var json: JSON { ["path": .string(path), "kind": .string(kind.rawValue), "message": .string(message)] }

    init?(recorded json: JSON) {
        guard let kind = json["kind"]?.stringValue.flatMap(Kind.init) else { return nil }
        self.init(json["path"]?.stringValue ?? "", kind, json["message"]?.stringValue ?? "")
    }
}

extension RolloutSpec {
    var json: JSON {
        var json: JSON = [
            "minReadySeconds": JSON(minReadySeconds), "revisionHistoryLimit": JSON(revisionHistoryLimit),
            "paused": .bool(paused), "progressDeadlineSeconds": JSON(progressDeadlineSeconds),
            "progressDeadlineAbort": .bool(progressDeadlineAbort),
            "rollbackWindow": ["revisions": JSON(rollbackWindow)],
            "analysis": [
                "successfulRunHistoryLimit": JSON(successfulRunHistoryLimit),
                "unsuccessfulRunHistoryLimit": JSON(unsuccessfulRunHistoryLimit),
            ],
        ]
        if let replicas { json["replicas"] = JSON(replicas) }
        if let selector { json["selector"] = selector.json }
        if let restartAt { json["restartAt"] = .string(restartAt.rfc3339) }
        if let workloadRef {
            json["workloadRef"] = [
                "apiVersion": .string(workloadRef.apiVersion), "kind": .string(workloadRef.kind),
                "name": .string(workloadRef.name), "scaleDown": .string(workloadRef.scaleDown),
            ]
        }
        if let canary { json.set(canary.json, at: "strategy", "canary") }
        if let blueGreen { json.set(blueGreen.json, at: "strategy", "blueGreen") }
        return json
    }
}

extension CanaryStrategy {
    var json: JSON {
        var json: JSON = ["steps": .array(steps.map(\.json)), "dynamicStableScale": .bool(dynamicStableScale)]
        json["canaryService"] = .string(canaryService)
        json["stableService"] = .string(stableService)
        json["maxSurge"] = maxSurge?.json
        json["maxUnavailable"] = maxUnavailable?.json
        json["scaleDownDelaySeconds"] = scaleDownDelaySeconds.map { JSON($0) }
        json["scaleDownDelayRevisionLimit"] = scaleDownDelayRevisionLimit.map { JSON($0) }
        json["abortScaleDownDelaySeconds"] = abortScaleDownDelaySeconds.map { JSON($0) }
        json["minPodsPerReplicaSet"] = minPodsPerReplicaSet.map { JSON($0) }
        json["antiAffinity"] = antiAffinity?.json
        json["canaryMetadata"] = canaryMetadata?.json
        json["stableMetadata"] = stableMetadata?.json
        if let threshold = replicaProgressThreshold {
            json["replicaProgressThreshold"] = ["type": .string(threshold.type), "value": JSON(threshold.value)]
        }
        if let pingPong {
            json["pingPong"] = [
                "pingService": .string(pingPong.pingService), "pongService": .string(pingPong.pongService),
            ]
        }
        if let analysis {
            var entry = analysis.reference.json
            entry["startingStep"] = JSON(analysis.startingStep)
            json["analysis"] = entry
        }
        json["trafficRouting"] = trafficRouting?.json
        return json
    }
}

extension TrafficRouting {
    var json: JSON {
        var json = JSON.object(routers)
        json["maxTrafficWeight"] = maxTrafficWeight.map { JSON($0) }
        if let managedRoutes { json["managedRoutes"] = .array(managedRoutes.map { ["name": .string($0)] }) }
        return json
    }
}

extension CanaryStep {
    var json: JSON {
        var json = JSON.emptyObject
        json["setWeight"] = setWeight.map { JSON($0) }
        if let pause { json["pause"] = pause.duration.map { ["duration": $0.json] } ?? .emptyObject }
        if let scale = setCanaryScale {
            var entry: JSON = ["matchTrafficWeight": .bool(scale.matchTrafficWeight)]
            entry["weight"] = scale.weight.map { JSON($0) }
            entry["replicas"] = scale.replicas.map { JSON($0) }
            json["setCanaryScale"] = entry
        }
        json["analysis"] = analysis?.json
        json["setHeaderRoute"] = setHeaderRoute?.json
        json["setMirrorRoute"] = setMirrorRoute?.json
        return json
    }
}

extension BlueGreenStrategy {
    var json: JSON {
        var json: JSON = [
            "activeService": .string(activeService), "previewService": .string(previewService),
            "autoPromotionEnabled": .bool(autoPromotionEnabled), "autoPromotionSeconds": JSON(autoPromotionSeconds),
        ]
        json["previewReplicaCount"] = previewReplicaCount.map { JSON($0) }
        json["maxUnavailable"] = maxUnavailable?.json
        json["scaleDownDelaySeconds"] = scaleDownDelaySeconds.map { JSON($0) }
        json["scaleDownDelayRevisionLimit"] = scaleDownDelayRevisionLimit.map { JSON($0) }
        json["abortScaleDownDelaySeconds"] = abortScaleDownDelaySeconds.map { JSON($0) }
        json["prePromotionAnalysis"] = prePromotionAnalysis?.json
        json["postPromotionAnalysis"] = postPromotionAnalysis?.json
        json["antiAffinity"] = antiAffinity?.json
        json["previewMetadata"] = previewMetadata?.json
        json["activeMetadata"] = activeMetadata?.json
        return json
    }
}

extension AnalysisReference {
    var json: JSON {
        var json: JSON = [
            "templates": .array(
                templates.map {
                    ["templateName": .string($0.name), "clusterScope": .bool($0.isClusterScoped)]
                }),
            "args": .array(arguments.map(\.json)),
            "analysisRunMetadata": ["labels": JSON(labels), "annotations": JSON(annotations)],
        ]
        json["dryRun"] = dryRun
        json["measurementRetention"] = measurementRetention
        return json
    }
}

extension AnalysisReference.Argument {
    fileprivate var json: JSON {
        switch value {
        case .literal(let text): ["name": .string(name), "value": .string(text)]
        case .podTemplateHash(let which):
            ["name": .string(name), "valueFrom": ["podTemplateHashValue": .string(which)]]
        case .fieldPath(let path): ["name": .string(name), "valueFrom": ["fieldRef": ["fieldPath": .string(path)]]]
        case .none: ["name": .string(name)]
        }
    }
}

extension EphemeralMetadata {
    var json: JSON { ["labels": JSON(labels), "annotations": JSON(annotations)] }
}

extension AntiAffinity {
    var json: JSON {
        var json = JSON.emptyObject
        if isRequired { json["requiredDuringSchedulingIgnoredDuringExecution"] = .emptyObject }
        if let preferredWeight {
            json["preferredDuringSchedulingIgnoredDuringExecution"] = ["weight": JSON(preferredWeight)]
        }
        return json
    }
}
