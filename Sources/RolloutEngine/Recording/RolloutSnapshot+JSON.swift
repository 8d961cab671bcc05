import Manifest

extension RolloutSnapshot {
    /// As one line of a recording; secrets of pod templates are not in it.
    var json: JSON {
        var json: JSON = [
            "rollout": rollout.recorded, "replicaSets": .array(replicaSets.map(\.recorded)),
            "analysisRuns": .array(analysisRuns.map(\.json)),
            "services": .object(
                services.mapValues { service in
                    ["selector": JSON(service.selector), "managedBy": service.managedBy.map { .string($0) } ?? .null]
                }),
            "referenceProblems": .array(referenceProblems.map(\.json)),
            "strict": .bool(isStrict),
        ]
        if verifyRetry != Self.defaultVerifyRetry {
            json["verifyRetrySeconds"] = .int(verifyRetry.components.seconds)
        }
        if restoresWorkload { json["restoresWorkload"] = true }
        if !writtenProblems.isEmpty { json["writtenProblems"] = .array(writtenProblems.map(\.json)) }
        if let traffic {
            json["traffic"] = [
                "inSync": .bool(traffic.isInSync), "inSyncWithoutRoutes": .bool(traffic.isInSyncWithoutRoutes),
                "weightsInSync": .bool(traffic.areWeightsInSync),
                "verified": traffic.verified.map { .bool($0) } ?? .null,
                "hashes": .array(traffic.referencedHashes.sorted().map { .string($0) }),
            ]
        }
        if let workload {
            json["workload"] = [
                "template": workload.template.recorded, "selector": workload.selector?.json ?? .null,
                "generation": .int(workload.generation), "replicas": workload.replicas.map { JSON($0) } ?? .null,
                "available": JSON(workload.availableReplicas),
            ]
        }
        if let pods { json["pods"] = .array(pods.map(\.json)) }
        return json
    }

    /// - Throws: `JSONError` where this is no recorded snapshot.
    init(recorded json: JSON) throws(JSONError) {
        guard let rollout = json["rollout"], let sets = json["replicaSets"]?.arrayValue else {
            throw JSONError("a recorded snapshot needs rollout and replicaSets", offset: 0)
        }
        var found: [ReplicaSet] = []
        for set in sets { found.append(try ReplicaSet(recorded: set)) }
        self.init(rollout: try Rollout(recorded: rollout), replicaSets: found)
        analysisRuns = (json["analysisRuns"]?.arrayValue ?? []).map(AnalysisRunFact.init(recorded:))
        services = (json["services"]?.objectValue ?? [:]).mapValues {
            ServiceFact(selector: $0["selector"]?.stringMap ?? [:], managedBy: $0["managedBy"]?.stringValue)
        }
        referenceProblems = (json["referenceProblems"]?.arrayValue ?? []).compactMap(FieldProblem.init(recorded:))
        writtenProblems = (json["writtenProblems"]?.arrayValue ?? []).compactMap(FieldProblem.init(recorded:))
        isStrict = json["strict"] == true
        if let seconds = json["verifyRetrySeconds"]?.intValue { verifyRetry = .seconds(seconds) }
        restoresWorkload = json["restoresWorkload"] == true
        if let traffic = json["traffic"] {
            self.traffic = TrafficFact(
                isInSync: traffic["inSync"] == true, isInSyncWithoutRoutes: traffic["inSyncWithoutRoutes"]?.boolValue,
                areWeightsInSync: traffic["weightsInSync"]?.boolValue,
                verified: traffic["verified"].flatMap(\.boolValue),
                referencedHashes: Set((traffic["hashes"]?.arrayValue ?? []).compactMap(\.stringValue)))
        }
        if let workload = json["workload"], let template = workload["template"] {
            var selector: LabelSelector?
            if let json = workload["selector"], !json.isNull { selector = try LabelSelector(json) }
            self.workload = WorkloadFact(
                template: try PodTemplate(recorded: template), selector: selector,
                generation: workload["generation"]?.intValue ?? 0,
                replicas: workload["replicas"]?.intValue.map { Int(clamping: $0) },
                availableReplicas: Int(clamping: workload["available"]?.intValue ?? 0))
        }
        if let pods = json["pods"]?.arrayValue { self.pods = pods.map(PodFact.init(recorded:)) }
    }
}

extension ReplicaSet {
    /// As the API has it, with the digest of its template instead of the template.
    fileprivate var recorded: JSON {
        var json: JSON = [
            "metadata": [
                "name": .string(key.name), "namespace": .string(key.namespace), "uid": .string(uid),
                "resourceVersion": .string(resourceVersion), "generation": .int(generation),
                "creationTimestamp": .string(creationTimestamp.rfc3339), "labels": JSON(labels),
                "annotations": JSON(annotations),
                "deletionTimestamp": isBeingDeleted ? .string(creationTimestamp.rfc3339) : .null,
            ],
            "spec": ["replicas": JSON(replicas), "minReadySeconds": JSON(minReadySeconds)],
            "status": [
                "replicas": JSON(currentReplicas), "readyReplicas": JSON(readyReplicas),
                "availableReplicas": JSON(availableReplicas), "observedGeneration": .int(observedGeneration),
            ],
            "recorded": [
                "digest": .string(String(templateDigest)), "images": .array(images.map { .string($0) }),
                "injectedHashes": .array(injectedHashes.map { .string($0) }),
            ],
        ]
        if let owner {
            json.set(
                [
                    [
                        "kind": .string(owner.kind), "name": .string(owner.name), "uid": .string(owner.uid),
                        "controller": .bool(owner.isController),
                    ]
                ], at: "metadata", "ownerReferences")
        }
        if let failure { json.set([failure.json], at: "status", "conditions") }
        return json
    }

    fileprivate init(recorded json: JSON) throws(JSONError) {
        self = try ReplicaSet(json)
        templateDigest = json.at("recorded", "digest")?.stringValue.flatMap { UInt64($0) } ?? 0
        images = (json.at("recorded", "images")?.arrayValue ?? []).compactMap(\.stringValue)
        injectedHashes = (json.at("recorded", "injectedHashes")?.arrayValue ?? []).compactMap(\.stringValue)
    }
}

extension AnalysisRunFact {
    fileprivate var json: JSON {
        [
            "name": .string(name), "uid": .string(uid), "phase": .string(phase), "message": .string(message),
            "labels": JSON(labels), "creationTimestamp": .string(creationTimestamp.rfc3339),
            "terminating": .bool(isTerminating),
        ]
    }

    fileprivate init(recorded json: JSON) {
        self.init(
            name: json["name"]?.stringValue ?? "", uid: json["uid"]?.stringValue ?? "",
            phase: json["phase"]?.stringValue ?? "", message: json["message"]?.stringValue ?? "",
            labels: json["labels"]?.stringMap ?? [:],
            creationTimestamp: json["creationTimestamp"]?.stringValue.flatMap(Timestamp.init(rfc3339:))
                ?? Timestamp(seconds: 0), isTerminating: json["terminating"] == true)
    }
}

extension PodFact {
    fileprivate var json: JSON {
        [
            "name": .string(name), "uid": .string(uid), "owner": .string(ownerUID),
            "creationTimestamp": .string(creationTimestamp.rfc3339),
            "readySince": readySince.map { .string($0.rfc3339) } ?? .null, "terminating": .bool(isTerminating),
            "held": .bool(isHeld),
        ]
    }

    fileprivate init(recorded json: JSON) {
        self.init(
            name: json["name"]?.stringValue ?? "", uid: json["uid"]?.stringValue ?? "",
            ownerUID: json["owner"]?.stringValue ?? "",
            creationTimestamp: json["creationTimestamp"]?.stringValue.flatMap(Timestamp.init(rfc3339:))
                ?? Timestamp(seconds: 0),
            readySince: json["readySince"]?.stringValue.flatMap(Timestamp.init(rfc3339:)),
            isTerminating: json["terminating"] == true)
        isHeld = json["held"] == true
    }
}
