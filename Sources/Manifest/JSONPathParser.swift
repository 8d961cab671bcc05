/// Reads JSONPath texts, bounded in length and nesting.
struct JSONPathParser {
    private let characters: [Character]
    private var position = 0
    private var depth = 0

    init(_ text: String) throws(JSONPathError) {
        guard text.utf8.count <= 4_096 else { throw JSONPathError(reason: "longer than 4096 bytes", offset: 4_096) }
        characters = Array(text)
    }

    mutating func parse() throws(JSONPathError) -> [JSONPathExpression.Step] {
        skipSpaces()
        let braced = take("{")
        if braced { skipSpaces() }
        if !take("$") { _ = take("@") }
        var steps: [JSONPathExpression.Step] = []
        // Printer columns may leave out the first dot.
        if let first = peek, first != ".", first != "[", first != "}" { steps.append(.field(try name())) }
        steps += try path()
        skipSpaces()
        if braced, !take("}") { throw error("expected } at the end of the expression") }
        skipSpaces()
        guard peek == nil else { throw error("unexpected text behind the path") }
        return steps
    }

    private mutating func path() throws(JSONPathError) -> [JSONPathExpression.Step] {
        var steps: [JSONPathExpression.Step] = []
        while let next = peek {
            if next == "[" {
                steps.append(try brackets())
            } else if next == "." {
                position += 1
                if take(".") {
                    steps.append(.recursive)
                    if peek == "[" || peek == nil || peek == "}" { continue }
                } else if peek == "[" || peek == nil || peek == "}" {
                    continue  // `{.}` and `.[0]`
                }
                steps.append(take("*") ? .wildcard : .field(try name()))
            } else {
                break
            }
        }
        return steps
    }

    private mutating func name() throws(JSONPathError) -> String {
        var name = ""
        while let next = peek, !".[]{}(),=!<>$@ \t".contains(next) {
            position += 1
            if next == "\\" {
                guard let escaped = peek else { throw error("nothing follows the backslash") }
                position += 1
                name.append(escaped)
            } else {
                name.append(next)
            }
        }
        guard !name.isEmpty else { throw error("expected a field name") }
        return name
    }

    private mutating func brackets() throws(JSONPathError) -> JSONPathExpression.Step {
        position += 1
        skipSpaces()
        if take("?") { return try filter() }
        var alternatives: [JSONPathExpression.Step] = []
        repeat {
            skipSpaces()
            alternatives.append(try alternative())
            skipSpaces()
        } while take(",")
        guard take("]") else { throw error("expected ] here") }
        return alternatives.count == 1 ? alternatives[0] : .union(alternatives)
    }

    private mutating func alternative() throws(JSONPathError) -> JSONPathExpression.Step {
        switch peek {
        case "*":
            position += 1
            return .wildcard
        case "'", "\"": return .field(try quoted())
        default: break
        }
        let from = try integer()
        skipSpaces()
        guard take(":") else {
            guard let from else { throw error("expected an index, a name in quotes, * or ?( here") }
            return .slice(from: from, to: nil, by: nil)
        }
        let to = try integer()
        let by = take(":") ? try integer() ?? 1 : 1
        guard by > 0 else { throw error("a step must be positive") }
        return .slice(from: from, to: to, by: by)
    }

    private mutating func filter() throws(JSONPathError) -> JSONPathExpression.Step {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 8 else { throw error("filters nested too deeply") }
        guard take("(") else { throw error("expected ( after ?") }
        let left = try operand()
        skipSpaces()
        var comparison: JSONPathExpression.Comparison?
        for candidate in JSONPathExpression.Comparison.allCases where comparison == nil {
            if takeAll(candidate.rawValue) { comparison = candidate }
        }
        var right: JSONPathExpression.Operand?
        if comparison != nil { right = try operand() }
        skipSpaces()
        guard take(")") else { throw error("expected a comparison or ) in the filter") }
        skipSpaces()
        guard take("]") else { throw error("expected ] after the filter") }
        return .filter(left, comparison, right)
    }

    private mutating func operand() throws(JSONPathError) -> JSONPathExpression.Operand {
        skipSpaces()
        switch peek {
        case "'", "\"": return .literal(.string(try quoted()))
        case "@":
            position += 1
            return .path(fromRoot: false, try path())
        case "$":
            position += 1
            return .path(fromRoot: true, try path())
        case ".": return .path(fromRoot: false, try path())
        default: break
        }
        var word = ""
        while let next = peek, next.isLetter || next.isNumber || "+-._".contains(next) {
            word.append(next)
            position += 1
        }
        switch word {
        case "true": return .literal(true)
        case "false": return .literal(false)
        case "null": return .literal(.null)
        default:
            guard let number = try? JSON(parsing: word), number.doubleValue != nil else {
                throw error("expected @, $, a string in quotes or a number")
            }
            return .literal(number)
        }
    }

    private mutating func quoted() throws(JSONPathError) -> String {
        let quote = peek
        position += 1
        var text = ""
        while let next = peek {
            position += 1
            if next == quote { return text }
            if next == "\\" {
                guard let escaped = peek else { break }
                position += 1
                text.append(escaped)
            } else {
                text.append(next)
            }
        }
        throw error("the string is not closed")
    }

    private mutating func integer() throws(JSONPathError) -> Int? {
        skipSpaces()
        var digits = ""
        if take("-") { digits = "-" }
        while let next = peek, next.isASCII, next.isNumber {
            digits.append(next)
            position += 1
        }
        if digits.isEmpty { return nil }
        // So bounded, an index can be added to a count.
        guard let value = Int(digits), value.magnitude <= UInt(Int32.max) else { throw error("no such index") }
        return value
    }

    private var peek: Character? { position < characters.count ? characters[position] : nil }

    private mutating func take(_ character: Character) -> Bool {
        guard peek == character else { return false }
        position += 1
        return true
    }

    private mutating func takeAll(_ text: String) -> Bool {
        guard characters[position...].starts(with: text) else { return false }
        position += text.count
        return true
    }

    private mutating func skipSpaces() {
        while peek == " " || peek == "\t" { position += 1 }
    }

    private func error(_ reason: String) -> JSONPathError { JSONPathError(reason: reason, offset: position) }
}
