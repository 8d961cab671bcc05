import Manifest

/// Writes JSON as Go's encoder writes a struct: fields in declaration order, empty ones left out.
///
/// Fields that the struct does not declare are dropped, as Go's decoder drops them.
struct GoSerializer {
    private let schema: GoSchema
    private var writer = JSONWriter(escapingHTML: true)
    /// Writes a zero `creationTimestamp` as `null`, as API libraries before 0.34 did.
    private let writesNullCreationTimestamp: Bool

    init(_ schema: GoSchema, writesNullCreationTimestamp: Bool = false) {
        self.schema = schema
        self.writesNullCreationTimestamp = writesNullCreationTimestamp
    }

    static func bytes(
        _ value: JSON, as name: String, in schema: GoSchema, writesNullCreationTimestamp: Bool = false
    ) -> [UInt8] {
        var serializer = GoSerializer(schema, writesNullCreationTimestamp: writesNullCreationTimestamp)
        serializer.write(value, structure: schema.index(of: name))
        return serializer.writer.bytes
    }

    private mutating func write(_ value: JSON, structure: Int) {
        writer.raw("{")
        var isFirst = true
        for field in schema.structures[structure] {
            let member = value[field.name]
            let present = member.flatMap { $0.isNull ? nil : $0 }
            let isOldTimestamp = writesNullCreationTimestamp && field.name == "creationTimestamp"
            guard isOldTimestamp || isWritten(field, present) else { continue }
            if !isFirst { writer.raw(",") }
            isFirst = false
            writer.write(field.name)
            writer.raw(":")
            if isOldTimestamp, present == nil { writer.raw("null") } else { write(present, field) }
        }
        writer.raw("}")
    }

    private func isWritten(_ field: GoField, _ value: JSON?) -> Bool {
        if field.isAlways { return true }
        if field.shape == .single, !field.isPointer, field.kind == .structure || field.kind == .quantity { return true }
        guard let value else { return false }
        if field.shape == .single, field.isPointer { return true }
        switch value {
        case .string(let text): return !text.isEmpty || field.kind == .intOrString
        case .int(let number): return number != 0 || field.kind == .intOrString
        case .bool(let flag): return flag
        case .array(let elements): return !elements.isEmpty
        case .object(let members): return !members.isEmpty
        default: return true
        }
    }

    private mutating func write(_ value: JSON?, _ field: GoField) {
        switch field.shape {
        case .single: writeSingle(value, field)
        case .list:
            guard let elements = value?.arrayValue else { return writer.raw("null") }
            writer.raw("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { writer.raw(",") }
                writeSingle(element, field)
            }
            writer.raw("]")
        case .map:
            guard let members = value?.objectValue else { return writer.raw("null") }
            writer.raw("{")
            for (index, key) in members.keys.sorted(by: utf8Order).enumerated() {
                if index > 0 { writer.raw(",") }
                writer.write(key)
                writer.raw(":")
                writeSingle(members[key].flatMap { $0.isNull ? nil : $0 }, field)
            }
            writer.raw("}")
        }
    }

    private mutating func writeSingle(_ value: JSON?, _ field: GoField) {
        guard let value else {
            switch field.kind {
            case _ where field.isPointer: writer.raw("null")
            case .string: writer.raw("\"\"")
            case .quantity: writer.raw("\"0\"")
            case .structure: write(.emptyObject, structure: field.structure)
            case .integer, .intOrString: writer.raw("0")
            case .boolean: writer.raw("false")
            case .raw: writer.raw("null")
            }
            return
        }
        switch field.kind {
        case .structure: write(value, structure: field.structure)
        case .quantity: writer.write(canonicalQuantity(value))
        default: writer.write(value)
        }
    }
}

/// `1000m` as `1`, `1024Mi` as `1Gi`; what is no quantity stays as it is written.
func canonicalQuantity(_ value: JSON) -> String {
    if let quantity = Quantity(value) { return quantity.description }
    return value.stringValue ?? value.description
}
