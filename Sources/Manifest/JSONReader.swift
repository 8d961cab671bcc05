/// Reads JSON from bytes, value by value, straight into what the caller keeps.
///
/// A decoder asks for what it wants and leaves the rest: a member whose closure does not read the value is skipped, at
/// several GB/s. Depth is bounded, so hostile nesting ends in an error. Skipped values are only checked for balanced
/// quotes and brackets; values that are read are checked in full.
package struct JSONReader: Sendable {
    package enum Kind: Sendable { case null, bool, number, string, array, object }

    package let bytes: [UInt8]
    /// Offset of the next byte to read.
    package internal(set) var position: Int
    let end: Int
    var depth = 0
    let maxDepth: Int
    /// Whether the text may end too early, because the rest of it is still on its way: an error may mean only that.
    package let isPartial: Bool

    /// - Parameter maxDepth: Deeper nesting is an error, whether the values are read or skipped.
    package init(_ bytes: [UInt8], maxDepth: Int = 128) {
        self.init(bytes, range: 0..<bytes.count, maxDepth: maxDepth)
    }

    /// Reads only `range` of `bytes`, without copying them; the range is clamped to the bytes.
    package init(_ bytes: [UInt8], range: Range<Int>, maxDepth: Int = 128, isPartial: Bool = false) {
        self.bytes = bytes
        self.isPartial = isPartial
        let range = range.clamped(to: 0..<bytes.count)
        self.position = range.lowerBound
        self.end = range.upperBound
        self.maxDepth = maxDepth
    }

    // MARK: Looking

    /// The kind of the next value; moves past white space only.
    package mutating func peek() throws(JSONError) -> Kind {
        skipWhitespace()
        guard position < end else { throw JSONError("the text ends where a value should be", offset: position) }
        switch bytes[position] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw JSONError("no JSON value starts with \(printable(bytes[position]))", offset: position)
        }
    }

    /// Reads a `null` if one is next.
    package mutating func readNull() throws(JSONError) -> Bool {
        skipWhitespace()
        // Whether anything else is a value, whoever reads it finds out.
        guard position < end, bytes[position] == UInt8(ascii: "n") else { return false }
        try readLiteral("null")
        return true
    }

    /// Fails unless only white space is left.
    package mutating func finish() throws(JSONError) {
        skipWhitespace()
        if position < end { throw JSONError("unexpected text after the value", offset: position) }
    }

    // MARK: Steps

    @inline(__always)
    mutating func skipWhitespace() {
        while position < end {
            if bytes[position] > 0x20 { return }
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    @inline(__always)
    mutating func take(_ byte: UInt8) throws(JSONError) -> Bool {
        guard position < end else { throw JSONError("the text ends inside a value", offset: position) }
        guard bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func expect(_ kind: Kind, _ name: String) throws(JSONError) {
        let found = try peek()
        guard found == kind else { throw JSONError("expected \(name), found \(found.name)", offset: position) }
    }

    mutating func readLiteral(_ literal: StaticString) throws(JSONError) {
        let start = position
        let count = literal.utf8CodeUnitCount
        let matches =
            start + count <= end
            && literal.withUTF8Buffer { text in
                bytes.span.extracting(start..<start + count).withUnsafeBufferPointer { $0.elementsEqual(text) }
            }
        guard matches else { throw JSONError("malformed literal", offset: position) }
        position += count
    }

    mutating func enter() throws(JSONError) {
        depth += 1
        if depth > maxDepth { throw JSONError("nested too deeply", offset: position) }
    }

    mutating func leave() { depth -= 1 }

    func printable(_ byte: UInt8) -> String {
        (0x20..<0x7F).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
    }
}

extension JSONReader.Kind {
    fileprivate var name: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension JSON {
    /// Parses exactly one JSON value.
    package init(parsing bytes: [UInt8], maxDepth: Int = 128) throws(JSONError) {
        var reader = JSONReader(bytes, maxDepth: maxDepth)
        self = try reader.readJSON()
        try reader.finish()
    }

    /// Parses exactly one JSON value.
    package init(parsing text: String) throws(JSONError) { try self.init(parsing: Array(text.utf8)) }
}
