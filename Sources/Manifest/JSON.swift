/// A JSON value: what every manifest, patch and status is made of before it gets a type.
///
/// Numbers: an integral number within the range of `Int64` is always `.int`, however it was written (`1.0`, `1e3`), so
/// `1` and `1.0` are equal. Member order is not kept; output is sorted by key, which makes it stable.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    /// The empty object.
    package static let emptyObject = JSON.object([:])

    /// A number, as `.int` where it is one.
    package static func number(_ value: Double) -> JSON {
        // Beyond 2⁵³ too: such a number is written without a fraction, and has to be read back as the same value.
        Int64(exactly: value).map(JSON.int) ?? .double(value)
    }
}

extension JSON {
    package var isNull: Bool { self == .null }

    package var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The integer, or `nil` for anything else; never truncates a fraction.
    package var intValue: Int64? {
        if case .int(let value) = self { value } else { nil }
    }

    package var doubleValue: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    package var arrayValue: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var objectValue: [String: JSON]? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The string members of an object; members of other types are left out.
    package var stringMap: [String: String] {
        objectValue?.compactMapValues(\.stringValue) ?? [:]
    }

    /// What kind of value this is, in the words of an error message.
    package var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .int: "an integer"
        case .double: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension JSON {
    /// A member of an object; setting `nil` removes it, setting on a non-object makes it an object.
    package subscript(key: String) -> JSON? {
        get {
            if case .object(let members) = self { members[key] } else { nil }
        }
        set {
            var members: [String: JSON] = [:]
            if case .object(let present) = self { members = present }
            // Drops our reference first, so that the dictionary is changed in place.
            self = .null
            members[key] = newValue
            self = .object(members)
        }
    }

    /// An element of a list, or `nil` outside its bounds.
    package subscript(index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// The value at a path of member names: `json.at("spec", "template", "metadata")`.
    package func at(_ path: String...) -> JSON? { at(path: path) }

    /// The value at a path of member names.
    package func at(path: some Sequence<String>) -> JSON? {
        var value = self
        for name in path {
            guard let next = value[name] else { return nil }
            value = next
        }
        return value
    }

    /// Sets the value at a path of member names, making the objects on the way; `nil` removes it.
    package mutating func set(_ value: JSON?, at path: String...) { set(value, at: path[...]) }

    /// Sets the value at a path of member names, making the objects on the way; `nil` removes it.
    package mutating func set(_ value: JSON?, at path: ArraySlice<String>) {
        guard let name = path.first else {
            self = value ?? .null
            return
        }
        if path.count == 1 {
            self[name] = value
        } else {
            if value == nil, self[name] == nil { return }
            var child = self[name] ?? .emptyObject
            child.set(value, at: path.dropFirst())
            self[name] = child
        }
    }
}

// There is no `nil` literal: in `condition ? nil : value` it would silently mean `.null` instead of no value.
extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByFloatLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// A repeated key keeps its last value.
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
}

extension JSON {
    /// A map of strings as an object.
    package init(_ map: [String: String]) { self = .object(map.mapValues { .string($0) }) }
    /// A list of strings.
    package init(_ list: [String]) { self = .array(list.map { .string($0) }) }
    package init(_ value: Int) { self = .int(Int64(value)) }
}

extension JSON: CustomStringConvertible {
    package var description: String { String(decoding: serialized(), as: UTF8.self) }
}
