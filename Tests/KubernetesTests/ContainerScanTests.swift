import CScan
import Manifest
import SluiceTestKit
import Testing

@Suite("Scanning JSON in blocks") struct ContainerScanTests {
    /// The same rule, a byte at a time.
    private static func reference(_ bytes: [UInt8], limit: Int) -> (end: Int?, isTooDeep: Bool) {
        var (nesting, isInString, isEscaped) = (1, false, false)
        for (index, byte) in bytes.enumerated() {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                nesting += 1
                if nesting > limit { return (nil, true) }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                nesting -= 1
                if nesting == 0 { return (index + 1, false) }
            default: break
            }
        }
        return (nil, false)
    }

    @Test("agrees with a scan of single bytes, in one piece and in pieces", arguments: 0..<200)
    func agrees(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        // Backslashes occur inside strings only, as in JSON.
        var bytes: [UInt8] = []
        var isInString = false
        for _ in 0..<Int.random(in: 1..<600, using: &random) {
            let quoted = Array(#"aa bc{}[]\\"é"#.utf8)
            let plain = Array(#"  ,:1{[]}"{[x"#.utf8)
            let byte = (isInString ? quoted : plain).randomElement(using: &random) ?? 0
            if byte == UInt8(ascii: "\\") {
                bytes.append(byte)
                bytes.append(quoted.randomElement(using: &random) ?? 0x61)
                continue
            }
            if byte == UInt8(ascii: "\"") { isInString.toggle() }
            bytes.append(byte)
        }
        for limit in [Int.max, 100, 4] {
            let expected = Self.reference(bytes, limit: limit)
            var whole = ContainerScan(limit: limit)
            #expect(whole.end(bytes.span, 0, bytes.count) == expected.end, "seed \(seed)")
            #expect(whole.isTooDeep == expected.isTooDeep, "seed \(seed)")
            var parts = ContainerScan(limit: limit)
            var start = 0
            var found: Int?
            while start < bytes.count, found == nil, !parts.isTooDeep {
                let end = min(bytes.count, start + Int.random(in: 1..<100, using: &random))
                found = parts.end(bytes.span, start, end)
                start = end
            }
            #expect(found == expected.end, "seed \(seed) in pieces")
            #expect(parts.isTooDeep == expected.isTooDeep, "seed \(seed) in pieces")
        }
    }

    @Test("processors without wide vectors find the same", arguments: 0..<100)
    func narrow(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array(#"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa""\\\{[{[}]"#.utf8)
        let bytes = (0..<1_024).map { _ in alphabet.randomElement(using: &random) ?? 0 }
        for limit in [Int64.max, 40] {
            let start = cscan_state(
                nesting: Int64.random(in: 1..<30, using: &random), limit: limit, in_string: seed % 2 == 0 ? 0 : .max,
                is_escaped: seed % 3 == 0 ? 1 : 0)
            var (one, other) = (start, start)
            bytes.withUnsafeBufferPointer { text in
                guard let base = text.baseAddress else { return }
                #expect(cscan_blocks(&one, base, text.count) == cscan_blocks_narrow(&other, base, text.count))
            }
            #expect(one.nesting == other.nesting && one.in_string == other.in_string, "seed \(seed)")
            #expect(one.is_escaped == other.is_escaped, "seed \(seed)")
        }
    }

    @Test("finds what ends a string, wherever it stands", arguments: 0..<40)
    func ends(_ length: Int) {
        for byte in [UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x1F, 0x20, 0x7F, 0x80, 0xFF] {
            var bytes = Array(repeating: UInt8(ascii: "a"), count: length)
            bytes.append(byte)
            bytes += Array("tail\"".utf8)
            let isEnd = byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
            let quote = bytes.count - 1
            #expect(ByteScan.quoteOrBackslash(bytes.span, 0, bytes.count) == (isEnd ? length : quote))
            #expect(ByteScan.endOfPlainText(bytes.span, 0, bytes.count) == (isEnd || byte < 0x20 ? length : quote))
            #expect(ByteScan.quoteOrBackslash(bytes.span, 0, length) == length)
        }
    }

    @Test("a hash depends on the bytes alone, not on what stands behind them", arguments: 0..<40)
    func hashes(_ length: Int) {
        let text = (0..<length).map { UInt8(97 + $0 % 26) }
        let alone = ByteHash.of(text)
        let within = [1, 2, 3] + text + [9, 9, 9, 9, 9, 9, 9, 9, 9]
        #expect(ByteHash.of(within.span, 3, 3 + length) == alone)
        #expect(ByteHash.of(text + [0]) != alone)
        #expect(ByteHash.of([0] + text) != alone)
    }

    @Test("members by hash are the members by name")
    func hashed() throws {
        var reader = JSONReader(
            Array(#" { "name" : "a\u0062c", "skip": {"x":[1,"]"]}, "n\u0061mes": null , "size":7 } "#.utf8))
        var seen: [UInt64: String] = [:]
        try reader.readHashedObject { reader, key throws(JSONError) in
            switch key {
            case ByteHash.of("name".utf8): seen[key] = "\(try reader.readStringHash() == ByteHash.of("abc".utf8))"
            case ByteHash.of("size".utf8): seen[key] = "\(try reader.readInt())"
            case ByteHash.of("names".utf8): seen[key] = "\(try reader.readNull())"
            default: break
            }
        }
        try reader.finish()
        #expect(seen.values.sorted() == ["7", "true", "true"])
        var wrong = JSONReader(Array(#"{"spec":{"size":"x"}}"#.utf8))
        let error = #expect(throws: JSONError.self) {
            try wrong.readHashedObject { reader, _ throws(JSONError) in
                try reader.readHashedObject { reader, _ throws(JSONError) in _ = try reader.readInt() }
            }
        }
        #expect(error?.fieldPath == "spec.size")
    }
}
