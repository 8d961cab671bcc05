/// Why a text could not be read as YAML.
package struct YAMLError: Error, Hashable, CustomStringConvertible {
    /// Line of the offending place, counted from 1; 0 where the whole text is meant.
    package var line: Int
    /// What is wrong and how to mend it.
    package var reason: String

    package init(line: Int, reason: String) {
        self.line = line
        self.reason = reason
    }

    package var description: String { line > 0 ? "line \(line): \(reason)" : reason }
}
