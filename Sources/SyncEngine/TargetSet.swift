package import Manifest

/// One object that Git asks for, as it is compared and applied.
package struct Target: Hashable, Sendable {
    package var object: JSON
    package var reference: ObjectReference
    package var version: String
    package var options: SyncOptions
}

/// What a commit asks for, after namespaces and tracking are set.
package struct TargetSet: Hashable, Sendable {
    package private(set) var targets: [Target]
    package private(set) var conditions: [ApplicationCondition]
    /// Equal for equal objects, in whatever order they were rendered.
    package private(set) var digest: String

    private init(targets: [Target], conditions: [ApplicationCondition]) {
        self.targets = targets
        self.conditions = conditions
        digest = Self.digest(of: targets)
    }

    /// Prepares rendered manifests.
    /// - Parameters:
    ///   - instance: The application's name in tracking ids.
    ///   - namespace: The destination's namespace, for namespaced objects that name none.
    ///   - isNamespaced: What discovery says of a kind; `nil` where it does not know it.
    package static func prepare(
        _ manifests: [JSON], instance: String, namespace: String, options: SyncOptions,
        isNamespaced: (GroupVersionKind) -> Bool?
    ) -> TargetSet {
        var targets: [ObjectReference: Target] = [:]
        var conditions: [ApplicationCondition] = []
        // Kinds that this very commit brings have no discovery yet.
        var scopes: [GroupKind: Bool] = [:]
        for manifest in manifests where manifest.groupVersionKind?.groupKind.isUntracked == true {
            guard let kind = manifest.at("spec", "names", "kind")?.stringValue,
                let group = manifest.at("spec", "group")?.stringValue
            else { continue }
            scopes[GroupKind(group: group, kind: kind)] = manifest.at("spec", "scope") == "Namespaced"
        }
        for manifest in manifests where manifest.objectValue?.isEmpty == false {
            var object = Normalization.forApply(manifest)
            guard let kind = object.groupVersionKind, !kind.kind.isEmpty, !kind.version.isEmpty else {
                conditions.append(.init(.comparison, "a rendered manifest has no apiVersion or kind"))
                continue
            }
            guard let name = object.at("metadata", "name")?.stringValue, !name.isEmpty else {
                conditions.append(.init(.comparison, "a rendered \(kind.kind) has no metadata.name"))
                continue
            }
            if kind.groupKind.isExcluded {
                conditions.append(
                    .init(.excludedResource, "\(kind.groupKind) \(name) is of a kind that is never synced"))
                continue
            }
            switch isNamespaced(kind) ?? scopes[kind.groupKind] {
            case true?:
                if object.objectKey.namespace.isEmpty { object.set(.string(namespace), at: "metadata", "namespace") }
                if object.objectKey.namespace.isEmpty {
                    conditions.append(
                        .init(
                            .invalidSpec,
                            "\(kind.kind) \(name) names no namespace; set it there or as spec.destination.namespace"))
                }
            case false?: object.set(nil, at: "metadata", "namespace")
            case nil: break
            }
            let reference = object.objectReference
            switch hookProblem(object) {
            case .skipped: continue
            case .unsupported(let value):
                conditions.append(
                    .init(.invalidSpec, "\(reference): hooks are not supported yet, found \"\(value.prefix(60))\""))
            case .none: break
            }
            conditions += SyncOptions.problems(of: object).map {
                ApplicationCondition(.invalidSpec, "\(reference): annotation \(Names.syncOptions): \($0)")
            }
            if !kind.groupKind.isUntracked {
                var tracked = reference
                if tracked.namespace.isEmpty { tracked.namespace = namespace }
                let id = TrackingID(instance: instance, reference: tracked)
                object.set(.string(id.description), at: "metadata", "annotations", Names.trackingID)
            }
            let target = Target(
                object: object, reference: reference, version: kind.version, options: options.overridden(by: object))
            if targets.updateValue(target, forKey: reference) != nil {
                conditions.append(
                    .init(.repeatedResource, "\(reference) is rendered more than once; the last one counts"))
            }
        }
        return TargetSet(
            targets: targets.values.sorted { $0.reference < $1.reference }, conditions: Array(conditions.prefix(32)))
    }

    private enum Hook { case none, skipped, unsupported(String) }

    private static func hookProblem(_ object: JSON) -> Hook {
        let annotations = object.annotations
        if let value = annotations[Names.hook] {
            return value.filter { !$0.isWhitespace } == "Skip" ? .skipped : .unsupported(value)
        }
        guard let value = annotations[Names.helmHook] else { return .none }
        let names = Set(value.split(separator: ",").map { $0.filter { !$0.isWhitespace } })
        if names == ["crd-install"] { return .none }
        let ignored: Set = ["test", "test-success", "test-failure", "pre-rollback", "post-rollback"]
        return names.isSubset(of: ignored) ? .skipped : .unsupported(value)
    }

    /// Adds the destination namespace as a first object where an option asks for it.
    package mutating func addNamespace(_ name: String) {
        let reference = ObjectReference(group: "", kind: "Namespace", namespace: "", name: name)
        guard !name.isEmpty, !targets.contains(where: { $0.reference == reference }) else { return }
        let object: JSON = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]]
        targets.append(Target(object: object, reference: reference, version: "v1", options: SyncOptions([])))
        digest = Self.digest(of: targets)
    }
}
