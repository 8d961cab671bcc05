/// A piece of a template: text, or the inside of one `{{ }}`.
enum TemplatePiece: Hashable, Sendable {
    case text(String)
    case action([TemplateToken], line: Int)
}

/// A word inside an action.
enum TemplateToken: Hashable, Sendable {
    /// `.` (no names) or `.rollout.metadata.name`.
    case field([String])
    /// `$`, `$x` or `$x.metadata.name`, without the dollar.
    case variable(String, [String])
    /// `.metadata` directly behind a closing parenthesis or a function's name.
    case chain([String])
    case string(String)
    case int(Int64)
    case double(Double)
    case word(String)
    case pipe
    case open
    case close
    case comma
    case declare
    case assign
}

/// Cuts a template into pieces, trimming around `{{-` and `-}}`.
struct TemplateLexer {
    private static let maxTokens = 1_000

    let text: [UInt8]
    var position = 0
    var line = 1

    init(_ text: String) { self.text = [UInt8](text.utf8) }

    mutating func pieces() throws(TemplateError) -> [TemplatePiece] {
        var pieces: [TemplatePiece] = []
        var trimsNext = false
        while position < text.count {
            let start = position
            let end = find("{{", from: position) ?? text.count
            var chunk = text[start..<end]
            let trimsThis = end + 3 < text.count && text[end + 2] == UInt8(ascii: "-") && isTemplateSpace(text[end + 3])
            if trimsNext { chunk = chunk.drop(while: isTemplateSpace) }
            trimsNext = false
            if trimsThis { while let last = chunk.last, isTemplateSpace(last) { chunk = chunk.dropLast() } }
            if !chunk.isEmpty { pieces.append(.text(String(decoding: chunk, as: UTF8.self))) }
            countLines(start..<end)
            guard end < text.count else { break }
            position = end + (trimsThis ? 3 : 2)
            let opened = line
            if let tokens = try action(opened, &trimsNext) { pieces.append(.action(tokens, line: opened)) }
        }
        return pieces
    }

    /// Reads up to the closing braces; `nil` for a comment.
    private mutating func action(_ opened: Int, _ trims: inout Bool) throws(TemplateError) -> [TemplateToken]? {
        skipSpace()
        if starts("/*") {
            guard let end = find("*/", from: position + 2) else {
                throw TemplateError(line: opened, "a comment is not closed; end it with */}}")
            }
            countLines(position..<end)
            position = end + 2
            skipSpace()
            guard closes(&trims) else {
                throw TemplateError(line: line, "a comment shares its braces; end it with */}}")
            }
            return nil
        }
        var tokens: [TemplateToken] = []
        var end = -1
        while true {
            skipSpace()
            if closes(&trims) { return tokens }
            guard position < text.count else {
                throw TemplateError(line: opened, "{{ is not closed; add }}")
            }
            guard tokens.count < TemplateLexer.maxTokens else {
                throw TemplateError(line: opened, "an action has more than \(TemplateLexer.maxTokens) words; split it")
            }
            tokens.append(try token(behind: position == end ? tokens.last : nil))
            end = position
        }
    }

    private mutating func closes(_ trims: inout Bool) -> Bool {
        if starts("}}") {
            position += 2
            return true
        }
        if starts("-}}"), position > 0, isTemplateSpace(text[position - 1]) {
            position += 3
            trims = true
            return true
        }
        return false
    }

    /// - Parameter previous: The token that ends right here, without a space between.
    private mutating func token(behind previous: TemplateToken?) throws(TemplateError) -> TemplateToken {
        let byte = text[position]
        switch byte {
        case UInt8(ascii: "|"): return single(.pipe)
        case UInt8(ascii: "("): return single(.open)
        case UInt8(ascii: ")"): return single(.close)
        case UInt8(ascii: ","): return single(.comma)
        case UInt8(ascii: "="): return single(.assign)
        case UInt8(ascii: ":"):
            guard starts(":=") else { throw TemplateError(line: line, "unexpected \":\"; := declares a variable") }
            position += 2
            return .declare
        case UInt8(ascii: "\""): return .string(try quoted())
        case UInt8(ascii: "'"): return try character()
        case UInt8(ascii: "`"):
            guard let end = text[(position + 1)...].firstIndex(of: byte) else {
                throw TemplateError(line: line, "a string is not closed; end it with `")
            }
            let raw = String(decoding: text[(position + 1)..<end], as: UTF8.self)
            countLines(position..<end)
            position = end + 1
            return .string(raw)
        case UInt8(ascii: "."):
            if position + 1 < text.count, isTemplateDigit(text[position + 1]) { return try number() }
            switch previous {
            case .close, .word: return .chain(try path())
            default: return .field(try path())
            }
        case UInt8(ascii: "$"):
            position += 1
            return .variable(word(), try path())
        case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default:
            guard isTemplateWord(byte) else {
                let shown = String(decoding: [byte], as: UTF8.self).debugDescription
                throw TemplateError(line: line, "unexpected \(shown); put text into quotes")
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
            guard position < text.count, isTemplateWord(text[position]) else {
                guard names.isEmpty else {
                    throw TemplateError(line: line, "a field path ends with a dot; remove it or name the field")
                }
                return []
            }
            names.append(word())
            guard names.count <= 64 else { throw TemplateError(line: line, "a field path has more than 64 parts") }
        }
        return names
    }

    private mutating func word() -> String {
        let start = position
        while position < text.count, isTemplateWord(text[position]) { position += 1 }
        return String(decoding: text[start..<position], as: UTF8.self)
    }

    private mutating func skipSpace() {
        let start = position
        while position < text.count, isTemplateSpace(text[position]) { position += 1 }
        countLines(start..<position)
    }

    mutating func countLines(_ range: Range<Int>) {
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

func isTemplateSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

func isTemplateDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

func isTemplateWord(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || isTemplateDigit(byte)
        || byte == UInt8(ascii: "_") || byte >= 0x80
}
