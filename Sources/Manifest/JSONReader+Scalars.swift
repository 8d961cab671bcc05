extension JSONReader {
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
    mutating func readKey() throws(JSONError) -> String {
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

    // MARK: Strings

    func endOfString(after open: Int) throws(JSONError) -> Int {
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
    func nextQuoteOrEscape(from start: Int) -> Int { ByteScan.endOfPlainText(bytes.span, start, end) }

    mutating func readEscapedString(from start: Int) throws(JSONError) -> String {
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

    func hexUnit(at index: Int) throws(JSONError) -> UInt32 {
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

    // MARK: Numbers

    func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    func isNumberPart(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
            || byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E")
    }

    /// Checks what Swift's parser is laxer about than JSON: `1.`, `.5`, `1e`.
    func isWellFormedNumber(_ text: ArraySlice<UInt8>) -> Bool {
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
}
