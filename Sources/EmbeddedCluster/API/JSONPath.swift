import Manifest

/// The part of kubectl's JSONPath that printer columns use: `.a.b`, `['a.b']`, `[0]`, `[*]`, `[?(@.x=="y")]`.
struct JSONPath: Sendable {
    private enum Step: Sendable {
        case member(String)
        case index(Int)
        case all
        case filter(path: [String], op: String, value: JSON)
    }

    private var steps: [Step] = []

    /// Unreadable parts end the path; it then finds nothing.
    init(_ text: String) {
        var rest = Substring(text)
        if rest.hasPrefix("{"), rest.hasSuffix("}") { rest = rest.dropFirst().dropLast() }
        if rest.hasPrefix("$") { rest = rest.dropFirst() }
        while !rest.isEmpty, steps.count < 64 {
            if rest.first == "." { rest = rest.dropFirst() }
            if rest.first == "[" {
                guard let end = Self.closing(rest) else { return }
                let inner = rest[rest.index(after: rest.startIndex)..<end]
                rest = rest[rest.index(after: end)...]
                steps.append(Self.bracket(inner))
            } else {
                var name = ""
                while let character = rest.first, character != ".", character != "[" {
                    rest = rest.dropFirst()
                    if character == "\\", let next = rest.first {
                        name.append(next)
                        rest = rest.dropFirst()
                    } else {
                        name.append(character)
                    }
                }
                if !name.isEmpty { steps.append(name == "*" ? .all : .member(name)) }
            }
        }
    }

    func values(in value: JSON) -> [JSON] {
        var found = [value]
        for step in steps {
            found = found.flatMap { Self.follow(step, $0) }
            if found.isEmpty { return [] }
        }
        return found
    }

    private static func follow(_ step: Step, _ value: JSON) -> [JSON] {
        switch step {
        case .member(let name): return value[name].map { [$0] } ?? []
        case .index(let index):
            guard let elements = value.arrayValue else { return [] }
            return value[index < 0 ? elements.count + index : index].map { [$0] } ?? []
        case .all:
            if let elements = value.arrayValue { return elements }
            return (value.objectValue ?? [:]).sorted { $0.key < $1.key }.map(\.value)
        case .filter(let path, let op, let wanted):
            return (value.arrayValue ?? []).filter { element in
                let found = element.at(path: path)
                switch op {
                case "==": return found == wanted
                case "!=": return found != wanted
                default: return found != nil
                }
            }
        }
    }

    private static func closing(_ text: Substring) -> Substring.Index? {
        var depth = 0
        var quote: Character?
        for index in text.indices {
            let character = text[index]
            if let open = quote {
                if character == open { quote = nil }
                continue
            }
            switch character {
            case "'", "\"": quote = character
            case "[", "(": depth += 1
            case "]", ")":
                depth -= 1
                if depth == 0 { return index }
            default: break
            }
        }
        return nil
    }

    private static func bracket(_ text: Substring) -> Step {
        if text == "*" { return .all }
        if let index = Int(text) { return .index(index) }
        if text.hasPrefix("?("), text.hasSuffix(")") {
            let inner = text.dropFirst(2).dropLast()
            for op in ["==", "!="] {
                guard let range = inner.firstRange(of: op) else { continue }
                let right = trim(inner[range.upperBound...])
                let value = unquoted(right).map { JSON.string($0) } ?? (try? JSON(parsing: String(right))) ?? .null
                return .filter(path: path(inner[..<range.lowerBound]), op: op, value: value)
            }
            return .filter(path: path(inner), op: "", value: .null)
        }
        return .member(unquoted(text) ?? String(text))
    }

    private static func path(_ text: Substring) -> [String] {
        trim(text).split(separator: ".").map(String.init).filter { $0 != "@" }
    }

    private static func unquoted(_ text: Substring) -> String? {
        guard text.count >= 2, let first = text.first, first == "'" || first == "\"", text.last == first else {
            return nil
        }
        return String(text.dropFirst().dropLast())
    }
}
