/// A condition or value in the language of analysis templates, ready to be evaluated many times.
///
/// Evaluation sees the environment alone and ends: a bounded number of steps, elements and levels. Types are checked as
/// values meet, so an operand that is never evaluated never raises an error.
package struct Expression: Sendable, CustomStringConvertible {
    package let source: String
    private let root: Node
    private let names: [(name: String, offset: Int)]

    package init(_ source: String) throws(ExpressionError) {
        self.source = source
        var parser = try Parser(source)
        root = try parser.parse()
        names = parser.names
    }

    /// The variables it reads, in order of first use.
    package var variables: [String] { names.map(\.name) }

    package func evaluate(_ environment: Environment) throws(ExpressionError) -> Value {
        for (name, offset) in names where environment.variables[name] == nil {
            let known = environment.variables.keys.sorted().joined(separator: ", ")
            throw ExpressionError(
                .evaluation, "unknown name \"\(name)\"" + (known.isEmpty ? "" : "; there is \(known)"), at: offset)
        }
        var interpreter = Interpreter(environment)
        return try interpreter.evaluate(root)
    }

    package var description: String { source }
}
