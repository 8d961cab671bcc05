/// Why a template cannot be read or filled in.
package struct TemplateError: Error, Hashable, CustomStringConvertible {
    /// 1-based; 0 where it is not a place in the text.
    package var line: Int
    /// What is wrong and how to mend it; never a value that the template met, which may be secret.
    package var reason: String

    package init(line: Int = 0, _ reason: String) {
        self.line = line
        self.reason = reason
    }

    package var description: String { line > 0 ? "line \(line): \(reason)" : reason }

    /// The same error at a line, where it has none yet.
    func at(_ line: Int) -> TemplateError { self.line > 0 ? self : TemplateError(line: line, reason) }
}
