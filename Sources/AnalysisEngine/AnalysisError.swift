/// Why an analysis cannot be made or run as it is written.
package struct AnalysisError: Error, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// An argument has no value, two values, or one that cannot be found.
        case arguments
        /// A metric or a rule breaks a constraint.
        case invalidSpec
        /// A referenced template does not exist, or the references go in a circle.
        case template
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The text that an AnalysisRun's status carries.
    package var description: String {
        switch code {
        case .arguments: "arguments: \(message)"
        case .invalidSpec: "invalid spec: \(message)"
        case .template: message
        }
    }
}
