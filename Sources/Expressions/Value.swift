package import Manifest

/// What an expression works on and gives.
package enum Value: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case float(Double)
    case string(String)
    case list([Value])
    case map([String: Value])
    case time(Timestamp)
    case duration(Duration)
}

extension Value {
    /// - Parameter floats: All numbers become floats, as upstream's web provider has them.
    package init(_ json: JSON, floats: Bool = false) {
        switch json {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = floats ? .float(Double(value)) : .int(value)
        case .double(let value): self = .float(value)
        case .string(let value): self = .string(value)
        case .array(let elements): self = .list(elements.map { Value($0, floats: floats) })
        case .object(let members): self = .map(members.mapValues { Value($0, floats: floats) })
        }
    }

    /// As JSON; NaN and infinities, which JSON lacks, become strings.
    package var json: JSON {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .float(let value): value.isFinite ? .number(value) : .string(GoFloat.general(value))
        case .string(let value): .string(value)
        case .list(let elements): .array(elements.map(\.json))
        case .map(let members): .object(members.mapValues(\.json))
        case .time(let value): .string(value.rfc3339)
        case .duration(let value): .int(value.nanoseconds)
        }
    }

    /// As Go's `%v` prints it: `[1 2]`, `map[a:1]`, `<nil>`.
    package var text: String {
        switch self {
        case .null: "<nil>"
        case .bool(let value): String(value)
        case .int(let value): String(value)
        case .float(let value): GoFloat.general(value)
        case .string(let value): value
        case .list(let elements): "[" + elements.map(\.text).joined(separator: " ") + "]"
        case .map(let members):
            "map["
                + members.sorted { utf8Order($0.key, $1.key) }.map { "\($0.key):\($0.value.text)" }
                .joined(separator: " ") + "]"
        case .time(let value): value.rfc3339
        case .duration(let value): value.go
        }
    }

    /// What kind of value this is, in the words of an error message.
    package var typeName: String {
        switch self {
        case .null: "nil"
        case .bool: "a boolean"
        case .int: "an integer"
        case .float: "a number"
        case .string: "a string"
        case .list: "a list"
        case .map: "a map"
        case .time: "a time"
        case .duration: "a duration"
        }
    }

    /// An integer or float as a float.
    package var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .float(let value): value
        default: nil
        }
    }

    /// An integer, or a float without fraction.
    var integer: Int64? {
        switch self {
        case .int(let value): value
        case .float(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// How much it weighs against the limits: elements, or bytes of text.
    var weight: Int {
        switch self {
        case .list(let elements): elements.count
        case .map(let members): members.count
        case .string(let text): text.utf8.count / 16
        default: 0
        }
    }
}

extension Value: Equatable {
    /// Numbers compare across integers and floats; NaN equals nothing; values of different kinds are unequal.
    package static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.list(let left), .list(let right)): left == right
        case (.map(let left), .map(let right)): left == right
        case (.time(let left), .time(let right)): left == right
        case (.duration(let left), .duration(let right)): left == right
        default:
            if let left = left.number, let right = right.number { left == right } else { false }
        }
    }
}

extension Duration {
    /// Whole nanoseconds, clamped to what Go's durations hold.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, over1) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (total, over2) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return over1 || over2 ? (seconds < 0 ? .min : .max) : total
    }
}
