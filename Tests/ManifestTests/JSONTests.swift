import Manifest
import SluiceTestKit
import Testing

private let sample = Array(
    """
    {"a":[1,-2.5e3,1e300,true,false,null,"x\\u00e9\\ud83d\\ude00\\n\\"\\\\\\/"],"b":{"c":{},"d":[]},"long":9223372036854775807,
    "neg":-9223372036854775808,"é":"ü"}
    """.utf8)

@Suite("JSON") struct JSONTests {
    @Test(
        "A number is an integer wherever it is one",
        arguments: [
            ("0", 0), ("-0", 0), ("1.0", 1), ("1e3", 1000), ("-12", -12), ("9223372036854775807", .int(.max)),
            ("-9223372036854775808", .int(.min)), ("9223372036854775808", .double(9_223_372_036_854_775_808)),
            ("1.5", 1.5), ("9223372036854775.07", 9_223_372_036_854_776), ("1e18", 1_000_000_000_000_000_000),
            ("1E-2", 0.01), ("9007199254740993.0", 9_007_199_254_740_992),
        ] as [(String, JSON)])
    func numbers(text: String, value: JSON) throws { #expect(try JSON(parsing: text) == value) }

    @Test("Strings are read with their escapes")
    func strings() throws {
        #expect(try JSON(parsing: "\"a\\u0041\\t\\b\\f\\r\\n\\/\\\\\\\"\"") == "aA\t\u{8}\u{C}\r\n/\\\"")
        #expect(try JSON(parsing: "\"\\ud83d\\ude00\"") == "😀")
        #expect(try JSON(parsing: "\"\\ud83d!\"") == "\u{FFFD}!")
        #expect(try JSON(parsing: "\"\\ude00\"") == "\u{FFFD}")
    }

    @Test(
        "Malformed text is refused",
        arguments: [
            "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "01", "1.", ".5", "+1", "-", "1e", "1e999",
            "tru", "nul", "\"",
            "\"\\x\"", "\"\\u12\"", "\"\\ud83d\\u12\"", "\"a\nb\"", "[1 2]", "1 2", "NaN", "'a'", "{\"a\":1 \"b\":2}",
            "\u{FEFF}1",
        ])
    func malformed(text: String) { #expect(throws: JSONError.self) { try JSON(parsing: text) } }

    @Test("No prefix and no single changed byte traps, read or skipped")
    func hostile() {
        func all(_ bytes: [UInt8]) {
            _ = try? JSON(parsing: bytes)
            var reader = JSONReader(bytes)
            _ = try? reader.skipValue()
            reader = JSONReader(bytes)
            try? reader.readObject { reader, key throws(JSONError) in
                switch key {
                case "a": try reader.readArray { reader throws(JSONError) in _ = try reader.readDouble() }
                case "b": _ = try reader.readStringMap()
                default: _ = try reader.readInt()
                }
            }
        }
        #expect((try? JSON(parsing: sample)) != nil)
        for end in sample.indices { all(Array(sample[..<end])) }
        for index in sample.indices {
            for byte in [0, 0x22, 0x5B, 0x5C, 0x7B, 0x7D, 0x75, 0x2D, 0xFF] as [UInt8] {
                var bytes = sample
                bytes[index] = byte
                all(bytes)
            }
        }
    }

    @Test("Nesting is bounded, read or skipped")
    func depth() {
        for open in ["[", "{\"a\":"] {
            let text = Array(String(repeating: open, count: 100_000).utf8)
            #expect(throws: JSONError.self) { try JSON(parsing: text) }
            #expect(throws: JSONError.self) {
                var reader = JSONReader(text)
                try reader.skipValue()
            }
        }
        #expect(throws: Never.self) {
            try JSON(parsing: String(repeating: "[", count: 128) + String(repeating: "]", count: 128))
        }
    }

    @Test("An error names the field and what was expected")
    func errors() {
        var reader = JSONReader(Array("{\"spec\":{\"steps\":[1,{\"n\":\"x\"}]}}".utf8))
        do throws(JSONError) {
            try reader.readObject { reader, _ throws(JSONError) in
                try reader.readObject { reader, _ throws(JSONError) in
                    var first = true
                    try reader.readArray { reader throws(JSONError) in
                        if first {
                            first = false
                            return
                        }
                        try reader.readObject { reader, _ throws(JSONError) in _ = try reader.readInt() }
                    }
                }
            }
            Issue.record("read")
        } catch { #expect(error.description == "spec.steps[1].n: expected a number, found a string") }
    }

    @Test("A value left unread is skipped, and its text can be had")
    func skipping() throws {
        let bytes = Array("{\"a\":{\"x\":[1,\"]}\\\"\"]},\"b\":2}".utf8)
        var reader = JSONReader(bytes)
        var found: Int64 = 0
        var text: [UInt8] = []
        try reader.readObject { reader, key throws(JSONError) in
            if key == "a" { text = Array(bytes[try reader.skipValue()]) }
            if key == "b" { found = try reader.readInt() }
        }
        try reader.finish()
        #expect(found == 2)
        #expect(String(decoding: text, as: UTF8.self) == "{\"x\":[1,\"]}\\\"\"]}")
    }

    @Test("Output is compact, sorted and escaped")
    func writing() {
        let value: JSON = ["b": [1, 2.5, .null, true], "a": "<\u{2028}&>\"\\\n\u{1}\u{8}é", "B": [:], "c": []]
        #expect(
            value.description
                == "{\"B\":{},\"a\":\"<\u{2028}&>\\\"\\\\\\n\\u0001\\bé\",\"b\":[1,2.5,null,true],\"c\":[]}")
        #expect(
            String(decoding: value.serialized(escapingHTML: true), as: UTF8.self)
                == "{\"B\":{},\"a\":\"\\u003c\\u2028\\u0026\\u003e\\\"\\\\\\n\\u0001\\u0008é\",\"b\":[1,2.5,null,true],\"c\":[]}"
        )
        #expect(JSON(["a": "b"]).prettyPrinted() == "{\n  \"a\": \"b\"\n}")
    }

    @Test("Members are set, removed and found by path")
    func paths() {
        var value: JSON = ["a": 1]
        value.set("x", at: "b", "c", "d")
        #expect(value == ["a": 1, "b": ["c": ["d": "x"]]])
        #expect(value.at("b", "c", "d") == "x")
        #expect(value.at("b", "x", "d") == nil)
        value.set(nil, at: "b", "c")
        value.set(nil, at: "q", "r")
        #expect(value == ["a": 1, "b": [:]])
        #expect(value["a"]?["b"] == nil)
        #expect(JSON.array([1])[1] == nil)
        #expect(JSON.array([1])[0] == 1)
    }

    @Test("strings that share a copy keep their own text")
    func shared() throws {
        // More than the table has places, so that many meet in one.
        let texts =
            (0..<6_000).map { "registry.example.org/shop/service-\($0)" } + [
                "short", "", "with \\ and \"", "é and a long tail",
            ]
        for _ in 0..<2 {
            for text in texts {
                let json = JSON.object(["key-of-\(text)": .string(text)])
                var reader = JSONReader(json.serialized())
                #expect(try reader.readStringMap() == ["key-of-\(text)": text])
            }
        }
    }

    @Test("a map of strings leaves out nulls and what is not wanted; the last of two alike counts")
    func stringMap() throws {
        var reader = JSONReader(Array(#"{"a":"1","b":null,"c":"2","a":"3","d":"4"}"#.utf8))
        #expect(try reader.readStringMap(without: "c") == ["a": "3", "d": "4"])
        var wrong = JSONReader(Array(#"{"a":1}"#.utf8))
        #expect(throws: JSONError.self) { try wrong.readStringMap() }
    }
}
