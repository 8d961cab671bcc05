import Kubernetes
import Manifest

extension ClusterAPI {
    /// Creates an object, with a generated name where it asks for one.
    /// - Parameter owned: `managedFields` that server-side apply has worked out.
    func create(
        _ kind: ServedKind, namespace: String, _ given: JSON, _ options: WriteOptions, owned: JSON? = nil
    ) throws(KubernetesError) -> Written {
        let definition = kind.definition
        var object = try decoded(given, kind, namespace: namespace)
        guard object.resourceVersion.isEmpty else {
            throw .badRequest("resourceVersion should not be set on objects to be created")
        }
        let base = object.at("metadata", "generateName")?.stringValue ?? ""
        let isGenerated = object.objectKey.name.isEmpty && !base.isEmpty
        for attempt in 0..<8 {
            if isGenerated { object.set(.string(String(base.prefix(58)) + newSuffix()), at: "metadata", "name") }
            do {
                return try createNamed(kind, object, options, owned)
            } catch {
                guard isGenerated, error.isAlreadyExists, attempt < 7 else { throw error }
            }
        }
        throw .alreadyExists(definition, base)
    }

    private func createNamed(
        _ kind: ServedKind, _ given: JSON, _ options: WriteOptions, _ owned: JSON?
    ) throws(KubernetesError) -> Written {
        let definition = kind.definition
        var object = given
        let key = object.objectKey
        try checkNamespace(key.namespace, definition, key.name)
        for name in ["selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "uid"] {
            object.set(nil, at: "metadata", name)
        }
        object.set(.string(newUID()), at: "metadata", "uid")
        object.set(.string(clock.now().rfc3339), at: "metadata", "creationTimestamp")
        if kind.version.hasStatus { object["status"] = nil }
        let warnings = try admit(&object, old: nil, kind, options)
        if definition.rules.hasGeneration { object.set(1, at: "metadata", "generation") }
        if let owned {
            object.set(owned.isNull ? nil : owned, at: "metadata", "managedFields")
        } else {
            object = FieldOwnership.afterWrite(
                object, old: nil, kind: kind, subresource: nil, manager: options.fieldManager, now: clock.now())
        }
        definition.rules.allocate(&object, nil)
        try checkStored(object, old: nil, kind)
        if store.get(definition.collection, key) != nil { throw .alreadyExists(definition, key.name) }
        if options.dryRun { return Written(object: object, wasCreated: true, warnings: warnings) }
        let stored: StoredObject
        do {
            stored = try store.put(place(kind, key), expected: nil) { toStored(object, kind, revision: $0) }
        } catch {
            throw .alreadyExists(definition, key.name)
        }
        try afterCreate(stored, kind)
        let final = store.get(definition.collection, key) ?? stored
        return Written(object: shown(final, as: kind), wasCreated: true, warnings: warnings)
    }

    func place(_ kind: ServedKind, _ key: ObjectKey) -> ClusterStore.Place {
        ClusterStore.Place(collection: kind.definition.collection, key: key)
    }

    /// An object of a request in the stored form, with its revision.
    func toStored(_ object: JSON, _ kind: ServedKind, revision: UInt64) -> JSON {
        var object = kind.definition.toStorage?(object) ?? object
        if kind.definition.toStorage == nil, kind.version.name != kind.definition.storageVersion {
            object["apiVersion"] = .string(kind.definition.apiVersion(kind.definition.storageVersion))
        }
        object.set(.string(String(revision)), at: "metadata", "resourceVersion")
        return object
    }

    /// Checks apiVersion, kind and namespace of a request's object, and fills them in.
    func decoded(_ given: JSON, _ kind: ServedKind, namespace: String) throws(KubernetesError) -> JSON {
        guard case .object = given else {
            throw .badRequest("the object provided is unrecognized: expected an object, found \(given.typeName)")
        }
        var object = given
        let apiVersion = object["apiVersion"]?.stringValue ?? ""
        let kindName = object["kind"]?.stringValue ?? ""
        guard apiVersion.isEmpty || apiVersion == kind.apiVersion else {
            throw .badRequest(
                "the API version in the data (\(apiVersion.prefix(80))) does not match the expected API version "
                    + "(\(kind.apiVersion))")
        }
        guard kindName.isEmpty || kindName == kind.definition.kind else {
            throw .badRequest(
                "the kind in the data (\(kindName.prefix(80))) does not match the expected kind (\(kind.definition.kind))"
            )
        }
        object["apiVersion"] = .string(kind.apiVersion)
        object["kind"] = .string(kind.definition.kind)
        if let metadata = object["metadata"], metadata.objectValue == nil, !metadata.isNull {
            throw .badRequest("metadata must be an object, found \(metadata.typeName)")
        }
        let given = object.at("metadata", "namespace")?.stringValue ?? ""
        if kind.definition.isNamespaced {
            guard given.isEmpty || given == namespace else {
                throw .badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request")
            }
            object.set(.string(namespace), at: "metadata", "namespace")
        } else {
            object.set(nil, at: "metadata", "namespace")
        }
        return object
    }

    private func checkNamespace(
        _ namespace: String, _ kind: KindDefinition, _ name: String
    ) throws(KubernetesError) {
        guard kind.isNamespaced else { return }
        guard let found = store.get("namespaces", ObjectKey(name: namespace)) else {
            throw KubernetesError(code: 404, reason: "NotFound", message: "namespaces \"\(namespace)\" not found")
        }
        if found.json.at("metadata", "deletionTimestamp") != nil {
            var error = KubernetesError.forbidden(
                kind, name, "unable to create new content in namespace \(namespace) because it is being terminated")
            error.causes = [
                .init(
                    reason: "NamespaceTerminating", message: "namespace \(namespace) is being terminated",
                    field: "metadata.namespace")
            ]
            throw error
        }
    }

    /// What the cluster makes at once when an object appears.
    private func afterCreate(_ stored: StoredObject, _ kind: ServedKind) throws(KubernetesError) {
        switch kind.definition.name {
        case "namespaces":
            let namespace = stored.key.name
            try create(
                "serviceaccounts", namespace: namespace,
                ["apiVersion": "v1", "kind": "ServiceAccount", "metadata": ["name": "default"]])
            try create(
                "configmaps", namespace: namespace,
                [
                    "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "kube-root-ca.crt"],
                    "data": ["ca.crt": ""],
                ])
        case CustomKinds.definitionsName: refreshCustomKind(stored)
        default: collectIfOrphaned(stored, kind)
        }
    }
}
