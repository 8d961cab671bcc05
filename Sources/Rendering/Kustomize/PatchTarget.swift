import Manifest

/// Selects the objects of a patch: each part is a pattern for the whole text, and empty parts match everything.
struct PatchTarget: Sendable {
    private var group: RegularExpression?
    private var version: RegularExpression?
    private var kind: RegularExpression?
    private var name: RegularExpression?
    private var namespace: RegularExpression?
    private var labels: LabelSelector?
    private var annotations: LabelSelector?

    init(_ fields: inout StrictFields) throws(RenderError) {
        group = try Self.pattern("group", &fields)
        version = try Self.pattern("version", &fields)
        kind = try Self.pattern("kind", &fields)
        name = try Self.pattern("name", &fields)
        namespace = try Self.pattern("namespace", &fields)
        labels = try Self.query("labelSelector", &fields)
        annotations = try Self.query("annotationSelector", &fields)
        try fields.finish()
    }

    func selects(_ resource: KustomizeResource) -> Bool {
        let (now, then) = (resource.id, resource.original)
        return Self.matches(kind, now.kind.kind) && Self.matches(group, now.kind.group)
            && Self.matches(version, now.kind.version)
            && (Self.matches(name, then.name) || Self.matches(name, now.name))
            && (Self.matches(namespace, then.effectiveNamespace) || Self.matches(namespace, now.effectiveNamespace))
            && labels?.matches(resource.object.labels) != false
            && annotations?.matches(resource.object.annotations) != false
    }

    private static func matches(_ pattern: RegularExpression?, _ text: String) -> Bool {
        guard let pattern else { return true }
        return pattern.pattern == text || pattern.matchesEntirely(text)
    }

    private static func pattern(_ field: String, _ fields: inout StrictFields) throws(RenderError) -> RegularExpression?
    {
        guard let text = try fields.string(field), !text.isEmpty else { return nil }
        do {
            return try RegularExpression(text)
        } catch {
            throw fields.error(field, "\"\(text.prefix(100))\" is no regular expression: \(error)")
        }
    }

    private static func query(_ field: String, _ fields: inout StrictFields) throws(RenderError) -> LabelSelector? {
        guard let text = try fields.string(field), !text.isEmpty else { return nil }
        do { return try LabelSelector(parsing: text) } catch {
            throw fields.error(
                field, "\"\(text.prefix(100))\" is no selector: \(error.reason); use such as app=web,tier in (a,b)")
        }
    }
}
