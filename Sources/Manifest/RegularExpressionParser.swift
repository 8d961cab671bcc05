/// A regular expression as a tree.
indirect enum RegularExpressionNode: Sendable {
    case empty
    case scalar(UInt32, ignoresCase: Bool)
    case set(RegularExpressionClass)
    case assertion(RegularExpressionAssertion)
    case group(RegularExpressionNode, number: Int)
    case concatenation([RegularExpressionNode])
    case alternation([RegularExpressionNode])
    /// `most` is `nil` for no bound.
    case repetition(RegularExpressionNode, least: Int, most: Int?, greedy: Bool)
}

/// A condition on a place that takes up no text.
enum RegularExpressionAssertion: Sendable {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
}

/// Reads RE2's syntax.
struct RegularExpressionParser {
    struct Flags {
        var ignoresCase = false
        var multiline = false
        var dotMatchesNewline = false
        var swapsGreed = false
    }

    static let maximalLength = 16_384
    static let maximalDepth = 200
    static let maximalRepeat = 1_000

    let pattern: String
    let scalars: [Unicode.Scalar]
    var index = 0
    var flags = Flags()
    private(set) var groupCount = 0
    private(set) var groupNames: [String: Int] = [:]
    private var depth = 0

    init(_ pattern: String) {
        self.pattern = pattern
        scalars = Array(pattern.unicodeScalars)
    }

    mutating func parse() throws(RegularExpressionError) -> RegularExpressionNode {
        guard scalars.count <= Self.maximalLength else {
            throw failure("the pattern is longer than \(Self.maximalLength) characters", at: Self.maximalLength)
        }
        let node = try alternation()
        if index < scalars.count { throw failure("unexpected ')'", at: index) }
        return node
    }

    func failure(_ reason: String, at offset: Int) -> RegularExpressionError {
        RegularExpressionError(reason, pattern: pattern, offset: offset)
    }

    var next: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    func peek(_ distance: Int) -> Unicode.Scalar? {
        index + distance < scalars.count ? scalars[index + distance] : nil
    }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        index += 1
        return true
    }

    private mutating func alternation() throws(RegularExpressionError) -> RegularExpressionNode {
        var branches = [try concatenation()]
        while take("|") { branches.append(try concatenation()) }
        return branches.count == 1 ? branches[0] : .alternation(branches)
    }

    private mutating func concatenation() throws(RegularExpressionError) -> RegularExpressionNode {
        var parts: [RegularExpressionNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            let start = index
            if scalar == "\\", peek(1) == "Q" {
                parts += quoted()
                // A repetition behind `\E` is of the last character.
                if let last = parts.popLast() { parts.append(try repeated(last, start: start)) }
                continue
            }
            guard let atom = try atom() else { continue }
            parts.append(try repeated(atom, start: start))
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .concatenation(parts)
    }

    /// `\Q…\E`: literal text.
    private mutating func quoted() -> [RegularExpressionNode] {
        index += 2
        var parts: [RegularExpressionNode] = []
        while let scalar = next {
            index += 1
            if scalar == "\\", next == "E" {
                index += 1
                break
            }
            parts.append(.scalar(scalar.value, ignoresCase: flags.ignoresCase))
        }
        return parts
    }

    /// One atom; `nil` for flags that hold from here on.
    private mutating func atom() throws(RegularExpressionError) -> RegularExpressionNode? {
        let start = index
        let scalar = scalars[index]
        index += 1
        switch scalar {
        case "(": return try group(start)
        case "[": return .set(try characterClass(start))
        case ".":
            return .set(flags.dotMatchesNewline ? frozen([0...0x10FFFF]) : frozen([0...9, 11...0x10FFFF]))
        case "^": return .assertion(flags.multiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.multiline ? .lineEnd : .textEnd)
        case "*", "+", "?": throw failure("'\(scalar)' has nothing to repeat", at: start)
        case "\\": return try escape(start)
        default: return .scalar(scalar.value, ignoresCase: flags.ignoresCase)
        }
    }

    private mutating func group(_ start: Int) throws(RegularExpressionError) -> RegularExpressionNode? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximalDepth else {
            throw failure("groups are nested more than \(Self.maximalDepth) deep", at: start)
        }
        let outer = flags
        var number: Int?
        if take("?") {
            if next == "P" && peek(1) == "<" || next == "<" {
                index += next == "P" ? 2 : 1
                let name = try groupName(start)
                groupCount += 1
                number = groupCount
                guard groupNames.updateValue(groupCount, forKey: name) == nil else {
                    throw failure("the group name \"\(name)\" is used twice", at: start)
                }
            } else if try readFlags(start) {
                return nil
            }
        } else {
            groupCount += 1
            number = groupCount
        }
        let inner = try alternation()
        guard take(")") else { throw failure("missing ')' for the group that opens", at: start) }
        flags = outer
        return number.map { .group(inner, number: $0) } ?? inner
    }

    private mutating func groupName(_ start: Int) throws(RegularExpressionError) -> String {
        var name = ""
        while let scalar = next, scalar.isASCII, scalar == "_" || scalar.properties.isAlphabetic || isDigit(scalar) {
            name.unicodeScalars.append(scalar)
            index += 1
        }
        guard !name.isEmpty, take(">") else { throw failure("malformed group name", at: start) }
        return name
    }

    /// Reads `i`, `-s`, … up to `)` or `:`.
    /// - Returns: Whether the group ended, so that the flags hold for the rest of the enclosing group.
    private mutating func readFlags(_ start: Int) throws(RegularExpressionError) -> Bool {
        var value = true
        var seen = false
        while let scalar = next {
            index += 1
            switch scalar {
            case "i": flags.ignoresCase = value
            case "m": flags.multiline = value
            case "s": flags.dotMatchesNewline = value
            case "U": flags.swapsGreed = value
            case "-" where value:
                value = false
                seen = false
                continue
            case ")" where seen: return true
            case ":" where value || seen: return false
            case "=", "!": throw failure("look-ahead is not supported", at: start)
            default: throw failure("unknown group flag '\(scalar)'", at: index - 1)
            }
            seen = true
        }
        throw failure("missing ')' for the group that opens", at: start)
    }

    private mutating func repeated(
        _ atom: RegularExpressionNode, start: Int
    ) throws(RegularExpressionError) -> RegularExpressionNode {
        let place = index
        guard let (least, most) = try repetition() else { return atom }
        var greedy = !flags.swapsGreed
        if take("?") { greedy.toggle() }
        let node = RegularExpressionNode.repetition(atom, least: least, most: most, greedy: greedy)
        let after = index
        if try repetition() != nil {
            let text = String(String.UnicodeScalarView(scalars[place..<index]))
            throw failure("'\(text)' repeats a repetition; put a group around the first", at: after)
        }
        return node
    }

    /// `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`; a brace that is none of these is literal text.
    private mutating func repetition() throws(RegularExpressionError) -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard next == "{" else { return nil }
        let start = index
        index += 1
        guard let least = number() else {
            index = start
            return nil
        }
        var most: Int? = least
        if take(",") { most = number() }
        guard take("}") else {
            index = start
            return nil
        }
        guard least <= Self.maximalRepeat, most ?? 0 <= Self.maximalRepeat else {
            throw failure("a repeat count is above \(Self.maximalRepeat)", at: start)
        }
        if let most, most < least { throw failure("the repeat counts are in the wrong order", at: start) }
        return (least, most)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = next, isDigit(scalar) {
            value = min(1_000_000, (value ?? 0) * 10 + Int(scalar.value - 48))
            index += 1
        }
        return value
    }

    func isDigit(_ scalar: Unicode.Scalar) -> Bool { (48...57).contains(scalar.value) }

    func frozen(_ ranges: [ClosedRange<UInt32>], negated: Bool = false) -> RegularExpressionClass {
        var set = RegularExpressionClass(ranges, negated: negated)
        set.freeze()
        return set
    }
}
