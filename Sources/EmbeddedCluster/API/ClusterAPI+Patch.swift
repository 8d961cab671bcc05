import Kubernetes
import Manifest

extension ClusterAPI {
    /// Patches an object; without a resourceVersion in the patch, conflicts are tried again.
    func patch(
        _ kind: ServedKind, _ key: ObjectKey, _ type: PatchType, _ body: JSON, subresource: String?,
        _ options: WriteOptions
    ) throws(KubernetesError) -> Written {
        let definition = kind.definition
        if type == .strategicMerge, definition.isCustom {
            throw KubernetesError(
                code: 415, reason: "UnsupportedMediaType",
                message: "the body of the request was in an unknown format - accepted media types include: "
                    + "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml")
        }
        var attempt = 0
        while true {
            attempt += 1
            do throws(KubernetesError) {
                if type == .apply { return try apply(kind, key, body, subresource: subresource, options) }
                guard let stored = store.get(definition.collection, key) else { throw .notFound(definition, key.name) }
                return try patchStored(kind, stored, type, body, subresource: subresource, options)
            } catch {
                let isPrecondition = !body.resourceVersion.isEmpty || !body.uid.isEmpty || definition.name == "leases"
                guard error.isConflict, !isPrecondition, attempt < 5, error.reason == "Conflict", error.causes.isEmpty,
                    type != .json || !Self.testsVersion(body)
                else { throw error }
            }
        }
    }

    private static func testsVersion(_ patch: JSON) -> Bool {
        patch.arrayValue?.contains {
            $0["path"] == "/metadata/resourceVersion" && ($0["op"] == "test" || $0["op"] == "replace")
        } ?? false
    }

    private func patchStored(
        _ kind: ServedKind, _ stored: StoredObject, _ type: PatchType, _ body: JSON, subresource: String?,
        _ options: WriteOptions
    ) throws(KubernetesError) -> Written {
        let name = stored.key.name
        let live = shown(stored, as: kind)
        if subresource == "scale" {
            guard let paths = kind.version.scale else { throw .noSuchResource }
            let scale = try patched(Scale.read(live, paths), type, body, .anything, kind, name)
            var object = live
            try Scale.write(scale, into: &object, paths, of: kind.definition, name: name)
            object.set(.string(scale.resourceVersion), at: "metadata", "resourceVersion")
            let written = try replace(
                kind, stored, with: object, subresource: nil, options, owned: nil, ownedBy: "scale")
            return Written(object: Scale.read(written.object, paths), warnings: written.warnings)
        }
        var object = try patched(live, type, body, kind.version.schema, kind, name)
        guard case .object = object else { throw .badRequest("the patch does not leave an object") }
        if object.resourceVersion.isEmpty {
            object.set(.string(live.resourceVersion), at: "metadata", "resourceVersion")
        }
        object = try decoded(object, kind, namespace: stored.key.namespace)
        guard object.objectKey.name == name else {
            throw .invalid(
                kind.definition, name, [.invalid("metadata.name", "\"\(object.objectKey.name)\"", "field is immutable")]
            )
        }
        guard object.uid.isEmpty || object.uid == stored.uid else {
            throw .invalid(kind.definition, name, [.invalid("metadata.uid", "\"\(object.uid)\"", "field is immutable")])
        }
        return try replace(kind, stored, with: object, subresource: subresource, options, owned: nil)
    }

    private func patched(
        _ live: JSON, _ type: PatchType, _ body: JSON, _ schema: SchemaNode, _ kind: ServedKind, _ name: String
    ) throws(KubernetesError) -> JSON {
        do {
            switch type {
            case .json: return try JSONPatch.apply(body, to: live)
            case .merge: return MergePatch.apply(body, to: live)
            case .strategicMerge: return try FieldOwnership.strategicMerge(body, into: live, schema)
            case .apply: return live
            }
        } catch {
            if type == .json, case .array = body {
                throw KubernetesError(
                    code: 422, reason: "Invalid",
                    message:
                        "\(kind.definition.qualifiedKind) \"\(name)\" is invalid: the server rejected our request: \(error)"
                )
            }
            throw .badRequest("error decoding patch: \(error)")
        }
    }

    /// Server-side apply.
    private func apply(
        _ kind: ServedKind, _ key: ObjectKey, _ body: JSON, subresource: String?, _ options: WriteOptions
    ) throws(KubernetesError) -> Written {
        let definition = kind.definition
        guard let manager = options.fieldManager, !manager.isEmpty else {
            throw KubernetesError(
                code: 422, reason: "Invalid",
                message:
                    "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
                causes: [.required("fieldManager")])
        }
        guard body.at("metadata", "managedFields")?.arrayValue?.isEmpty ?? true else {
            throw .badRequest("metadata.managedFields must be nil")
        }
        guard body["apiVersion"] != nil, body["kind"] != nil else {
            throw .badRequest("Object 'Kind' is missing in the applied configuration")
        }
        var config = body
        if config.objectKey.name.isEmpty { config.set(.string(key.name), at: "metadata", "name") }
        config = try decoded(config, kind, namespace: key.namespace)
        guard config.objectKey.name == key.name else {
            throw .badRequest(
                "the name of the object (\(config.objectKey.name)) does not match the name on the URL (\(key.name))")
        }
        guard let stored = store.get(definition.collection, key) else {
            guard subresource == nil else { throw .notFound(definition, key.name) }
            guard config.uid.isEmpty, config.resourceVersion.isEmpty else {
                throw .conflict(definition, key.name, "Precondition failed: the object does not exist")
            }
            return try createApplied(kind, key, config, manager, options)
        }
        let live = shown(stored, as: kind)
        guard config.resourceVersion.isEmpty || config.resourceVersion == live.resourceVersion else {
            throw .modified(definition, key.name)
        }
        let result = try FieldOwnership.apply(
            config, to: live, kind: kind, subresource: subresource, manager: manager, force: options.force,
            now: clock.now())
        var object = result.object
        object.set(.string(live.resourceVersion), at: "metadata", "resourceVersion")
        return try replace(kind, stored, with: object, subresource: subresource, options, owned: result.managedFields)
    }

    private func createApplied(
        _ kind: ServedKind, _ key: ObjectKey, _ config: JSON, _ manager: String, _ options: WriteOptions
    ) throws(KubernetesError) -> Written {
        let result = try FieldOwnership.apply(
            config, to: nil, kind: kind, subresource: nil, manager: manager, force: options.force, now: clock.now())
        return try create(kind, namespace: key.namespace, result.object, options, owned: result.managedFields ?? .null)
    }
}
