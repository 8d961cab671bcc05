import Manifest

extension RolloutDecision {
    /// What is compared when a recording is replayed: effects in order, events, times and reasons.
    ///
    /// Of a ReplicaSet to be created only the digest of its template stands here.
    var json: JSON {
        [
            "effects": .array(effects.map(\.json)),
            "events": .array(
                events.map {
                    ["reason": .string($0.reason), "message": .string($0.message), "warning": .bool($0.isWarning)]
                }),
            "requeueAfterMilliseconds": requeueAfter.map { .int(Int64(($0.inSeconds * 1_000).rounded())) } ?? .null,
            "waiting": waiting.map { ["reason": .string($0.reason.rawValue), "message": .string($0.message)] } ?? .null,
            "needsPods": .bool(needsPods), "problems": .array(problems.map { .string("\($0)") }),
        ]
    }
}

extension RolloutEffect {
    var json: JSON {
        switch self {
        case .createReplicaSet(let object, let digest):
            return [
                "createReplicaSet": .string(object.objectKey.name), "digest": .string(String(digest)),
                "labels": JSON(object.labels), "annotations": JSON(object.annotations),
                "replicas": object.at("spec", "replicas") ?? .null,
            ]
        case .updateReplicaSet(let update):
            var patch = update.patch
            // What stands in it of the user's own affinity is the template's business.
            patch.set(nil, at: "spec", "template", "spec")
            return [
                "updateReplicaSet": .string(update.name), "patch": patch,
                "changesAffinity": .bool(update.affinity != nil),
            ]
        case .adoptReplicaSet(let name, _): return ["adoptReplicaSet": .string(name)]
        case .releaseReplicaSet(let name, _): return ["releaseReplicaSet": .string(name)]
        case .deleteReplicaSet(let name, _, _): return ["deleteReplicaSet": .string(name)]
        case .switchService(let name, let hash, let adopting):
            return ["switchService": .string(name), "hash": .string(hash), "adopting": .bool(adopting)]
        case .setTraffic(let request):
            return [
                "setTraffic": JSON(request.canaryWeight), "of": JSON(request.maxWeight),
                "canary": .string(request.canaryHash), "stable": .string(request.stableHash),
                "canaryService": .string(request.canaryService), "stableService": .string(request.stableService),
                "routes": .array(
                    request.routes.map {
                        ["kind": .string($0.kind.rawValue), "name": .string($0.name), "route": $0.json]
                    }),
            ]
        case .evictPod(let name, _): return ["evictPod": .string(name)]
        case .syncPodMetadata(let request):
            let map = { (changes: [String: String?]) in
                JSON.object(changes.mapValues { $0.map { .string($0) } ?? .null })
            }
            return [
                "syncPodMetadata": .string(request.replicaSet), "labels": map(request.labels),
                "annotations": map(request.annotations),
            ]
        case .scaleWorkload(let reference, let replicas):
            return ["scaleWorkload": .string(reference.name), "replicas": JSON(replicas)]
        case .createAnalysisRun(let request):
            return ["createAnalysisRun": .string(request.name), "labels": JSON(request.labels)]
        case .terminateAnalysisRun(let name): return ["terminateAnalysisRun": .string(name)]
        case .deleteAnalysisRun(let name, _): return ["deleteAnalysisRun": .string(name)]
        case .patchRollout(let patch): return ["patchRollout": patch]
        case .removeFromRollout(let pointers): return ["removeFromRollout": JSON(pointers)]
        case .patchStatus(let patch): return ["patchStatus": patch]
        }
    }
}
