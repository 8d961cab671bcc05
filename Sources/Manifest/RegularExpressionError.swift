/// Why a pattern is no regular expression.
package struct RegularExpressionError: Error, Hashable, CustomStringConvertible {
    /// What is wrong, without the place: `missing ')'`.
    package var reason: String
    package var pattern: String
    /// Where, in Unicode scalars from the start of the pattern.
    package var offset: Int

    package init(_ reason: String, pattern: String, offset: Int) {
        self.reason = reason
        self.pattern = pattern
        self.offset = offset
    }

    package var description: String {
        let shown = pattern.unicodeScalars.count > 200 ? "\(String(pattern.unicodeScalars.prefix(200)))…" : pattern
        return "regular expression \"\(shown)\" is not valid: \(reason) at character \(offset + 1)"
    }
}
