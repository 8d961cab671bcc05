/// Why an expression could not be read or evaluated.
package struct ExpressionError: Error, Hashable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// The text is no expression; another evaluation will not help.
        case syntax
        /// The expression does not fit the values it met.
        case evaluation
        /// It needed more steps or memory than an expression may have.
        case limit
    }

    package var kind: Kind
    package var reason: String
    /// Where in the expression, in characters from its start.
    package var offset: Int

    package init(_ kind: Kind, _ reason: String, at offset: Int) {
        self.kind = kind
        self.reason = reason
        self.offset = offset
    }

    package var description: String { "\(reason) at position \(offset + 1)" }
}
