/// Functions that evaluate an expression for each element of a list.
enum Predicates {
    /// Names and how many arguments each takes, the list included.
    static let arities: [String: ClosedRange<Int>] = [
        "all": 2...2, "any": 2...2, "none": 2...2, "one": 2...2, "filter": 2...2, "map": 2...2, "find": 2...2,
        "findIndex": 2...2, "findLast": 2...2, "findLastIndex": 2...2, "count": 1...2, "sum": 1...2, "groupBy": 2...2,
        "sortBy": 2...3, "reduce": 2...3,
    ]
}

extension Interpreter {
    mutating func predicate(_ node: Node) throws(ExpressionError) -> Value {
        guard case .predicate(let name, let source, let closure, let extra) = node.kind else { return .null }
        let value = try evaluate(source)
        guard case .list(let elements) = value else {
            throw failure("\(name)() needs a list, not \(value.typeName)", at: node)
        }
        switch name {
        case "all":
            for index in elements.indices where try !holds(closure, elements, index) { return .bool(false) }
            return .bool(true)
        case "any":
            for index in elements.indices where try holds(closure, elements, index) { return .bool(true) }
            return .bool(false)
        case "none":
            for index in elements.indices where try holds(closure, elements, index) { return .bool(false) }
            return .bool(true)
        case "find", "findIndex":
            for index in elements.indices where try holds(closure, elements, index) {
                return name == "find" ? elements[index] : .int(Int64(index))
            }
            return .null
        case "findLast", "findLastIndex":
            for index in elements.indices.reversed() where try holds(closure, elements, index) {
                return name == "findLast" ? elements[index] : .int(Int64(index))
            }
            return .null
        case "sum": return try sum(elements, closure, node)
        case "map":
            var results: [Value] = []
            for index in elements.indices { results.append(try apply(closure, elements, index)) }
            return try made(.list(results), at: node.offset)
        case "groupBy": return try grouped(elements, closure, node)
        case "sortBy": return try sorted(elements, closure, extra, node)
        case "reduce": return try reduced(elements, closure, extra, node)
        default: break
        }
        var chosen: [Value] = []
        for index in elements.indices where try holds(closure, elements, index) { chosen.append(elements[index]) }
        switch name {
        case "one": return .bool(chosen.count == 1)
        case "count": return .int(Int64(chosen.count))
        default: return try made(.list(chosen), at: node.offset)
        }
    }

    /// The closure's value for one element, or the element itself where there is no closure.
    private mutating func apply(
        _ closure: Node?, _ elements: [Value], _ index: Int, accumulator: Value = .null
    ) throws(ExpressionError) -> Value {
        guard let closure else { return elements[index] }
        scopes.append(Scope(element: elements[index], index: index, accumulator: accumulator))
        defer { scopes.removeLast() }
        return try evaluate(closure)
    }

    private mutating func holds(_ closure: Node?, _ elements: [Value], _ index: Int) throws(ExpressionError) -> Bool {
        let value = try apply(closure, elements, index)
        guard case .bool(let answer) = value else {
            throw ExpressionError(
                .evaluation, "a predicate must be true or false, not \(value.typeName)", at: closure?.offset ?? 0)
        }
        return answer
    }

    private mutating func sum(_ elements: [Value], _ closure: Node?, _ node: Node) throws(ExpressionError) -> Value {
        var total = Value.int(0)
        try charge(elements.count, at: node.offset)
        for index in elements.indices {
            switch (total, try apply(closure, elements, index)) {
            case (.int(let left), .int(let right)):
                let (result, overflow) = left.addingReportingOverflow(right)
                if overflow { throw failure("integer overflow", at: node) }
                total = .int(result)
            case (_, let value):
                guard let left = total.number, let right = value.number else {
                    throw failure("sum() needs numbers, not \(value.typeName)", at: node)
                }
                total = .float(left + right)
            }
        }
        return total
    }

    private mutating func grouped(
        _ elements: [Value], _ closure: Node?, _ node: Node
    ) throws(ExpressionError) -> Value {
        var groups: [String: [Value]] = [:]
        for index in elements.indices {
            groups[try apply(closure, elements, index).text, default: []].append(elements[index])
        }
        return try made(.map(groups.mapValues { .list($0) }), at: node.offset)
    }

    private mutating func sorted(
        _ elements: [Value], _ closure: Node?, _ extra: Node?, _ node: Node
    ) throws(ExpressionError) -> Value {
        var keys: [Value] = []
        for index in elements.indices { keys.append(try apply(closure, elements, index)) }
        let order = try extra.map { node throws(ExpressionError) in try evaluate(node) }
        let places = try Builtins.order(keys, direction: order) { reason in failure("sortBy() \(reason)", at: node) }
        try charge(elements.count, at: node.offset)
        return try made(.list(places.map { elements[$0] }), at: node.offset)
    }

    private mutating func reduced(
        _ elements: [Value], _ closure: Node?, _ extra: Node?, _ node: Node
    ) throws(ExpressionError) -> Value {
        var accumulator: Value
        var start = 0
        if let extra {
            accumulator = try evaluate(extra)
        } else if let first = elements.first {
            accumulator = first
            start = 1
        } else {
            throw failure("reduce() of an empty list needs an initial value", at: node)
        }
        for index in elements.indices.dropFirst(start) {
            accumulator = try apply(closure, elements, index, accumulator: accumulator)
        }
        return accumulator
    }
}
