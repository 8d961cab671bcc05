package import Manifest

extension Template {
    /// Fills the template in.
    /// - Parameters:
    ///   - context: What `.` and `$` are.
    ///   - maxOutput: More bytes than this are an error.
    package func render(_ context: JSON, maxOutput: Int = 256 << 10) throws(TemplateError) -> String {
        var renderer = TemplateRenderer(root: context, maxOutput: maxOutput)
        try renderer.render(nodes, context)
        return renderer.output
    }
}

/// Walks a template's tree and collects its text.
private struct TemplateRenderer {
    let root: JSON
    let maxOutput: Int
    var output = ""
    private var size = 0
    private var steps = 0

    init(root: JSON, maxOutput: Int) {
        self.root = root
        self.maxOutput = maxOutput
    }

    mutating func render(_ nodes: [Template.Node], _ dot: JSON) throws(TemplateError) {
        for node in nodes {
            try step()
            switch node {
            case .text(let text): try append(text)
            case .value(let pipeline): try append(shown(try value(pipeline, dot)))
            case .condition(let test, let then, let otherwise):
                try render(isTrue(try value(test, dot)) ? then : otherwise, dot)
            case .range(let pipeline, let body, let otherwise):
                let elements = try elements(try value(pipeline, dot), pipeline.line)
                if elements.isEmpty { try render(otherwise, dot) }
                for element in elements {
                    try step()
                    try render(body, element)
                }
            }
        }
    }

    /// Ranges inside ranges multiply, and what they print may be nothing: so passes are counted too.
    private mutating func step() throws(TemplateError) {
        steps += 1
        guard steps <= 100_000 else { throw TemplateError("the template takes more than 100000 steps") }
    }

    private mutating func append(_ text: String) throws(TemplateError) {
        size += text.utf8.count
        guard size <= maxOutput else { throw TemplateError("the text is longer than \(maxOutput) bytes") }
        output += text
    }

    private func elements(_ value: JSON?, _ line: Int) throws(TemplateError) -> [JSON] {
        switch value {
        case nil, .null: return []
        case .array(let elements): return elements
        case .object(let members): return members.keys.sorted(by: utf8Order).compactMap { members[$0] }
        case .some(let other): throw TemplateError(line: line, "range needs a list or an object, not \(other.typeName)")
        }
    }

    /// The pipeline's last value; `nil` where a field is missing.
    private func value(_ pipeline: Template.Pipeline, _ dot: JSON) throws(TemplateError) -> JSON? {
        var last: JSON?
        for (index, stage) in pipeline.stages.enumerated() {
            switch stage {
            case .operand(let operand): last = try value(operand, dot)
            case .call(let function, let operands):
                var arguments: [JSON?] = []
                for operand in operands { arguments.append(try value(operand, dot)) }
                if index > 0 { arguments.append(last) }
                last = apply(function, arguments)
            }
        }
        return last
    }

    private func value(_ operand: Template.Operand, _ dot: JSON) throws(TemplateError) -> JSON? {
        switch operand {
        case .path(let names, let fromRoot): (fromRoot ? root : dot).at(path: names)
        case .literal(let value): value
        case .nested(let pipeline): try value(pipeline, dot)
        }
    }

    private func apply(_ function: Template.Function, _ arguments: [JSON?]) -> JSON? {
        switch function {
        case .default:
            // As in sprig: the value comes last, so that it can be piped in.
            let value = arguments.last ?? nil
            return isTrue(value) ? value : arguments.first ?? nil
        case .upper: return .string(shown(arguments.first ?? nil).uppercased())
        case .lower: return .string(shown(arguments.first ?? nil).lowercased())
        case .toJson: return .string(((arguments.first ?? nil) ?? .null).description)
        }
    }

    /// What Go's templates call true: not null, false, zero or empty.
    private func isTrue(_ value: JSON?) -> Bool {
        switch value {
        case nil, .null, .bool(false), .int(0): false
        case .string(let text): !text.isEmpty
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        case .double(let number): number != 0
        default: true
        }
    }

    private func shown(_ value: JSON?) -> String {
        switch value {
        case nil, .null: "<no value>"
        case .string(let text): text
        case .some(let other): other.description
        }
    }
}
