/// Whether text goes out with colours.
package struct TextStyle: Hashable, Sendable {
    package enum Color: String, Hashable, Sendable {
        case green = "32"
        case red = "31"
        case yellow = "33"
        case brightBlue = "94"
    }

    package var isColored: Bool

    package init(isColored: Bool) { self.isColored = isColored }

    /// Colours only for a terminal that can show them.
    /// - Parameter environment: Looks up `NO_COLOR` and `TERM`.
    package init(isTerminal: Bool, environment: (String) -> String?) {
        isColored = isTerminal && (environment("NO_COLOR") ?? "").isEmpty && environment("TERM") != "dumb"
    }

    package static let plain = TextStyle(isColored: false)

    package func paint(_ text: String, _ color: Color?) -> String {
        guard isColored, let color, !text.isEmpty else { return text }
        return "\u{1B}[\(color.rawValue)m\(text)\u{1B}[0m"
    }
}

/// A piece of text with the colour that it has on a terminal.
package struct StyledText: Hashable, Sendable, ExpressibleByStringInterpolation {
    package struct Part: Hashable, Sendable {
        package var text: String
        package var color: TextStyle.Color?
    }

    package var parts: [Part]

    package init(_ text: String, _ color: TextStyle.Color? = nil) { parts = [Part(text: text, color: color)] }
    package init(stringLiteral value: String) { self.init(value) }

    package static func + (left: StyledText, right: StyledText) -> StyledText {
        var sum = left
        sum.parts += right.parts
        return sum
    }

    /// The text alone.
    package var text: String { parts.map(\.text).joined() }

    package func styled(_ style: TextStyle) -> String { parts.map { style.paint($0.text, $0.color) }.joined() }
}
