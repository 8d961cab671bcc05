/// Builds the tree of a template from its pieces.
struct TemplateParser {
    /// What ends a block.
    private enum End {
        case text
        case end
        /// `{{else}}`, with what follows the word.
        case otherwise([TemplateToken])
    }

    private let pieces: [TemplatePiece]
    private var position = 0
    private var loops = 0
    /// Names of variables that are declared here.
    private var variables: [String] = []
    private(set) var definitions: [String: [TemplateNode]] = [:]

    init(_ pieces: [TemplatePiece]) { self.pieces = pieces }

    mutating func parse() throws(TemplateError) -> [TemplateNode] {
        let (nodes, end, line) = try block(depth: 0)
        guard case .text = end else {
            throw TemplateError(
                line: line, "{{end}} or {{else}} without {{if}}, {{range}}, {{with}} or {{define}} before it; remove it"
            )
        }
        return nodes
    }

    /// Reads up to the block's end, whose kind and line come back with it.
    private mutating func block(depth: Int) throws(TemplateError) -> ([TemplateNode], End, Int) {
        let declared = variables.count
        defer { variables.removeLast(variables.count - declared) }
        var nodes: [TemplateNode] = []
        while position < pieces.count {
            let piece = pieces[position]
            position += 1
            guard case .action(let tokens, let line) = piece else {
                if case .text(let text) = piece { nodes.append(.text(text)) }
                continue
            }
            guard depth <= Template.maxDepth else {
                throw TemplateError(line: line, "blocks are nested deeper than \(Template.maxDepth); use {{template}}")
            }
            let rest = tokens.dropFirst()
            guard case .word(let word)? = tokens.first else {
                nodes.append(.action(try pipeline(tokens[...], line)))
                continue
            }
            switch word {
            case "end":
                guard rest.isEmpty else { throw TemplateError(line: line, "{{end}} takes nothing") }
                return (nodes, .end, line)
            case "else": return (nodes, .otherwise(Array(rest)), line)
            case "if", "with", "range": nodes.append(try control(word, rest, line, depth))
            case "define": try define(rest, line, depth)
            case "block":
                let (name, value) = try named("block", rest, line)
                guard let value else {
                    throw TemplateError(line: line, "{{block}} needs a value; write {{block \"name\" .}}")
                }
                try define(rest.prefix(1), line, depth)
                nodes.append(.include(name, value, line: line))
            case "template":
                let (name, value) = try named("template", rest, line)
                nodes.append(.include(name, value, line: line))
            case "break", "continue":
                guard rest.isEmpty, loops > 0 else {
                    throw TemplateError(line: line, "{{\(word)}} takes nothing and stands inside {{range}} only")
                }
                nodes.append(word == "break" ? .leaveLoop : .nextPass)
            default: nodes.append(.action(try pipeline(tokens[...], line)))
            }
        }
        return (nodes, .text, 0)
    }

    private mutating func control(
        _ word: String, _ tokens: ArraySlice<TemplateToken>, _ line: Int, _ depth: Int
    ) throws(TemplateError) -> TemplateNode {
        guard depth < Template.maxDepth else {
            throw TemplateError(line: line, "blocks or {{else if}} are nested deeper than \(Template.maxDepth)")
        }
        let declared = variables.count
        defer { variables.removeLast(variables.count - declared) }
        let value = try pipeline(tokens, line, mayDeclareTwo: word == "range")
        if word == "range" { loops += 1 }
        let (body, end, endLine) = try block(depth: depth + 1)
        if word == "range" { loops -= 1 }
        var otherwise: [TemplateNode] = []
        switch end {
        case .text: throw TemplateError(line: line, "{{\(word)}} is not closed; add {{end}}")
        case .end: break
        case .otherwise(let tokens) where tokens.isEmpty:
            let (nodes, end, elseLine) = try block(depth: depth + 1)
            guard case .end = end else {
                throw TemplateError(line: elseLine == 0 ? endLine : elseLine, "{{else}} is not closed; add {{end}}")
            }
            otherwise = nodes
        case .otherwise(let tokens):
            guard word != "range", tokens.first == .word(word) else {
                let known = word == "range" ? "{{else}} alone" : "{{else}} or {{else \(word)}}"
                throw TemplateError(line: endLine, "after {{\(word)}} comes \(known)")
            }
            otherwise = [try control(word, tokens.dropFirst(), endLine, depth + 1)]
        }
        return switch word {
        case "if": .condition(value, then: body, otherwise: otherwise)
        case "with": .with(value, body: body, otherwise: otherwise)
        default: .range(value, body: body, otherwise: otherwise)
        }
    }

    private mutating func define(_ tokens: ArraySlice<TemplateToken>, _ line: Int, _ depth: Int) throws(TemplateError) {
        guard tokens.count == 1, case .string(let name)? = tokens.first else {
            throw TemplateError(line: line, "{{define}} needs a name; write {{define \"name\"}}")
        }
        // A definition sees the variables of nobody else, and is in no loop.
        let outside = (variables, loops)
        (variables, loops) = ([], 0)
        let (body, end, _) = try block(depth: depth + 1)
        (variables, loops) = outside
        guard case .end = end else {
            throw TemplateError(line: line, "{{define}} or {{block}} is not closed; add {{end}}")
        }
        guard definitions.count < 256 else { throw TemplateError(line: line, "more than 256 templates are defined") }
        definitions[name] = body
    }

    private mutating func named(
        _ word: String, _ tokens: ArraySlice<TemplateToken>, _ line: Int
    ) throws(TemplateError) -> (String, TemplatePipeline?) {
        guard case .string(let name)? = tokens.first else {
            throw TemplateError(line: line, "{{\(word)}} needs a name in quotes; write {{\(word) \"name\" .}}")
        }
        return (name, tokens.count > 1 ? try pipeline(tokens.dropFirst(), line) : nil)
    }

    // MARK: Pipelines

    private mutating func pipeline(
        _ tokens: ArraySlice<TemplateToken>, _ line: Int, mayDeclareTwo: Bool = false
    ) throws(TemplateError) -> TemplatePipeline {
        var rest = tokens
        var names: [String] = []
        var isAssignment = false
        let heads = Array(rest.prefix(4))
        if heads.count > 1, case .variable(let first, let path) = heads[0], path.isEmpty {
            switch (heads[1], heads.count > 3 ? heads[2] : .pipe, heads.count > 3 ? heads[3] : .pipe) {
            case (.declare, _, _), (.assign, _, _):
                names = [first]
                isAssignment = heads[1] == .assign
                rest = rest.dropFirst(2)
            case (.comma, .variable(let second, let path), .declare) where path.isEmpty && mayDeclareTwo,
                (.comma, .variable(let second, let path), .assign) where path.isEmpty && mayDeclareTwo:
                names = [first, second]
                isAssignment = heads[3] == .assign
                rest = rest.dropFirst(4)
            default: break
            }
        }
        var parsed = try commands(&rest, line, depth: 0)
        guard rest.isEmpty else { throw TemplateError(line: line, "a ) has no (; remove it") }
        if names.contains("") { throw TemplateError(line: line, "$ alone cannot be set; give the variable a name") }
        if isAssignment { for name in names { try check(name, line) } } else { variables += names }
        parsed.variables = names
        parsed.isAssignment = isAssignment
        return parsed
    }

    private func check(_ name: String, _ line: Int) throws(TemplateError) {
        guard name.isEmpty || variables.contains(name) else {
            throw TemplateError(line: line, "unknown variable $\(name); declare it with {{$\(name) := …}} before")
        }
    }

    private func commands(
        _ tokens: inout ArraySlice<TemplateToken>, _ line: Int, depth: Int
    ) throws(TemplateError) -> TemplatePipeline {
        guard depth <= Template.maxDepth else {
            throw TemplateError(line: line, "parentheses are nested deeper than \(Template.maxDepth)")
        }
        var pipeline = TemplatePipeline(line: line)
        while true {
            let operand = try operand(&tokens, line, depth)
            var arguments: [TemplateOperand] = []
            while let next = tokens.first, next != .pipe, next != .close {
                arguments.append(try self.operand(&tokens, line, depth))
            }
            let command = TemplateCommand(operand: operand, arguments: arguments)
            try check(command, isFirst: pipeline.commands.isEmpty, line)
            pipeline.commands.append(command)
            guard tokens.first == .pipe else { return pipeline }
            tokens.removeFirst()
        }
    }

    /// What is wrong whatever the values are is said when the template is read.
    private func check(_ command: TemplateCommand, isFirst: Bool, _ line: Int) throws(TemplateError) {
        let count = command.arguments.count + (isFirst ? 0 : 1)
        switch command.operand {
        case .function(let name, let path) where path.isEmpty:
            guard let arity = TemplateFunctions.arity(of: name), !arity.contains(count) else { return }
            let wanted =
                arity.upperBound >= TemplateFunctions.many
                ? "\(arity.lowerBound) or more"
                : arity.count == 1 ? "\(arity.lowerBound)" : "\(arity.lowerBound) to \(arity.upperBound)"
            throw TemplateError(line: line, "\(name) takes \(wanted) values, not \(count)")
        case .null where isFirst && count == 0:
            throw TemplateError(line: line, "nil alone is no command")
        case .null, .bool, .int, .double, .string, .function, .nested:
            guard count > 0 else { return }
            if case .nested(_, let path) = command.operand, !path.isEmpty { return }
            if case .function = command.operand { return }
            throw TemplateError(
                line: line,
                isFirst ? "a value takes no arguments; put a function first" : "after | comes a function")
        default: return
        }
    }

    private func operand(
        _ tokens: inout ArraySlice<TemplateToken>, _ line: Int, _ depth: Int
    ) throws(TemplateError) -> TemplateOperand {
        guard let token = tokens.popFirst() else { throw TemplateError(line: line, "a value is missing") }
        switch token {
        case .field(let names): return .field(names)
        case .variable(let name, let names):
            try check(name, line)
            return .variable(name, names)
        case .string(let text): return .string(text)
        case .int(let value): return .int(value)
        case .double(let value): return .double(value)
        case .word("true"): return .bool(true)
        case .word("false"): return .bool(false)
        case .word("nil"): return .null
        case .word(let name):
            guard TemplateFunctions.arity(of: name) != nil else {
                throw TemplateError(line: line, "unknown function \(name)\(TemplateFunctions.hint(for: name))")
            }
            return .function(name, chain(&tokens))
        case .open:
            let inner = try commands(&tokens, line, depth: depth + 1)
            guard tokens.popFirst() == .close else { throw TemplateError(line: line, "a ( is not closed; add )") }
            return .nested(inner, chain(&tokens))
        case .declare, .assign:
            throw TemplateError(line: line, ":= and = stand behind a variable at the beginning, as in {{$x := 1}}")
        case .chain, .comma, .pipe, .close: throw TemplateError(line: line, "a value is missing")
        }
    }

    private func chain(_ tokens: inout ArraySlice<TemplateToken>) -> [String] {
        guard case .chain(let names)? = tokens.first else { return [] }
        tokens.removeFirst()
        return names
    }
}
