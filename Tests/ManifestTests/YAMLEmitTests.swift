import Manifest
import SluiceTestKit
import Testing

@Suite("Writing YAML") struct YAMLEmitTests {
    @Test(
        "A string is quoted only as far as it must be",
        arguments: [
            ("plain", "plain"), ("two words", "two words"), ("a#b", "a#b"), ("a:b", "a:b"), ("a,b", "a,b"),
            ("a[0]", "a[0]"),
            ("=", "="), ("<<", "<<"), ("?x", "?x"), (":x", ":x"), ("-x", "-x"), ("0o8", "0o8"), ("12e", "12e"),
            ("é", "é"),
            ("-", "'-'"), ("---", "'---'"), ("...x", "'...x'"), ("'q'", "'''q'''"), ("%x", "'%x'"),
            ("{{ x }}", "'{{ x }}'"),
            ("- a", "'- a'"), ("? a", "'? a'"), ("a: b", "'a: b'"), ("a:", "'a:'"), ("a #b", "'a #b'"), (" a", "' a'"),
            ("a ", "'a '"), ("#a", "'#a'"), ("*a", "'*a'"), ("!a", "'!a'"), ("@a", "'@a'"), ("`a", "'`a'"),
            ("\"a", "'\"a'"),
            ("yes", "\"yes\""), ("y", "\"y\""), ("0644", "\"0644\""), ("1:30", "\"1:30\""),
            ("2020-01-01", "\"2020-01-01\""),
            ("1e3", "\"1e3\""), ("0x1F", "\"0x1F\""), ("1_000", "\"1_000\""), ("~", "\"~\""), ("", "\"\""),
            ("null", "\"null\""),
            (".inf", "\".inf\""), ("08", "\"08\""), ("1", "\"1\""),
            ("a\tb", "\"a\\tb\""), ("a\rb", "\"a\\rb\""), ("😀", "\"\\U0001F600\""), ("\u{FEFF}", "\"\\uFEFF\""),
            ("\u{7}\u{1B}\u{0}", "\"\\a\\e\\0\""), ("\u{85}", "\"\\N\""), ("\u{90}", "\"\\x90\""), ("a\\b", "a\\b"),
            ("a\\b\t\"", "\"a\\\\b\\t\\\"\""),
        ])
    func scalars(text: String, written: String) throws {
        #expect(YAML.emit(["k": .string(text)]) == "k: \(written)\n")
        #expect(YAML.emit([.string(text)]) == "- \(written)\n")
        let hasBreak = text.contains { $0 == "\r" || $0 == "\u{85}" }  // such a key takes the explicit form
        #expect(YAML.emit([text: 1]) == (hasBreak ? "? \(written)\n: 1\n" : "\(written): 1\n"))
        #expect(try YAML.parse(Array(YAML.emit(["k": .string(text)]).utf8)) == [["k": .string(text)]])
    }

    @Test(
        "Numbers look as they do after a way through JSON",
        arguments: [
            (1, "1"), (1.0, "1"), (-3, "-3"), (.double(1e19), "10000000000000000000"), (.double(1e20), "1e+20"),
            (.double(-1e19), "-1e+19"), (.double(1e21), "1e+21"),
            (0.0001, "0.0001"), (0.00001, "1e-05"), (1234567.5, "1.2345675e+06"), (123456.5, "123456.5"), (0.1, "0.1"),
            (.null, "null"), (true, "true"), (false, "false"), ([:], "{}"), ([], "[]"),
        ] as [(JSON, String)])
    func numbers(value: JSON, written: String) {
        #expect(YAML.emit(["k": value]) == "k: \(written)\n")
        #expect(YAML.emit(value) == "\(written)\n")
    }

    @Test(
        "Text of several lines is a literal block where that is possible",
        arguments: [
            ("a\nb\n", "k: |\n  a\n  b\n"), ("a\nb", "k: |-\n  a\n  b\n"), ("a\n\n", "k: |+\n  a\n\n"),
            ("\n", "k: |2+\n\n"),
            (" a\nb\n", "k: |2\n   a\n  b\n"), ("\na\n", "k: |2\n\n  a\n"), ("a\n\nb\n", "k: |\n  a\n\n  b\n"),
            ("a\n  b\n", "k: |\n  a\n    b\n"), ("a \nb\n", "k: \"a \\nb\\n\"\n"), ("a\nb ", "k: \"a\\nb \"\n"),
            ("a\n\tb\n", "k: \"a\\n\\tb\\n\"\n"),
        ])
    func literals(text: String, written: String) throws {
        #expect(YAML.emit(["k": .string(text)]) == written)
        #expect(try YAML.parse(Array(written.utf8)) == [["k": .string(text)]])
    }

    @Test("Keys stand in natural order")
    func order() {
        let keys = ["1", "01", "9", "10", "B", "a", "a-b", "a.b", "a_b", "a9", "a10", "aB", "ab"]
        #expect(keys.shuffled().sorted(by: naturalOrder) == keys)
        #expect(naturalOrder("a100", "a101"))
        #expect(naturalOrder("a99", "a100"))
        #expect(naturalOrder("v10", "v1alpha") && naturalOrder("v1-x", "v1beta1") && naturalOrder("v-", "va"))
        #expect(!naturalOrder("a", "a"))
    }

    @Test("Lists stand at the level of their key, and nest")
    func nesting() {
        let value: JSON = [
            "a": [["x": 1, "y": [1, 2]], [[1, 2], []], "text"], "b": ["c": ["d": [:]]],
        ]
        #expect(
            YAML.emit(value) == """
                a:
                - x: 1
                  "y":
                  - 1
                  - 2
                - - - 1
                    - 2
                  - []
                - text
                b:
                  c:
                    d: {}

                """)
        #expect(YAML.emit(documents: [["a": 1], ["b": 2]]) == "a: 1\n---\nb: 2\n")
    }

    @Test("Long scalars are folded behind column 80 only")
    func folding() {
        let word = String(repeating: "x", count: 40)
        // "k: " and two words with their space end in column 84: the next space is a break.
        #expect(YAML.emit(["k": .string("\(word) \(word) tail end")]) == "k: \(word) \(word)\n  tail end\n")
        #expect(YAML.emit(["k": .string("\(word)  \(word)  tail")]) == "k: \(word)  \(word)  tail\n")
        #expect(YAML.emit(["k": .string("'\(word) \(word) tail'")]) == "k: '''\(word) \(word)\n  tail'''\n")
        #expect(YAML.emit(["k": .string("\t\(word) \(word)  tail")]) == "k: \"\\t\(word) \(word)\n  \\ tail\"\n")
        let exact = String(repeating: "x", count: 77)  // column 80 behind it: not greater than 80 yet
        #expect(YAML.emit(["k": .string("\(exact) y z")]) == "k: \(exact) y\n  z\n")
        #expect(YAML.emit(["k": .string("\(exact)x y")]) == "k: \(exact)x\n  y\n")
        let key = String(repeating: "k", count: 129)
        #expect(YAML.emit([key: ["a": 1]]) == "? \(key)\n: a: 1\n")
    }

    @Test("What was written is read back as it was", arguments: 0..<200)
    func roundTrip(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let value = JSON.object(["root": JSON.random(using: &generator, depth: 4)])
        let text = YAML.emit(value)
        #expect(try YAML.parse(Array(text.utf8)) == [value], "\(text)")
        #expect(try YAML.parse(value.serialized()) == [value])
        #expect(try JSON(parsing: value.serialized(escapingHTML: true)) == value)
    }
}
