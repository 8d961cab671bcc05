import Kubernetes
import Logging
import Manifest
import RolloutEngine

extension RolloutReconciler {
    /// Carries the effects out in order; the process may die between any two.
    func perform(_ decision: RolloutDecision, for rollout: Rollout) async throws {
        var seen: JSON?
        var done: Set<EffectTarget> = []
        var writes: [RolloutEvent] = []
        let known = announced.withLock { $0[rollout.key] } ?? Announcement.Known()
        var announcement = Announcement(decision.events, without: known.told)
        var isStatusWritten = false
        for effect in decision.effects {
            // Whoever sees the new status finds the Events that tell of it.
            if case .patchStatus = effect {
                announce(announcement.rest(), rollout)
                await recorder.settle(rollout.key, within: eventPatience)
            }
            do {
                try await perform(effect, for: rollout, seen: &seen, telling: &writes)
            } catch {
                var reported: [RolloutEvent] = []
                if effect.movesTraffic, !isStatusWritten, let patch = decision.statusWithoutTraffic {
                    // One failure is told, the first; who sees this one, sees that the status is not written either.
                    if (try? await write(patch, "status", for: rollout, seen: &seen)) != nil {
                        reported = decision.eventsWithoutTraffic
                    }
                }
                // What was done will not be decided again, so nobody else would tell of it.
                let told = decision.events.filter {
                    isStatusWritten || reported.contains($0) || $0.target.map(done.contains) ?? false
                }
                announce(announcement.rest(among: told) + writes, rollout)
                if announcement.isComplete {
                    // A status that was refused takes nothing back of what an earlier one has shown.
                    announced.withLock {
                        $0[rollout.key] = Announcement.Known(
                            told: decision.events, noticed: isStatusWritten ? decision.events : known.noticed)
                    }
                }
                for event in Announcement.untold(told, without: known.noticed) + writes {
                    onEvent(rollout, event, seen)
                }
                if isStatusWritten, let finished = decision.finished { onFinish(finished) }
                throw error
            }
            if case .patchStatus = effect { isStatusWritten = true }
            if let target = effect.target { done.insert(target) }
            announce(announcement.next { $0.target.map(done.contains) ?? false }, rollout)
        }
        announce(announcement.rest() + writes, rollout)
        announced.withLock { _ = $0.removeValue(forKey: rollout.key) }
        for event in Announcement.untold(decision.events, without: known.noticed) + writes {
            onEvent(rollout, event, seen)
        }
        if let finished = decision.finished { onFinish(finished) }
        if !decision.effects.isEmpty {
            logger.info(
                "acted",
                metadata: [
                    "rollout": "\(rollout.key)", "effects": "\(decision.effects.map(\.name).joined(separator: ","))",
                ])
        }
    }

    private func perform(
        _ effect: RolloutEffect, for rollout: Rollout, seen: inout JSON?, telling writes: inout [RolloutEvent]
    ) async throws {
        let key = rollout.key
        let options = WriteOptions(fieldManager: FieldManagers.rollout)
        switch effect {
        case .createReplicaSet(let object, let digest):
            try await create(object, digest: digest, for: rollout, seen: &seen)
        case .updateReplicaSet(let update):
            let set = ObjectKey(namespace: key.namespace, name: update.name)
            let written = try await api.patch(.replicaSets, set, .merge, update.patch, subresource: nil, options)
            pending.note(key, wrote: written, in: caches.replicaSets.store)
        case .adoptReplicaSet(let name, let uid):
            // Uncached: adopting for a Rollout that is gone would keep the ReplicaSet alive without an owner.
            guard let live = try await api.get(.rollouts, key, subresource: nil), live.uid == rollout.uid,
                live.at("metadata", "deletionTimestamp") == nil
            else { return }
            let owner: JSON = [
                "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": .string(key.name),
                "uid": .string(rollout.uid), "controller": true, "blockOwnerDeletion": true,
            ]
            try await patchOwners(name, uid, [owner], of: key)
        case .releaseReplicaSet(let name, let uid):
            try await patchOwners(name, uid, [["$patch": "delete", "uid": .string(rollout.uid)]], of: key)
        case .deleteReplicaSet(let name, let uid, let resourceVersion):
            try await api.delete(
                .replicaSets, ObjectKey(namespace: key.namespace, name: name),
                DeleteOptions(propagation: .background, uid: uid, resourceVersion: resourceVersion))
        case .switchService(let name, let hash, let adopting):
            var patch: JSON = ["spec": ["selector": [Keys.podTemplateHash: .string(hash)]]]
            if adopting { patch.set(.string(key.name), at: "metadata", "annotations", Keys.managedBy) }
            let written = try await api.patch(
                .services, ObjectKey(namespace: key.namespace, name: name), .merge, patch, subresource: nil, options)
            pending.note(key, wrote: written, in: caches.services.store)
        case .setTraffic(let request):
            do {
                try await routers.apply(request, for: rollout, telling: &writes) {
                    pending.note(key, for: routePatience, isBehind: $0)
                }
            } catch {
                if !(error is RouterNotReady), (error as? KubernetesError)?.isConflict != true {
                    record(RolloutEvent("TrafficRoutingError", "\(error)", isWarning: true), rollout)
                }
                throw error
            }
        case .evictPod(let name, let uid):
            // Until it has happened: what fails in any way is not to be asked for again at once.
            holds.note(uid, now: clock.now())
            if try await evict(name, uid: uid, of: rollout) { holds.forget(uid) }
        case .syncPodMetadata(let request):
            do {
                try await syncMetadata(request, of: rollout)
            } catch {
                guard request.isEarly else { throw error }
                // The promotion does not depend on it, and the next look does it again.
                logger.warning(
                    "pods do not wear their new role yet", metadata: ["rollout": "\(key)", "error": "\(error)"])
            }
        case .scaleWorkload(let reference, let replicas):
            let deployment = ObjectKey(namespace: key.namespace, name: reference.name)
            do throws(KubernetesError) {
                try await scale(deployment, to: replicas)
            } catch {
                // The Rollout goes on: its own pods do not depend on it.
                warn(unscaled: deployment, for: key, error)
            }
        case .createAnalysisRun(let request):
            try await analyses.create(request, for: rollout) { [api] in
                try await api.get(.rollouts, key, subresource: nil) ?? .null
            }
            let run = ObjectKey(namespace: key.namespace, name: request.name)
            pending.note(key) { [analyses] in analyses.isBehind(run) }
        case .terminateAnalysisRun(let name):
            try await analyses.terminate(ObjectKey(namespace: key.namespace, name: name))
        case .deleteAnalysisRun(let name, let uid):
            try await analyses.delete(ObjectKey(namespace: key.namespace, name: name), uid: uid)
        case .removeFromRollout(let pointers):
            try await remove(pointers, from: rollout, seen: &seen)
        case .patchRollout(let patch):
            try await write(patch, nil, for: rollout, seen: &seen)
        case .patchStatus(let patch):
            try await write(patch, "status", for: rollout, seen: &seen)
        }
    }

    /// Takes out of the Rollout what cannot be read; where that is refused, it stays there and the Rollout goes on.
    private func remove(_ pointers: [String], from rollout: Rollout, seen: inout JSON?) async throws {
        // Not a test, which is refused as a bad request where the version is another.
        let precondition: JSON = [
            "op": "replace", "path": "/metadata/resourceVersion", "value": .string(rollout.resourceVersion),
        ]
        let steps: [JSON] = pointers.map { ["op": "remove", "path": .string($0)] }
        do throws(KubernetesError) {
            let written = try await api.patch(
                .rollouts, rollout.key, .json, .array([precondition] + steps), subresource: nil,
                WriteOptions(fieldManager: FieldManagers.rollout))
            seen = written
            pending.note(rollout.key, wrote: written, in: caches.rollouts.store)
        } catch {
            guard (400..<500).contains(error.code), !error.isConflict, error.code != 429 else { throw error }
            unremovable.withLock { $0[rollout.key] = rollout.generation }
            logger.warning(
                "what is no quantity stays in the Rollout",
                metadata: ["rollout": "\(rollout.key)", "error": "\(error)"])
        }
    }

    /// Sets the size of the Deployment of `workloadRef`.
    func scale(_ deployment: ObjectKey, to replicas: Int) async throws(KubernetesError) {
        _ = try await api.patch(
            .deployments, deployment, .merge, ["spec": ["replicas": JSON(replicas)]], subresource: "scale",
            WriteOptions(fieldManager: FieldManagers.rollout))
    }

    func warn(unscaled deployment: ObjectKey, for rollout: ObjectKey, _ error: KubernetesError) {
        logger.warning(
            "cannot scale the Deployment of workloadRef",
            metadata: ["rollout": "\(rollout)", "deployment": "\(deployment)", "error": "\(error)"])
    }

    private func create(
        _ object: JSON, digest: UInt64, for rollout: Rollout, seen: inout JSON?
    ) async throws {
        let options = WriteOptions(fieldManager: FieldManagers.rollout)
        var refusal: KubernetesError?
        do {
            let written = try await api.create(
                .replicaSets, namespace: rollout.key.namespace, object, subresource: nil, options)
            pending.note(rollout.key, wrote: written, in: caches.replicaSets.store)
        } catch {
            refusal = error
        }
        guard let refusal else { return }
        guard refusal.isAlreadyExists else {
            let message = "cannot create ReplicaSet \(object.objectKey.name): \(refusal)"
            record(RolloutEvent("ReplicaSetCreateError", message, isWarning: true), rollout)
            if let patch = rollout.reportingCreateError(message, now: clock.now()) {
                try await write(patch, "status", for: rollout, seen: &seen)
            }
            throw refusal
        }
        let name = ObjectKey(namespace: rollout.key.namespace, name: object.objectKey.name)
        guard let live = try await api.get(.replicaSets, name, subresource: nil) else { throw refusal }
        let found = try ReplicaSet(live)
        if found.ownerUID == rollout.uid, found.templateDigest == digest {
            // A call before a crash made it; the watch will show it.
            pending.note(rollout.key, wrote: live, in: caches.replicaSets.store)
            return
        }
        // Another template has the same hash: the next look computes another one.
        if let patch = rollout.reportingCollision() {
            try await write(patch, "status", for: rollout, seen: &seen)
        }
        throw refusal
    }

    private func patchOwners(_ name: String, _ uid: String, _ owners: [JSON], of key: ObjectKey) async throws {
        let patch: JSON = ["metadata": ["uid": .string(uid), "ownerReferences": .array(owners)]]
        let written = try await api.patch(
            .replicaSets, ObjectKey(namespace: key.namespace, name: name), .strategicMerge, patch, subresource: nil,
            WriteOptions(fieldManager: FieldManagers.rollout))
        pending.note(key, wrote: written, in: caches.replicaSets.store)
    }

    /// Patches the Rollout as it was seen; `seen` becomes what the API server answers, for the next write.
    private func write(
        _ patch: JSON, _ subresource: String?, for rollout: Rollout, seen: inout JSON?
    ) async throws {
        var patch = patch
        patch.set(.string(seen?.resourceVersion ?? rollout.resourceVersion), at: "metadata", "resourceVersion")
        patch.set(.string(rollout.uid), at: "metadata", "uid")
        let written = try await api.patch(
            .rollouts, rollout.key, .merge, patch, subresource: subresource,
            WriteOptions(fieldManager: FieldManagers.rollout))
        seen = written
        pending.note(rollout.key, wrote: written, in: caches.rollouts.store)
    }

    func record(_ event: RolloutEvent, _ rollout: Rollout) {
        announce([event], rollout)
        onEvent(rollout, event, nil)
    }

    /// Writes Events; metrics and notifications follow when all that they tell of has happened.
    private func announce(_ events: [RolloutEvent], _ rollout: Rollout) {
        for event in events {
            recorder.record(
                event.isWarning ? .warning : .normal, event.reason, event.message,
                regarding: ObjectEvent.Target(
                    apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", key: rollout.key, uid: rollout.uid,
                    resourceVersion: rollout.resourceVersion),
                isImplied: event.isImplied(among: events))
        }
    }
}

extension RolloutEffect {
    fileprivate var movesTraffic: Bool {
        switch self {
        case .setTraffic, .switchService: true
        default: false
        }
    }

    /// The effect's kind, for logs.
    fileprivate var name: String {
        switch self {
        case .createReplicaSet: "createReplicaSet"
        case .updateReplicaSet: "updateReplicaSet"
        case .adoptReplicaSet: "adoptReplicaSet"
        case .releaseReplicaSet: "releaseReplicaSet"
        case .deleteReplicaSet: "deleteReplicaSet"
        case .switchService: "switchService"
        case .setTraffic: "setTraffic"
        case .evictPod: "evictPod"
        case .syncPodMetadata: "syncPodMetadata"
        case .scaleWorkload: "scaleWorkload"
        case .createAnalysisRun: "createAnalysisRun"
        case .terminateAnalysisRun: "terminateAnalysisRun"
        case .deleteAnalysisRun: "deleteAnalysisRun"
        case .patchRollout: "patchRollout"
        case .removeFromRollout: "removeFromRollout"
        case .patchStatus: "patchStatus"
        }
    }
}
