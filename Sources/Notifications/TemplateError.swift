/// Why a template cannot be read or filled in.
package struct TemplateError: Error, Hashable, CustomStringConvertible {
    /// 1-based; 0 where it is not a place in the text.
    package var line: Int
    package var reason: String

    package init(line: Int = 0, _ reason: String) {
        self.line = line
        self.reason = reason
    }

    package var description: String { line > 0 ? "line \(line): \(reason)" : reason }
}
