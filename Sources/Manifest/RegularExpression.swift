/// A regular expression in RE2's syntax, matched in time linear in the text.
///
/// Patterns come from other people's objects, so nothing here backtracks: time is bounded by text length times program
/// size, and the program's size is bounded when it is compiled. Back references and look-around are errors, as in RE2.
/// Of several matches the leftmost wins, and at one place the first alternative, as in Perl and Go.
package struct RegularExpression: Sendable, Hashable, CustomStringConvertible {
    /// Where a match and its groups lie.
    package struct Match: Hashable, Sendable {
        /// Group 0 is the whole match; `nil` for a group that took no part.
        package var groups: [Range<String.Index>?]
        package var range: Range<String.Index>
    }

    package let pattern: String
    private let program: RegularExpressionProgram

    /// - Throws: `RegularExpressionError` for a malformed pattern, or one that would need too large a program.
    package init(_ pattern: String) throws(RegularExpressionError) {
        self.pattern = pattern
        var parser = RegularExpressionParser(pattern)
        let node = try parser.parse()
        program = try RegularExpressionCompiler.compile(node, parser: parser)
    }

    /// Number of capturing groups, not counting the whole match.
    package var groupCount: Int { program.groupCount }
    /// Group numbers by name: `(?P<name>…)` or `(?<name>…)`.
    package var groupNames: [String: Int] { program.groupNames }

    /// Whether the pattern matches anywhere in the text.
    package func matches(_ text: String) -> Bool {
        RegularExpressionMachine(program, text, captures: false).run(entirely: false, from: 0) != nil
    }

    /// Whether the pattern matches the text from its first to its last character.
    package func matchesEntirely(_ text: String) -> Bool {
        RegularExpressionMachine(program, text, captures: false).run(entirely: true, from: 0) != nil
    }

    /// The leftmost match that starts at `start` or later; `^` and `\b` still see the text before it.
    package func firstMatch(in text: String, from start: String.Index? = nil) -> Match? {
        let offset = start.map { text.utf8.distance(from: text.startIndex, to: $0) } ?? 0
        let machine = RegularExpressionMachine(program, text, captures: true)
        guard let slots = machine.run(entirely: false, from: max(0, offset)) else { return nil }
        let groups = (0...groupCount).map { group -> Range<String.Index>? in
            let (low, high) = (slots[2 * group], slots[2 * group + 1])
            guard low >= 0, high >= low else { return nil }
            let utf8 = text.utf8
            return utf8.index(utf8.startIndex, offsetBy: low)..<utf8.index(utf8.startIndex, offsetBy: high)
        }
        guard let range = groups.first.flatMap({ $0 }) else { return nil }
        return Match(groups: groups, range: range)
    }

    /// A pattern that matches exactly `literal`.
    package static func escaping(_ literal: String) -> String {
        var text = ""
        for character in literal {
            if "\\.+*?()|[]{}^$".contains(character) { text.append("\\") }
            text.append(character)
        }
        return text
    }

    package static func == (left: Self, right: Self) -> Bool { left.pattern == right.pattern }
    package func hash(into hasher: inout Hasher) { hasher.combine(pattern) }
    package var description: String { pattern }
}
