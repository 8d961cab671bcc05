import Manifest

/// Walks the tree of one expression, and counts what that costs.
struct Interpreter {
    static let maximalSteps = 1_000_000
    /// Elements of one list from `..`, or bytes of one repeated string.
    static let maximalElements = 1_000_000
    /// Elements and sixteenths of text bytes that all intermediate values together may have.
    static let maximalWeight = 4_000_000

    struct Scope {
        var element: Value
        var index: Int
        var accumulator: Value
    }

    let environment: Environment
    private var steps = 0
    private var weight = 0
    var scopes: [Scope] = []
    private var locals: [(name: String, value: Value)] = []

    init(_ environment: Environment) { self.environment = environment }

    // MARK: Limits

    /// Counts work that is proportional to a value's size.
    mutating func charge(_ count: Int, at offset: Int) throws(ExpressionError) {
        steps &+= max(0, count)
        if steps > Self.maximalSteps {
            throw ExpressionError(.limit, "the expression takes more than \(Self.maximalSteps) steps", at: offset)
        }
    }

    /// Counts a value that the expression made.
    mutating func made(_ value: Value, at offset: Int) throws(ExpressionError) -> Value {
        weight &+= value.weight
        if weight > Self.maximalWeight {
            throw ExpressionError(.limit, "the expression builds too large values", at: offset)
        }
        return value
    }

    func failure(_ reason: String, at node: Node) -> ExpressionError {
        ExpressionError(.evaluation, reason, at: node.offset)
    }

    // MARK: Nodes

    mutating func evaluate(_ node: Node) throws(ExpressionError) -> Value {
        try charge(1, at: node.offset)
        switch node.kind {
        case .literal(let value): return value
        case .name(let name): return environment.variables[name] ?? .null
        case .local(let name): return locals.last { $0.name == name }?.value ?? .null
        case .environment: return .map(environment.variables)
        case .pointer(let pointer): return try evaluate(pointer, node)
        case .unary(let symbol, let operand): return try unary(symbol, try evaluate(operand), node)
        case .binary(let symbol, let left, let right): return try binary(symbol, left, right, node)
        case .matches(let left, let pattern): return try matches(try evaluate(left), pattern, node)
        case .conditional(let condition, let yes, let no):
            return try evaluate(try boolean(condition, "the condition") ? yes : no)
        case .list(let elements):
            var values: [Value] = []
            for element in elements { values.append(try evaluate(element)) }
            return try made(.list(values), at: node.offset)
        case .map(let members): return try map(members, node)
        case .member, .index, .slice, .method: return try link(node) ?? .null
        case .chain(let inner): return try link(inner) ?? .null
        case .call(let name, let arguments): return try call(name, arguments, node)
        case .predicate: return try predicate(node)
        case .declaration(let name, let value, let body):
            locals.append((name, try evaluate(value)))
            defer { locals.removeLast() }
            return try evaluate(body)
        case .sequence(let parts):
            var last = Value.null
            for part in parts { last = try evaluate(part) }
            return last
        }
    }

    private func evaluate(_ pointer: Node.Pointer, _ node: Node) throws(ExpressionError) -> Value {
        guard let scope = scopes.last else { throw failure("'#' stands outside of a predicate", at: node) }
        return switch pointer {
        case .element: scope.element
        case .index: .int(Int64(scope.index))
        case .accumulator: scope.accumulator
        }
    }

    private mutating func map(_ members: [(key: Node, value: Node)], _ node: Node) throws(ExpressionError) -> Value {
        var result: [String: Value] = [:]
        for member in members {
            let key = try evaluate(member.key)
            guard case .string(let name) = key else {
                throw failure("a map's key must be a string, not \(key.typeName)", at: member.key)
            }
            result[name] = try evaluate(member.value)
        }
        return try made(.map(result), at: node.offset)
    }

    mutating func boolean(_ node: Node, _ what: String) throws(ExpressionError) -> Bool {
        let value = try evaluate(node)
        guard case .bool(let answer) = value else {
            throw failure("\(what) must be true or false, not \(value.typeName)", at: node)
        }
        return answer
    }

    private mutating func call(_ name: String, _ arguments: [Node], _ node: Node) throws(ExpressionError) -> Value {
        guard let function = Builtins.table[name] else { throw failure("unknown function \(name)()", at: node) }
        var values: [Value] = []
        for argument in arguments {
            let value = try evaluate(argument)
            try charge(value.weight, at: argument.offset)
            values.append(value)
        }
        var context = Builtins.Call(name: name, arguments: values, node: node, now: environment.now)
        let result = try function.run(&context)
        try charge(result.weight, at: node.offset)
        return try made(result, at: node.offset)
    }

    // MARK: Members

    /// A member, index or slice; `nil` where a `?.` met nil, which ends the whole chain.
    private mutating func link(_ node: Node) throws(ExpressionError) -> Value? {
        switch node.kind {
        case .member(let base, let name, let optional):
            guard let value = try link(base) else { return nil }
            if case .null = value, optional { return nil }
            return try member(value, name, node)
        case .index(let base, let position, let optional):
            guard let value = try link(base) else { return nil }
            if case .null = value, optional { return nil }
            return try element(value, try evaluate(position), node)
        case .slice(let base, let from, let to):
            guard let value = try link(base) else { return nil }
            return try slice(value, from, to, node)
        case .method(let base, let name, let optional):
            guard let value = try link(base) else { return nil }
            if case .null = value, optional { return nil }
            guard let result = Methods.call(name, on: value) else {
                throw failure("\(value.typeName) has no method \(name)()", at: node)
            }
            return result
        default: return try evaluate(node)
        }
    }

    private func member(_ value: Value, _ name: String, _ node: Node) throws(ExpressionError) -> Value {
        guard case .map(let members) = value else {
            throw failure("cannot read .\(name) of \(value.typeName)", at: node)
        }
        return members[name] ?? .null
    }

    private func element(_ value: Value, _ position: Value, _ node: Node) throws(ExpressionError) -> Value {
        switch value {
        case .map(let members):
            guard case .string(let name) = position else {
                throw failure("a map's key must be a string, not \(position.typeName)", at: node)
            }
            return members[name] ?? .null
        case .list(let elements):
            guard let index = position.integer else {
                throw failure("a list's index must be an integer, not \(position.typeName)", at: node)
            }
            let place = index < 0 ? index &+ Int64(elements.count) : index
            guard place >= 0, place < elements.count else {
                throw failure("index \(index) is out of range of a list of \(elements.count)", at: node)
            }
            return elements[Int(place)]
        default: throw failure("cannot take an element of \(value.typeName)", at: node)
        }
    }

    private mutating func slice(
        _ value: Value, _ from: Node?, _ to: Node?, _ node: Node
    ) throws(ExpressionError) -> Value {
        let count: Int
        switch value {
        case .list(let elements): count = elements.count
        case .string(let text): count = text.utf8.count
        default: throw failure("cannot take a slice of \(value.typeName)", at: node)
        }
        var bounds = [0, count]
        for (number, bound) in [from, to].enumerated() {
            guard let bound else { continue }
            guard let index = try evaluate(bound).integer else {
                throw failure("a slice's bounds must be integers", at: bound)
            }
            let place = index < 0 ? index &+ Int64(count) : index
            bounds[number] = Int(min(max(0, place), Int64(count)))
        }
        let range = min(bounds[0], bounds[1])..<bounds[1]
        switch value {
        case .list(let elements): return try made(.list(Array(elements[range])), at: node.offset)
        case .string(let text):
            let bytes = Array(text.utf8)[range]
            return try made(.string(String(decoding: bytes, as: UTF8.self)), at: node.offset)
        default: return .null
        }
    }
}
