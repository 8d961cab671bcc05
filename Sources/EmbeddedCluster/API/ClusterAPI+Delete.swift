import Kubernetes
import Manifest

extension ClusterAPI {
    /// What a delete found.
    enum Deletion: Sendable {
        /// The object is gone; its last state.
        case done(JSON)
        /// It waits for finalizers or its grace period.
        case pending(JSON)
    }

    func delete(
        _ kind: ServedKind, _ key: ObjectKey, _ options: DeleteOptions
    ) throws(KubernetesError) -> Deletion {
        let definition = kind.definition
        for _ in 0..<5 {
            guard let stored = store.get(definition.collection, key) else { throw .notFound(definition, key.name) }
            let old = shown(stored, as: kind)
            if let uid = options.uid, uid != stored.uid {
                throw .conflict(
                    definition, key.name,
                    "Precondition failed: UID in precondition: \(uid), UID in object meta: \(stored.uid)")
            }
            if let version = options.resourceVersion, version != old.resourceVersion {
                throw .conflict(
                    definition, key.name,
                    "Precondition failed: ResourceVersion in precondition: \(version), ResourceVersion in object meta: "
                        + old.resourceVersion)
            }
            var object = old
            let grace = graceSeconds(kind, old, options)
            mark(&object, kind, grace: grace, options.propagation)
            if options.dryRun { return .pending(object) }
            if object == old { return .pending(old) }
            do {
                let final = try commit(kind, stored, object)
                guard store.get(definition.collection, key)?.uid == stored.uid else { return .done(final) }
                startCascade(stored.uid, kind, key)
                guard let now = store.get(definition.collection, key), now.uid == stored.uid else {
                    return .done(final)
                }
                return .pending(shown(now, as: kind))
            } catch {
                guard error.isConflict else { throw error }
            }
        }
        throw .modified(definition, key.name)
    }

    /// Deletes what a list with the same options shows.
    func deleteCollection(
        _ kind: ServedKind, _ list: ListOptions, _ options: DeleteOptions
    ) throws(KubernetesError) -> [JSON] {
        var gone: [JSON] = []
        for object in try self.list(kind, list).objects {
            do {
                _ = try delete(kind, object.key, options)
            } catch {
                guard error.isNotFound else { throw error }
            }
            gone.append(shown(object, as: kind))
        }
        return gone
    }

    /// Seconds that a pod may take to stop; nothing else waits.
    private func graceSeconds(_ kind: ServedKind, _ object: JSON, _ options: DeleteOptions) -> Int64 {
        guard kind.definition.name == "pods" else { return 0 }
        let phase = object.at("status", "phase")?.stringValue
        guard object.at("spec", "nodeName")?.stringValue?.isEmpty == false, phase != "Succeeded", phase != "Failed"
        else {
            return 0
        }
        let wanted =
            options.gracePeriodSeconds.map(Int64.init)
            ?? object.at("spec", "terminationGracePeriodSeconds")?.intValue ?? 30
        // A second delete may only shorten the wait.
        guard let present = object.at("metadata", "deletionGracePeriodSeconds")?.intValue else { return max(wanted, 0) }
        return min(max(wanted, 0), present)
    }

    private func mark(
        _ object: inout JSON, _ kind: ServedKind, grace: Int64, _ propagation: DeleteOptions.Propagation?
    ) {
        if object.at("metadata", "deletionTimestamp") == nil {
            object.set(.string((clock.now() + .seconds(grace)).rfc3339), at: "metadata", "deletionTimestamp")
            if kind.definition.rules.hasGeneration, let generation = object.at("metadata", "generation")?.intValue {
                object.set(.int(generation &+ 1), at: "metadata", "generation")
            }
        }
        object.set(.int(grace), at: "metadata", "deletionGracePeriodSeconds")
        var finalizers = object.at("metadata", "finalizers")?.arrayValue ?? []
        func add(_ name: JSON) {
            if !finalizers.contains(name) { finalizers.append(name) }
        }
        switch propagation {
        case .foreground?: add("foregroundDeletion")
        case .orphan?: add("orphan")
        case .background?, nil: break
        }
        if kind.definition.name == CustomKinds.definitionsName { add(.string(CustomKinds.cleanupFinalizer)) }
        if !finalizers.isEmpty { object.set(.array(finalizers), at: "metadata", "finalizers") }
        if kind.definition.name == "namespaces" { object.set("Terminating", at: "status", "phase") }
    }

    /// Goes on with a deletion that was only marked: namespaces, custom kinds, foreground and orphans.
    private func startCascade(_ uid: String, _ kind: ServedKind, _ key: ObjectKey) {
        switch kind.definition.name {
        case "namespaces": emptyNamespace(key.name)
        case CustomKinds.definitionsName: emptyCustomKind(key)
        default: break
        }
        let finalizers = store.get(kind.definition.collection, key)?.json.at("metadata", "finalizers")?.arrayValue ?? []
        if finalizers.contains("orphan") { orphanDependents(ofUID: uid, kind, key) }
        if finalizers.contains("foregroundDeletion") { deleteDependentsFirst(ofUID: uid, kind, key) }
    }
}
