/// Group and kind of an object; the core group is empty.
package struct GroupKind: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var group: String
    package var kind: String

    package init(group: String, kind: String) {
        self.group = group
        self.kind = kind
    }

    package var description: String { group.isEmpty ? kind : "\(kind).\(group)" }

    package static func < (left: GroupKind, right: GroupKind) -> Bool {
        (left.group, left.kind) < (right.group, right.kind)
    }
}

/// Group, version and kind of an object; the core group is empty.
package struct GroupVersionKind: Hashable, Sendable, CustomStringConvertible {
    package var group: String
    package var version: String
    package var kind: String

    package init(group: String, version: String, kind: String) {
        self.group = group
        self.version = version
        self.kind = kind
    }

    /// - Parameter apiVersion: `apps/v1`, or `v1` for the core group.
    package init(apiVersion: String, kind: String) {
        let parts = apiVersion.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(
            group: parts.count > 1 ? String(parts[0]) : "", version: String(parts.last ?? ""), kind: kind)
    }

    /// `apps/v1`, or `v1` for the core group.
    package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    package var groupKind: GroupKind { GroupKind(group: group, kind: kind) }
    package var description: String { "\(apiVersion) \(kind)" }
}

/// Identity of an object in a cluster, whatever version it is read in.
package struct ObjectReference: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var group: String
    package var kind: String
    package var namespace: String
    package var name: String

    package init(group: String, kind: String, namespace: String, name: String) {
        self.group = group
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }

    package var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }
    package var groupKind: GroupKind { GroupKind(group: group, kind: kind) }

    /// `Rollout shop/web`.
    package var description: String { "\(kind) \(key)" }

    package static func < (left: ObjectReference, right: ObjectReference) -> Bool {
        (left.group, left.kind, left.namespace, left.name) < (right.group, right.kind, right.namespace, right.name)
    }
}

extension JSON {
    /// `apiVersion` and `kind` of a manifest; `nil` where either is missing.
    package var groupVersionKind: GroupVersionKind? {
        guard let apiVersion = self["apiVersion"]?.stringValue, let kind = self["kind"]?.stringValue else { return nil }
        return GroupVersionKind(apiVersion: apiVersion, kind: kind)
    }

    /// Namespace and name of a manifest; empty where missing.
    package var objectKey: ObjectKey {
        let metadata = self["metadata"]
        return ObjectKey(
            namespace: metadata?["namespace"]?.stringValue ?? "", name: metadata?["name"]?.stringValue ?? "")
    }

    /// Identity of a manifest; empty strings where fields are missing.
    package var objectReference: ObjectReference {
        let kind = groupVersionKind
        let key = objectKey
        return ObjectReference(
            group: kind?.group ?? "", kind: kind?.kind ?? "", namespace: key.namespace, name: key.name)
    }

    package var annotations: [String: String] { at("metadata", "annotations")?.stringMap ?? [:] }
    package var labels: [String: String] { at("metadata", "labels")?.stringMap ?? [:] }
    package var uid: String { at("metadata", "uid")?.stringValue ?? "" }
    package var resourceVersion: String { at("metadata", "resourceVersion")?.stringValue ?? "" }
}
