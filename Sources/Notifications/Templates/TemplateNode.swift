/// A part of a template's tree.
indirect enum TemplateNode: Sendable {
    case text(String)
    case action(TemplatePipeline)
    case condition(TemplatePipeline, then: [TemplateNode], otherwise: [TemplateNode])
    /// An `if` that makes its value the dot.
    case with(TemplatePipeline, body: [TemplateNode], otherwise: [TemplateNode])
    case range(TemplatePipeline, body: [TemplateNode], otherwise: [TemplateNode])
    /// `{{template "name" value}}`.
    case include(String, TemplatePipeline?, line: Int)
    case leaveLoop
    case nextPass
}

/// Commands of which each gets the value of the one before as its last argument.
struct TemplatePipeline: Sendable {
    var line: Int
    /// Names that get the value: one, or two in a `range`.
    var variables: [String] = []
    /// `=` instead of `:=`.
    var isAssignment = false
    var commands: [TemplateCommand] = []
}

/// A value, or a function with its arguments.
struct TemplateCommand: Sendable {
    var operand: TemplateOperand
    var arguments: [TemplateOperand]
}

/// What a value is taken from.
indirect enum TemplateOperand: Sendable {
    /// A path from the dot; empty is the dot itself.
    case field([String])
    /// A path from a variable; the empty name is the root, `$`.
    case variable(String, [String])
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    /// A function, and fields of what it gives.
    case function(String, [String])
    case nested(TemplatePipeline, [String])
}
