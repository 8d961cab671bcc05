import Testing

@testable import sluice

@Suite("What a terminal shows at a time") struct TerminalFrameTests {
    private static let end = "\u{1B}[K\n"

    @Test("lines that fit are drawn in their places, and what is below is cleared")
    func fits() {
        let frame = TerminalFrame(columns: 10, rows: 4)
        #expect(frame.drawing(["one", "two"]) == "\u{1B}[Hone\(Self.end)two\(Self.end)\u{1B}[J")
    }

    @Test("of too many lines the first are shown, and how many are not")
    func tooMany() {
        let drawn = TerminalFrame(columns: 80, rows: 4).drawing(["1", "2", "3", "4", "5"])
        #expect(drawn.contains("1\(Self.end)2\(Self.end)… 3 more lines"))
        #expect(drawn.split(separator: "\n").count == 4)
        #expect(!drawn.contains("4\(Self.end)"))
    }

    @Test(
        "what is too wide is cut, colours are not counted and are ended",
        arguments: [
            ("1234", "1234"), ("12345", "1234"), ("\u{1B}[31m1234\u{1B}[0m", "\u{1B}[31m1234\u{1B}[0m"),
            ("\u{1B}[31m12345", "\u{1B}[31m1234\u{1B}[0m"), ("é⟳✔◌x", "é⟳✔◌"), ("", ""),
        ])
    func cut(line: String, expected: String) { #expect(TerminalFrame.cut(line, to: 4) == expected) }
}
