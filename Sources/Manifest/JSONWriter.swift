extension JSON {
    /// Compact JSON with sorted keys.
    /// - Parameter escapingHTML: Writes `<`, `>`, `&`, U+2028 and U+2029 as `\u003c` …, as Go's encoder does; hashes
    ///   that other controllers compute need it.
    package func serialized(escapingHTML: Bool = false) -> [UInt8] {
        var writer = JSONWriter(escapingHTML: escapingHTML)
        writer.write(self)
        return writer.bytes
    }

    /// JSON with two spaces of indentation and sorted keys, ending without a newline.
    package func prettyPrinted() -> String {
        var writer = JSONWriter(escapingHTML: false)
        writer.writePretty(self, indent: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// Appends JSON to a byte buffer.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    private let escapingHTML: Bool

    package init(escapingHTML: Bool = false) { self.escapingHTML = escapingHTML }

    /// Makes room for so many bytes at once.
    package mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    /// Appends text that is JSON already, such as punctuation.
    package mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Appends bytes that are JSON already.
    package mutating func raw(_ text: some Collection<UInt8>) { bytes.append(contentsOf: text) }

    package mutating func write(_ value: JSON) {
        switch value {
        case .null: raw("null")
        case .bool(let value): raw(value ? "true" : "false")
        case .int(let value): raw(String(value))
        case .double(let value): raw(GoFloat.json(value))
        case .string(let value): write(value)
        case .array(let elements):
            raw("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { raw(",") }
                write(element)
            }
            raw("]")
        case .object(let members):
            raw("{")
            for (index, key) in members.keys.sorted(by: utf8Order).enumerated() {
                if index > 0 { raw(",") }
                write(key)
                raw(":")
                write(members[key] ?? .null)
            }
            raw("}")
        }
    }

    fileprivate mutating func writePretty(_ value: JSON, indent: Int) {
        let inner = String(repeating: " ", count: indent + 2)
        let outer = String(repeating: " ", count: indent)
        switch value {
        case .array(let elements) where !elements.isEmpty:
            raw("[\n")
            for (index, element) in elements.enumerated() {
                if index > 0 { raw(",\n") }
                raw(inner)
                writePretty(element, indent: indent + 2)
            }
            raw("\n\(outer)]")
        case .object(let members) where !members.isEmpty:
            raw("{\n")
            for (index, key) in members.keys.sorted(by: utf8Order).enumerated() {
                if index > 0 { raw(",\n") }
                raw(inner)
                write(key)
                raw(": ")
                writePretty(members[key] ?? .null, indent: indent + 2)
            }
            raw("\n\(outer)}")
        default: write(value)
        }
    }

    /// Appends a quoted string.
    package mutating func write(_ text: String) {
        if writePlain(text) { return }
        bytes.append(UInt8(ascii: "\""))
        var previous: (UInt8, UInt8) = (0, 0)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): raw("\\\"")
            case UInt8(ascii: "\\"): raw("\\\\")
            case 0x0A: raw("\\n")
            case 0x0D: raw("\\r")
            case 0x09: raw("\\t")
            case 0x08 where !escapingHTML: raw("\\b")
            case 0x0C where !escapingHTML: raw("\\f")
            case 0..<0x20: raw("\\u00" + hex(byte))
            case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
                if escapingHTML { raw("\\u00" + hex(byte)) } else { bytes.append(byte) }
            case 0xA8 where escapingHTML && previous == (0xE2, 0x80),
                0xA9 where escapingHTML && previous == (0xE2, 0x80):
                bytes.removeLast(2)
                raw(byte == 0xA8 ? "\\u2028" : "\\u2029")
            default: bytes.append(byte)
            }
            previous = (previous.1, byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends most texts as they are; `false` where something would have to be escaped.
    private mutating func writePlain(_ text: String) -> Bool {
        let isWritten =
            text.utf8.withContiguousStorageIfAvailable { text in
                for byte in text {
                    switch byte {
                    case ..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"): return false
                    case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), 0xE2: if escapingHTML { return false }
                    default: break
                    }
                }
                bytes.append(UInt8(ascii: "\""))
                bytes.append(contentsOf: text)
                bytes.append(UInt8(ascii: "\""))
                return true
            } ?? false
        return isWritten
    }

    private func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16)
        return text.count == 1 ? "0" + text : text
    }
}

/// Orders strings by their UTF-8 bytes, as Go sorts map keys.
package func utf8Order(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
}
