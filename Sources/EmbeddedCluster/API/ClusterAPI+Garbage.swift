import Kubernetes
import Manifest

/// The garbage collector, the end of namespaces and of custom kinds. All of it happens within the call that causes it.
extension ClusterAPI {
    private static let foreground: JSON = "foregroundDeletion"

    /// What follows from an object's end.
    func afterRemoval(_ last: StoredObject, _ kind: ServedKind) {
        if kind.definition.name == CustomKinds.definitionsName { changeKinds { $0.remove(last.key.name) } }
        for place in store.dependents(ofUID: last.uid) { collect(place) }
        // The other way: an owner in foreground deletion may have waited for this one.
        for owner in last.json.ownerUIDs { finishForeground(ofUID: owner) }
        if !last.key.namespace.isEmpty { finishNamespace(last.key.namespace) }
        if kind.definition.isCustom { finishCustomKind(ObjectKey(name: kind.definition.name)) }
    }

    /// An object that is created with owners that are all gone does not stay.
    func collectIfOrphaned(_ stored: StoredObject, _ kind: ServedKind) {
        guard !stored.json.ownerUIDs.isEmpty else { return }
        collect(ClusterStore.Place(collection: kind.definition.collection, key: stored.key))
    }

    /// Deletes a dependent when none of its owners is left, else takes the lost owners off its list.
    private func collect(_ place: ClusterStore.Place) {
        guard let kind = try? kind(place.collection), let stored = store.get(place.collection, place.key) else {
            return
        }
        let owners = stored.json.at("metadata", "ownerReferences")?.arrayValue ?? []
        let solid = owners.filter { owner in
            guard let found = store.place(ofUID: owner["uid"]?.stringValue ?? "") else { return false }
            // An owner in another namespace does not count.
            return found.key.namespace.isEmpty || found.key.namespace == place.key.namespace
        }
        guard solid.count < owners.count else { return }
        if solid.isEmpty {
            guard stored.json.at("metadata", "deletionTimestamp") == nil else { return }
            _ = try? delete(kind, place.key, DeleteOptions(propagation: .background, uid: stored.uid))
        } else {
            setOwners(solid, of: stored, kind)
        }
    }

    private func setOwners(_ owners: [JSON], of stored: StoredObject, _ kind: ServedKind) {
        let value: JSON = owners.isEmpty ? .null : .array(owners)
        _ = try? patch(
            kind, stored.key, .merge, ["metadata": ["ownerReferences": value]], subresource: nil,
            WriteOptions(fieldManager: "kube-controller-manager"))
    }

    func orphanDependents(ofUID uid: String, _ kind: ServedKind, _ key: ObjectKey) {
        for place in store.dependents(ofUID: uid) {
            guard let dependentKind = try? self.kind(place.collection),
                let stored = store.get(place.collection, place.key)
            else { continue }
            let owners = stored.json.at("metadata", "ownerReferences")?.arrayValue ?? []
            setOwners(owners.filter { $0["uid"]?.stringValue != uid }, of: stored, dependentKind)
        }
        removeFinalizer("orphan", kind, key)
    }

    func deleteDependentsFirst(ofUID uid: String, _ kind: ServedKind, _ key: ObjectKey) {
        for place in store.dependents(ofUID: uid) {
            guard let dependentKind = try? self.kind(place.collection),
                let stored = store.get(place.collection, place.key),
                stored.json.at("metadata", "deletionTimestamp") == nil
            else { continue }
            let blocks = stored.json.at("metadata", "ownerReferences")?.arrayValue?.contains {
                $0["uid"]?.stringValue == uid && $0["blockOwnerDeletion"] == true
            }
            _ = try? delete(
                dependentKind, place.key,
                DeleteOptions(propagation: blocks == true ? .foreground : .background, uid: stored.uid))
        }
        finishForeground(ofUID: uid)
    }

    private func finishForeground(ofUID uid: String) {
        guard let place = store.place(ofUID: uid), let kind = try? kind(place.collection),
            let owner = store.get(place.collection, place.key),
            owner.json.at("metadata", "deletionTimestamp") != nil,
            owner.json.at("metadata", "finalizers")?.arrayValue?.contains(Self.foreground) == true
        else { return }
        let isBlocked = store.dependents(ofUID: uid).contains { place in
            let references = store.get(place.collection, place.key)?.json.at("metadata", "ownerReferences")
            return references?.arrayValue?.contains {
                $0["uid"]?.stringValue == uid && $0["blockOwnerDeletion"] == true
            } == true
        }
        if !isBlocked { removeFinalizer("foregroundDeletion", kind, place.key) }
    }

    func removeFinalizer(_ name: String, _ kind: ServedKind, _ key: ObjectKey) {
        for _ in 0..<5 {
            guard let stored = store.get(kind.definition.collection, key) else { return }
            let left = (stored.json.at("metadata", "finalizers")?.arrayValue ?? []).filter { $0 != .string(name) }
            var object = shown(stored, as: kind)
            object.set(left.isEmpty ? nil : .array(left), at: "metadata", "finalizers")
            if (try? commit(kind, stored, object)) != nil { return }
        }
    }

    func emptyNamespace(_ namespace: String) {
        for place in store.places(inNamespace: namespace) {
            guard let kind = try? kind(place.collection) else { continue }
            _ = try? delete(kind, place.key, DeleteOptions(propagation: .background))
        }
        finishNamespace(namespace)
    }

    private func finishNamespace(_ namespace: String) {
        guard let stored = store.get("namespaces", ObjectKey(name: namespace)),
            stored.json.at("metadata", "deletionTimestamp") != nil, let kind = try? kind("namespaces"),
            store.places(inNamespace: namespace).isEmpty
        else { return }
        var object = stored.json
        object.set(nil, at: "spec", "finalizers")
        _ = try? commit(kind, stored, object)
    }

    func emptyCustomKind(_ key: ObjectKey) {
        if let kind = try? kind(key.name) {
            _ = try? deleteCollection(kind, ListOptions(), DeleteOptions(propagation: .background))
        }
        finishCustomKind(key)
    }

    private func finishCustomKind(_ key: ObjectKey) {
        guard let stored = store.get(CustomKinds.definitionsName, key),
            stored.json.at("metadata", "deletionTimestamp") != nil,
            let definitions = try? kind(CustomKinds.definitionsName),
            store.list(key.name, namespace: nil).objects.isEmpty
        else { return }
        removeFinalizer(CustomKinds.cleanupFinalizer, definitions, key)
    }
}
