import Manifest

/// A rule of a transformer: in objects of these kinds, this place.
struct FieldSpec: Hashable, Sendable {
    /// Empty parts match everything.
    var group = ""
    var version = ""
    var kind = ""
    var path: FieldPath
    var create = false

    init(_ path: String, group: String = "", version: String = "", kind: String = "", create: Bool = false) {
        self.path = FieldPath(path)
        self.group = group
        self.version = version
        self.kind = kind
        self.create = create
    }

    /// Reads `{group, version, kind, path, create}`.
    init(_ fields: inout StrictFields) throws(RenderError) {
        guard let path = try fields.string("path"), !path.isEmpty else { throw fields.error("path", "is required") }
        self.path = FieldPath(path)
        group = try fields.string("group") ?? ""
        version = try fields.string("version") ?? ""
        kind = try fields.string("kind") ?? ""
        create = try fields.bool("create") ?? false
        try fields.finish()
    }

    func selects(_ other: GroupVersionKind) -> Bool {
        (kind.isEmpty || kind == other.kind) && (group.isEmpty || group == other.group)
            && (version.isEmpty || version == other.version)
    }
}
