extension RegularExpressionParser {
    /// What follows a backslash outside a class; `index` is behind the backslash.
    mutating func escape(_ start: Int) throws(RegularExpressionError) -> RegularExpressionNode {
        switch next {
        case "A": return assertion(.textStart)
        case "z": return assertion(.textEnd)
        case "b": return assertion(.wordBoundary)
        case "B": return assertion(.noWordBoundary)
        default: break
        }
        var set = RegularExpressionClass()
        if try insertClassEscape(into: &set, start) {
            set.ignoresCase = flags.ignoresCase
            set.freeze()
            return .set(set)
        }
        return .scalar(try escapedScalar(start), ignoresCase: flags.ignoresCase)
    }

    private mutating func assertion(_ assertion: RegularExpressionAssertion) -> RegularExpressionNode {
        index += 1
        return .assertion(assertion)
    }

    /// `[…]`; `index` is behind the bracket.
    mutating func characterClass(_ start: Int) throws(RegularExpressionError) -> RegularExpressionClass {
        var set = RegularExpressionClass()
        set.negated = take("^")
        set.ignoresCase = flags.ignoresCase
        var isFirst = true
        while let scalar = next {
            if scalar == "]", !isFirst {
                index += 1
                set.freeze()
                return set
            }
            isFirst = false
            if scalar == "[", peek(1) == ":", try insertPOSIX(into: &set) { continue }
            if scalar == "\\" {
                let place = index
                index += 1
                if try insertClassEscape(into: &set, place) { continue }
                index = place
            }
            let place = index
            let low = try classScalar()
            guard next == "-", let after = peek(1), after != "]" else {
                set.insert(low...low)
                continue
            }
            index += 1
            let high = try classScalar()
            guard low <= high else { throw failure("a character range runs backwards", at: place) }
            set.insert(low...high)
        }
        throw failure("missing ']' for the class that opens", at: start)
    }

    private mutating func classScalar() throws(RegularExpressionError) -> UInt32 {
        guard let scalar = next else { throw failure("the pattern ends inside a class", at: index) }
        let start = index
        index += 1
        return scalar == "\\" ? try escapedScalar(start) : scalar.value
    }

    /// `[:alpha:]` inside a class; `false` where it is not one, and the bracket is a literal.
    private mutating func insertPOSIX(into set: inout RegularExpressionClass) throws(RegularExpressionError) -> Bool {
        let rest = scalars[(index + 2)...]
        guard let colon = rest.firstIndex(of: ":"), colon + 1 < scalars.count, scalars[colon + 1] == "]" else {
            return false
        }
        var name = rest[..<colon]
        let negated = name.first == "^"
        if negated { name = name.dropFirst() }
        let text = String(String.UnicodeScalarView(name))
        guard let ranges = RegularExpressionClass.posix[text] else {
            throw failure("there is no character class [:\(text):]", at: index)
        }
        set.insert(ranges, negated: negated)
        index = colon + 2
        return true
    }

    /// Reads `\d`, `\pL` and the like.
    ///
    /// `index` is behind the backslash. Gives `false` with nothing consumed where the escape is one character.
    private mutating func insertClassEscape(
        into set: inout RegularExpressionClass, _ start: Int
    ) throws(RegularExpressionError) -> Bool {
        switch next {
        case "d", "D": set.insert(RegularExpressionClass.digit, negated: next == "D")
        case "w", "W": set.insert(RegularExpressionClass.word, negated: next == "W")
        case "s", "S": set.insert(RegularExpressionClass.space, negated: next == "S")
        case "p", "P":
            try insertCategory(into: &set, start)
            return true
        default: return false
        }
        index += 1
        return true
    }

    private mutating func insertCategory(
        into set: inout RegularExpressionClass, _ start: Int
    ) throws(RegularExpressionError) {
        var negated = next == "P"
        index += 1
        var name = ""
        if take("{") {
            if take("^") { negated.toggle() }
            while let scalar = next, scalar != "}" {
                name.unicodeScalars.append(scalar)
                index += 1
            }
            guard take("}") else { throw failure("missing '}'", at: start) }
        } else if let scalar = next {
            name.unicodeScalars.append(scalar)
            index += 1
        }
        if name == "Any" {
            set.insert([0...0x10FFFF], negated: negated)
        } else if let members = RegularExpressionClass.unicode[name] {
            set.insert(members, negated: negated)
        } else {
            throw failure(
                "the Unicode class \"\(name)\" is not supported; use a general category such as L or Nd", at: start)
        }
    }

    /// One escaped character; `index` is behind the backslash.
    private mutating func escapedScalar(_ start: Int) throws(RegularExpressionError) -> UInt32 {
        guard let scalar = next else { throw failure("a backslash ends the pattern", at: start) }
        index += 1
        switch scalar {
        case "a": return 7
        case "f": return 12
        case "t": return 9
        case "n": return 10
        case "r": return 13
        case "v": return 11
        case "x": return try hexadecimal(start)
        case "0"..."7":
            if scalar != "0", !(next.map { ("0"..."7").contains($0) } ?? false) {
                throw failure("back references are not supported", at: start)
            }
            var value = scalar.value - 48
            var digits = 1
            while digits < 3, let digit = next, ("0"..."7").contains(digit) {
                value = value * 8 + digit.value - 48
                digits += 1
                index += 1
            }
            return value
        default:
            let isWord = scalar.isASCII && RegularExpressionClass.word.contains { $0.contains(scalar.value) }
            guard scalar.isASCII, !isWord || scalar == "_" else {
                throw failure("unknown escape \\\(scalar)", at: start)
            }
            return scalar.value
        }
    }

    private mutating func hexadecimal(_ start: Int) throws(RegularExpressionError) -> UInt32 {
        let braced = take("{")
        var value: UInt32 = 0
        var digits = 0
        while let scalar = next, let digit = Character(scalar).hexDigitValue, scalar.isASCII, digits < (braced ? 6 : 2)
        {
            value = value << 4 | UInt32(digit)
            digits += 1
            index += 1
        }
        guard braced ? digits > 0 && take("}") : digits == 2, Unicode.Scalar(value) != nil else {
            throw failure("malformed \\x escape", at: start)
        }
        return value
    }
}
