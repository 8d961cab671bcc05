import Kubernetes
import Manifest

extension ClusterAPI {
    /// Replaces an object or one of its subresources.
    func update(
        _ kind: ServedKind, _ key: ObjectKey, _ given: JSON, subresource: String?, _ options: WriteOptions
    ) throws(KubernetesError) -> Written {
        let definition = kind.definition
        guard let stored = store.get(definition.collection, key) else {
            guard subresource == nil, definition.rules.createsOnUpdate else { throw .notFound(definition, key.name) }
            return try create(kind, namespace: key.namespace, named(given, key.name), options)
        }
        if subresource == "scale" {
            guard let paths = kind.version.scale else { throw .noSuchResource }
            var object = shown(stored, as: kind)
            try Scale.write(given, into: &object, paths, of: definition, name: key.name)
            if !given.resourceVersion.isEmpty {
                object.set(.string(given.resourceVersion), at: "metadata", "resourceVersion")
            }
            let written = try replace(
                kind, stored, with: object, subresource: nil, options, owned: nil, ownedBy: "scale")
            return Written(object: Scale.read(written.object, paths), warnings: written.warnings)
        }
        let object = try decoded(given, kind, namespace: key.namespace)
        let name = object.objectKey.name
        guard name == key.name else {
            throw .badRequest(
                "the name of the object (\(name.prefix(100))) does not match the name on the URL (\(key.name))")
        }
        if definition.isCustom, object.resourceVersion.isEmpty {
            throw .invalid(
                definition, key.name,
                [.invalid("metadata.resourceVersion", "0", "must be specified for an update")])
        }
        return try replace(kind, stored, with: object, subresource: subresource, options, owned: nil)
    }

    private func named(_ given: JSON, _ name: String) -> JSON {
        var given = given
        if given.objectKey.name.isEmpty { given.set(.string(name), at: "metadata", "name") }
        return given
    }

    /// Writes a new state over a stored one.
    /// - Parameter owned: `managedFields` that server-side apply has worked out; otherwise they follow the change.
    /// - Parameter ownedBy: The subresource that field ownership names, where it is not the one written.
    func replace(
        _ kind: ServedKind, _ stored: StoredObject, with given: JSON, subresource: String?, _ options: WriteOptions,
        owned: JSON?, ownedBy: String? = nil
    ) throws(KubernetesError) -> Written {
        let definition = kind.definition
        let key = stored.key
        let old = shown(stored, as: kind)
        if subresource != nil, subresource != "status" || !kind.version.hasStatus { throw .noSuchResource }
        guard given.resourceVersion.isEmpty || given.resourceVersion == old.resourceVersion else {
            throw .modified(definition, key.name)
        }
        guard given.uid.isEmpty || given.uid == old.uid else {
            throw .conflict(
                definition, key.name,
                "Precondition failed: UID in precondition: \(given.uid), UID in object meta: \(old.uid)")
        }
        var object = given
        if subresource == "status" {
            object = old
            object["status"] = given["status"]
            if let fields = given.at("metadata", "managedFields") {
                object.set(fields, at: "metadata", "managedFields")
            }
        } else if kind.version.hasStatus {
            object["status"] = old["status"]
        }
        for name in [
            "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink",
            "resourceVersion", "generateName",
        ] {
            object.set(old.at("metadata", name), at: "metadata", name)
        }
        let warnings = try admit(&object, old: old, kind, options)
        definition.rules.allocate(&object, old)
        try checkFinalizers(object, old: old, definition)
        if subresource == nil, definition.rules.hasGeneration, Self.specChanged(object, old, kind) {
            object.set(.int((old.at("metadata", "generation")?.intValue ?? 0) &+ 1), at: "metadata", "generation")
        }
        if let owned {
            object.set(owned, at: "metadata", "managedFields")
        } else {
            object = FieldOwnership.afterWrite(
                object, old: old, kind: kind, subresource: ownedBy ?? subresource, manager: options.fieldManager,
                now: clock.now())
        }
        if FieldOwnership.isSame(object, old) { return Written(object: old, warnings: warnings) }
        try checkStored(object, old: old, kind)
        if options.dryRun { return Written(object: object, warnings: warnings) }
        return Written(object: try commit(kind, stored, object), warnings: warnings)
    }

    /// Stores the new state, or removes the object when its last finalizer is gone.
    func commit(_ kind: ServedKind, _ stored: StoredObject, _ object: JSON) throws(KubernetesError) -> JSON {
        let place = place(kind, stored.key)
        let isGoing = object.at("metadata", "deletionTimestamp") != nil
        let hasFinalizers = !(object.at("metadata", "finalizers")?.arrayValue ?? []).isEmpty
        let waitsForGrace = (object.at("metadata", "deletionGracePeriodSeconds")?.intValue ?? 0) > 0
        let keepsNamespace =
            kind.definition.name == "namespaces" && !(object.at("spec", "finalizers")?.arrayValue ?? []).isEmpty
        do {
            if isGoing, !hasFinalizers, !waitsForGrace, !keepsNamespace {
                let last = try store.remove(place, expected: stored.revision) { _, revision in
                    toStored(object, kind, revision: revision)
                }
                afterRemoval(last, kind)
                return shown(last, as: kind)
            }
            let new = try store.put(place, expected: stored.revision) { toStored(object, kind, revision: $0) }
            if kind.definition.name == CustomKinds.definitionsName { refreshCustomKind(new) }
            return shown(store.get(place.collection, place.key) ?? new, as: kind)
        } catch {
            throw error == .missing
                ? .notFound(kind.definition, stored.key.name) : .modified(kind.definition, stored.key.name)
        }
    }

    private func checkFinalizers(
        _ object: JSON, old: JSON, _ kind: KindDefinition
    ) throws(KubernetesError) {
        guard old.at("metadata", "deletionTimestamp") != nil else { return }
        let before = Set(old.at("metadata", "finalizers")?.arrayValue ?? [])
        let added = Set(object.at("metadata", "finalizers")?.arrayValue ?? []).subtracting(before)
        guard added.isEmpty else {
            throw .invalid(
                kind, object.objectKey.name,
                [
                    .init(
                        reason: "FieldValueForbidden",
                        message: "Forbidden: no new finalizers can be added if the object is being deleted",
                        field: "metadata.finalizers")
                ])
        }
    }

    /// Whether anything but metadata changed, and status where that has a door of its own.
    private static func specChanged(_ new: JSON, _ old: JSON, _ kind: ServedKind) -> Bool {
        var new = new
        var old = old
        for name in ["metadata", "apiVersion", "kind"] {
            new[name] = nil
            old[name] = nil
        }
        if kind.version.hasStatus || !kind.definition.isCustom {
            new["status"] = nil
            old["status"] = nil
        }
        return new != old
    }
}
