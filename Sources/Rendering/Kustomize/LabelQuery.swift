import Manifest

/// Reads a label selector as a query writes it: `app=web,tier in (a,b),!old`.
enum LabelQuery {
    /// - Returns: `nil` for a malformed query.
    static func parse(_ text: String) -> LabelSelector? {
        var selector = LabelSelector()
        for part in split(text) {
            let part = trimmed(part)
            if part.isEmpty { return nil }
            guard let requirement = requirement(part) else { return nil }
            selector.matchExpressions.append(requirement)
        }
        return selector
    }

    /// Splits at commas outside parentheses.
    private static func split(_ text: String) -> [Substring] {
        if trimmed(text[...]).isEmpty { return [] }
        var parts: [Substring] = []
        var depth = 0
        var start = text.startIndex
        for index in text.indices {
            switch text[index] {
            case "(": depth += 1
            case ")": depth -= 1
            case "," where depth == 0:
                parts.append(text[start..<index])
                start = text.index(after: index)
            default: break
            }
        }
        return parts + [text[start...]]
    }

    private static func requirement(_ part: Substring) -> LabelSelector.Requirement? {
        if part.hasPrefix("!") {
            return word(part.dropFirst()).map { .init(key: $0, op: .doesNotExist) }
        }
        if let open = part.firstIndex(of: "("), part.hasSuffix(")") {
            let words = part[..<open].split(separator: " ")
            guard words.count == 2, let key = word(words[0]) else { return nil }
            let values = part[part.index(after: open)...].dropLast().split(
                separator: ",", omittingEmptySubsequences: false)
            let texts = values.map { String(trimmed($0)) }
            switch words[1] {
            case "in": return .init(key: key, op: .isIn, values: texts)
            case "notin": return .init(key: key, op: .notIn, values: texts)
            default: return nil
            }
        }
        guard let equals = part.firstIndex(of: "=") else { return word(part).map { .init(key: $0, op: .exists) } }
        var key = part[..<equals]
        var value = part[part.index(after: equals)...]
        let isNegated = key.hasSuffix("!")
        if isNegated { key = key.dropLast() } else if value.hasPrefix("=") { value = value.dropFirst() }
        guard let name = word(key), !value.contains("=") else { return nil }
        return .init(key: name, op: isNegated ? .notIn : .isIn, values: [String(trimmed(value))])
    }

    private static func word(_ text: Substring) -> String? {
        let text = trimmed(text)
        return text.isEmpty || text.contains(where: { " ()!=,".contains($0) }) ? nil : String(text)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return text
    }
}
