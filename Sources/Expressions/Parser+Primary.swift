extension Parser {
    mutating func primary() throws(ExpressionError) -> Node {
        try skipComments()
        let start = token.offset
        switch token.kind {
        case .int(let value): return try literal(.int(value))
        case .float(let value): return try literal(.float(value))
        case .string(let value): return try literal(.string(value))
        case .name(let name):
            try advance()
            switch name {
            case "true": return try node(.literal(.bool(true)), at: start)
            case "false": return try node(.literal(.bool(false)), at: start)
            case "nil": return try node(.literal(.null), at: start)
            default: break
            }
            if name == "time", at("."), !locals.contains(name), let moment = try moment(at: start) {
                return try postfix(moment)
            }
            return try postfix(at("(") ? try call(name, at: start, first: nil) : try variable(name, at: start))
        case .symbol(let symbol):
            if let precedence = Self.unary[symbol] {
                try advance()
                let operand = try expression(precedence)
                return try postfix(try node(.unary(symbol, operand), at: start, operand))
            }
            switch symbol {
            case "(":
                try advance()
                let inner = try sequence()
                try expect(")")
                return try postfix(inner)
            case "[": return try postfix(try list())
            case "{": return try postfix(try map())
            case "#" where predicateDepth > 0: return try postfix(try pointer())
            case "." where predicateDepth > 0: return try postfix(try node(.pointer(.element), at: start))
            default: throw unexpected(wanted: "a value")
            }
        case .end: throw unexpected(wanted: "a value")
        }
    }

    /// `time.Now()` and `time.Parse(text)`, as triggers of notifications have them.
    ///
    /// `nil`, with nothing read, where something else follows: a variable may have that name.
    private mutating func moment(at start: Int) throws(ExpressionError) -> Node? {
        var ahead = self
        try ahead.advance()
        guard case .name(let name) = ahead.token.kind, name == "Now" || name == "Parse" else { return nil }
        try ahead.advance()
        guard ahead.at("(") else { return nil }
        self = ahead
        return try call(name == "Now" ? "now" : "date", at: start, first: nil)
    }

    private mutating func literal(_ value: Value) throws(ExpressionError) -> Node {
        let start = token.offset
        try advance()
        return try postfix(try node(.literal(value), at: start))
    }

    private mutating func pointer() throws(ExpressionError) -> Node {
        let start = token.offset
        let end = lexer.index
        try advance()
        if case .name(let name) = token.kind, token.offset == end {
            try advance()
            switch name {
            case "index": return try node(.pointer(.index), at: start)
            case "acc": return try node(.pointer(.accumulator), at: start)
            default: throw ExpressionError(.syntax, "unknown pointer #\(name); use #, #index or #acc", at: start)
            }
        }
        return try node(.pointer(.element), at: start)
    }

    private mutating func list() throws(ExpressionError) -> Node {
        let start = token.offset
        try advance()
        var elements: [Node] = []
        while !at("]") {
            elements.append(try expression(0))
            guard try take(",") else { break }
        }
        try expect("]")
        return try node(.list(elements), at: start, elements)
    }

    private mutating func map() throws(ExpressionError) -> Node {
        let start = token.offset
        try advance()
        var members: [(key: Node, value: Node)] = []
        while !at("}") {
            let place = token.offset
            let key: Node
            switch token.kind {
            case .string(let text), .name(let text): key = try node(.literal(.string(text)), at: place)
            case .symbol(let word) where Lexer.words.contains(word):
                key = try node(.literal(.string(word)), at: place)
            case .int(let value): key = try node(.literal(.string(String(value))), at: place)
            case .symbol("("):
                try advance()
                key = try expression(0)
                guard at(")") else { throw unexpected(wanted: "')'") }
            default: throw unexpected(wanted: "a key")
            }
            try advance()
            try expect(":")
            members.append((key, try expression(0)))
            guard try take(",") else { break }
        }
        try expect("}")
        return try node(.map(members), at: start, members.flatMap { [$0.key, $0.value] })
    }

    /// Members, indices and slices behind a value.
    mutating func postfix(_ value: Node) throws(ExpressionError) -> Node {
        var value = value
        var isChain = false
        while case .symbol(let symbol) = token.kind, symbol == "." || symbol == "?." || symbol == "[" {
            let start = token.offset
            let optional = symbol == "?."
            isChain = isChain || optional
            if symbol == "." || optional {
                try advance()
                if optional, at("[") {
                    value = try index(value, start, optional: true)
                } else {
                    value = try member(value, start, optional: optional)
                }
            } else {
                value = try index(value, start, optional: false)
            }
        }
        return isChain ? try node(.chain(value), at: value.offset, value) : value
    }

    private mutating func member(_ value: Node, _ start: Int, optional: Bool) throws(ExpressionError) -> Node {
        let name: String
        switch token.kind {
        case .name(let text): name = text
        case .symbol(let word) where Lexer.words.contains(word): name = word
        default: throw unexpected(wanted: "a member's name")
        }
        try advance()
        guard at("(") else { return try node(.member(value, name, optional: optional), at: start, value) }
        try advance()
        if let symbol = Methods.operators[name], !optional {
            let argument = try expression(0)
            try expect(")")
            return try node(.binary(symbol, value, argument), at: start, value, argument)
        }
        try expect(")")
        guard Methods.names.contains(name) else {
            throw ExpressionError(.syntax, "unknown method \(name)()", at: start)
        }
        return try node(.method(value, name, optional: optional), at: start, value)
    }

    private mutating func index(_ value: Node, _ start: Int, optional: Bool) throws(ExpressionError) -> Node {
        try expect("[")
        let from = at(":") ? nil : try expression(0)
        if try take(":") {
            let to = at("]") ? nil : try expression(0)
            try expect("]")
            return try node(.slice(value, from: from, to: to), at: start, value, from, to)
        }
        try expect("]")
        guard let from else { throw unexpected(wanted: "an index") }
        return try node(.index(value, from, optional: optional), at: start, value, from)
    }

    /// A call whose name has been read; `first` is what a pipe hands in.
    mutating func call(_ name: String, at start: Int, first: Node?) throws(ExpressionError) -> Node {
        if let arity = Predicates.arities[name] { return try predicate(name, arity, at: start, first: first) }
        guard let function = Builtins.table[name] else {
            throw ExpressionError(.syntax, "unknown function \(name)()", at: start)
        }
        try expect("(")
        var arguments = first.map { [$0] } ?? []
        while !at(")") {
            arguments.append(try expression(0))
            guard try take(",") else { break }
        }
        try expect(")")
        guard function.arity.contains(arguments.count) else {
            let wanted =
                function.arity.count == 1
                ? "\(function.arity.lowerBound)" : "\(function.arity.lowerBound) or more"
            throw ExpressionError(
                .syntax, "\(name)() takes \(wanted) arguments, not \(arguments.count)", at: start)
        }
        return try node(.call(name, arguments), at: start, arguments)
    }

    private mutating func predicate(
        _ name: String, _ arity: ClosedRange<Int>, at start: Int, first: Node?
    ) throws(ExpressionError) -> Node {
        guard at("(") else { throw unexpected(wanted: "'('") }
        let list: Node
        var hasMore: Bool
        if let first {
            // The pipe's value is the list, so a predicate comes at once.
            mayOpenPredicate = true
            try advance()
            list = first
            hasMore = !at(")")
        } else {
            try advance()
            list = try expression(0)
            mayOpenPredicate = true
            hasMore = at(",")
            if hasMore { try advance() }
        }
        var closure: Node?
        var extra: Node?
        if hasMore, !at(")") {
            predicateDepth += 1
            mayOpenPredicate = false
            if try take("{") {
                closure = try sequence()
                guard at("}") else { throw unexpected(wanted: "'}'") }
                try advance()
            } else {
                closure = try expression(0)
            }
            predicateDepth -= 1
            try skipComments()
            hasMore = at(",")
            if hasMore { try advance() }
            if hasMore, arity.upperBound > 2, !at(")") { extra = try expression(0) }
        }
        mayOpenPredicate = false
        try skipComments()
        try expect(")")
        if closure == nil, arity.lowerBound > 1 {
            throw ExpressionError(.syntax, "\(name)() needs a predicate, as in \(name)(list, # > 0)", at: start)
        }
        return try node(.predicate(name, list, closure, extra: extra), at: start, list, closure, extra)
    }
}
