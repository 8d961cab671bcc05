import Kubernetes
import Manifest

/// Reads the `labelSelector` query: `app=web,tier in (a,b),!legacy`.
enum SelectorText {
    static func labels(_ text: String) throws(KubernetesError) -> LabelSelector {
        var selector = LabelSelector()
        for part in split(text) {
            selector.matchExpressions.append(try requirement(part))
        }
        return selector
    }

    /// Splits at commas outside parentheses.
    private static func split(_ text: String) -> [Substring] {
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
        parts.append(text[start...])
        return parts.map { trim($0) }.filter { !$0.isEmpty }
    }

    private static func requirement(_ part: Substring) throws(KubernetesError) -> LabelSelector.Requirement {
        if part.first == "!" {
            return try checked(String(trim(part.dropFirst())), .doesNotExist, [], part)
        }
        if let open = part.firstIndex(of: "(") {
            guard part.last == ")" else { throw unreadable(part) }
            let words = part[..<open].split(separator: " ")
            let values = part[part.index(after: open)...].dropLast().split(
                separator: ",", omittingEmptySubsequences: false
            )
            .map { String(trim($0)) }
            guard words.count == 2 else { throw unreadable(part) }
            switch words[1] {
            case "in": return try checked(String(words[0]), .isIn, values, part)
            case "notin": return try checked(String(words[0]), .notIn, values, part)
            default: throw unreadable(part)
            }
        }
        guard let equals = part.firstIndex(of: "=") else { return try checked(String(part), .exists, [], part) }
        var key = part[..<equals]
        var value = part[part.index(after: equals)...]
        if value.first == "=" { value = value.dropFirst() }
        let isNegated = key.last == "!"
        if isNegated { key = key.dropLast() }
        return try checked(String(trim(key)), isNegated ? .notIn : .isIn, [String(trim(value))], part)
    }

    private static func checked(
        _ key: String, _ op: LabelSelector.Operator, _ values: [String], _ part: Substring
    ) throws(KubernetesError) -> LabelSelector.Requirement {
        guard LabelSyntax.isKey(key), values.allSatisfy(LabelSyntax.isValue) else { throw unreadable(part) }
        return LabelSelector.Requirement(key: key, op: op, values: values)
    }

    private static func unreadable(_ part: Substring) -> KubernetesError {
        .badRequest("unable to parse requirement: found '\(part.prefix(100))', expected: a label selector requirement")
    }
}

/// Removes spaces at both ends.
func trim(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " }
    while text.last == " " { text = text.dropLast() }
    return text
}

/// What Kubernetes allows as label keys and values.
enum LabelSyntax {
    static func isValue(_ text: String) -> Bool { text.isEmpty || isName(text) }

    static func isKey(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return isName(text)
        case 2: return isSubdomain(String(parts[0])) && isName(String(parts[1]))
        default: return false
        }
    }

    /// At most 63 characters: letters, digits, `-`, `_`, `.`, alphanumeric at both ends.
    static func isName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E }
    }

    /// A DNS subdomain: lower case, at most 253 characters.
    static func isSubdomain(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 253 && labels.allSatisfy { isLabel($0, limit: 253) }
    }

    /// A DNS label: lower case, at most 63 characters.
    static func isLabel(_ text: some StringProtocol, limit: Int = 63) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...limit).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        func isLower(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
        return isLower(first) && isLower(last) && bytes.allSatisfy { isLower($0) || $0 == 0x2D }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
    }
}
