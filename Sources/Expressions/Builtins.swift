import Manifest

/// The functions of the language that take values.
enum Builtins {
    /// A call that is under way.
    struct Call {
        let name: String
        let arguments: [Value]
        let node: Node
        let now: Timestamp

        subscript(index: Int) -> Value { index < arguments.count ? arguments[index] : .null }

        func failure(_ reason: String) -> ExpressionError {
            ExpressionError(.evaluation, "\(name)() \(reason)", at: node.offset)
        }

        func list(_ index: Int) throws(ExpressionError) -> [Value] {
            guard case .list(let elements) = self[index] else {
                throw failure("needs a list, not \(self[index].typeName)")
            }
            return elements
        }

        func map(_ index: Int) throws(ExpressionError) -> [String: Value] {
            guard case .map(let members) = self[index] else {
                throw failure("needs a map, not \(self[index].typeName)")
            }
            return members
        }

        func string(_ index: Int) throws(ExpressionError) -> String {
            guard case .string(let text) = self[index] else {
                throw failure("needs a string, not \(self[index].typeName)")
            }
            return text
        }

        func int(_ index: Int) throws(ExpressionError) -> Int64 {
            guard let value = self[index].integer else {
                throw failure("needs an integer, not \(self[index].typeName)")
            }
            return value
        }

        func number(_ index: Int) throws(ExpressionError) -> Double {
            guard let value = self[index].number else { throw failure("needs a number, not \(self[index].typeName)") }
            return value
        }
    }

    struct Function: Sendable {
        let arity: ClosedRange<Int>
        let run: @Sendable (inout Call) throws(ExpressionError) -> Value
    }

    static func function(
        _ arity: ClosedRange<Int>, _ run: @escaping @Sendable (inout Call) throws(ExpressionError) -> Value
    ) -> Function { Function(arity: arity, run: run) }

    static let table: [String: Function] = {
        var table: [String: Function] = [:]
        for group in [general, lists, maps, numbers, bits, strings, times] { table.merge(group) { first, _ in first } }
        return table
    }()

    static let many = 64

    // MARK: Conversions and tests

    static let general: [String: Function] = [
        "asInt": function(1...1) { call throws(ExpressionError) in try .int(integer(call[0], call)) },
        "asFloat": function(1...1) { call throws(ExpressionError) in try .float(float(call[0], call)) },
        "int": function(1...1) { call throws(ExpressionError) in try .int(integer(call[0], call)) },
        "float": function(1...1) { call throws(ExpressionError) in try .float(float(call[0], call)) },
        "isNaN": function(1...1) { call throws(ExpressionError) in try .bool(call.number(0).isNaN) },
        "isInf": function(1...1) { call throws(ExpressionError) in try .bool(call.number(0).isInfinite) },
        "isNil": function(1...1) { call throws(ExpressionError) in .bool(call[0] == .null) },
        "default": function(2...2) { call throws(ExpressionError) in call[0] == .null ? call[1] : call[0] },
        "string": function(1...1) { call throws(ExpressionError) in .string(call[0].text) },
        "type": function(1...1) { call throws(ExpressionError) in .string(goType(call[0])) },
        "toJSON": function(1...1) { call throws(ExpressionError) in .string(call[0].json.prettyPrinted()) },
        "fromJSON": function(1...1) { call throws(ExpressionError) in
            let text = try call.string(0)
            do throws(JSONError) { return Value(try JSON(parsing: Array(text.utf8)), floats: true) } catch {
                throw call.failure("cannot read the JSON: \(error)")
            }
        },
    ]

    private static func integer(_ value: Value, _ call: Call) throws(ExpressionError) -> Int64 {
        switch value {
        case .int(let value): return value
        case .float(let value):
            guard let whole = Int64(exactly: value.rounded(.towardZero)) else {
                throw call.failure("cannot make an integer of \(GoFloat.general(value))")
            }
            return whole
        case .string(let text):
            guard let value = Int64(text) else {
                throw call.failure("cannot make an integer of \"\(text.prefix(40))\"")
            }
            return value
        default: throw call.failure("cannot make an integer of \(value.typeName)")
        }
    }

    private static func float(_ value: Value, _ call: Call) throws(ExpressionError) -> Double {
        switch value {
        case .int(let value): return Double(value)
        case .float(let value): return value
        case .string(let text):
            guard let value = Double(text) else { throw call.failure("cannot make a number of \"\(text.prefix(40))\"") }
            return value
        default: throw call.failure("cannot make a number of \(value.typeName)")
        }
    }

    private static func goType(_ value: Value) -> String {
        switch value {
        case .null: "nil"
        case .bool: "bool"
        case .int: "int"
        case .float: "float"
        case .string: "string"
        case .list: "array"
        case .map: "map"
        case .time: "time.Time"
        case .duration: "time.Duration"
        }
    }
}
