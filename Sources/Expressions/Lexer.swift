/// A word of the expression language.
struct Token: Equatable {
    enum Kind: Equatable {
        case int(Int64)
        case float(Double)
        case string(String)
        case name(String)
        /// An operator, a bracket, or a word that is an operator.
        case symbol(String)
        case end
    }

    var kind: Kind
    var offset: Int
}

/// Cuts an expression into tokens, one at a time: what `#` means depends on where the parser stands.
struct Lexer {
    static let words: Set<String> = [
        "and", "or", "not", "in", "matches", "contains", "startsWith", "endsWith", "let", "if", "else",
    ]
    private static let symbols = [
        "**", "??", "?.", "..", "==", "!=", "<=", ">=", "&&", "||", "+", "-", "*", "/", "%", "^", "<", ">", "!", "|",
        "?",
        ":", ",", ";", ".", "=", "(", ")", "[", "]", "{", "}", "#",
    ].map { Array($0.unicodeScalars) }

    private let text: [Unicode.Scalar]
    private(set) var index = 0

    init(_ source: String) { text = Array(source.unicodeScalars) }

    mutating func next() throws(ExpressionError) -> Token {
        try skipSpace()
        let start = index
        guard let scalar = peek() else { return Token(kind: .end, offset: start) }
        if isDigit(scalar) || scalar == "." && (peek(1).map(isDigit) ?? false) { return try number() }
        if scalar == "\"" || scalar == "'" { return try string(quote: scalar) }
        if scalar == "`" { return try rawString() }
        if isNameStart(scalar) {
            while let scalar = peek(), isNameStart(scalar) || isDigit(scalar) { index += 1 }
            let name = String(String.UnicodeScalarView(text[start..<index]))
            return Token(kind: Self.words.contains(name) ? .symbol(name) : .name(name), offset: start)
        }
        for symbol in Self.symbols where text[index...].starts(with: symbol) {
            // `a ?.5 : b` is a ternary.
            if symbol == ["?", "."], peek(2).map(isDigit) ?? false { continue }
            index += symbol.count
            return Token(kind: .symbol(String(String.UnicodeScalarView(symbol))), offset: start)
        }
        throw ExpressionError(.syntax, "unexpected character '\(scalar)'", at: start)
    }

    /// Skips to the end of the line: a `#` outside of a predicate starts a comment.
    mutating func skipLine() {
        while let scalar = peek(), scalar != "\n" { index += 1 }
    }

    private mutating func skipSpace() throws(ExpressionError) {
        while let scalar = peek() {
            if scalar.properties.isWhitespace {
                index += 1
            } else if scalar == "/", peek(1) == "/" {
                skipLine()
            } else if scalar == "/", peek(1) == "*" {
                let start = index
                index += 2
                while peek() != "*" || peek(1) != "/" {
                    guard peek() != nil else { throw ExpressionError(.syntax, "the comment has no end", at: start) }
                    index += 1
                }
                index += 2
            } else {
                return
            }
        }
    }

    private mutating func number() throws(ExpressionError) -> Token {
        let start = index
        var radix = 10
        if peek() == "0", let letter = peek(1), let base = ["x": 16, "X": 16, "b": 2, "B": 2, "o": 8, "O": 8][letter] {
            radix = base
            index += 2
        }
        var digits = ""
        var isFloat = false
        while let scalar = peek() {
            if scalar == "_" {
            } else if scalar.isASCII, scalar.properties.isAlphabetic || isDigit(scalar) {
                digits.unicodeScalars.append(scalar)
                if radix == 10, scalar == "e" || scalar == "E" {
                    isFloat = true
                    if let sign = peek(1), sign == "+" || sign == "-" {
                        digits.unicodeScalars.append(sign)
                        index += 1
                    }
                }
            } else if scalar == ".", radix == 10, !isFloat, peek(1).map(isDigit) ?? false {
                digits += digits.isEmpty ? "0." : "."
                isFloat = true
            } else {
                break
            }
            index += 1
        }
        if isFloat {
            guard let value = Double(digits), !digits.contains("x") else { throw badNumber(start) }
            return Token(kind: .float(value), offset: start)
        }
        guard let value = Int64(digits, radix: radix) else { throw badNumber(start) }
        return Token(kind: .int(value), offset: start)
    }

    private func badNumber(_ start: Int) -> ExpressionError {
        let shown = String(String.UnicodeScalarView(text[start..<min(index, start + 40)]))
        return ExpressionError(.syntax, "malformed or too large number \(shown)", at: start)
    }

    private mutating func rawString() throws(ExpressionError) -> Token {
        let start = index
        index += 1
        while let scalar = peek() {
            index += 1
            if scalar == "`" {
                let inner = text[(start + 1)..<(index - 1)]
                return Token(kind: .string(String(String.UnicodeScalarView(inner))), offset: start)
            }
        }
        throw ExpressionError(.syntax, "the string has no end", at: start)
    }

    private mutating func string(quote: Unicode.Scalar) throws(ExpressionError) -> Token {
        let start = index
        index += 1
        var value = String.UnicodeScalarView()
        while let scalar = peek(), scalar != "\n" {
            index += 1
            if scalar == quote { return Token(kind: .string(String(value)), offset: start) }
            value.append(scalar == "\\" ? try escape() : scalar)
        }
        throw ExpressionError(.syntax, "the string has no end", at: start)
    }

    private mutating func escape() throws(ExpressionError) -> Unicode.Scalar {
        let start = index - 1
        guard let scalar = peek() else { throw ExpressionError(.syntax, "the string has no end", at: start) }
        index += 1
        switch scalar {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "a": return "\u{7}"
        case "b": return "\u{8}"
        case "f": return "\u{c}"
        case "v": return "\u{b}"
        case "\\", "'", "\"", "`": return scalar
        case "x": return try escapedCode(digits: 2, start)
        case "u": return try escapedCode(digits: 4, start)
        case "U": return try escapedCode(digits: 8, start)
        default: throw ExpressionError(.syntax, "unknown escape \\\(scalar)", at: start)
        }
    }

    private mutating func escapedCode(digits: Int, _ start: Int) throws(ExpressionError) -> Unicode.Scalar {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let scalar = peek(), scalar.isASCII, let digit = Character(scalar).hexDigitValue else {
                throw ExpressionError(.syntax, "malformed escape", at: start)
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        guard let scalar = Unicode.Scalar(value) else { throw ExpressionError(.syntax, "malformed escape", at: start) }
        return scalar
    }

    private func peek(_ distance: Int = 0) -> Unicode.Scalar? {
        index + distance < text.count ? text[index + distance] : nil
    }

    private func isDigit(_ scalar: Unicode.Scalar) -> Bool { (48...57).contains(scalar.value) }

    private func isNameStart(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar == "$" || scalar.properties.isAlphabetic
    }
}
