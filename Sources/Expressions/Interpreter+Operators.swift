import Glibc
import Manifest

extension Interpreter {
    func unary(_ symbol: String, _ value: Value, _ node: Node) throws(ExpressionError) -> Value {
        switch (symbol, value) {
        case ("not", .bool(let value)), ("!", .bool(let value)): return .bool(!value)
        case ("-", .int(let value)):
            let (result, overflow) = Int64(0).subtractingReportingOverflow(value)
            if overflow { throw failure("integer overflow", at: node) }
            return .int(result)
        case ("-", .float(let value)): return .float(-value)
        case ("-", .duration(let value)): return .duration(.zero - value)
        case ("+", .int), ("+", .float): return value
        default: throw failure("'\(symbol)' does not work on \(value.typeName)", at: node)
        }
    }

    mutating func binary(
        _ symbol: String, _ left: Node, _ right: Node, _ node: Node
    ) throws(ExpressionError) -> Value {
        switch symbol {
        case "and", "&&":
            guard try boolean(left, "an operand of '\(symbol)'") else { return .bool(false) }
            return .bool(try boolean(right, "an operand of '\(symbol)'"))
        case "or", "||":
            if try boolean(left, "an operand of '\(symbol)'") { return .bool(true) }
            return .bool(try boolean(right, "an operand of '\(symbol)'"))
        case "??":
            let value = try evaluate(left)
            if case .null = value { return try evaluate(right) }
            return value
        default: break
        }
        let (first, second) = (try evaluate(left), try evaluate(right))
        switch symbol {
        case "==": return .bool(try areEqual(first, second, symbol, node))
        case "!=": return .bool(try !areEqual(first, second, symbol, node))
        case "<", "<=", ">", ">=": return .bool(try isOrdered(first, second, symbol, node))
        case "in": return .bool(try contains(second, first, node))
        case "matches", "contains", "startsWith", "endsWith": return try text(symbol, first, second, node)
        case "..": return try range(first, second, node)
        default: return try arithmetic(symbol, first, second, node)
        }
    }

    // MARK: Comparison

    mutating func areEqual(
        _ left: Value, _ right: Value, _ symbol: String, _ node: Node
    ) throws(ExpressionError) -> Bool {
        try charge(min(left.weight, right.weight), at: node.offset)
        switch (left, right) {
        case (.null, _), (_, .null): break
        case (.list, .list), (.map, .map): break
        // Never equal: whoever writes it means something else, such as result[0], and must hear of it.
        case (.list, _), (_, .list), (.map, _), (_, .map), (.int, .string), (.float, .string), (.string, .int),
            (.string, .float):
            throw mismatch(symbol, left, right, node)
        default: break
        }
        return left == right
    }

    func isOrdered(_ left: Value, _ right: Value, _ symbol: String, _ node: Node) throws(ExpressionError) -> Bool {
        switch (left, right) {
        case (.int(let left), .int(let right)): return ordered(left, right, symbol)
        case (.string(let left), .string(let right)):
            if left == right { return symbol == "<=" || symbol == ">=" }
            return utf8Order(left, right) == (symbol == "<" || symbol == "<=")
        case (.time(let left), .time(let right)): return ordered(left, right, symbol)
        case (.duration(let left), .duration(let right)): return ordered(left, right, symbol)
        default:
            guard let first = left.number, let second = right.number else { throw mismatch(symbol, left, right, node) }
            return ordered(first, second, symbol)
        }
    }

    private func ordered<T: Comparable>(_ left: T, _ right: T, _ symbol: String) -> Bool {
        switch symbol {
        case "<": left < right
        case "<=": left <= right
        case ">": left > right
        default: left >= right
        }
    }

    private func mismatch(_ symbol: String, _ left: Value, _ right: Value, _ node: Node) -> ExpressionError {
        failure("'\(symbol)' cannot compare \(left.typeName) with \(right.typeName)", at: node)
    }

    private mutating func contains(_ container: Value, _ value: Value, _ node: Node) throws(ExpressionError) -> Bool {
        switch (container, value) {
        case (.list(let elements), _):
            try charge(elements.count, at: node.offset)
            return elements.contains(value)
        case (.map(let members), .string(let name)): return members[name] != nil
        case (.null, _): return false
        default: throw failure("'in' cannot look for \(value.typeName) in \(container.typeName)", at: node)
        }
    }

    // MARK: Text

    private mutating func text(
        _ symbol: String, _ left: Value, _ right: Value, _ node: Node
    ) throws(ExpressionError) -> Value {
        guard case .string(let text) = left, case .string(let other) = right else {
            throw failure("'\(symbol)' needs two strings, not \(left.typeName) and \(right.typeName)", at: node)
        }
        try charge(left.weight + right.weight, at: node.offset)
        switch symbol {
        case "contains": return .bool(Builtins.firstIndex(of: Array(other.utf8), in: Array(text.utf8)) != nil)
        case "startsWith": return .bool(text.utf8.starts(with: other.utf8))
        case "endsWith": return .bool(text.utf8.reversed().starts(with: other.utf8.reversed()))
        default:
            let pattern: RegularExpression
            do throws(RegularExpressionError) { pattern = try RegularExpression(other) } catch {
                throw failure(error.description, at: node)
            }
            return try matches(left, pattern, node)
        }
    }

    mutating func matches(
        _ value: Value, _ pattern: RegularExpression, _ node: Node
    ) throws(ExpressionError) -> Value {
        guard case .string(let text) = value else {
            throw failure("'matches' needs a string, not \(value.typeName)", at: node)
        }
        // At worst each byte meets each instruction.
        let (work, overflow) = text.utf8.count.multipliedReportingOverflow(by: pattern.pattern.utf8.count)
        try charge(overflow ? .max : work / 200, at: node.offset)
        return .bool(pattern.matches(text))
    }

    // MARK: Arithmetic

    private mutating func range(_ left: Value, _ right: Value, _ node: Node) throws(ExpressionError) -> Value {
        guard let low = left.integer, let high = right.integer else {
            throw failure("'..' needs two integers, not \(left.typeName) and \(right.typeName)", at: node)
        }
        guard low <= high else { return .list([]) }
        let (span, overflow) = high.subtractingReportingOverflow(low)
        guard !overflow, span < Self.maximalElements else {
            throw ExpressionError(
                .limit, "a range may have at most \(Self.maximalElements) elements", at: node.offset)
        }
        return try made(.list((low...high).map { .int($0) }), at: node.offset)
    }

    private mutating func arithmetic(
        _ symbol: String, _ left: Value, _ right: Value, _ node: Node
    ) throws(ExpressionError) -> Value {
        switch (symbol, left, right) {
        case ("+", .int(let left), .int(let right)): return try exact(left.addingReportingOverflow(right), node)
        case ("-", .int(let left), .int(let right)): return try exact(left.subtractingReportingOverflow(right), node)
        case ("*", .int(let left), .int(let right)): return try exact(left.multipliedReportingOverflow(by: right), node)
        case ("%", .int(let left), .int(let right)):
            guard right != 0 else { throw failure("'%' by zero", at: node) }
            return .int(right == -1 ? 0 : left % right)
        case ("%", _, _) where left.number != nil && right.number != nil:
            throw failure("'%' needs integers; use asInt()", at: node)
        case ("+", .string(let left), .string(let right)):
            return try made(.string(left + right), at: node.offset)
        case ("+", .time(let time), .duration(let length)), ("+", .duration(let length), .time(let time)):
            return .time(time + length)
        case ("-", .time(let time), .duration(let length)): return .time(time - length)
        case ("-", .time(let left), .time(let right)): return .duration(left - right)
        case ("+", .duration(let left), .duration(let right)): return .duration(left + right)
        case ("-", .duration(let left), .duration(let right)): return .duration(left - right)
        case ("*", .duration(let length), _): return try scaled(length, by: right, node)
        case ("*", _, .duration(let length)): return try scaled(length, by: left, node)
        default: break
        }
        guard let first = left.number, let second = right.number else {
            throw failure("'\(symbol)' does not work on \(left.typeName) and \(right.typeName)", at: node)
        }
        switch symbol {
        case "+": return .float(first + second)
        case "-": return .float(first - second)
        case "*": return .float(first * second)
        case "/": return .float(first / second)
        default: return .float(pow(first, second))
        }
    }

    private func exact(_ result: (Int64, overflow: Bool), _ node: Node) throws(ExpressionError) -> Value {
        if result.overflow { throw failure("integer overflow", at: node) }
        return .int(result.0)
    }

    private func scaled(_ length: Duration, by factor: Value, _ node: Node) throws(ExpressionError) -> Value {
        guard let factor = factor.number, case let seconds = length.inSeconds * factor, seconds.magnitude < 9.2e9 else {
            throw failure("a duration can only be multiplied by a number, within 292 years", at: node)
        }
        return .duration(.nanoseconds(Int64(seconds * 1e9)))
    }
}
