/// Reads JSON from bytes, value by value, straight into what the caller keeps.
///
/// A decoder asks for what it wants and leaves the rest: a member whose closure does not read the value is skipped, at
/// several GB/s. Depth is bounded, so hostile nesting ends in an error. Skipped values are only checked for balanced
/// quotes and brackets; values that are read are checked in full.
package struct JSONReader: Sendable {
    package enum Kind: Sendable { case null, bool, number, string, array, object }

    package let bytes: [UInt8]
    /// Offset of the next byte to read.
    package private(set) var position: Int
    private let end: Int
    private var depth = 0
    private let maxDepth: Int
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

    // MARK: Scalars

    package mutating func readBool() throws(JSONError) -> Bool {
        try expect(.bool, "a boolean")
        if bytes[position] == UInt8(ascii: "t") {
            try readLiteral("true")
            return true
        }
        try readLiteral("false")
        return false
    }

    /// An integer; `1.0` and `1e3` count as integers, as they do in Kubernetes.
    package mutating func readInt() throws(JSONError) -> Int64 {
        let start = position
        guard case .int(let value) = try readNumber() else {
            throw JSONError("expected an integer", offset: start)
        }
        return value
    }

    package mutating func readDouble() throws(JSONError) -> Double {
        switch try readNumber() {
        case .int(let value): return Double(value)
        case .double(let value): return value
        default: throw JSONError("expected a number", offset: position)
        }
    }

    /// A number as `.int` or `.double`.
    package mutating func readNumber() throws(JSONError) -> JSON {
        try expect(.number, "a number")
        let start = position
        var index = position
        let negative = bytes[index] == UInt8(ascii: "-")
        if negative { index += 1 }
        var magnitude: UInt64 = 0
        var overflow = false
        let digits = index
        while index < end, case let byte = bytes[index], isDigit(byte) {
            let (product, over1) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, over2) = product.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            overflow = overflow || over1 || over2
            magnitude = sum
            index += 1
        }
        guard index > digits, bytes[digits] != UInt8(ascii: "0") || index == digits + 1 else {
            throw JSONError("malformed number", offset: start)
        }
        let fractional =
            index < end
            && (bytes[index] == UInt8(ascii: ".") || bytes[index] | 0x20 == UInt8(ascii: "e"))
        if !fractional, !overflow {
            if !negative, magnitude <= UInt64(Int64.max) {
                position = index
                return .int(Int64(magnitude))
            }
            if negative, magnitude <= UInt64(Int64.max) + 1 {
                position = index
                return .int(Int64(truncatingIfNeeded: 0 &- magnitude))
            }
        }
        while index < end, isNumberPart(bytes[index]) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        guard isWellFormedNumber(bytes[start..<index]), let value = Double(text), value.isFinite else {
            throw JSONError("malformed or too large number \(text.prefix(40))", offset: start)
        }
        position = index
        return .number(value)
    }

    package mutating func readString() throws(JSONError) -> String {
        if position >= end || bytes[position] != UInt8(ascii: "\"") { try expect(.string, "a string") }
        let start = position + 1
        let stop = nextQuoteOrEscape(from: start)
        guard stop < end else { throw JSONError("unterminated string", offset: start) }
        if bytes[stop] == UInt8(ascii: "\"") {
            position = stop + 1
            return bytes.span.extracting(start..<stop).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
        position = start
        return try readEscapedString(from: start)
    }

    /// A member's name: of those that are met often there is one copy.
    private mutating func readKey() throws(JSONError) -> String {
        guard let text = readPlainText() else { return try readString() }
        return KeyInterner.shared.string(bytes.span, text.lowerBound, text.upperBound)
    }

    /// A string, or `nil` for null; it shares its copy with an equal one that was read a short while ago.
    package mutating func readSharedString() throws(JSONError) -> String? {
        guard let text = readPlainText() else { return try readOptionalString() }
        return KeyInterner.values.string(bytes.span, text.lowerBound, text.upperBound)
    }

    /// Reads a string that has no escapes and gives where its text is in ``bytes``; `nil`, reading nothing, where
    /// anything else is next.
    package mutating func readPlainText() -> Range<Int>? {
        guard position < end, bytes[position] == UInt8(ascii: "\"") else { return nil }
        let start = position + 1
        let stop = nextQuoteOrEscape(from: start)
        guard stop < end, bytes[stop] == UInt8(ascii: "\"") else { return nil }
        position = stop + 1
        return start..<stop
    }

    /// What ``readPlainText()`` would read.
    package func plainTextAhead() -> Range<Int>? {
        guard position < end, bytes[position] == UInt8(ascii: "\"") else { return nil }
        let start = position + 1
        let stop = nextQuoteOrEscape(from: start)
        guard stop < end, bytes[stop] == UInt8(ascii: "\"") else { return nil }
        return start..<stop
    }

    /// As ``text(_:)``, as ``readSharedString()`` gives it.
    package func sharedText(_ range: Range<Int>) -> String {
        KeyInterner.values.string(bytes.span, range.lowerBound, range.upperBound)
    }

    /// The string between offsets that ``readPlainText()`` gave.
    package func text(_ range: Range<Int>) -> String {
        bytes.span.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// The ``ByteHash`` of the next string's text, without making the string.
    package mutating func readStringHash() throws(JSONError) -> UInt64 {
        if position >= end || bytes[position] != UInt8(ascii: "\"") { try expect(.string, "a string") }
        let start = position + 1
        let stop = nextQuoteOrEscape(from: start)
        guard stop < end else { throw JSONError("unterminated string", offset: start) }
        if bytes[stop] == UInt8(ascii: "\"") {
            position = stop + 1
            return ByteHash.of(bytes.span, start, stop)
        }
        return ByteHash.of(try readString().utf8)
    }

    /// The string, or `nil` where the value is null.
    package mutating func readOptionalString() throws(JSONError) -> String? {
        if try readNull() { return nil }
        return try readString()
    }

    // MARK: Containers

    /// Calls `member` for each member of an object; a value that it leaves unread is skipped.
    ///
    /// `null` counts as an object without members, as it does in Kubernetes.
    package mutating func readObject(
        _ member: (inout JSONReader, String) throws(JSONError) -> Void
    ) throws(JSONError) {
        if position >= end || bytes[position] != UInt8(ascii: "{") {
            if try readNull() { return }
            try expect(.object, "an object")
        }
        try enter()
        position += 1
        skipWhitespace()
        if try take(UInt8(ascii: "}")) { return leave() }
        while true {
            skipWhitespace()
            let key = try readKey()
            skipWhitespace()
            guard try take(UInt8(ascii: ":")) else { throw JSONError("expected ':' after a key", offset: position) }
            skipWhitespace()
            let before = position
            do {
                try member(&self, key)
                if position == before { try skipValue() }
            } catch {
                throw JSONError(error.reason, offset: error.offset, path: [key] + error.path)
            }
            skipWhitespace()
            if try take(UInt8(ascii: ",")) { continue }
            if try take(UInt8(ascii: "}")) { return leave() }
            throw JSONError("expected ',' or '}' in an object", offset: position)
        }
    }

    /// As ``readObject(_:)``, with the ``ByteHash`` of each key instead of the key.
    package mutating func readHashedObject(
        _ member: (inout JSONReader, UInt64) throws(JSONError) -> Void
    ) throws(JSONError) {
        if position >= end || bytes[position] != UInt8(ascii: "{") {
            if try readNull() { return }
            try expect(.object, "an object")
        }
        try enter()
        position += 1
        skipWhitespace()
        if try take(UInt8(ascii: "}")) { return leave() }
        while true {
            skipWhitespace()
            let keyStart = position
            let key = try readStringHash()
            skipWhitespace()
            guard try take(UInt8(ascii: ":")) else { throw JSONError("expected ':' after a key", offset: position) }
            skipWhitespace()
            let before = position
            do {
                try member(&self, key)
                if position == before { try skipValue() }
            } catch {
                var reader = JSONReader(bytes, range: keyStart..<end)
                throw JSONError(error.reason, offset: error.offset, path: [try reader.readString()] + error.path)
            }
            skipWhitespace()
            if try take(UInt8(ascii: ",")) { continue }
            if try take(UInt8(ascii: "}")) { return leave() }
            throw JSONError("expected ',' or '}' in an object", offset: position)
        }
    }

    /// As ``readObject(_:)``, with the place of each key in `names`; members of other names are skipped.
    package mutating func readMembers(
        of names: MemberNames, _ member: (inout JSONReader, Int) throws(JSONError) -> Void
    ) throws(JSONError) {
        if position >= end || bytes[position] != UInt8(ascii: "{") {
            if try readNull() { return }
            try expect(.object, "an object")
        }
        try enter()
        position += 1
        skipWhitespace()
        if try take(UInt8(ascii: "}")) { return leave() }
        var next = 0
        while true {
            skipWhitespace()
            let keyStart = position
            let index = try readName(names, next)
            skipWhitespace()
            let before = position
            do {
                if index >= 0 {
                    next = index &+ 1
                    try member(&self, index)
                }
                if position == before { try skipValue() }
            } catch {
                var reader = JSONReader(bytes, range: keyStart..<end)
                throw JSONError(error.reason, offset: error.offset, path: [try reader.readString()] + error.path)
            }
            skipWhitespace()
            if try take(UInt8(ascii: ",")) { continue }
            if try take(UInt8(ascii: "}")) { return leave() }
            throw JSONError("expected ',' or '}' in an object", offset: position)
        }
    }

    /// Reads a name and the colon behind it; names that nobody asked for are -1.
    @inline(__always)
    private mutating func readName(_ names: MemberNames, _ next: Int) throws(JSONError) -> Int {
        // A member may be missing.
        var index = next
        if !isNext(names.patterns[index]) { index &+= 1 }
        if index == next || isNext(names.patterns[index]) {
            position &+= names.patterns[index].length
            return index
        }
        let key = try readStringHash()
        skipWhitespace()
        guard try take(UInt8(ascii: ":")) else { throw JSONError("expected ':' after a key", offset: position) }
        return names.index(key)
    }

    @inline(__always)
    private func isNext(_ name: MemberNames.Pattern) -> Bool {
        guard end &- position >= MemberNames.Pattern.size else { return false }
        let raw = bytes.span.bytes
        func word(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: position &+ offset, as: UInt64.self))
        }
        let first = (word(0) ^ name.words.0) & name.masks.0
        let second = (word(8) ^ name.words.1) & name.masks.1
        let third = (word(16) ^ name.words.2) & name.masks.2
        let fourth = (word(24) ^ name.words.3) & name.masks.3
        return first | second | third | fourth | name.never == 0
    }

    /// Calls `element` for each element of a list; one that it leaves unread is skipped.
    ///
    /// `null` is an empty list.
    package mutating func readArray(_ element: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
        if try readNull() { return }
        try expect(.array, "a list")
        try enter()
        position += 1
        skipWhitespace()
        if try take(UInt8(ascii: "]")) { return leave() }
        var index = 0
        while true {
            skipWhitespace()
            let before = position
            do {
                try element(&self)
                if position == before { try skipValue() }
            } catch {
                throw JSONError(error.reason, offset: error.offset, path: ["[\(index)]"] + error.path)
            }
            index += 1
            skipWhitespace()
            if try take(UInt8(ascii: ",")) { continue }
            if try take(UInt8(ascii: "]")) { return leave() }
            throw JSONError("expected ',' or ']' in a list", offset: position)
        }
    }

    /// An object of strings; `null` values are left out, and so is the member `unwanted`.
    package mutating func readStringMap(without unwanted: String? = nil) throws(JSONError) -> [String: String] {
        var members: [(String, String)] = []
        try readObject { reader, key throws(JSONError) in
            if let unwanted, key == unwanted { return }
            guard let value = try reader.readSharedString() else { return }
            if members.isEmpty { members.reserveCapacity(6) }
            members.append((key, value))
        }
        guard !members.isEmpty else { return [:] }
        // As large as it needs to be, from the start.
        var map = Dictionary<String, String>(minimumCapacity: members.count)
        for (key, value) in members { map[key] = value }
        return map
    }

    /// A list of strings.
    package mutating func readStrings() throws(JSONError) -> [String] {
        var list: [String] = []
        try readArray { reader throws(JSONError) in list.append(try reader.readString()) }
        return list
    }

    /// The whole next value as a tree.
    package mutating func readJSON() throws(JSONError) -> JSON {
        switch try peek() {
        case .null:
            try readLiteral("null")
            return .null
        case .bool: return .bool(try readBool())
        case .number: return try readNumber()
        case .string: return .string(try readString())
        case .array:
            var elements: [JSON] = []
            try readArray { reader throws(JSONError) in elements.append(try reader.readJSON()) }
            return .array(elements)
        case .object:
            var members: [String: JSON] = [:]
            try readObject { reader, key throws(JSONError) in members[key] = try reader.readJSON() }
            return .object(members)
        }
    }

    /// Whether an object or list is next, without white space before it.
    package var isAtContainer: Bool {
        position < end && (bytes[position] == UInt8(ascii: "{") || bytes[position] == UInt8(ascii: "["))
    }

    /// Moves past `text` where it is next, byte for byte.
    ///
    /// What it moves past is not checked: `text` must have been read before, at such a place.
    package mutating func skip(_ text: [UInt8]) -> Bool {
        guard text.count <= end &- position else { return false }
        let isSame = bytes.span.extracting(position..<position &+ text.count).withUnsafeBufferPointer { next in
            text.withUnsafeBufferPointer { ByteScan.isSame($0, next) }
        }
        if isSame { position &+= text.count }
        return isSame
    }

    /// Where the reader is.
    package struct Mark: Sendable {
        fileprivate var position: Int
        fileprivate var depth: Int
    }

    package var mark: Mark { Mark(position: position, depth: depth) }

    /// Goes back, also out of a value that could not be read.
    package mutating func rewind(to mark: Mark) { (position, depth) = (min(mark.position, position), mark.depth) }

    /// Goes back to where a value began that was read or skipped as a whole, or could not be.
    package mutating func rewind(to offset: Int) { position = min(max(offset, 0), position) }

    /// A ``ByteHash`` of the next 64 bytes; `nil` where there are fewer.
    package func hashAhead() -> UInt64? {
        guard end &- position >= 64 else { return nil }
        return ByteHash.of(bytes.span, position, position &+ 64)
    }

    /// Skips the next value and gives the offsets of its text.
    @discardableResult
    package mutating func skipValue() throws(JSONError) -> Range<Int> {
        let kind = try peek()
        let start = position
        switch kind {
        case .null: try readLiteral("null")
        case .bool: _ = try readBool()
        case .number: while position < end, isNumberPart(bytes[position]) { position += 1 }
        case .string: position = try endOfString(after: position)
        case .array, .object: position = try endOfContainer()
        }
        return start..<position
    }

    // MARK: Inside

    private func endOfContainer() throws(JSONError) -> Int {
        guard depth < maxDepth else { throw JSONError("nested too deeply", offset: position) }
        var scan = ContainerScan(limit: maxDepth - depth)
        if let stop = scan.end(bytes.span, position + 1, end) { return stop }
        throw JSONError(scan.isTooDeep ? "nested too deeply" : "unterminated object or list", offset: position)
    }

    private func endOfString(after open: Int) throws(JSONError) -> Int {
        let span = bytes.span
        var index = open + 1
        while index < end {
            index = ByteScan.quoteOrBackslash(span, index, end)
            guard index < end else { break }
            if span[index] == UInt8(ascii: "\"") { return index + 1 }
            index += 2
        }
        throw JSONError("unterminated string", offset: open)
    }

    /// The next `"`, `\` or control character.
    private func nextQuoteOrEscape(from start: Int) -> Int { ByteScan.endOfPlainText(bytes.span, start, end) }

    private mutating func readEscapedString(from start: Int) throws(JSONError) -> String {
        var text: [UInt8] = []
        var index = start
        while true {
            let stop = nextQuoteOrEscape(from: index)
            guard stop < end else { throw JSONError("unterminated string", offset: start) }
            text.append(contentsOf: bytes[index..<stop])
            index = stop
            switch bytes[index] {
            case UInt8(ascii: "\""):
                position = index + 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard index + 1 < end else { throw JSONError("unterminated string", offset: start) }
                let escape = bytes[index + 1]
                index += 2
                switch escape {
                case UInt8(ascii: "n"): text.append(0x0A)
                case UInt8(ascii: "t"): text.append(0x09)
                case UInt8(ascii: "r"): text.append(0x0D)
                case UInt8(ascii: "b"): text.append(0x08)
                case UInt8(ascii: "f"): text.append(0x0C)
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
                case UInt8(ascii: "u"):
                    var unit = try hexUnit(at: index)
                    index += 4
                    if (0xD800..<0xDC00).contains(unit), index + 5 < end, bytes[index] == UInt8(ascii: "\\"),
                        bytes[index + 1] == UInt8(ascii: "u"), case let low = try hexUnit(at: index + 2),
                        (0xDC00..<0xE000).contains(low)
                    {
                        unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
                        index += 6
                    }
                    // A lone surrogate becomes U+FFFD, as in Go.
                    let scalar = Unicode.Scalar(unit) ?? "\u{FFFD}"
                    text.append(contentsOf: String(scalar).utf8)
                default: throw JSONError("unknown escape in a string", offset: index - 1)
                }
            default: throw JSONError("control character in a string", offset: index)
            }
        }
    }

    private func hexUnit(at index: Int) throws(JSONError) -> UInt32 {
        guard index + 4 <= end else { throw JSONError("unterminated escape", offset: index) }
        var unit: UInt32 = 0
        for byte in bytes[index..<index + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw JSONError("malformed \\u escape", offset: index)
            }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    @inline(__always)
    private mutating func skipWhitespace() {
        while position < end {
            if bytes[position] > 0x20 { return }
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) throws(JSONError) -> Bool {
        guard position < end else { throw JSONError("the text ends inside a value", offset: position) }
        guard bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ kind: Kind, _ name: String) throws(JSONError) {
        let found = try peek()
        guard found == kind else { throw JSONError("expected \(name), found \(found.name)", offset: position) }
    }

    private mutating func readLiteral(_ literal: StaticString) throws(JSONError) {
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

    private mutating func enter() throws(JSONError) {
        depth += 1
        if depth > maxDepth { throw JSONError("nested too deeply", offset: position) }
    }

    private mutating func leave() { depth -= 1 }

    private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private func isNumberPart(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
            || byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E")
    }

    /// Checks what Swift's parser is laxer about than JSON: `1.`, `.5`, `1e`.
    private func isWellFormedNumber(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let integer = rest.prefix(while: isDigit)
        guard !integer.isEmpty, integer.first != UInt8(ascii: "0") || integer.count == 1 else { return false }
        rest = rest.dropFirst(integer.count)
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix(while: isDigit)
            guard !fraction.isEmpty else { return false }
            rest = rest.dropFirst(1 + fraction.count)
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
            let exponent = rest.prefix(while: isDigit)
            guard !exponent.isEmpty else { return false }
            rest = rest.dropFirst(exponent.count)
        }
        return rest.isEmpty
    }

    private func printable(_ byte: UInt8) -> String {
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
