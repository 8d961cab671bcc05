/// A scalar about to be written, and the styles that its text allows.
struct YAMLScalar {
    enum Style { case plain, singleQuoted, doubleQuoted, literal }

    let scalars: [Unicode.Scalar]
    /// Holds a line break, even one that only Unicode calls so.
    private(set) var hasBreaks = false
    private var wanted = Style.plain
    private var allowsPlain = true
    private var allowsSingleQuoted = true
    private var allowsLiteral = true

    /// A number, a boolean or `null`, which is always plain.
    init(plain text: String) { scalars = Array(text.unicodeScalars) }

    /// A string; what another type would resolve to is quoted.
    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        if text.unicodeScalars.contains("\n") {
            wanted = .literal
        } else if YAML.resolvePlain(text, dialect: .kubernetes) != .string || looksLikeBase60(text) {
            wanted = .doubleQuoted
        }
        analyze()
    }

    func style(isSimpleKey: Bool) -> Style {
        var style = wanted
        if isSimpleKey, hasBreaks { return .doubleQuoted }
        if style == .plain, !allowsPlain || (scalars.isEmpty && isSimpleKey) { style = .singleQuoted }
        if style == .singleQuoted, !allowsSingleQuoted { style = .doubleQuoted }
        if style == .literal, !allowsLiteral || isSimpleKey { style = .doubleQuoted }
        return style
    }

    private mutating func analyze() {
        guard let first = scalars.first, let last = scalars.last else { return allowsLiteral = false }
        var hasIndicators = scalars.starts(with: "---".unicodeScalars) || scalars.starts(with: "...".unicodeScalars)
        var hasSpecial = false
        var spaceBeforeBreak = false
        var breakBeforeSpace = false
        var afterWhitespace = true
        var previous: Unicode.Scalar?
        for (index, scalar) in scalars.enumerated() {
            let next = index + 1 < scalars.count ? scalars[index + 1] : nil
            let beforeWhitespace = next.map { $0 == " " || $0 == "\t" || $0.isYAMLBreak } ?? true
            if index == 0 {
                switch scalar {
                case "#", ",", "[", "]", "{", "}", "&", "*", "!", "|", ">", "'", "\"", "%", "@", "`":
                    hasIndicators = true
                case "?", ":", "-": hasIndicators = hasIndicators || beforeWhitespace
                default: break
                }
            } else if scalar == ":", beforeWhitespace {
                hasIndicators = true
            } else if scalar == "#", afterWhitespace {
                hasIndicators = true
            }
            hasSpecial = hasSpecial || !scalar.isYAMLPrintable
            if scalar == " ", previous?.isYAMLBreak ?? false { breakBeforeSpace = true }
            if scalar.isYAMLBreak {
                hasBreaks = true
                if previous == " " { spaceBeforeBreak = true }
            }
            afterWhitespace = scalar == " " || scalar == "\t" || scalar.isYAMLBreak
            previous = scalar
        }
        let hasEdges = [first, last].contains { $0 == " " || $0.isYAMLBreak }
        allowsPlain = !(hasEdges || breakBeforeSpace || spaceBeforeBreak || hasSpecial || hasBreaks || hasIndicators)
        allowsSingleQuoted = !(breakBeforeSpace || spaceBeforeBreak || hasSpecial)
        allowsLiteral = !(last == " " || spaceBeforeBreak || hasSpecial)
    }

    /// `1:30`, which YAML 1.1 reads as ninety: `^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$`.
    private func looksLikeBase60(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
        func isDigitOrGap(_ byte: UInt8) -> Bool { isDigit(byte) || byte == UInt8(ascii: "_") }
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        guard let first = rest.first, isDigit(first) else { return false }
        rest = rest.drop(while: isDigitOrGap)
        guard rest.first == UInt8(ascii: ":") else { return false }
        while rest.first == UInt8(ascii: ":") {
            let digits = rest.dropFirst().prefix(while: isDigit)
            guard let tens = digits.first, digits.count <= 2, digits.count == 1 || tens < UInt8(ascii: "6") else {
                return false
            }
            rest = rest.dropFirst(1 + digits.count)
        }
        if rest.first == UInt8(ascii: ".") { rest = rest.dropFirst().drop(while: isDigitOrGap) }
        return rest.isEmpty
    }
}

extension Unicode.Scalar {
    /// A line break of YAML 1.1.
    var isYAMLBreak: Bool {
        switch value {
        case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    /// What may stand unescaped; no tab, and nothing beyond the basic plane.
    var isYAMLPrintable: Bool {
        switch value {
        case 0x0A, 0x20...0x7E, 0xA0...0xD7FF, 0xE000...0xFFFD: value != 0xFEFF
        default: false
        }
    }

    /// The escape sequence in a double-quoted scalar.
    var yamlEscape: String {
        switch value {
        case 0x00: return "\\0"
        case 0x07: return "\\a"
        case 0x08: return "\\b"
        case 0x09: return "\\t"
        case 0x0A: return "\\n"
        case 0x0B: return "\\v"
        case 0x0C: return "\\f"
        case 0x0D: return "\\r"
        case 0x1B: return "\\e"
        case 0x22: return "\\\""
        case 0x5C: return "\\\\"
        case 0x85: return "\\N"
        case 0xA0: return "\\_"
        case 0x2028: return "\\L"
        case 0x2029: return "\\P"
        default:
            let (letter, width) = value <= 0xFF ? ("x", 2) : value <= 0xFFFF ? ("u", 4) : ("U", 8)
            let digits = String(value, radix: 16, uppercase: true)
            return "\\" + letter + String(repeating: "0", count: width - digits.count) + digits
        }
    }
}
