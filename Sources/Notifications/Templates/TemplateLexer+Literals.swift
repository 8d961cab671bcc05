extension TemplateLexer {
    /// `12`, `-3`, `0x1F`, `0b1`, `1_000`, `1.5`, `1e3`.
    mutating func number() throws(TemplateError) -> TemplateToken {
        let start = position
        position += 1
        while position < text.count {
            let byte = text[position]
            let isExponentSign =
                (byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+"))
                && text[position - 1] | 0x20 == UInt8(ascii: "e")
                && !text[start..<position].contains { $0 | 0x20 == UInt8(ascii: "x") }
            guard isTemplateWord(byte) || byte == UInt8(ascii: ".") || isExponentSign else { break }
            position += 1
        }
        let written = String(decoding: text[start..<position], as: UTF8.self)
        var digits = written.filter { $0 != "_" }[...]
        let isNegative = digits.first == "-"
        if digits.first == "-" || digits.first == "+" { digits = digits.dropFirst() }
        let prefixes: [(String, Int)] = [("0x", 16), ("0b", 2), ("0o", 8)]
        for (prefix, radix) in prefixes where digits.lowercased().hasPrefix(prefix) {
            if let value = Int64((isNegative ? "-" : "") + digits.dropFirst(2), radix: radix) { return .int(value) }
        }
        let sign = isNegative ? "-" : ""
        if digits.count > 1, digits.first == "0", let value = Int64(sign + digits, radix: 8) { return .int(value) }
        if let value = Int64(sign + digits) { return .int(value) }
        if digits.first.map({ $0.isNumber || $0 == "." }) ?? false, let value = Double(sign + digits), value.isFinite {
            return .double(value)
        }
        throw TemplateError(line: line, "\(written.prefix(40)) is no number; put text into quotes")
    }

    /// A string in double quotes, with Go's escapes.
    mutating func quoted() throws(TemplateError) -> String {
        let opened = line
        var bytes: [UInt8] = []
        position += 1
        while position < text.count {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\n"):
                throw TemplateError(
                    line: opened, "a string is not closed on its line; add \" or write \\n for a line break")
            case UInt8(ascii: "\\"): try escape(into: &bytes)
            default: bytes.append(byte)
            }
        }
        throw TemplateError(line: opened, "a string is not closed; add \"")
    }

    /// `'a'`: the number of a character.
    mutating func character() throws(TemplateError) -> TemplateToken {
        var bytes: [UInt8] = []
        position += 1
        while position < text.count, text[position] != UInt8(ascii: "'"), bytes.count < 8 {
            let byte = text[position]
            position += 1
            if byte == UInt8(ascii: "\\") { try escape(into: &bytes) } else { bytes.append(byte) }
        }
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
        guard position < text.count, text[position] == UInt8(ascii: "'"), scalars.count == 1, let only = scalars.first
        else { throw TemplateError(line: line, "single quotes hold one character; put text into double quotes") }
        position += 1
        return .int(Int64(only.value))
    }

    private mutating func escape(into bytes: inout [UInt8]) throws(TemplateError) {
        guard position < text.count else { return }
        let byte = text[position]
        position += 1
        switch byte {
        case UInt8(ascii: "a"): bytes.append(0x07)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "n"): bytes.append(0x0A)
        case UInt8(ascii: "r"): bytes.append(0x0D)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "v"): bytes.append(0x0B)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "'"): bytes.append(byte)
        case UInt8(ascii: "x"): bytes.append(UInt8(truncatingIfNeeded: try digits(2, radix: 16)))
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            guard let scalar = Unicode.Scalar(UInt32(try digits(byte == UInt8(ascii: "u") ? 4 : 8, radix: 16))) else {
                throw TemplateError(line: line, "an escape names no character")
            }
            bytes += Array(String(Character(scalar)).utf8)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            position -= 1
            bytes.append(UInt8(truncatingIfNeeded: try digits(3, radix: 8)))
        default:
            throw TemplateError(line: line, "a string has an unknown escape; write \\\\ for a backslash")
        }
    }

    private mutating func digits(_ count: Int, radix: Int) throws(TemplateError) -> Int {
        let end = min(position + count, text.count)
        let digits = String(decoding: text[position..<end], as: UTF8.self)
        guard digits.utf8.count == count, !digits.hasPrefix("-"), !digits.hasPrefix("+"),
            let value = Int(digits, radix: radix), value <= Int(UInt32.max)
        else { throw TemplateError(line: line, "an escape in a string needs \(count) digits of base \(radix)") }
        position = end
        return value
    }
}
