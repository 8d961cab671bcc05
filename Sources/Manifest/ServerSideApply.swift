/// Server-side apply: merges a manager's complete intent into an object and keeps track of who owns which field.
package enum ServerSideApply {
    /// Applies a configuration.
    ///
    /// Fields that the manager applied before and leaves out now are removed, unless another manager owns them.
    /// Applying the same configuration again gives the live object back, unchanged.
    /// - Parameters:
    ///   - live: The object as it is, with its `managedFields`; `nil` when there is none.
    ///   - force: Takes fields over from other managers instead of failing.
    ///   - ignoring: Fields that this request cannot write, such as `["status"]` outside of the status subresource.
    /// - Returns: The object to store. Server-owned metadata is that of `live`; on a create the caller fills it in.
    package static func apply(
        live: JSON?, applied: JSON, manager: String, force: Bool, apiVersion: String, subresource: String = "",
        now: Timestamp, schema: any ApplySchema, ignoring: [[String]] = []
    ) throws(ApplyConflict) -> JSON {
        try check(applied)
        // A null sets nothing: what generators write, such as `creationTimestamp: null`, must not come back as a change.
        var configuration = applied.withoutNulls
        let stripped = ManagedFields.stripped(ignoring)
        if live != nil {
            // Preconditions in the body are the caller's to check; they are no part of the intent.
            for name in ["uid", "resourceVersion", "creationTimestamp", "generation", "selfLink", "deletionTimestamp"]
            where configuration.at("metadata", name) != nil {
                configuration.set(nil, at: "metadata", name)
            }
        }
        for path in ignoring where live != nil { configuration.set(nil, at: path[...]) }

        var managed = managers(of: live, apiVersion: apiVersion, schema: schema, stripped: stripped)
        let before = managed
        let fields = FieldSet(of: configuration, schema: schema).difference(stripped.exact)
            .recursiveDifference(stripped.whole)
        var own = ManagedFieldsEntry(
            manager: manager, operation: .apply, apiVersion: apiVersion, subresource: subresource,
            time: now.wholeSeconds, fields: fields)
        let index = managed.entries.firstIndex(where: own.isSame)
        let last = index.map { managed.entries[$0].fields } ?? FieldSet()
        if let index { managed.entries.remove(at: index) }

        let base = live ?? .emptyObject
        let merge = ApplyMerge(schema: schema)
        var merged = try merge.merge(base, configuration, path: [], isElement: false)
        let kept = managed.entries.reduce(fields) { $0.union($1.fields) }
        merged = merge.remove(last, keeping: kept, from: merged, path: [], isElement: false)
        if let live { merged.set(live.at("metadata", "managedFields"), at: "metadata", "managedFields") }

        var comparison = FieldComparison(old: live, new: merged, schema: schema)
        comparison.exclude(stripped.whole)
        comparison.added = comparison.added.difference(stripped.exact)
        let changed = comparison.modified.union(comparison.added)
        let conflicts = managed.entries.flatMap { entry in
            entry.fields.intersection(changed).paths.map { FieldConflict(entry: entry, path: $0) }
        }
        guard conflicts.isEmpty || force else { throw .conflicts(conflicts.sorted { $0.sortKey < $1.sortKey }) }
        managed.take(changed.union(comparison.removed), from: { _ in true })

        if let index {
            let previous = before.entries[index]
            // Nothing but the time would change: the object stays as it is.
            if comparison.isEmpty, previous.fields == fields, previous.apiVersion == apiVersion {
                own.time = previous.time
            }
        }
        managed.entries.append(own)
        merged.set(managed.json, at: "metadata", "managedFields")
        return merged
    }

    private static func check(_ applied: JSON) throws(ApplyConflict) {
        guard case .object = applied else {
            throw .invalid(PatchError("an applied configuration must be an object, found \(applied.typeName)"))
        }
        if let managed = applied.at("metadata", "managedFields"), managed != .null {
            throw .invalid(PatchError("must be left out of an applied configuration", path: "metadata.managedFields"))
        }
    }

    /// The live managers; an object that has none yet belongs to `before-first-apply`.
    private static func managers(
        of live: JSON?, apiVersion: String, schema: any ApplySchema, stripped: (exact: FieldSet, whole: FieldSet)
    ) -> ManagedFields {
        guard let live else { return ManagedFields() }
        if var managed = ManagedFields(of: live) {
            managed.reconcile(with: live, schema: schema)
            return managed
        }
        let all = FieldComparison(old: nil, new: live, schema: schema).added.difference(stripped.exact)
            .recursiveDifference(stripped.whole)
        return ManagedFields([
            ManagedFieldsEntry(
                manager: "before-first-apply", operation: .update, apiVersion: apiVersion, time: nil, fields: all)
        ])
    }
}

extension JSON {
    fileprivate var withoutNulls: JSON {
        switch self {
        case .object(let members): .object(members.filter { $0.value != .null }.mapValues(\.withoutNulls))
        case .array(let elements): .array(elements.map(\.withoutNulls))
        default: self
        }
    }
}

extension FieldConflict {
    fileprivate var sortKey: (String, String) { (entry.manager, path.description) }
}

/// The walks over a live object and a configuration.
private struct ApplyMerge {
    let schema: any ApplySchema

    /// The live value with what the configuration sets.
    func merge(_ live: JSON, _ applied: JSON, path: [String], isElement: Bool) throws(ApplyConflict) -> JSON {
        if path.count > 128 {
            throw .invalid(PatchError("nested too deeply", path: path.prefix(4).joined(separator: ".")))
        }
        try checkElements(of: applied, path: path, isElement: isElement)
        let before = ApplyShape(live, at: path, isElement: isElement, schema: schema)
        let after = ApplyShape(applied, at: path, isElement: isElement, schema: schema)
        switch (before, after) {
        case (.object(var members, _), .object(let changes, _)):
            for (name, change) in changes {
                let inner = path + [name]
                members[name] = try merge(members[name] ?? .null, change, path: inner, isElement: false)
            }
            return .object(members)
        case (_, .object(let changes, _)):
            var members: [String: JSON] = [:]
            for (name, change) in changes {
                members[name] = try merge(.null, change, path: path + [name], isElement: false)
            }
            return .object(members)
        case (.list(let liveOrder, let present), .list(let order, let changes)):
            return .array(try merge(liveOrder, present, order, changes, path: path))
        default: return applied
        }
    }

    /// Keeps the configuration's order, with other elements behind those that they follow in the live list.
    private func merge(
        _ liveOrder: [FieldStep], _ live: [FieldStep: JSON], _ order: [FieldStep], _ changes: [FieldStep: JSON],
        path: [String]
    ) throws(ApplyConflict) -> [JSON] {
        var result: [JSON] = []
        var done: Set<FieldStep> = []
        var rest = liveOrder[...]
        var wanted = order[...]
        while !rest.isEmpty || !wanted.isEmpty {
            if let step = rest.first, changes[step] == nil || done.contains(step) {
                if !done.contains(step), let element = live[step] { result.append(element) }
                rest = rest.dropFirst()
                continue
            }
            guard let step = wanted.popFirst(), let change = changes[step] else { break }
            done.insert(step)
            result.append(try merge(live[step] ?? .null, change, path: path, isElement: true))
        }
        return result
    }

    /// In a configuration, elements of an associative list must have keys, and no two the same.
    private func checkElements(of applied: JSON, path: [String], isElement: Bool) throws(ApplyConflict) {
        guard !isElement, case .array(let elements) = applied, let structure = schema.structure(at: path) else {
            return
        }
        switch structure {
        case .set, .keyed: break
        default: return
        }
        var seen: Set<FieldStep> = []
        for element in elements {
            guard let step = FieldStep(element, in: structure) else {
                throw .invalid(PatchError("an element lacks the keys of its list", path: path.joined(separator: ".")))
            }
            guard seen.insert(step).inserted else {
                throw .invalid(
                    PatchError("duplicate entries for key \(FieldPath([step]))", path: path.joined(separator: ".")))
            }
        }
    }

    /// The value without what `last` names and `kept` does not.
    func remove(_ last: FieldSet, keeping kept: FieldSet, from value: JSON, path: [String], isElement: Bool) -> JSON {
        if last.isEmpty { return value }
        switch ApplyShape(value, at: path, isElement: isElement, schema: schema) {
        case .leaf: return value
        case .object(var members, _):
            for (step, node) in last.children {
                guard case .field(let name) = step, let member = members[name] else { continue }
                if let keep = kept.children[step] {
                    members[name] = remove(
                        node.below, keeping: keep.below, from: member, path: path + [name], isElement: false)
                } else {
                    members[name] = nil
                }
            }
            return .object(members)
        case .list(let order, let elements):
            var result: [JSON] = []
            for step in order {
                guard let element = elements[step] else { continue }
                guard let node = last.children[step] else {
                    result.append(element)
                    continue
                }
                if let keep = kept.children[step] {
                    result.append(remove(node.below, keeping: keep.below, from: element, path: path, isElement: true))
                }
            }
            return .array(result)
        }
    }
}
