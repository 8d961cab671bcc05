import Manifest
import Testing

private func parse(_ text: String, _ dialect: YAML.Dialect = .kubernetes, strict: Bool = false) throws -> [JSON] {
    try YAML.parse(Array(text.utf8), dialect: dialect, strict: strict)
}

/// What went wrong, or `nil` when the text was read.
private func failure(
    _ text: String, _ dialect: YAML.Dialect = .kubernetes, strict: Bool = false, limits: YAML.Limits = .standard
) -> YAMLError? {
    do throws(YAMLError) {
        _ = try YAML.parse(Array(text.utf8), dialect: dialect, limits: limits, strict: strict)
        return nil
    } catch { return error }
}

@Suite("Reading YAML") struct YAMLTests {
    @Test(
        "A plain scalar has the type that Kubernetes gives it",
        arguments: [
            ("y", true), ("Y", true), ("yes", true), ("on", true), ("ON", true), ("true", true), ("TRUE", true),
            ("n", false), ("No", false), ("off", false), ("False", false),
            ("~", .null), ("null", .null), ("NULL", .null),
            ("1", 1), ("+5", 5), ("-7", -7), ("1_000", 1000), ("014", 12), ("0o14", 12), ("0x1F", 31), ("-0x1F", -31),
            ("0b101", 5), ("08", 8), ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
            ("18446744073709551616", .double(18_446_744_073_709_551_616)),
            ("1.5", 1.5), ("1.", 1), (".5", 0.5), ("1e3", 1000), ("1.0", 1), ("-.5e1", -5), ("1_0.5", 10.5),
            ("1:30", "1:30"), ("0o8", "0o8"), ("0x", "0x"), ("12e", "12e"), ("1e400", "1e400"), ("--1", "--1"),
            ("0x-1", "0x-1"), ("+", "+"), (".", "."), ("._5", "._5"), (".1_5", 0.15), (".1__5", ".1__5"),
            (".1_", ".1_"), ("2020-01-01", "2020-01-01"),
            ("v1.2.3", "v1.2.3"), ("1.2.3", "1.2.3"), ("nil", "nil"), ("yEs", "yEs"), ("<", "<"), ("=", "="),
        ] as [(String, JSON)])
    func plainScalars(text: String, value: JSON) throws {
        #expect(try parse("a: \(text)") == [["a": value]])
        #expect(try parse("a: '\(text)'") == [["a": .string(text)]])
        #expect(try parse("a: !!str \(text)") == [["a": .string(text)]])
    }

    @Test(
        "Kustomize's reading differs in words and times",
        arguments: [
            ("yes", "yes"), ("on", "on"), ("n", "n"), ("True", true), ("FALSE", false),
            ("2020-01-01", "2020-01-01T00:00:00Z"), ("2020-1-2T3:4:5Z", "2020-01-02T03:04:05Z"),
            ("2020-01-01 03:04:05", "2020-01-01T03:04:05Z"),
            ("2020-01-01T03:04:05.120+02:00", "2020-01-01T03:04:05.12+02:00"),
            ("2020-02-30", "2020-02-30"), ("2020-01-01   03:04:05", "2020-01-01T03:04:05Z"),
            ("2020-01-01 03:04:05Z", "2020-01-01 03:04:05Z"), ("0644", 420),
        ] as [(String, JSON)])
    func kustomizeScalars(text: String, value: JSON) throws {
        #expect(try parse("a: \(text)", .kustomize) == [["a": value]])
    }

    @Test("Keys that are no strings become strings in Kubernetes' dialect only")
    func keys() throws {
        #expect(try parse("1: a\ntrue: b\nyes: c\n1.5: d") == [["1": "a", "true": "c", "1.5": "d"]])
        #expect(failure("1: a", .kustomize)?.reason.contains("must be a string") == true)
        #expect(failure("? [a]\n: b")?.reason.contains("must be a scalar") == true)
        #expect(failure("? ~\n: b")?.reason.contains("must be a scalar") == true)
    }

    @Test("A repeated key is an error where the dialect or the caller is strict")
    func duplicates() throws {
        #expect(try parse("a: 1\na: 2") == [["a": 2]])
        #expect(failure("a: 1\nb:\n  c: 1\n  c: 2", strict: true)?.line == 4)
        #expect(failure("a: 1\na: 2", .kustomize)?.line == 2)
        #expect(failure("{\"a\": 1, \"a\": 2}", strict: true) != nil)
    }

    @Test("Documents are split, and empty ones dropped")
    func documents() throws {
        let text = "\u{FEFF}# only a comment\n---\n\n--- # remark\na: 1\n...\n---\nnull\n---\r\nb: |\r\n  x\r\n  y\r\n"
        #expect(try parse(text) == [["a": 1], ["b": "x\ny\n"]])
        #expect(try parse("") == [])
        #expect(try parse("--- text\n") == ["text"])
        #expect(failure("a: 1\n--- text\n", .kustomize)?.line == 2)
        let positions = try YAML.parseWithPositions(Array("\n\na: 1\n---\n# x\nb: 2\n".utf8))
        #expect(positions.map(\.line) == [3, 6])
        #expect(try YAML.parseWithPositions(Array("\n\n {\"a\": 1}".utf8)).map(\.line) == [3])
    }

    @Test("Anchors, aliases and merge keys are expanded")
    func merges() throws {
        let text = """
            base: &base {a: 1, b: 2}
            more: &more {b: 3, c: 4}
            one:
              b: 9
              <<: *base
            two:
              <<: [*base, *more]
              d: 5
            quoted: {"<<": 1}
            list: [&x 7, *x]
            """
        let value = try #require(try parse(text).first)
        #expect(value["one"] == ["a": 1, "b": 9])
        #expect(value["two"] == ["a": 1, "b": 2, "c": 4, "d": 5])
        #expect(value["quoted"] == ["<<": 1])
        #expect(value["list"] == [7, 7])
        #expect(failure("a: &x 1\n---\nb: *x")?.reason.contains("unknown anchor \"x\"") == true)
        #expect(failure("a: &x [*x]")?.reason.contains("unknown anchor") == true)
        #expect(failure("<<: 3")?.reason.contains("merge key") == true)
    }

    @Test(
        "What JSON cannot hold, or YAML cannot read, is an error with its line",
        arguments: [
            ("a: 1\nb: .inf", 2), ("b: .NaN", 1), ("a: -.inf", 1), ("a:\n\t- b", 2), ("a: [1\n", 2), ("a: 'x", 1),
            ("a: b: c", 1), ("a: @x", 1), ("a: !!int x", 1), ("a: !!bool 3", 1), ("- a\nb: c", 2),
        ])
    func errors(text: String, line: Int) throws {
        let error = try #require(failure(text))
        #expect(error.line == line, "\(error)")
        #expect(!error.reason.isEmpty)
    }

    @Test("Bytes that are not UTF-8 are refused, UTF-16 with its mark is read")
    func encodings() throws {
        #expect(throws: YAMLError.self) { try YAML.parse([0x61, 0x3A, 0x20, 0xFF, 0xFE]) }
        #expect(throws: YAMLError.self) { try YAML.parse(Array("{\"a\": \"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)) }
        #expect(throws: YAMLError.self) { try YAML.parse(Array("a: \u{1}".utf8)) }
        var wide: [UInt8] = [0xFF, 0xFE]
        for unit in "a: é".utf16 { wide += [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
        #expect(try YAML.parse(wide) == [["a": "é"]])
    }

    @Test("JSON is read as it is, surrogate pairs included")
    func json() throws {
        #expect(try parse("{\"a\": \"\\ud83d\\ude00\", \"b\": 1.0}") == [["a": "😀", "b": 1]])
        #expect(try parse("{a: 1, b: [x, z]}") == [["a": 1, "b": ["x", "z"]]])
    }

    @Test("An alias bomb ends at the budget, long before it grows")
    func bomb() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(failure(text)?.reason.contains("once aliases are expanded") == true)
        let long = "a: &a \"" + String(repeating: "x", count: 100_000) + "\"\nb: ["
        #expect(
            failure(long + Array(repeating: "*a", count: 1_000).joined(separator: ", ") + "]")?.reason.contains("bytes")
                == true)
    }

    @Test("Depth is bounded, also through aliases", arguments: ["[", "{a: ", "- ", "? "])
    func depth(open: String) throws {
        #expect(failure(String(repeating: open, count: 200_000))?.reason.contains("levels deep") == true)
    }

    @Test("Aliases cannot build what the text could not")
    func depthOfAliases() throws {
        let text = "a: &a \(String(repeating: "[", count: 60))\(String(repeating: "]", count: 60))\n"
        let wrap = "b: \(String(repeating: "[", count: 60))*a\(String(repeating: "]", count: 60))\n"
        #expect(failure(text) == nil)
        #expect(failure(text + wrap)?.reason.contains("levels deep") == true)
    }

    @Test("No prefix of a text traps")
    func truncation() {
        let text = Array("a: &x {b: [1, \"\\u00e9\", 'it''s'], <<: *y}\nc: |2+\n   z\n--- >-\n !!int 3 # é\n".utf8)
        for end in 0...text.count { _ = try? YAML.parse(Array(text[..<end])) }
    }
}
