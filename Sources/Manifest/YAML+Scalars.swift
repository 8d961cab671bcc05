extension YAML {
    /// What a plain scalar stands for.
    enum Resolution: Equatable {
        case null
        case bool(Bool)
        case number(JSON)
        /// `.inf` or `.nan`, which JSON cannot hold.
        case notFinite
        /// A date or time, in RFC 3339.
        case timestamp(String)
        case string
    }

    /// Decides what a plain scalar stands for, after the reader of Kubernetes (YAML 1.1 without base 60).
    static func resolvePlain(_ text: String, dialect: Dialect) -> Resolution {
        let bytes = Array(text.utf8)
        guard let first = bytes.first else { return .null }
        switch first {
        case UInt8(ascii: "~"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            return resolveWord(text, dialect: dialect)
        case UInt8(ascii: "."):
            if [".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF"].contains(text) { return .notFinite }
            return float(withoutSeparators(bytes)).map(Resolution.number) ?? .string
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            if [".inf", ".Inf", ".INF"].contains(text.dropFirst()), first < UInt8(ascii: "0") { return .notFinite }
            if let timestamp = timestamp(bytes) { return .timestamp(timestamp) }
            let digits = bytes.filter { $0 != UInt8(ascii: "_") }
            return (integer(digits) ?? float(digits)).map(Resolution.number) ?? .string
        default: return .string
        }
    }

    private static func resolveWord(_ text: String, dialect: Dialect) -> Resolution {
        switch text {
        case "~", "null", "Null", "NULL": .null
        case "true", "True", "TRUE": .bool(true)
        case "false", "False", "FALSE": .bool(false)
        case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON": dialect == .kubernetes ? .bool(true) : .string
        case "n", "N", "no", "No", "NO", "off", "Off", "OFF": dialect == .kubernetes ? .bool(false) : .string
        default: .string
        }
    }

    /// A fraction without the underscores that separate its digits; as it is where one stands elsewhere.
    private static func withoutSeparators(_ text: [UInt8]) -> [UInt8] {
        let underscore = UInt8(ascii: "_")
        let areSeparators = text.indices.allSatisfy { index in
            guard text[index] == underscore else { return true }
            return index > 0 && index + 1 < text.count
                && [text[index - 1], text[index + 1]].allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
        }
        return areSeparators ? text.filter { $0 != underscore } : text
    }

    /// Decimal, `0x`, `0b`, `0o` and, with a leading zero, octal integers with an optional sign.
    private static func integer(_ text: [UInt8]) -> JSON? {
        var rest = text[...]
        let negative = rest.first == UInt8(ascii: "-")
        if negative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        var radix = 10
        if rest.first == UInt8(ascii: "0"), rest.count > 1 {
            switch rest.dropFirst().first {
            case UInt8(ascii: "x"), UInt8(ascii: "X"): (radix, rest) = (16, rest.dropFirst(2))
            case UInt8(ascii: "b"), UInt8(ascii: "B"): (radix, rest) = (2, rest.dropFirst(2))
            case UInt8(ascii: "o"), UInt8(ascii: "O"): (radix, rest) = (8, rest.dropFirst(2))
            default: (radix, rest) = (8, rest.dropFirst(1))
            }
        }
        // Swift's parser would take a second sign.
        guard let first = rest.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return nil }
        let digits = String(decoding: rest, as: UTF8.self)
        if let value = Int64((negative ? "-" : "") + digits, radix: radix) { return .int(value) }
        // Beyond 64 bits only the decimal form goes on, as a float.
        if !negative, let value = UInt64(digits, radix: radix) { return .number(Double(value)) }
        return nil
    }

    /// `[-+]?(\.d+|d+(\.d*)?)([eE][-+]?d+)?`, within the range of a double.
    private static func float(_ text: [UInt8]) -> JSON? {
        func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
        var rest = text[...]
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix(while: isDigit)
            guard !whole.isEmpty || !fraction.isEmpty else { return nil }
            rest = rest.dropFirst(1 + fraction.count)
        } else if whole.isEmpty {
            return nil
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard !rest.isEmpty else { return nil }
            rest = rest.drop(while: isDigit)
        }
        guard rest.isEmpty, let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else {
            return nil
        }
        return .number(value)
    }

    /// The value of a scalar with its tag and style.
    static func scalar(
        _ text: String, isPlain: Bool, tag: String?, dialect: Dialect, line: Int
    ) throws(YAMLError) -> JSON {
        let kind = tag.map { $0.hasPrefix("tag:yaml.org,2002:") ? String($0.dropFirst(18)) : $0 }
        switch kind {
        case nil: if !isPlain { return .string(text) }
        case "int", "float", "bool", "null", "timestamp": break
        default: return .string(text)
        }
        let resolution = resolvePlain(text, dialect: dialect)
        switch (kind, resolution) {
        case (nil, .null), ("null", .null): return .null
        case (nil, .bool(let value)), ("bool", .bool(let value)): return .bool(value)
        case (nil, .number(let value)), ("float", .number(let value)): return value
        case ("int", .number(.int(let value))): return .int(value)
        case (nil, .notFinite), ("float", .notFinite):
            throw YAMLError(line: line, reason: "\(text) cannot be represented in JSON; quote it if it is a string")
        case (nil, .timestamp(let time)), ("timestamp", .timestamp(let time)):
            return .string(dialect == .kustomize ? time : text)
        case (nil, .string): return .string(text)
        default: throw YAMLError(line: line, reason: "\"\(text.prefix(100))\" does not fit its tag !!\(kind ?? "")")
        }
    }

    /// The text of a mapping key.
    static func key(_ value: JSON, dialect: Dialect, line: Int) throws(YAMLError) -> String {
        if case .string(let text) = value { return text }
        guard dialect == .kubernetes else {
            throw YAMLError(line: line, reason: "a mapping key must be a string, found \(value.typeName); quote it")
        }
        switch value {
        case .bool(let value): return value ? "true" : "false"
        case .int(let value): return String(value)
        case .double(let value): return GoFloat.json(value)
        default: throw YAMLError(line: line, reason: "a mapping key must be a scalar, found \(value.typeName)")
        }
    }

    /// RFC 3339 of a YAML date or date-time (`2020-1-2`, `2020-1-2 3:4:5`, `2020-1-2T3:4:5.5+02:00`), else `nil`.
    private static func timestamp(_ text: [UInt8]) -> String? {
        var rest = text[...]
        func number(_ widths: ClosedRange<Int>) -> Int? {
            let digits = rest.prefix(while: { $0 &- UInt8(ascii: "0") < 10 })
            guard widths.contains(digits.count) else { return nil }
            rest = rest.dropFirst(digits.count)
            return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        }
        func take(_ character: Character) -> Bool {
            guard let byte = character.asciiValue, rest.first == byte else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = number(4...4), take("-"), let month = number(1...2), take("-"), let day = number(1...2),
            (1...12).contains(month), (1...daysIn(month, year)).contains(day)
        else { return nil }
        let date = "\(padded(year, 4))-\(padded(month))-\(padded(day))"
        if rest.isEmpty { return date + "T00:00:00Z" }
        let zoned = take("T") || take("t")
        let spaces = rest.prefix { $0 == 0x20 }.count
        if !zoned { rest = rest.dropFirst(spaces) }
        guard zoned || spaces > 0, let hour = number(1...2), take(":"), let minute = number(1...2), take(":"),
            let second = number(1...2), hour < 24, minute < 60, second < 60
        else { return nil }
        var time = "T\(padded(hour)):\(padded(minute)):\(padded(second))"
        if take(".") {
            var fraction = rest.prefix(while: { $0 &- UInt8(ascii: "0") < 10 })
            guard (1...9).contains(fraction.count) else { return nil }
            rest = rest.dropFirst(fraction.count)
            while fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
            if !fraction.isEmpty { time += "." + String(decoding: fraction, as: UTF8.self) }
        }
        guard zoned else { return rest.isEmpty ? date + time + "Z" : nil }
        if take("Z") { return rest.isEmpty ? date + time + "Z" : nil }
        let zone = String(decoding: rest, as: UTF8.self)
        guard take("+") || take("-"), let hours = number(2...2), take(":"), let minutes = number(2...2), rest.isEmpty,
            hours < 24, minutes < 60
        else { return nil }
        return date + time + (hours == 0 && minutes == 0 ? "Z" : zone)
    }

    private static func daysIn(_ month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func padded(_ number: Int, _ width: Int = 2) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
