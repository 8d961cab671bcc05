/// Why bytes could not be read as the JSON that was expected.
package struct JSONError: Error, Hashable, CustomStringConvertible {
    /// What is wrong, without a position: `expected a string, found a list`.
    package var reason: String
    /// Offset of the offending byte from the start of the text.
    package var offset: Int
    /// Member names and indices from the root, innermost last: `spec`, `steps`, `[2]`.
    package var path: [String]

    package init(_ reason: String, offset: Int = 0, path: [String] = []) {
        self.reason = reason
        self.offset = offset
        self.path = path
    }

    /// The path as people write it: `spec.steps[2].setWeight`.
    package var fieldPath: String {
        path.reduce(into: "") { text, part in
            if !part.hasPrefix("["), !text.isEmpty { text += "." }
            text += part
        }
    }

    package var description: String {
        path.isEmpty ? "\(reason) at byte \(offset)" : "\(fieldPath): \(reason)"
    }
}
