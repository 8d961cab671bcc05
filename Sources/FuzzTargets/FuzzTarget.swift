import Manifest

/// What the fuzzer calls with foreign bytes, and the ordinary suite with the saved corpus.
///
/// A target must return for every input; it stops the process when a promise is broken.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case json
    case yaml
    case patch
    case selector
    case jsonpath
    case fields
    case scalars
    case expression
    case template

    package func run(_ bytes: [UInt8]) {
        switch self {
        case .json: FuzzTarget.json(bytes)
        case .yaml: FuzzTarget.yaml(bytes)
        case .patch: FuzzTarget.patch(bytes)
        case .selector: FuzzTarget.selector(bytes)
        case .jsonpath: FuzzTarget.jsonpath(bytes)
        case .fields: FuzzTarget.fields(bytes)
        case .scalars: FuzzTarget.scalars(bytes)
        case .expression: FuzzTarget.expression(bytes)
        case .template: FuzzTarget.template(bytes)
        }
    }

    private static func json(_ bytes: [UInt8]) {
        var reader = JSONReader(bytes)
        let skipped = try? reader.skipValue()
        guard let value = try? JSON(parsing: bytes) else { return }
        precondition(skipped != nil, "a value that can be read can be skipped")
        for escapingHTML in [false, true] {
            let again = try? JSON(parsing: value.serialized(escapingHTML: escapingHTML))
            precondition(again == value, "a value is read back as it was written")
        }
    }

    private static func yaml(_ bytes: [UInt8]) {
        let limits = YAML.Limits(bytes: 1 << 16, depth: 32, nodes: 10_000)
        for dialect in [YAML.Dialect.kubernetes, .kustomize] {
            guard let documents = try? YAML.parse(bytes, dialect: dialect, limits: limits) else { continue }
            for document in documents {
                let again = try? YAML.parse(Array(YAML.emit(document).utf8))
                precondition(again == [document], "a document is read back as it was written")
            }
        }
    }

    /// The input is `{"target": …, "patch": …}`.
    private static func patch(_ bytes: [UInt8]) {
        guard let input = try? JSON(parsing: bytes), let target = input["target"], let patch = input["patch"] else {
            return
        }
        _ = try? JSONPatch.apply(patch, to: target)
        let merged = MergePatch.apply(patch, to: target)
        precondition(MergePatch.apply(patch, to: merged) == merged, "a merge patch does nothing the second time")
        if let difference = MergePatch.diff(from: target, to: merged) {
            let applied = MergePatch.apply(difference, to: target)
            precondition(MergePatch.diff(from: applied, to: merged) == nil, "a difference leads to its target")
        }
        let table = MergeTable(["a": .merge("name"), "a.b": .merge("x", "protocol"), "s": .merge(), "m": .replace])
        _ = try? StrategicMerge.apply(patch, to: target, schema: table)
        _ = try? StrategicMerge.applyAsKustomize(patch, to: target, schema: table)
    }

    private static func selector(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let selector = try? LabelSelector(parsing: text) {
            let again = try? LabelSelector(parsing: selector.text)
            precondition(again?.text == selector.text, "a selector is read back as it was written")
        }
        if let json = try? JSON(parsing: bytes) { _ = try? LabelSelector(json) }
    }

    /// The first line is the path, the rest the document.
    private static func jsonpath(_ bytes: [UInt8]) {
        let end = bytes.firstIndex(of: 0x0A) ?? bytes.endIndex
        guard let path = try? JSONPathExpression(String(decoding: bytes[..<end], as: UTF8.self)) else { return }
        let document = (try? JSON(parsing: Array(bytes[end...].dropFirst()))) ?? ["a": [1, ["b": "c"]]]
        _ = path.values(in: document)
    }

    /// The input is `{"live": …, "applied": …}`.
    private static func fields(_ bytes: [UInt8]) {
        guard let input = try? JSON(parsing: bytes) else { return }
        if let fields = try? FieldSet(fieldsV1: input) {
            precondition(
                (try? FieldSet(fieldsV1: fields.fieldsV1)) == fields, "a field set is read back as it was written")
        }
        let schema = ApplyTable(["": .structure, "a": .keyed(["name"]), "s": .set, "m": .atomic])
        let now = Timestamp(seconds: 0)
        func apply(_ live: JSON?) -> JSON? {
            try? ServerSideApply.apply(
                live: live, applied: input["applied"] ?? input, manager: "m", force: true, apiVersion: "v1", now: now,
                schema: schema)
        }
        guard var applied = apply(input["live"]), var again = apply(applied) else { return }
        // Other managers' sets may still be brought up to the schema, once.
        applied.set(nil, at: "metadata", "managedFields")
        again.set(nil, at: "metadata", "managedFields")
        precondition(again == applied, "applying again changes nothing but the owners")
    }

    private static func scalars(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let quantity = Quantity(text) {
            precondition(Quantity(quantity.description) == quantity, "a quantity is read back as it was written")
        }
        if let version = SemanticVersion(text) {
            precondition(SemanticVersion(version.description) == version, "a version is read back as it was written")
            precondition(VersionRange(text)?.contains(version) ?? true, "a version lies in its own range")
        }
        if let length = Duration(go: text) {
            precondition(Duration(go: length.go) == length, "a length is read back as it was written")
        }
        if let time = Timestamp(rfc3339: text) {
            precondition(Timestamp(rfc3339: time.rfc3339) == time.wholeSeconds, "a time is read back as it was written")
        }
        _ = VersionRange(text)?.contains(SemanticVersion(1, 2, 3))
        _ = IntOrString.string(text).resolve(total: .max, roundingUp: true)
    }
}
