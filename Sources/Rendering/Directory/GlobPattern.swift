/// A glob over a relative path: `*`, `?`, `[a-z]`, `**` over directories, and `{a,b}`.
struct GlobPattern {
    private indirect enum Token {
        case literal(Unicode.Scalar)
        case any
        case anyInName
        case anyPath
        case oneOf([ClosedRange<Unicode.Scalar>], negated: Bool)
    }

    private var alternatives: [[Token]] = []
    private static let maxAlternatives = 256

    /// - Returns: `nil` for a malformed pattern, or one whose braces multiply to too many alternatives.
    init?(_ pattern: String) {
        guard let expanded = Self.expand(Array(pattern.unicodeScalars)) else { return nil }
        for alternative in expanded {
            guard let tokens = Self.tokens(alternative) else { return nil }
            alternatives.append(tokens)
        }
    }

    func matches(_ path: String) -> Bool {
        let text = Array(path.unicodeScalars)
        return alternatives.contains { Self.matches($0, text) }
    }

    /// Multiplies out the braces.
    private static func expand(_ pattern: [Unicode.Scalar]) -> [[Unicode.Scalar]]? {
        guard let open = pattern.firstIndex(of: "{") else { return [pattern] }
        var depth = 0
        var parts: [[Unicode.Scalar]] = [[]]
        for index in open..<pattern.count {
            let scalar = pattern[index]
            if scalar == "{" { depth += 1 }
            if scalar == "}" { depth -= 1 }
            if depth == 0 {
                guard let rests = expand(Array(pattern[(index + 1)...])) else { return nil }
                var result: [[Unicode.Scalar]] = []
                for part in parts {
                    guard let middles = expand(part) else { return nil }
                    for middle in middles {
                        for rest in rests { result.append(pattern[..<open] + middle + rest) }
                    }
                    guard result.count <= maxAlternatives else { return nil }
                }
                return result
            }
            if scalar == ",", depth == 1 {
                parts.append([])
            } else if index > open {
                parts[parts.count - 1].append(scalar)
            }
        }
        return nil
    }

    private static func tokens(_ pattern: [Unicode.Scalar]) -> [Token]? {
        var tokens: [Token] = []
        var rest = pattern[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*" where rest.first == "*":
                while rest.first == "*" { rest.removeFirst() }
                tokens.append(.anyPath)
                // `**/` also matches no directory at all.
                if rest.first == "/" { rest.removeFirst() }
            case "*": tokens.append(.anyInName)
            case "?": tokens.append(.any)
            case "\\":
                guard let escaped = rest.popFirst() else { return nil }
                tokens.append(.literal(escaped))
            case "[":
                let negated = rest.first == "!" || rest.first == "^"
                if negated { rest.removeFirst() }
                guard let end = rest.dropFirst().firstIndex(of: "]") else { return nil }
                var ranges: [ClosedRange<Unicode.Scalar>] = []
                var members = rest[..<end]
                while let low = members.popFirst() {
                    if members.first == "-", members.count > 1 {
                        members.removeFirst()
                        guard let high = members.popFirst(), low <= high else { return nil }
                        ranges.append(low...high)
                    } else {
                        ranges.append(low...low)
                    }
                }
                rest = rest[(end + 1)...]
                tokens.append(.oneOf(ranges, negated: negated))
            default: tokens.append(.literal(scalar))
            }
        }
        return tokens
    }

    /// All positions that a prefix of the tokens can reach, advanced together: linear in text times pattern.
    private static func matches(_ tokens: [Token], _ text: [Unicode.Scalar]) -> Bool {
        var reachable = Set([0])
        for token in tokens {
            var next = Set<Int>()
            for start in reachable {
                switch token {
                case .literal(let scalar): if start < text.count, text[start] == scalar { next.insert(start + 1) }
                case .any: if start < text.count, text[start] != "/" { next.insert(start + 1) }
                case .oneOf(let ranges, let negated):
                    if start < text.count, text[start] != "/",
                        ranges.contains(where: { $0.contains(text[start]) }) != negated
                    {
                        next.insert(start + 1)
                    }
                case .anyPath: next.formUnion(start...text.count)
                case .anyInName:
                    var end = start
                    next.insert(end)
                    while end < text.count, text[end] != "/" {
                        end += 1
                        guard next.insert(end).inserted else { break }
                    }
                }
            }
            if next.isEmpty { return false }
            reachable = next
        }
        return reachable.contains(text.count)
    }
}
