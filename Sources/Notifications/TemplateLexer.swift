/// A piece of a template: text, or the inside of one `{{ }}`.
enum TemplatePiece: Hashable, Sendable {
    case text(String)
    case action([TemplateToken], line: Int)
}

/// A word inside an action.
enum TemplateToken: Hashable, Sendable {
    /// `.`, `.rollout.metadata.name`; `fromRoot` for `$` and `$.rollout`.
    case path([String], fromRoot: Bool)
    case string(String)
    case int(Int64)
    case double(Double)
    case word(String)
    case pipe
    case open
    case close
}

/// Cuts a template into pieces, trimming around `{{-` and `-}}`.
struct TemplateLexer {
    private let text: [UInt8]
    private var position = 0
    private var line = 1

    init(_ text: String) { self.text = [UInt8](text.utf8) }

    mutating func pieces() throws(TemplateError) -> [TemplatePiece] {
        var pieces: [TemplatePiece] = []
        var trimsNext = false
        while position < text.count {
            let start = position
            let end = find("{{", from: position) ?? text.count
            var chunk = text[start..<end]
            let trimsThis = end + 3 < text.count && text[end + 2] == UInt8(ascii: "-") && isSpace(text[end + 3])
            if trimsNext { chunk = chunk.drop(while: isSpace) }
            if trimsThis { while let last = chunk.last, isSpace(last) { chunk = chunk.dropLast() } }
            if !chunk.isEmpty { pieces.append(.text(String(decoding: chunk, as: UTF8.self))) }
            countLines(start..<end)
            guard end < text.count else { break }
            position = end + (trimsThis ? 3 : 2)
            let opened = line
            if let tokens = try action(&trimsNext) { pieces.append(.action(tokens, line: opened)) }
        }
        return pieces
    }

    /// Reads up to the closing braces; `nil` for a comment.
    private mutating func action(_ trims: inout Bool) throws(TemplateError) -> [TemplateToken]? {
        skipSpace()
        if starts("/*") {
            guard let end = find("*/", from: position) else {
                throw TemplateError(line: line, "a comment is not closed")
            }
            countLines(position..<end)
            position = end + 2
            skipSpace()
            guard closes(&trims) else { throw TemplateError(line: line, "a comment must end with */}}") }
            return nil
        }
        var tokens: [TemplateToken] = []
        while true {
            skipSpace()
            if closes(&trims) { return tokens }
            guard position < text.count else { throw TemplateError(line: line, "{{ is not closed by }}") }
            guard tokens.count < 256 else { throw TemplateError(line: line, "an action has more than 256 words") }
            tokens.append(try token())
        }
    }

    private mutating func closes(_ trims: inout Bool) -> Bool {
        if starts("}}") {
            position += 2
            trims = false
            return true
        }
        if starts("-}}") {
            position += 3
            trims = true
            return true
        }
        return false
    }

    private mutating func token() throws(TemplateError) -> TemplateToken {
        let byte = text[position]
        switch byte {
        case UInt8(ascii: "|"): return single(.pipe)
        case UInt8(ascii: "("): return single(.open)
        case UInt8(ascii: ")"): return single(.close)
        case UInt8(ascii: "\""): return .string(try quoted())
        case UInt8(ascii: "`"):
            guard let end = text[(position + 1)...].firstIndex(of: byte) else {
                throw TemplateError(line: line, "a ` is not closed")
            }
            let raw = String(decoding: text[(position + 1)..<end], as: UTF8.self)
            countLines(position..<end)
            position = end + 1
            return .string(raw)
        case UInt8(ascii: "."): return .path(try path(), fromRoot: false)
        case UInt8(ascii: "$"):
            position += 1
            guard position < text.count, text[position] == UInt8(ascii: ".") else {
                guard position >= text.count || !isWord(text[position]) else {
                    throw TemplateError(line: line, "variables are not supported; use . and $")
                }
                return .path([], fromRoot: true)
            }
            return .path(try path(), fromRoot: true)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default:
            guard isWord(byte) else {
                throw TemplateError(
                    line: line, "unexpected \(String(decoding: [byte], as: UTF8.self).debugDescription)")
            }
            return .word(word())
        }
    }

    private mutating func single(_ token: TemplateToken) -> TemplateToken {
        position += 1
        return token
    }

    private mutating func path() throws(TemplateError) -> [String] {
        var names: [String] = []
        while position < text.count, text[position] == UInt8(ascii: ".") {
            position += 1
            guard position < text.count, isWord(text[position]) else {
                guard names.isEmpty else { throw TemplateError(line: line, "a field path ends with a dot") }
                return []
            }
            names.append(word())
            guard names.count <= 32 else { throw TemplateError(line: line, "a field path has more than 32 parts") }
        }
        return names
    }

    private mutating func word() -> String {
        let start = position
        while position < text.count, isWord(text[position]) { position += 1 }
        return String(decoding: text[start..<position], as: UTF8.self)
    }

    private mutating func number() throws(TemplateError) -> TemplateToken {
        let start = position
        position += 1
        while position < text.count, isWord(text[position]) || text[position] == UInt8(ascii: ".") { position += 1 }
        let digits = String(decoding: text[start..<position], as: UTF8.self)
        if let value = Int64(digits) { return .int(value) }
        if let value = Double(digits), value.isFinite { return .double(value) }
        throw TemplateError(line: line, "\(digits) is no number")
    }

    private mutating func quoted() throws(TemplateError) -> String {
        var bytes: [UInt8] = []
        position += 1
        while position < text.count {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\n"): throw TemplateError(line: line, "a string ends at the end of its line")
            case UInt8(ascii: "\\"):
                guard position < text.count else { break }
                switch text[position] {
                case UInt8(ascii: "n"): bytes.append(0x0A)
                case UInt8(ascii: "t"): bytes.append(0x09)
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(text[position])
                default: throw TemplateError(line: line, "only \\n, \\t, \\\" and \\\\ are known in strings")
                }
                position += 1
            default: bytes.append(byte)
            }
        }
        throw TemplateError(line: line, "a string is not closed")
    }

    private mutating func skipSpace() {
        let start = position
        // `-}}` after a space closes; a lone minus belongs to a number.
        while position < text.count, isSpace(text[position]) { position += 1 }
        countLines(start..<position)
    }

    private mutating func countLines(_ range: Range<Int>) {
        for byte in text[range] where byte == 0x0A { line += 1 }
    }

    private func starts(_ word: String) -> Bool { text[position...].starts(with: word.utf8) }

    private func find(_ pair: String, from start: Int) -> Int? {
        let bytes = [UInt8](pair.utf8)
        var index = start
        while index + 1 < text.count {
            if text[index] == bytes[0], text[index + 1] == bytes[1] { return index }
            index += 1
        }
        return nil
    }
}

private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

private func isWord(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "_") || byte >= 0x80
}
