import Manifest

/// Strategic merge patches as Kustomize applies them: like Kubernetes' own, but patched list elements come first.
enum StrategicPatch {
    /// The patched object, or `nil` when the patch deletes it.
    static func apply(_ patch: JSON, to object: JSON, schema: MergeSchema?) throws(PatchError) -> JSON? {
        try merge(patch, object, schema)
    }

    /// `nil` means that the value goes.
    private static func merge(_ patch: JSON, _ target: JSON?, _ schema: MergeSchema?) throws(PatchError) -> JSON? {
        switch patch {
        case .null: return nil
        case .object(let changes): return try merge(changes, target, schema)
        case .array(let changes): return try merge(changes, target, schema)
        default: return patch
        }
    }

    private static func merge(
        _ changes: [String: JSON], _ target: JSON?, _ schema: MergeSchema?
    ) throws(PatchError) -> JSON? {
        var changes = changes
        var members: [String: JSON] = [:]
        if case .object(let present) = target { members = present }
        switch try directive(&changes) {
        case .delete: return nil
        case .replace: return .object(changes)
        case .merge: break
        }
        for (key, change) in changes {
            if key.hasPrefix("$") {
                throw PatchError("\(key) is not supported in a Kustomize patch; use $patch or a JSON patch", path: key)
            }
            members[key] = try merge(change, members[key], schema?.fields[key])
        }
        return .object(members)
    }

    private enum Directive: String { case merge, replace, delete }

    private static func directive(_ changes: inout [String: JSON]) throws(PatchError) -> Directive {
        guard let value = changes.removeValue(forKey: "$patch") else { return .merge }
        guard let text = value.stringValue, let directive = Directive(rawValue: text) else {
            throw PatchError("$patch must be merge, replace or delete", path: "$patch")
        }
        return directive
    }

    private static func merge(_ changes: [JSON], _ target: JSON?, _ schema: MergeSchema?) throws(PatchError) -> JSON? {
        var present: [JSON] = []
        if case .array(let elements) = target { present = elements }
        switch schema?.lists ?? .replaced {
        case .replaced: return .array(try replaced(changes))
        case .set:
            var seen = Set<JSON>()
            return .array((changes + present).filter { seen.insert($0).inserted })
        case .keyed(let keys): return .array(try mergeKeyed(changes, present, keys, schema))
        }
    }

    /// A list that has no keys: the patch's elements, without the members that are null.
    private static func replaced(_ elements: [JSON]) throws(PatchError) -> [JSON] {
        elements.filter { $0 != ["$patch": "replace"] }
    }

    private static func mergeKeyed(
        _ changes: [JSON], _ present: [JSON], _ allKeys: [String], _ schema: MergeSchema?
    ) throws(PatchError) -> [JSON] {
        if changes.contains(["$patch": "replace"]) { return changes.filter { $0 != ["$patch": "replace"] } }
        let element = MergeSchema(.replaced, schema?.fields ?? [:])
        let used = allKeys.filter { key in (changes + present).contains { $0[key] != nil } }
        let keys = used.isEmpty ? Array(allKeys.prefix(1)) : used
        func identity(_ value: JSON) -> [JSON] {
            // A port without a protocol is a TCP port; upstream loses such a patch.
            keys.map { value[$0] ?? ($0 == "protocol" ? "TCP" : .null) }
        }
        var positions: [[JSON]: Int] = [:]
        for (index, value) in present.enumerated() where positions[identity(value)] == nil {
            positions[identity(value)] = index
        }
        var merged: [Int: JSON?] = [:]
        /// The patch's elements in its order, with the index of the one that each has changed.
        var patched: [(index: Int?, value: JSON)] = []
        for change in changes {
            guard case .object = change else {
                throw PatchError("an element of a list with key \(keys[0]) must be an object, found \(change.typeName)")
            }
            let index = positions[identity(change)]
            let value = try merge(change, index.map { present[$0] }, element)
            if let index { merged[index] = .some(value) }
            if let value { patched.append((index, value)) }
        }
        if keys.count > 1 {
            let kept = present.indices.compactMap { index in merged[index] ?? present[index] }
            return patched.filter { $0.index == nil }.map(\.value) + kept
        }
        return patched.map(\.value) + present.indices.filter { merged[$0] == nil }.map { present[$0] }
    }
}
