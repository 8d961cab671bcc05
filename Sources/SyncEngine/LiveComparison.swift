package import Manifest

/// An object as the cluster has it.
package struct LiveObject: Hashable, Sendable {
    package var json: JSON
    /// `fieldsV1` of the syncer's own apply, where it ever applied.
    package var owned: JSON?

    package init(_ json: JSON, owned: JSON? = nil) {
        self.json = json
        self.owned = owned
    }

    /// What the syncer owns, from an object's managedFields.
    package static func owned(inManagedFields entries: JSON?) -> JSON? {
        entries?.arrayValue?.first {
            $0["manager"]?.stringValue == Names.fieldManager && $0["operation"] == "Apply"
                && ($0["subresource"]?.stringValue ?? "").isEmpty
        }?["fieldsV1"]
    }
}

/// How one object of an application stands.
package struct ObjectState: Hashable, Sendable {
    package var reference: ObjectReference
    package var version: String
    /// What would be applied, other writers' fields adopted; `nil` where Git no longer has the object.
    package var desired: JSON?
    package var live: LiveObject?
    package var options: SyncOptions
    /// Paths that differ, bounded.
    package var differences: [String]
    package var status: SyncStatus
    package var health: Health?
    /// Whether another engine writes into the object, so that an apply needs the live resourceVersion as precondition.
    package var isShared: Bool

    package var requiresPruning: Bool { desired == nil }
    package var wave: Int64 { SyncWave.of(desired ?? live?.json ?? .null) }

    /// The entry of `status.resources`.
    package var json: JSON {
        var json: JSON = [
            "version": .string(version), "kind": .string(reference.kind), "name": .string(reference.name),
            "status": .string(status.rawValue),
        ]
        if !reference.group.isEmpty { json["group"] = .string(reference.group) }
        if !reference.namespace.isEmpty { json["namespace"] = .string(reference.namespace) }
        if requiresPruning { json["requiresPruning"] = true }
        if wave != 0 { json["syncWave"] = .int(wave) }
        if let health {
            json["health"] = ["status": .string(health.status.rawValue)]
            if !health.message.isEmpty { json.set(.string(health.message), at: "health", "message") }
        }
        return json
    }
}

/// The live objects of an application beside what a commit asks for.
package struct LiveComparison: Hashable, Sendable {
    package var objects: [ObjectState]
    package var status: SyncStatus
    package var health: Health
    package var conditions: [ApplicationCondition]

    /// Compares a commit's targets with the cluster.
    /// - Parameters:
    ///   - live: Every live object that is a target or carries a tracking id of this application.
    ///   - application: The Application itself; it never counts as one of its own objects.
    package static func of(
        _ set: TargetSet, live: [ObjectReference: LiveObject], instance: String, application: ObjectReference,
        options: SyncOptions = SyncOptions([]), ignoring rules: [IgnoreRule] = [], context: OwnershipContext
    ) -> LiveComparison {
        var objects: [ObjectState] = []
        var conditions = set.conditions
        for target in set.targets {
            let found = live[target.reference]
            var desired = target.object
            if let found {
                desired = adoptForeignFields(desired: desired, live: found.json, context: context)
                if target.options.respectsIgnoreDifferences {
                    desired = Normalization.keepIgnored(desired, live: found.json, rules: rules)
                }
                if let owner = TrackingID.of(found.json), owner.instance != instance,
                    owner.isSelfReferenced(by: found.json)
                {
                    conditions.append(
                        .init(
                            .sharedResource, "\(target.reference) belongs to application \(owner.instance) as well"))
                }
            }
            let differences =
                found.map { found in
                    Difference.between(desired: desired, live: found.json, owned: found.owned, ignoring: rules)
                } ?? ["."]
            objects.append(
                ObjectState(
                    reference: target.reference, version: target.version, desired: desired, live: found,
                    options: target.options, differences: differences,
                    status: differences.isEmpty ? .synced : .outOfSync, health: health(of: found, in: target.object),
                    isShared: context.isShared(target.reference)))
        }
        let wanted = Set(set.targets.map(\.reference))
        for reference in live.keys.sorted() where !wanted.contains(reference) && reference != application {
            guard let found = live[reference], isOwn(found.json, instance: instance) else { continue }
            objects.append(
                ObjectState(
                    reference: reference, version: found.json.groupVersionKind?.version ?? "", desired: nil,
                    live: found, options: options.overridden(by: found.json), differences: [], status: .outOfSync,
                    health: health(of: found, in: found.json), isShared: false))
        }
        let isOutOfSync = objects.contains { state in
            guard state.status == .outOfSync, state.reference != application else { return false }
            return !(state.requiresPruning && ignoresExtraneous(state.live?.json))
        }
        let counted = objects.compactMap { state in
            state.reference == application ? nil : state.health.map { (reference: state.reference, health: $0) }
        }
        let status: SyncStatus =
            conditions.contains(where: \.isError) ? .unknown : isOutOfSync ? .outOfSync : .synced
        return LiveComparison(
            objects: objects.sorted { $0.reference < $1.reference }, status: status,
            health: Health.aggregate(counted), conditions: conditions)
    }

    /// Whether a live object is the application's to prune: tracked under its own name, and of no other engine.
    private static func isOwn(_ live: JSON, instance: String) -> Bool {
        guard let kind = live.groupVersionKind?.groupKind, !kind.isUntracked, !kind.isExcluded,
            let id = TrackingID.of(live), id.instance == instance, id.isSelfReferenced(by: live)
        else { return false }
        return !FieldOwnership.isForeignObject(live)
    }

    private static func ignoresExtraneous(_ live: JSON?) -> Bool {
        let options = live?.annotations[Names.compareOptions] ?? ""
        return options.split(separator: ",").contains { $0.filter { !$0.isWhitespace } == "IgnoreExtraneous" }
    }

    private static func health(of live: LiveObject?, in declared: JSON) -> Health? {
        if declared.annotations[Names.ignoreHealthcheck] == "true" { return nil }
        guard let live else { return Health(.missing) }
        return Health.of(live.json)
    }
}

extension Normalization {
    /// The target with the live content of every ignored field, so that an apply leaves it alone.
    static func keepIgnored(_ target: JSON, live: JSON, rules: [IgnoreRule]) -> JSON {
        var target = target
        let reference = target.objectReference
        for rule in rules where rule.matches(reference) {
            for pointer in rule.jsonPointers where !pointer.hasPrefix("/status") {
                let parts = IgnoreRule.parts(of: pointer)[...]
                target.replace(at: parts, with: live.value(at: parts))
            }
        }
        return target
    }
}
