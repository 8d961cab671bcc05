package import Manifest

/// The forms in which commands print whole objects.
package enum ObjectPrinter {
    /// - Parameter isList: One object too is printed as a list.
    package static func json(_ objects: [JSON], isList: Bool) -> String {
        whole(objects, isList).prettyPrinted() + "\n"
    }

    package static func yaml(_ objects: [JSON], isList: Bool) -> String { YAML.emit(whole(objects, isList)) }

    /// One line each: `rollout.argoproj.io/web`.
    package static func names(_ objects: [JSON]) -> String {
        objects.map { "\(kind(of: $0))/\($0.objectKey.name)\n" }.joined()
    }

    /// `rollout.argoproj.io`.
    package static func kind(of object: JSON) -> String {
        let kind = object.groupVersionKind ?? GroupVersionKind(group: "", version: "", kind: "object")
        return kind.kind.lowercased() + (kind.group.isEmpty ? "" : ".\(kind.group)")
    }

    private static func whole(_ objects: [JSON], _ isList: Bool) -> JSON {
        if !isList, objects.count == 1 { return objects[0] }
        return ["apiVersion": "v1", "kind": "List", "items": .array(objects)]
    }
}
