extension YAML {
    /// One document as Kustomize writes it: keys in natural order, indent 2, lists not indented, a final newline.
    package static func emit(_ value: JSON) -> String {
        var emitter = YAMLEmitter()
        emitter.emitDocument(value)
        return String(decoding: emitter.bytes, as: UTF8.self)
    }

    /// Several documents, joined by `---`.
    package static func emit(documents: [JSON]) -> String {
        documents.map { emit($0) }.joined(separator: "---\n")
    }
}

/// Writes block YAML byte for byte as the emitter behind Kustomize does, line folding included.
struct YAMLEmitter {
    private(set) var bytes: [UInt8] = []
    private static let bestWidth = 80
    private static let bestIndent = 2

    private var indent = -1
    /// Characters since the last line break.
    private var column = 0
    /// The last character was white space, or nothing was written yet.
    private var afterWhitespace = true
    /// Only indentation and indicators were written on this line.
    private var inIndentation = true

    mutating func emitDocument(_ value: JSON) {
        emit(value, inMapping: false)
        writeIndent()
    }

    private mutating func emit(_ value: JSON, inMapping: Bool) {
        switch value {
        case .object(let members) where members.isEmpty: flow("{", "}")
        case .object(let members): emitMapping(members)
        case .array(let elements) where elements.isEmpty: flow("[", "]")
        case .array(let elements): emitSequence(elements, inMapping: inMapping)
        case .string(let text): emitScalar(YAMLScalar(text), isSimpleKey: false)
        case .null: emitScalar(YAMLScalar(plain: "null"), isSimpleKey: false)
        case .bool(let value): emitScalar(YAMLScalar(plain: value ? "true" : "false"), isSimpleKey: false)
        case .int(let value): emitScalar(YAMLScalar(plain: String(value)), isSimpleKey: false)
        case .double(let value): emitScalar(YAMLScalar(plain: GoFloat.yaml(value)), isSimpleKey: false)
        }
    }

    private mutating func flow(_ open: String, _ close: String) {
        writeIndicator(open, needsWhitespace: true, isWhitespace: true, isIndentation: false)
        writeIndicator(close, needsWhitespace: false, isWhitespace: false, isIndentation: false)
    }

    private mutating func emitMapping(_ members: [String: JSON]) {
        let outer = indent
        indent = indent < 0 ? 0 : indent + Self.bestIndent
        for key in members.keys.sorted(by: naturalOrder) {
            writeIndent()
            let scalar = YAMLScalar(key)
            // A longer or multi-line key takes the explicit form with a question mark.
            let isSimple = !scalar.hasBreaks && key.utf8.count <= 128
            if isSimple {
                emitScalar(scalar, isSimpleKey: true)
                writeIndicator(":", needsWhitespace: false, isWhitespace: false, isIndentation: false)
            } else {
                writeIndicator("?", needsWhitespace: true, isWhitespace: false, isIndentation: true)
                emitScalar(scalar, isSimpleKey: false)
                writeIndent()
                writeIndicator(":", needsWhitespace: true, isWhitespace: false, isIndentation: true)
            }
            emit(members[key] ?? .null, inMapping: true)
        }
        indent = outer
    }

    private mutating func emitSequence(_ elements: [JSON], inMapping: Bool) {
        let outer = indent
        if indent < 0 {
            indent = 0
        } else if !inMapping || inIndentation {
            indent += Self.bestIndent
        }
        for element in elements {
            writeIndent()
            writeIndicator("-", needsWhitespace: true, isWhitespace: false, isIndentation: true)
            emit(element, inMapping: false)
        }
        indent = outer
    }

    private mutating func emitScalar(_ scalar: YAMLScalar, isSimpleKey: Bool) {
        let outer = indent
        indent = indent < 0 ? Self.bestIndent : indent + Self.bestIndent
        switch scalar.style(isSimpleKey: isSimpleKey) {
        case .plain: writePlain(scalar.scalars, folds: !isSimpleKey)
        case .singleQuoted: writeSingleQuoted(scalar.scalars, folds: !isSimpleKey)
        case .doubleQuoted: writeDoubleQuoted(scalar.scalars, folds: !isSimpleKey)
        case .literal: writeLiteral(scalar.scalars)
        }
        indent = outer
    }
}

// MARK: Scalars

extension YAMLEmitter {
    private mutating func writePlain(_ scalars: [Unicode.Scalar], folds: Bool) {
        if !afterWhitespace { put(" ") }
        var spaces = false
        for (index, scalar) in scalars.enumerated() {
            if scalar == " " {
                let next = index + 1 < scalars.count ? scalars[index + 1] : nil
                if folds, !spaces, column > Self.bestWidth, next != " " { writeIndent() } else { put(scalar) }
                spaces = true
            } else {
                put(scalar)
                inIndentation = false
                spaces = false
            }
        }
        afterWhitespace = false
        inIndentation = false
    }

    private mutating func writeSingleQuoted(_ scalars: [Unicode.Scalar], folds: Bool) {
        writeIndicator("'", needsWhitespace: true, isWhitespace: false, isIndentation: false)
        var spaces = false
        var breaks = false
        for (index, scalar) in scalars.enumerated() {
            if scalar == " " {
                let isInner = index > 0 && index + 1 < scalars.count && scalars[index + 1] != " "
                if folds, !spaces, column > Self.bestWidth, isInner { writeIndent() } else { put(scalar) }
                spaces = true
            } else if scalar.isYAMLBreak {
                if !breaks, scalar == "\n" { newline() }
                putBreak(scalar)
                inIndentation = true
                breaks = true
            } else {
                if breaks { writeIndent() }
                if scalar == "'" { put("'") }
                put(scalar)
                inIndentation = false
                spaces = false
                breaks = false
            }
        }
        writeIndicator("'", needsWhitespace: false, isWhitespace: false, isIndentation: false)
        afterWhitespace = false
        inIndentation = false
    }

    private mutating func writeDoubleQuoted(_ scalars: [Unicode.Scalar], folds: Bool) {
        writeIndicator("\"", needsWhitespace: true, isWhitespace: false, isIndentation: false)
        var spaces = false
        // The original looks for a byte order mark at the wrong place: behind a leading one it escapes everything.
        let escapesAll = scalars.first == "\u{FEFF}"
        for (index, scalar) in scalars.enumerated() {
            if escapesAll || !scalar.isYAMLPrintable || scalar.isYAMLBreak || scalar == "\"" || scalar == "\\" {
                for character in scalar.yamlEscape.unicodeScalars { put(character) }
                spaces = false
            } else if scalar == " " {
                if folds, !spaces, column > Self.bestWidth, index > 0, index + 1 < scalars.count {
                    writeIndent()
                    if scalars[index + 1] == " " { put("\\") }
                } else {
                    put(scalar)
                }
                spaces = true
            } else {
                put(scalar)
                spaces = false
            }
        }
        writeIndicator("\"", needsWhitespace: false, isWhitespace: false, isIndentation: false)
        afterWhitespace = false
        inIndentation = false
    }

    private mutating func writeLiteral(_ scalars: [Unicode.Scalar]) {
        writeIndicator("|", needsWhitespace: true, isWhitespace: false, isIndentation: false)
        if let first = scalars.first, first == " " || first.isYAMLBreak { put("2") }
        if let last = scalars.last {
            if !last.isYAMLBreak {
                put("-")
            } else if scalars.count == 1 || scalars[scalars.count - 2].isYAMLBreak {
                put("+")
            }
        }
        newline()
        inIndentation = true
        afterWhitespace = true
        var breaks = true
        for scalar in scalars {
            if scalar.isYAMLBreak {
                putBreak(scalar)
                inIndentation = true
                breaks = true
            } else {
                if breaks { writeIndent() }
                put(scalar)
                inIndentation = false
                breaks = false
            }
        }
    }
}

// MARK: Layout

extension YAMLEmitter {
    private mutating func writeIndent() {
        let target = max(indent, 0)
        if !inIndentation || column > target || (column == target && !afterWhitespace) { newline() }
        while column < target { put(" ") }
        afterWhitespace = true
        inIndentation = true
    }

    private mutating func writeIndicator(
        _ text: String, needsWhitespace: Bool, isWhitespace: Bool, isIndentation: Bool
    ) {
        if needsWhitespace, !afterWhitespace { put(" ") }
        for scalar in text.unicodeScalars { put(scalar) }
        afterWhitespace = isWhitespace
        inIndentation = inIndentation && isIndentation
    }

    private mutating func newline() {
        bytes.append(0x0A)
        column = 0
    }

    private mutating func putBreak(_ scalar: Unicode.Scalar) {
        if scalar == "\n" { return newline() }
        put(scalar)
        column = 0
    }

    private mutating func put(_ scalar: Unicode.Scalar) {
        if scalar.isASCII {
            bytes.append(UInt8(truncatingIfNeeded: scalar.value))
        } else {
            bytes.append(contentsOf: UTF8.encode(scalar) ?? .init())
        }
        column += 1
    }
}
