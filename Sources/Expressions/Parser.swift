import Manifest

/// Reads an expression by operator precedence.
struct Parser {
    static let maximalLength = 16_384
    /// Bounds the stack that reading and evaluating need.
    static let maximalDepth = 200

    static let binary: [String: (precedence: Int, rightAssociative: Bool)] = [
        "|": (0, false), "or": (10, false), "||": (10, false), "and": (15, false), "&&": (15, false),
        "==": (20, false), "!=": (20, false), "<": (20, false), "<=": (20, false), ">": (20, false), ">=": (20, false),
        "in": (20, false), "matches": (20, false), "contains": (20, false), "startsWith": (20, false),
        "endsWith": (20, false), "..": (25, false), "+": (30, false), "-": (30, false), "*": (60, false),
        "/": (60, false), "%": (60, false), "**": (100, true), "^": (100, true), "??": (500, false),
    ]
    static let unary = ["not": 50, "!": 50, "-": 90, "+": 90]
    static let ordering: Set<String> = ["<", "<=", ">", ">="]
    static let negatable: Set<String> = ["in", "matches", "contains", "startsWith", "endsWith"]

    var lexer: Lexer
    var token = Token(kind: .end, offset: 0)
    /// How many predicates stand around the current place.
    var predicateDepth = 0
    private var depth = 0
    private(set) var locals: [String] = []
    /// Variables of the environment that are used, with the place of their first use.
    private(set) var names: [(name: String, offset: Int)] = []

    init(_ source: String) throws(ExpressionError) {
        guard source.utf8.count <= Self.maximalLength else {
            throw ExpressionError(.syntax, "the expression is longer than \(Self.maximalLength) bytes", at: 0)
        }
        lexer = Lexer(source)
        try advance()
    }

    mutating func parse() throws(ExpressionError) -> Node {
        let node = try sequence()
        if token.kind != .end { throw unexpected() }
        return node
    }

    // MARK: Tokens

    mutating func advance() throws(ExpressionError) {
        token = try lexer.next()
        try skipComments()
    }

    mutating func skipComments() throws(ExpressionError) {
        while predicateDepth == 0, !mayOpenPredicate, token.kind == .symbol("#") {
            lexer.skipLine()
            token = try lexer.next()
        }
    }

    /// Set while the token that is read next may already belong to a predicate.
    var mayOpenPredicate = false

    func at(_ symbol: String) -> Bool { token.kind == .symbol(symbol) }

    mutating func take(_ symbol: String) throws(ExpressionError) -> Bool {
        guard at(symbol) else { return false }
        try advance()
        return true
    }

    mutating func expect(_ symbol: String) throws(ExpressionError) {
        guard try take(symbol) else { throw unexpected(wanted: "'\(symbol)'") }
    }

    func unexpected(wanted: String? = nil) -> ExpressionError {
        let found: String
        switch token.kind {
        case .end: found = "the end of the expression"
        case .int(let value): found = "\(value)"
        case .float(let value): found = "\(value)"
        case .string: found = "a string"
        case .name(let name): found = "\"\(name)\""
        case .symbol("="): found = "'='; to compare, write =="
        case .symbol(let symbol): found = "'\(symbol)'"
        }
        let reason = wanted.map { "expected \($0), found \(found)" } ?? "unexpected \(found)"
        return ExpressionError(.syntax, reason, at: token.offset)
    }

    func node(_ kind: Node.Kind, at offset: Int, _ parts: Node?...) throws(ExpressionError) -> Node {
        try node(kind, at: offset, parts.compactMap { $0 })
    }

    func node(_ kind: Node.Kind, at offset: Int, _ parts: [Node]) throws(ExpressionError) -> Node {
        let depth = 1 + (parts.map(\.depth).max() ?? 0)
        guard depth <= Self.maximalDepth else { throw tooDeep(offset) }
        return Node(kind: kind, offset: offset, depth: depth)
    }

    private func tooDeep(_ offset: Int) -> ExpressionError {
        ExpressionError(.syntax, "the expression is nested more than \(Self.maximalDepth) deep", at: offset)
    }

    // MARK: Expressions

    /// One or more expressions between semicolons; the last one counts.
    mutating func sequence() throws(ExpressionError) -> Node {
        let start = token.offset
        var parts = [try expression(0)]
        while at(";") {
            try advance()
            if token.kind == .end || at(")") || at("}") { break }
            parts.append(try expression(0))
        }
        return parts.count == 1 ? parts[0] : try node(.sequence(parts), at: start, parts)
    }

    mutating func expression(_ precedence: Int) throws(ExpressionError) -> Node {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximalDepth / 2 else { throw tooDeep(token.offset) }
        if precedence == 0 {
            if at("let") { return try declaration() }
            if at("if") { return try branch() }
        }
        var left = try primary()
        var previous = ""
        while case .symbol(var symbol) = token.kind {
            let start = token.offset
            var negated = false
            if symbol == "not" {
                try advance()
                guard case .symbol(let next) = token.kind, Self.negatable.contains(next) else {
                    throw unexpected(wanted: "an operator after 'not', such as 'in'")
                }
                negated = true
                symbol = next
            }
            guard let rule = Self.binary[symbol], rule.precedence >= precedence else {
                if negated { throw unexpected() }
                break
            }
            if previous == "??", symbol != "??" {
                throw ExpressionError(
                    .syntax, "'??' and '\(symbol)' need parentheses around one of them, as in (a ?? 0) < 5", at: start)
            }
            try advance()
            if symbol == "|" {
                guard case .name(let name) = token.kind else { throw unexpected(wanted: "a function after '|'") }
                let place = token.offset
                try advance()
                left = try postfix(try call(name, at: place, first: left))
            } else if Self.ordering.contains(symbol) {
                left = try comparisons(left, symbol, start)
            } else {
                let right = try expression(rule.rightAssociative ? rule.precedence : rule.precedence + 1)
                left = try binary(symbol, left, right, at: start)
                if negated { left = try node(.unary("not", left), at: start, left) }
            }
            previous = symbol
        }
        return precedence == 0 ? try conditional(left) : left
    }

    /// `0 < x < 1` means `0 < x && x < 1`.
    private mutating func comparisons(_ first: Node, _ symbol: String, _ start: Int) throws(ExpressionError) -> Node {
        var (left, symbol, start) = (first, symbol, start)
        var result: Node?
        while true {
            let right = try expression(21)
            let comparison = try node(.binary(symbol, left, right), at: start, left, right)
            if let before = result {
                result = try node(.binary("&&", before, comparison), at: start, before, comparison)
            } else {
                result = comparison
            }
            guard case .symbol(let next) = token.kind, Self.ordering.contains(next) else { return result ?? comparison }
            (left, symbol, start) = (right, next, token.offset)
            try advance()
        }
    }

    private func binary(_ symbol: String, _ left: Node, _ right: Node, at start: Int) throws(ExpressionError) -> Node {
        if symbol == "matches", case .literal(.string(let pattern)) = right.kind {
            let compiled: RegularExpression
            do throws(RegularExpressionError) { compiled = try RegularExpression(pattern) } catch {
                throw ExpressionError(.syntax, error.description, at: right.offset)
            }
            return try node(.matches(left, compiled), at: start, left, right)
        }
        return try node(.binary(symbol, left, right), at: start, left, right)
    }

    private mutating func conditional(_ condition: Node) throws(ExpressionError) -> Node {
        guard at("?") else { return condition }
        let start = token.offset
        try advance()
        let yes = at(":") ? condition : try expression(0)
        try expect(":")
        let no = try expression(0)
        return try node(.conditional(condition, yes, no), at: start, condition, yes, no)
    }

    private mutating func branch() throws(ExpressionError) -> Node {
        let start = token.offset
        try advance()
        let condition = try expression(0)
        try expect("{")
        let yes = try sequence()
        try expect("}")
        try expect("else")
        let no: Node
        if at("if") {
            no = try branch()
        } else {
            try expect("{")
            no = try sequence()
            try expect("}")
        }
        return try node(.conditional(condition, yes, no), at: start, condition, yes, no)
    }

    private mutating func declaration() throws(ExpressionError) -> Node {
        let start = token.offset
        try advance()
        guard case .name(let name) = token.kind else { throw unexpected(wanted: "a variable's name") }
        try advance()
        try expect("=")
        let value = try expression(0)
        try expect(";")
        locals.append(name)
        let body = try sequence()
        locals.removeLast()
        return try node(.declaration(name, value, body: body), at: start, value, body)
    }

    /// A variable: of a `let` around it, or of the environment.
    mutating func variable(_ name: String, at offset: Int) throws(ExpressionError) -> Node {
        if name == "$env" { return try node(.environment, at: offset) }
        if locals.contains(name) { return try node(.local(name), at: offset) }
        if !names.contains(where: { $0.name == name }) { names.append((name, offset)) }
        return try node(.name(name), at: offset)
    }
}
