import Glibc

/// What a terminal shows at a time: lines that are drawn anew in the place of those before.
struct TerminalFrame: Equatable {
    var columns: Int
    var rows: Int

    /// As large as the terminal is now, for people resize; what every terminal has where it does not say.
    static var present: TerminalFrame {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return TerminalFrame(columns: 80, rows: 24)
        }
        return TerminalFrame(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// The text that draws the lines, each in its place, without a moment of emptiness.
    ///
    /// Lines that are too wide are cut, and the last ones are left out where they are too many: a line that wraps or
    /// scrolls would push what counts, at the top, off the screen.
    func drawing(_ lines: [String]) -> String {
        // The last row stays free: a line break at its end would scroll.
        let room = max(1, rows - 1)
        var shown = Array(lines.prefix(room))
        if lines.count > room {
            shown[room - 1] = "… \(lines.count - room + 1) more lines; a higher window shows them"
        }
        return "\u{1B}[H" + shown.map { Self.cut($0, to: columns - 1) + "\u{1B}[K\n" }.joined() + "\u{1B}[J"
    }

    /// Cuts what is wider than so many columns; escape codes take no room.
    static func cut(_ line: String, to columns: Int) -> String {
        var result = ""
        var used = 0
        var isInEscape = false
        var hasColour = false
        for character in line {
            if character == "\u{1B}" {
                isInEscape = true
                hasColour = true
            }
            if !isInEscape {
                guard used < columns else { return result + (hasColour ? "\u{1B}[0m" : "") }
                used += 1
            }
            result.append(character)
            if isInEscape, character == "m" { isInEscape = false }
        }
        return result
    }
}
