package import Manifest

/// Something that happened to an object and that people should read in `kubectl describe`.
package struct ObjectEvent: Hashable, Sendable {
    package enum Level: String, Sendable { case normal = "Normal", warning = "Warning" }

    /// The object that an Event is about.
    package struct Target: Hashable, Sendable {
        package var apiVersion: String
        package var kind: String
        package var key: ObjectKey
        package var uid: String
        package var resourceVersion: String

        package init(apiVersion: String, kind: String, key: ObjectKey, uid: String = "", resourceVersion: String = "") {
            self.apiVersion = apiVersion
            self.kind = kind
            self.key = key
            self.uid = uid
            self.resourceVersion = resourceVersion
        }
    }

    package var regarding: Target
    package var level: Level
    /// CamelCase, at most 128 bytes.
    package var reason: String
    /// One sentence; cut at 1,024 bytes.
    package var message: String

    package init(_ level: Level = .normal, _ reason: String, _ message: String, regarding: Target) {
        self.regarding = regarding
        self.level = level
        self.reason = reason
        self.message = message
    }
}

extension ObjectEvent.Target {
    /// The target for a manifest or a live object.
    package init(_ object: JSON) {
        self.init(
            apiVersion: object["apiVersion"]?.stringValue ?? "", kind: object["kind"]?.stringValue ?? "",
            key: object.objectKey, uid: object.uid, resourceVersion: object.resourceVersion)
    }

    /// Where Events about it are kept: its namespace, or `default` for cluster-scoped objects.
    var eventNamespace: String { key.namespace.isEmpty ? "default" : key.namespace }

    var json: JSON {
        var result: JSON = [
            "apiVersion": .string(apiVersion), "kind": .string(kind), "name": .string(key.name),
        ]
        if !key.namespace.isEmpty { result["namespace"] = .string(key.namespace) }
        if !uid.isEmpty { result["uid"] = .string(uid) }
        if !resourceVersion.isEmpty { result["resourceVersion"] = .string(resourceVersion) }
        return result
    }
}

/// Cuts a text to at most `limit` bytes, at the end of a character.
package func clipped(_ text: String, to limit: Int) -> String {
    guard text.utf8.count > limit else { return text }
    var result = ""
    for character in text {
        if result.utf8.count + character.utf8.count > limit - 3 { break }
        result.append(character)
    }
    return result + "…"
}
