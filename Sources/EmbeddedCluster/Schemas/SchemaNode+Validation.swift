import Kubernetes
import Manifest

extension SchemaNode {
    /// Checks a value against the schema; at most 100 causes are collected.
    func validate(_ value: JSON, path: String = "", causes: inout [KubernetesError.Cause]) {
        guard causes.count < 100 else { return }
        if value.isNull {
            if !isNullable, !type.isEmpty, !path.isEmpty { causes.append(.wrongType(path, "null", type)) }
            return
        }
        guard hasType(value) else {
            causes.append(.wrongType(path, value.schemaType, isIntOrString ? "integer,string" : type))
            return
        }
        checkRules(value, path, &causes)
        switch value {
        case .object(let members):
            for name in required where members[name] == nil {
                causes.append(.required(path.isEmpty ? name : "\(path).\(name)"))
            }
            for name in members.keys.sorted() {
                guard let node = member(name), let child = members[name] else { continue }
                node.validate(child, path: path.isEmpty ? name : "\(path).\(name)", causes: &causes)
            }
        case .array(let elements):
            if let items {
                for (index, element) in elements.enumerated() {
                    items.validate(element, path: "\(path)[\(index)]", causes: &causes)
                }
            }
            checkDuplicates(elements, path, &causes)
        default: break
        }
    }

    private func hasType(_ value: JSON) -> Bool {
        if isIntOrString {
            switch value {
            case .int, .string: return true
            case .double: return format == "quantity"
            default: return false
            }
        }
        switch (type, value) {
        case ("", _), ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool),
            ("integer", .int), ("number", .int), ("number", .double):
            return true
        default: return false
        }
    }

    private func checkDuplicates(_ elements: [JSON], _ path: String, _ causes: inout [KubernetesError.Cause]) {
        var seen: Set<JSON> = []
        switch listType {
        case "set":
            for (index, element) in elements.enumerated() where !seen.insert(element).inserted {
                causes.append(.duplicate("\(path)[\(index)]", element.description))
            }
        case "map":
            for (index, element) in elements.enumerated() {
                let key = JSON.object(
                    Dictionary(
                        uniqueKeysWithValues: Set(listKeys).map { name in
                            (name, element[name] ?? items?.properties[name]?.defaultValue ?? .null)
                        }))
                if !seen.insert(key).inserted { causes.append(.duplicate("\(path)[\(index)]", key.description)) }
            }
        default: break
        }
    }

    private func checkRules(_ value: JSON, _ path: String, _ causes: inout [KubernetesError.Cause]) {
        guard let rules else { return }
        if !rules.allowed.isEmpty, !rules.allowed.contains(value) {
            let known = rules.allowed.map(\.description).joined(separator: ", ")
            causes.append(
                .init(
                    reason: "FieldValueNotSupported",
                    message: "Unsupported value: \(value): supported values: \(known)", field: path))
        }
        func invalid(_ why: String) { causes.append(.invalid(path, value.description, "\(path) in body \(why)")) }
        if let number = value.doubleValue {
            if let low = rules.minimum, number < low || (rules.excludesMinimum && number == low) {
                invalid("should be greater than \(rules.excludesMinimum ? "" : "or equal to ")\(JSON.number(low))")
            }
            if let high = rules.maximum, number > high || (rules.excludesMaximum && number == high) {
                invalid("should be less than \(rules.excludesMaximum ? "" : "or equal to ")\(JSON.number(high))")
            }
            if let step = rules.multipleOf, step > 0, (number / step).rounded() != number / step {
                invalid("should be a multiple of \(JSON.number(step))")
            }
        }
        if case .string(let text) = value {
            let length = text.unicodeScalars.count
            if let low = rules.minLength, length < low { invalid("should be at least \(low) chars long") }
            if let high = rules.maxLength, length > high { invalid("should be at most \(high) chars long") }
            if let pattern = rules.pattern, !pattern.matches(text) { invalid("should match '\(pattern)'") }
            if format == "date-time", Timestamp(rfc3339: text) == nil {
                invalid("must be of type date-time: \"\(text)\"")
            }
        }
        if case .array(let elements) = value {
            if let low = rules.minItems, elements.count < low { invalid("should have at least \(low) items") }
            if let high = rules.maxItems, elements.count > high { invalid("should have at most \(high) items") }
        }
        if case .object(let members) = value {
            if let low = rules.minProperties, members.count < low { invalid("should have at least \(low) properties") }
            if let high = rules.maxProperties, members.count > high {
                invalid("should have at most \(high) properties")
            }
        }
        for node in rules.allOf { node.validate(value, path: path, causes: &causes) }
        if !rules.anyOf.isEmpty, !rules.anyOf.contains(where: { $0.accepts(value) }) {
            invalid("must validate at least one schema (anyOf)")
        }
        if !rules.oneOf.isEmpty, rules.oneOf.count(where: { $0.accepts(value) }) != 1 {
            invalid("must validate one and only one schema (oneOf)")
        }
        if let not = rules.not, not.accepts(value) { invalid("must not validate the schema (not)") }
    }

    private func accepts(_ value: JSON) -> Bool {
        var causes: [KubernetesError.Cause] = []
        validate(value, path: "value", causes: &causes)
        return causes.isEmpty
    }
}

extension JSON {
    /// The type's name in validation messages.
    var schemaType: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .int: "integer"
        case .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

extension KubernetesError.Cause {
    static func required(_ field: String) -> Self {
        Self(reason: "FieldValueRequired", message: "Required value", field: field)
    }

    static func invalid(_ field: String, _ value: String, _ why: String) -> Self {
        Self(reason: "FieldValueInvalid", message: "Invalid value: \(value.prefix(200)): \(why)", field: field)
    }

    static func duplicate(_ field: String, _ value: String) -> Self {
        Self(reason: "FieldValueDuplicate", message: "Duplicate value: \(value.prefix(200))", field: field)
    }

    static func wrongType(_ field: String, _ found: String, _ expected: String) -> Self {
        Self(
            reason: "FieldValueTypeInvalid",
            message: "Invalid value: \"\(found)\": \(field) in body must be of type \(expected): \"\(found)\"",
            field: field)
    }
}
