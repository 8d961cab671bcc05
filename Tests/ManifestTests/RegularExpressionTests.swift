import Manifest
import Testing

@Suite("Regular expressions")
struct RegularExpressionTests {
    /// Pattern, text, and the groups of the leftmost match: `-` for one that took no part, `nil` for no match.
    static let rows: [(String, String, [String]?)] = [
        ("", "", [""]), ("a", "bab", ["a"]), ("a", "b", nil), ("a|ab", "ab", ["a"]), ("ab|a", "ab", ["ab"]),
        ("(a+)(b*)", "xaab", ["aab", "aa", "b"]), ("(a)|(b)", "b", ["b", "-", "b"]), ("a*?", "aa", [""]),
        ("a+?", "aa", ["a"]), ("^abc$", "abc", ["abc"]), ("^abc$", "abc\n", nil), ("(?m)^b$", "a\nb\nc", ["b"]),
        (".", "\n", nil), ("(?s).", "\n", ["\n"]), ("a.c", "aéc", ["aéc"]), ("[^a]", "a\n", ["\n"]),
        ("[a-c]+", "xxabcd", ["abc"]), ("[]a]+", "a]", ["a]"]), ("[a-]+", "-a", ["-a"]), (#"[\d.]+"#, "v1.2", ["1.2"]),
        (#"[^\D]"#, "x7", ["7"]), ("[[:alpha:]]+", "12ab", ["ab"]), ("[[:^alpha:]]+", "ab12", ["12"]),
        (#"\pL+"#, "1éß", ["éß"]), (#"\p{Lu}"#, "aÉ", ["É"]), (#"\P{L}"#, "é1", ["1"]),
        ("(?i)straSSe", "STRASSE", ["STRASSE"]),
        ("(?i)[a-z]+", "ABC", ["ABC"]), ("(?i:A)b", "ab", ["ab"]), ("(?i:A)b", "aB", nil), ("a{2,3}", "aaaa", ["aaa"]),
        ("a{2}", "a", nil), ("a{2,}", "aaaa", ["aaaa"]), ("a{2,3}?", "aaaa", ["aa"]), ("a{,2}", "a{,2}", ["a{,2}"]),
        ("x{", "x{", ["x{"]), (#"\bweb\b"#, "a web b", ["web"]), (#"\bweb\b"#, "webs", nil), (#"\Bb"#, "b ab", ["b"]),
        (#"\x41\x{1F600}"#, "A😀", ["A😀"]), (#"\101"#, "A", ["A"]), (#"\Qa.b\E+"#, "a.bb", ["a.bb"]),
        ("(?P<name>a)(?<other>b)", "ab", ["ab", "a", "b"]), ("(a*)*", "aa", ["aa", "aa"]),
        ("(a|b)*c", "abac", ["abac", "a"]),
        ("(?:a|b)+", "ab", ["ab"]), (#"\A\w+\z"#, "abc_1", ["abc_1"]), ("(?U)a+", "aa", ["a"]),
        ("(|a)+", "a", ["", ""]),
        ("((((a))))?b", "ab", ["ab", "a", "a", "a", "a"]), ("a$|b", "ab", ["b"]), (#"\."#, "a.b", ["."]),
    ]

    @Test("finds the leftmost match and its groups", arguments: rows)
    func finds(pattern: String, text: String, expected: [String]?) throws {
        let expression = try RegularExpression(pattern)
        let match = expression.firstMatch(in: text)
        #expect(match?.groups.map { $0.map { String(text[$0]) } ?? "-" } == expected)
        #expect(expression.matches(text) == (expected != nil))
    }

    @Test(
        "refuses what RE2 refuses",
        arguments: [
            "(", ")", "a)", "[", "[a", "*", "a**", "+a", "(?", "(?P<a", "(?P<a>x)(?P<a>y)", "(?=a)", "(?!a)", "(?<=a)",
            #"\1"#,
            #"\"#, #"\y"#, "[z-a]", "a{2,1}", "a{1001}", "[[:nope:]]", #"\p{Klingon}"#, "((a{1000}){1000}){1000}",
            "(((){1000}){1000}){1000}",
            String(repeating: "(", count: 1_000) + String(repeating: ")", count: 1_000), #"\xZ1"#, #"\x{110000}"#,
        ])
    func refuses(pattern: String) {
        #expect(throws: RegularExpressionError.self) { try RegularExpression(pattern) }
    }

    @Test("matches entirely only from first to last character, whatever alternative comes first")
    func entirely() throws {
        #expect(try RegularExpression("a|ab").matchesEntirely("ab"))
        #expect(try !RegularExpression("a|ab").matchesEntirely("abc"))
        #expect(try !RegularExpression("b").matchesEntirely("ab"))
        #expect(try RegularExpression("").matchesEntirely(""))
        #expect(try RegularExpression(".*").matchesEntirely("xyz"))
    }

    @Test("goes on from an index, and sees the text before it")
    func continues() throws {
        let text = "ab ab"
        let expression = try RegularExpression(#"\bb|a"#)
        let first = try #require(expression.firstMatch(in: text))
        let second = try #require(expression.firstMatch(in: text, from: first.range.upperBound))
        #expect(text.distance(from: text.startIndex, to: second.range.lowerBound) == 3)
    }

    @Test("does not backtrack: a pattern that is exponential elsewhere ends at once")
    func linear() throws {
        let text = String(repeating: "a", count: 2_000)
        #expect(try !RegularExpression("(a*)*b").matches(text))
        #expect(try !RegularExpression("(a|aa)+$x").matches(text))
        #expect(try RegularExpression("(x+x+)+y|a$").matches(text))
    }

    @Test("an escaped literal matches itself alone")
    func escapes() throws {
        let literal = #"a.b*c[1]{2}(x)|^$+?\"#
        #expect(try RegularExpression(RegularExpression.escaping(literal)).matchesEntirely(literal))
    }

    @Test("says what is wrong and where")
    func message() {
        let error = #expect(throws: RegularExpressionError.self) { try RegularExpression("ab(c") }
        #expect(
            error?.description
                == #"regular expression "ab(c" is not valid: missing ')' for the group that opens at character 3"#)
    }
}
