/// JSON merge patches (RFC 7396): objects are merged, lists and scalars replaced, `null` deletes.
package enum MergePatch {
    package static func apply(_ patch: JSON, to target: JSON) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        var members = target.objectValue ?? [:]
        for (key, change) in changes {
            members[key] = change == .null ? nil : apply(change, to: members[key] ?? .null)
        }
        return .object(members)
    }

    /// The patch that turns `from` into `to`, or `nil` when they are equal.
    ///
    /// A member that is `null` counts as absent: a merge patch cannot say anything else.
    package static func diff(from: JSON, to: JSON) -> JSON? {
        guard case .object(let old) = from, case .object(let new) = to else { return from == to ? nil : to }
        var patch: [String: JSON] = [:]
        for (key, value) in new where value != .null {
            guard let present = old[key], present != .null else {
                patch[key] = value
                continue
            }
            if case .object = value, !present.isObject {
                patch[key] = value
            } else {
                patch[key] = diff(from: present, to: value)
            }
        }
        for (key, value) in old where value != .null && (new[key] ?? .null) == .null { patch[key] = .null }
        return patch.isEmpty ? nil : .object(patch)
    }
}

extension JSON {
    package var isObject: Bool {
        if case .object = self { true } else { false }
    }
}
