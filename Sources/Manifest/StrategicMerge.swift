/// Strategic merge patches: merge patches whose lists are merged by key and which carry directives.
///
/// This is the API server's form. Kustomize's, which orders lists differently and knows fewer directives, is
/// ``applyAsKustomize(_:to:schema:)``.
package enum StrategicMerge {
    /// Applies a patch with its directives: `$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`.
    package static func apply(
        _ patch: JSON, to target: JSON, schema: some MergeSchema
    ) throws(PatchError) -> JSON {
        guard case .object(let changes) = patch else {
            throw PatchError("a strategic merge patch must be an object, found \(patch.typeName)")
        }
        return .object(
            try ServerMerge(schema: schema).merge(changes, into: target.objectValue ?? [:], path: []))
    }
}

/// Names that a patch uses for instructions rather than for members.
enum MergeDirective {
    static let patch = "$patch"
    static let retainKeys = "$retainKeys"
    static let order = "$setElementOrder/"
    static let deletion = "$deleteFromPrimitiveList/"

    static func isDirective(_ key: String) -> Bool {
        key.hasPrefix("$") && (key == patch || key == retainKeys || key.hasPrefix(order) || key.hasPrefix(deletion))
    }
}

private struct ServerMerge<Schema: MergeSchema> {
    let schema: Schema

    func merge(
        _ changes: [String: JSON], into target: [String: JSON], path: [String]
    ) throws(PatchError) -> [String: JSON] {
        var changes = changes
        if let directive = changes.removeValue(forKey: MergeDirective.patch) {
            switch directive.stringValue {
            case "replace": return dropDirectives(changes)
            case "delete": return [:]
            case "merge": break
            default: throw PatchError("unknown $patch \(directive); use merge, replace or delete", path: text(path))
            }
        }
        var result = try retain(&changes, of: target, path: path)
        try mergeOrderedLists(&changes, into: &result, path: path)
        for (key, change) in changes where !key.hasPrefix(MergeDirective.deletion) {
            let inner = path + [key]
            switch (change, result[key]) {
            case (.null, _): result[key] = nil
            case (.object(let change), .object(let present)?):
                if schema.rule(at: inner)?.merges == false {
                    result[key] = .object(dropDirectives(change))
                } else {
                    result[key] = .object(try merge(change, into: present, path: inner))
                }
            case (.array(let change), .array(let present)?):
                result[key] = .array(try merge(change, into: present, path: inner))
            default: result[key] = dropDirectives(change)
            }
        }
        // Last, so that the outcome does not hang on the order of members where a patch adds and deletes the same.
        for (key, change) in changes where key.hasPrefix(MergeDirective.deletion) {
            let name = String(key.dropFirst(MergeDirective.deletion.count))
            guard let list = change.arrayValue else { throw PatchError("\(key) must be a list", path: text(path)) }
            guard case .array(let present)? = result[name] else { continue }
            let gone = Set(list)
            result[name] = .array(present.filter { !gone.contains($0) })
        }
        return result
    }

    /// Clears what `$retainKeys` does not name.
    private func retain(
        _ changes: inout [String: JSON], of target: [String: JSON], path: [String]
    ) throws(PatchError) -> [String: JSON] {
        guard let directive = changes.removeValue(forKey: MergeDirective.retainKeys) else { return target }
        guard let names = directive.arrayValue?.compactMap(\.stringValue) else {
            throw PatchError("$retainKeys must be a list of member names", path: text(path))
        }
        let retained = Set(names)
        for (key, change) in changes
        where change != .null && !MergeDirective.isDirective(key) && !retained.contains(key) {
            throw PatchError("$retainKeys must name every member of the patch; \"\(key)\" is missing", path: text(path))
        }
        return target.filter { retained.contains($0.key) }
    }

    private func merge(_ changes: [JSON], into target: [JSON], path: [String]) throws(PatchError) -> [JSON] {
        guard let rule = schema.rule(at: path), rule.merges else {
            return changes.compactMap(dropDirectives)
        }
        if changes.isEmpty { return target }
        guard changes.contains(where: \.isObject) || target.contains(where: \.isObject) else {
            return arrange(uniqued(target + changes), order: changes, live: target) { $0 }
        }
        guard let key = rule.keys.first else {
            throw PatchError("objects in this list cannot be merged: they have no merge key", path: text(path))
        }
        var result = target
        var isReplaced = false
        for change in changes {
            guard case .object(var members) = change else {
                throw PatchError("expected an object with \(key), found \(change.typeName)", path: text(path))
            }
            let directive = members.removeValue(forKey: MergeDirective.patch)?.stringValue
            switch directive {
            case nil: break
            case "delete":
                guard let identity = members[key] else { throw missingKey(key, path) }
                result.removeAll { $0[key] == identity }
                continue
            case "replace":
                isReplaced = true
                continue
            default: throw PatchError("unknown $patch in a list; use replace or delete", path: text(path))
            }
            guard let identity = members[key] else { throw missingKey(key, path) }
            if let index = result.firstIndex(where: { $0[key] == identity }) {
                if case .object(let present) = result[index] {
                    result[index] = .object(try merge(members, into: present, path: path))
                }
            } else {
                result.append(.object(dropDirectives(members)))
            }
        }
        let plain = changes.filter { $0[MergeDirective.patch] == nil }
        if isReplaced { return plain.compactMap(dropDirectives) }
        func identity(_ element: JSON) -> JSON { element[key] ?? .null }
        return arrange(result, order: plain.map(identity), live: target, identity: identity)
    }

    /// Merges each list for which the patch says in which order its elements are to stand.
    private func mergeOrderedLists(
        _ changes: inout [String: JSON], into result: inout [String: JSON], path: [String]
    ) throws(PatchError) {
        for directive in changes.keys.filter({ $0.hasPrefix(MergeDirective.order) }).sorted() {
            let name = String(directive.dropFirst(MergeDirective.order.count))
            guard let wanted = changes.removeValue(forKey: directive)?.arrayValue else {
                throw PatchError("\(directive) must be a list", path: text(path))
            }
            if changes[name] == .null { continue }
            let inner = path + [name]
            let live = result[name]?.arrayValue
            let change = changes[name]?.arrayValue
            guard live != nil || change != nil else { continue }
            let key = schema.rule(at: inner)?.keys.first
            func identity(_ element: JSON) -> JSON {
                if let key, case .object(let members) = element { members[key] ?? .null } else { element }
            }
            let order = wanted.map(identity)
            var expected = order[...]
            for element in change ?? [] where element[MergeDirective.patch] == nil {
                guard let index = expected.firstIndex(of: identity(element)) else {
                    throw PatchError("the order of the patch's elements is not that of \(directive)", path: text(inner))
                }
                expected = expected[(index + 1)...]
            }
            let merged = try merge(change ?? [], into: live ?? [], path: inner)
            changes[name] = nil
            // Deletions of scalars come before the order is made.
            var gone: Set<JSON> = []
            if let list = changes.removeValue(forKey: MergeDirective.deletion + name)?.arrayValue { gone = Set(list) }
            result[name] = .array(
                arrange(merged.filter { !gone.contains($0) }, order: order, live: live ?? [], identity: identity))
        }
    }

    /// Puts the elements that `order` names in that order, and the others where the live list has them, as far as that
    /// can be had at the same time.
    private func arrange(
        _ elements: [JSON], order: [JSON], live: [JSON], identity: (JSON) -> JSON
    ) -> [JSON] {
        let rank = Dictionary(order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let place = Dictionary(live.enumerated().map { (identity($1), $0) }, uniquingKeysWith: { first, _ in first })
        let named = elements.filter { rank[identity($0)] != nil }
            .sorted { (rank[identity($0)] ?? 0) < (rank[identity($1)] ?? 0) }
        let others = elements.filter { rank[identity($0)] == nil }
            .sorted { (place[identity($0)] ?? .max) < (place[identity($1)] ?? .max) }
        var result: [JSON] = []
        var rest = others[...]
        for element in named {
            while let other = rest.first, let before = place[identity(other)], let here = place[identity(element)],
                before < here
            {
                result.append(other)
                rest = rest.dropFirst()
            }
            result.append(element)
        }
        return result + rest
    }

    // MARK: Values without a counterpart

    /// What a patch sets where nothing is; `nil` for an object that is itself an instruction, as on the server.
    private func dropDirectives(_ value: JSON) -> JSON? {
        switch value {
        case .object(let members):
            return members[MergeDirective.patch] == nil ? .object(dropDirectives(members)) : Optional.none
        case .array(let elements): return .array(elements.compactMap(dropDirectives))
        default: return value
        }
    }

    private func dropDirectives(_ members: [String: JSON]) -> [String: JSON] {
        var kept: [String: JSON] = [:]
        for (key, value) in members where value != .null && !MergeDirective.isDirective(key) {
            kept[key] = dropDirectives(value)
        }
        return kept
    }

    private func uniqued(_ elements: [JSON]) -> [JSON] {
        var seen: Set<JSON> = []
        return elements.filter { seen.insert($0).inserted }
    }

    private func missingKey(_ key: String, _ path: [String]) -> PatchError {
        PatchError("an element lacks the merge key \"\(key)\"", path: text(path))
    }

    private func text(_ path: [String]) -> String { path.joined(separator: ".") }
}
