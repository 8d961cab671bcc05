extension LabelSelector {
    /// Reads the text of a `labelSelector` query: `app=web,tier in (a, b),!canary,zone!=x`.
    ///
    /// An empty text selects everything.
    package init(parsing text: String) throws(JSONError) {
        self.init()
        guard text.utf8.count <= 64 << 10 else { throw JSONError("a selector has at most 65536 bytes") }
        var parser = LabelSelectorParser(text)
        matchExpressions = try parser.requirements()
    }
}

private struct LabelSelectorParser {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    mutating func requirements() throws(JSONError) -> [LabelSelector.Requirement] {
        var result: [LabelSelector.Requirement] = []
        skipSpaces()
        if position == bytes.count { return [] }
        while true {
            result.append(try requirement())
            skipSpaces()
            if position == bytes.count { return result }
            guard take(",") else { throw error("expected a comma") }
        }
    }

    private mutating func requirement() throws(JSONError) -> LabelSelector.Requirement {
        skipSpaces()
        let negated = take("!")
        let key = word()
        guard NameSyntax.isKey(key) else { throw error("\"\(key.prefix(100))\" is no label key") }
        skipSpaces()
        if negated || position == bytes.count || bytes[position] == UInt8(ascii: ",") {
            return LabelSelector.Requirement(key: key, op: negated ? .doesNotExist : .exists)
        }
        if take("!") {
            guard take("=") else { throw error("expected != here") }
            return LabelSelector.Requirement(key: key, op: .notIn, values: [try value()])
        }
        if take("=") {
            _ = take("=")
            return LabelSelector.Requirement(key: key, op: .isIn, values: [try value()])
        }
        let name = word()
        guard name == "in" || name == "notin" else { throw error("expected =, !=, in or notin after \(key)") }
        skipSpaces()
        guard take("(") else { throw error("expected ( after \(name)") }
        var values: [String] = []
        repeat {
            values.append(try value())
            skipSpaces()
        } while take(",")
        guard take(")") else { throw error("expected , or ) in the list of values") }
        return LabelSelector.Requirement(key: key, op: name == "in" ? .isIn : .notIn, values: values)
    }

    private mutating func value() throws(JSONError) -> String {
        skipSpaces()
        let value = word()
        guard NameSyntax.isValue(value) else { throw error("\"\(value.prefix(100))\" is no label value") }
        return value
    }

    private mutating func word() -> String {
        let start = position
        while position < bytes.count, !" \t,()!=<>".utf8.contains(bytes[position]) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func skipSpaces() {
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
        position += 1
        return true
    }

    private func error(_ reason: String) -> JSONError { JSONError("label selector: \(reason)", offset: position) }
}
