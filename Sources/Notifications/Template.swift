import Manifest

/// A text with `{{ }}` actions: the part of Go's template language that notifications need.
///
/// Field paths, pipes, parentheses, `if`/`else if`/`else`, `range`/`else`, and the functions `default`, `upper`, `lower`
/// and `toJson`. Reading and filling in are bounded, whatever the text says.
package struct Template: Hashable, Sendable {
    static let maxSource = 64 << 10
    static let maxDepth = 32

    indirect enum Node: Hashable, Sendable {
        case text(String)
        case value(Pipeline)
        case condition(Pipeline, then: [Node], otherwise: [Node])
        case range(Pipeline, body: [Node], otherwise: [Node])
    }

    struct Pipeline: Hashable, Sendable {
        var stages: [Stage]
        var line: Int
    }

    enum Stage: Hashable, Sendable {
        case operand(Operand)
        case call(Function, [Operand])
    }

    indirect enum Operand: Hashable, Sendable {
        case path([String], fromRoot: Bool)
        case literal(JSON)
        case nested(Pipeline)
    }

    enum Function: String, Sendable, CaseIterable {
        case `default`, upper, lower, toJson

        var argumentCount: Int { self == .default ? 2 : 1 }
    }

    let nodes: [Node]

    /// Reads a template.
    /// - Throws: ``TemplateError`` with the line; an unknown function is named.
    package init(_ text: String) throws(TemplateError) {
        guard text.utf8.count <= Template.maxSource else {
            throw TemplateError("the template is longer than \(Template.maxSource >> 10) KiB")
        }
        var lexer = TemplateLexer(text)
        var parser = TemplateParser(try lexer.pieces())
        nodes = try parser.parse()
    }
}

/// Builds the tree of a template from its pieces.
struct TemplateParser {
    private enum End: Hashable { case end, otherwise, otherwiseIf([TemplateToken]) }

    private let pieces: [TemplatePiece]
    private var position = 0

    init(_ pieces: [TemplatePiece]) { self.pieces = pieces }

    mutating func parse() throws(TemplateError) -> [Template.Node] {
        let (nodes, end, line) = try block(depth: 0)
        guard end == nil else { throw TemplateError(line: line, "{{end}} or {{else}} without {{if}} or {{range}}") }
        return nodes
    }

    /// Reads up to the block's end, whose kind and line come back with it.
    private mutating func block(depth: Int) throws(TemplateError) -> ([Template.Node], End?, Int) {
        guard depth <= Template.maxDepth else {
            throw TemplateError("blocks are nested deeper than \(Template.maxDepth)")
        }
        var nodes: [Template.Node] = []
        while position < pieces.count {
            let piece = pieces[position]
            position += 1
            switch piece {
            case .text(let text): nodes.append(.text(text))
            case .action(let tokens, let line):
                switch tokens.first {
                case .word("end"):
                    guard tokens.count == 1 else { throw TemplateError(line: line, "{{end}} takes nothing") }
                    return (nodes, .end, line)
                case .word("else"):
                    if tokens.count == 1 { return (nodes, .otherwise, line) }
                    guard tokens[1] == .word("if") else {
                        throw TemplateError(line: line, "only {{else}} and {{else if}} are known")
                    }
                    return (nodes, .otherwiseIf(Array(tokens[2...])), line)
                case .word("if"): nodes.append(try condition(tokens.dropFirst(), line, depth))
                case .word("range"): nodes.append(try range(tokens.dropFirst(), line, depth))
                default: nodes.append(.value(try pipeline(tokens[...], line)))
                }
            }
        }
        return (nodes, nil, 0)
    }

    private mutating func condition(
        _ tokens: ArraySlice<TemplateToken>, _ line: Int, _ depth: Int
    ) throws(TemplateError) -> Template.Node {
        let test = try pipeline(tokens, line)
        let (body, end, endLine) = try block(depth: depth + 1)
        switch end {
        case nil: throw TemplateError(line: line, "{{if}} is not closed by {{end}}")
        case .end: return .condition(test, then: body, otherwise: [])
        case .otherwiseIf(let tokens):
            // An else-if is an if inside the else; each one deepens the tree, so that a long chain is bounded too.
            guard depth < Template.maxDepth else { throw TemplateError(line: endLine, "too many {{else if}}") }
            return .condition(test, then: body, otherwise: [try condition(tokens[...], endLine, depth + 1)])
        case .otherwise: return .condition(test, then: body, otherwise: try last(line, depth))
        }
    }

    private mutating func range(
        _ tokens: ArraySlice<TemplateToken>, _ line: Int, _ depth: Int
    ) throws(TemplateError) -> Template.Node {
        let list = try pipeline(tokens, line)
        let (body, end, endLine) = try block(depth: depth + 1)
        switch end {
        case nil: throw TemplateError(line: line, "{{range}} is not closed by {{end}}")
        case .end: return .range(list, body: body, otherwise: [])
        case .otherwise: return .range(list, body: body, otherwise: try last(line, depth))
        case .otherwiseIf: throw TemplateError(line: endLine, "{{range}} has no {{else if}}")
        }
    }

    private mutating func last(_ line: Int, _ depth: Int) throws(TemplateError) -> [Template.Node] {
        let (body, end, endLine) = try block(depth: depth + 1)
        guard end == .end else {
            throw TemplateError(line: endLine == 0 ? line : endLine, "{{else}} is not closed by {{end}}")
        }
        return body
    }

    private func pipeline(_ tokens: ArraySlice<TemplateToken>, _ line: Int) throws(TemplateError) -> Template.Pipeline {
        var rest = tokens
        let parsed = try pipeline(&rest, line, depth: 0)
        guard rest.isEmpty else { throw TemplateError(line: line, "a ) has no (") }
        return parsed
    }

    private func pipeline(
        _ tokens: inout ArraySlice<TemplateToken>, _ line: Int, depth: Int
    ) throws(TemplateError) -> Template.Pipeline {
        guard depth <= Template.maxDepth else { throw TemplateError(line: line, "parentheses are nested too deep") }
        var stages: [Template.Stage] = []
        while true {
            stages.append(try stage(&tokens, line, depth, isFirst: stages.isEmpty))
            guard tokens.first == .pipe else { break }
            tokens.removeFirst()
        }
        return Template.Pipeline(stages: stages, line: line)
    }

    private func stage(
        _ tokens: inout ArraySlice<TemplateToken>, _ line: Int, _ depth: Int, isFirst: Bool
    ) throws(TemplateError) -> Template.Stage {
        guard case .word(let name)? = tokens.first, name != "true", name != "false", name != "nil" else {
            let operand = try operand(&tokens, line, depth)
            guard isFirst else { throw TemplateError(line: line, "after | comes a function") }
            return .operand(operand)
        }
        tokens.removeFirst()
        guard let function = Template.Function(rawValue: name) else {
            let known = Template.Function.allCases.map(\.rawValue).sorted().joined(separator: ", ")
            throw TemplateError(line: line, "unknown function \(name); known are \(known)")
        }
        var arguments: [Template.Operand] = []
        while let next = tokens.first, next != .pipe, next != .close {
            arguments.append(try operand(&tokens, line, depth))
        }
        let count = arguments.count + (isFirst ? 0 : 1)
        guard count == function.argumentCount else {
            throw TemplateError(line: line, "\(name) takes \(function.argumentCount) values, not \(count)")
        }
        return .call(function, arguments)
    }

    private func operand(
        _ tokens: inout ArraySlice<TemplateToken>, _ line: Int, _ depth: Int
    ) throws(TemplateError) -> Template.Operand {
        guard let token = tokens.popFirst() else { throw TemplateError(line: line, "a value is missing") }
        switch token {
        case .path(let names, let fromRoot): return .path(names, fromRoot: fromRoot)
        case .string(let text): return .literal(.string(text))
        case .int(let value): return .literal(.int(value))
        case .double(let value): return .literal(.number(value))
        case .word("true"): return .literal(true)
        case .word("false"): return .literal(false)
        case .word("nil"): return .literal(.null)
        case .word(let name): throw TemplateError(line: line, "\(name) must stand at the beginning or in parentheses")
        case .open:
            let inner = try pipeline(&tokens, line, depth: depth + 1)
            guard tokens.popFirst() == .close else { throw TemplateError(line: line, "a ( is not closed") }
            return .nested(inner)
        case .pipe, .close: throw TemplateError(line: line, "a value is missing")
        }
    }
}
