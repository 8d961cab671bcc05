extension StrategicMerge {
    /// Applies a patch as Kustomize does; `nil` when the patch deletes the whole object (`$patch: delete` at its root).
    ///
    /// Lists merged by one key hold the patch's elements first, in its order, and then the untouched ones. Lists merged
    /// by two keys hold new elements first and then the others where they were. An absent `protocol` counts as `TCP`.
    /// Directives that Kustomize does not know are errors here, where it would write them into the object.
    package static func applyAsKustomize(
        _ patch: JSON, to target: JSON, schema: some MergeSchema
    ) throws(PatchError) -> JSON? {
        guard case .object(let changes) = patch else {
            throw PatchError("a strategic merge patch must be an object, found \(patch.typeName)")
        }
        return try KustomizeMerge(schema: schema).merge(changes, into: target.objectValue ?? [:], path: [])
            .map(JSON.object)
    }
}

private struct KustomizeMerge<Schema: MergeSchema> {
    let schema: Schema

    /// `nil` when the map is to go.
    func merge(
        _ changes: [String: JSON], into target: [String: JSON], path: [String]
    ) throws(PatchError) -> [String: JSON]? {
        var changes = changes
        if let directive = changes.removeValue(forKey: MergeDirective.patch) {
            switch directive.stringValue {
            case "replace": return try fresh(changes, path: path)
            case "delete": return nil
            case "merge": break
            default: throw PatchError("unknown $patch \(directive); use merge, replace or delete", path: text(path))
            }
        }
        try rejectForeignDirectives(changes, path)
        if schema.rule(at: path)?.merges == false { return try fresh(changes, path: path) }
        var result = target
        for (key, change) in changes {
            let inner = path + [key]
            switch (change, result[key]) {
            case (.null, _): result[key] = nil
            case (.object(let change), let present):
                result[key] = try merge(change, into: present?.objectValue ?? [:], path: inner).map(JSON.object)
            case (.array(let change), let present):
                result[key] = .array(try merge(change, into: present?.arrayValue ?? [], path: inner))
            default: result[key] = change
            }
        }
        return result
    }

    private func merge(_ changes: [JSON], into target: [JSON], path: [String]) throws(PatchError) -> [JSON] {
        let replaces = changes.contains { $0.objectValue == [MergeDirective.patch: "replace"] }
        guard let rule = schema.rule(at: path), rule.merges, !replaces else { return try fresh(changes, path: path) }
        guard changes.contains(where: \.isObject) || target.contains(where: \.isObject) else {
            var seen: Set<JSON> = []
            return (changes + target).filter { seen.insert($0).inserted }
        }
        let declared = rule.keys.filter { key in (changes + target).contains { $0[key] != nil } }
        let keys = declared.isEmpty ? Array(rule.keys.prefix(1)) : declared
        guard !keys.isEmpty else { return try fresh(changes, path: path) }
        func identity(_ element: JSON) -> [JSON] {
            keys.map { key in element[key] ?? (key == "protocol" ? "TCP" : .null) }
        }

        var result: [JSON?] = target
        var places: [[JSON]: Int] = [:]
        for (index, element) in target.enumerated() { places[identity(element)] = places[identity(element)] ?? index }
        var front: [JSON] = []
        for change in changes {
            guard case .object(let members) = change else {
                throw PatchError("expected an object, found \(change.typeName)", path: text(path))
            }
            guard let index = places[identity(change)], let present = result[index] else {
                if let new = try merge(members, into: [:], path: path) { front.append(.object(new)) }
                continue
            }
            let merged = try merge(members, into: present.objectValue ?? [:], path: path).map(JSON.object)
            if keys.count > 1 || merged == nil {
                result[index] = merged
            } else {
                result[index] = Optional.none
                if let merged { front.append(merged) }
            }
        }
        return front + result.compactMap(\.self)
    }

    /// What a patch sets where nothing is, without its nulls and directives.
    private func fresh(_ members: [String: JSON], path: [String]) throws(PatchError) -> [String: JSON] {
        try rejectForeignDirectives(members, path)
        var result: [String: JSON] = [:]
        for (key, value) in members where key != MergeDirective.patch && value != .null {
            let inner = path + [key]
            switch value {
            case .object(let inside):
                if inside[MergeDirective.patch] != "delete" { result[key] = .object(try fresh(inside, path: inner)) }
            case .array(let elements): result[key] = .array(try fresh(elements, path: inner))
            default: result[key] = value
            }
        }
        return result
    }

    private func fresh(_ elements: [JSON], path: [String]) throws(PatchError) -> [JSON] {
        var result: [JSON] = []
        for element in elements {
            guard case .object(let members) = element else {
                result.append(element)
                continue
            }
            if let directive = members[MergeDirective.patch]?.stringValue,
                directive == "delete" || members.count == 1
            {
                continue
            }
            result.append(.object(try fresh(members, path: path)))
        }
        return result
    }

    private func rejectForeignDirectives(_ members: [String: JSON], _ path: [String]) throws(PatchError) {
        guard let key = members.keys.filter({ $0 != MergeDirective.patch && MergeDirective.isDirective($0) }).min()
        else { return }
        throw PatchError("Kustomize does not know the directive \(key); remove it from the patch", path: text(path))
    }

    private func text(_ path: [String]) -> String { path.joined(separator: ".") }
}
