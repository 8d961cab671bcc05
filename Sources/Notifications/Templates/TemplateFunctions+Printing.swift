import Glibc
import Manifest

extension TemplateFunctions {
    static let printing: [String: Function] = [
        "print": function(0...many) { call throws(TemplateError) in .string(try printed(call)) },
        "println": function(0...many) { call throws(TemplateError) in
            var text = BoundedText(call.heap)
            for (index, value) in call.arguments.enumerated() {
                try text.append((index > 0 ? " " : "") + (try call.heap.text(value)))
            }
            try text.append("\n")
            return .string(text.text)
        },
        "printf": function(1...many) { call throws(TemplateError) in
            guard case .string(let format) = call[0] else { throw call.failure("needs a format first") }
            var printer = FormatPrinter(call, Array(call.arguments.dropFirst()))
            return .string(try printer.print(format))
        },
    ]

    /// All arguments behind each other, with a space between two of which neither is a text.
    static func printed(_ call: TemplateCall) throws(TemplateError) -> String {
        var text = BoundedText(call.heap)
        var wasText = true
        for (index, value) in call.arguments.enumerated() {
            let isText = if case .string = value { true } else { false }
            if index > 0, !wasText, !isText { try text.append(" ") }
            try text.append(try call.heap.text(value))
            wasText = isText
        }
        return text.text
    }
}

/// Fills a format of `printf` in, as Go's `fmt` does.
private struct FormatPrinter {
    private struct Flags {
        var minus = false
        var plus = false
        var space = false
        var zero = false
        var sharp = false
        var width = 0
        var precision: Int?
    }

    private static let maxWidth = 1_000

    private let call: TemplateCall
    private let arguments: [TemplateValue]
    private var next = 0
    private var text: BoundedText

    init(_ call: TemplateCall, _ arguments: [TemplateValue]) {
        self.call = call
        self.arguments = arguments
        text = BoundedText(call.heap)
    }

    mutating func print(_ format: String) throws(TemplateError) -> String {
        var rest = format.unicodeScalars[...]
        while !rest.isEmpty {
            let plain = rest.prefix { $0 != "%" }
            try text.append(String(plain))
            rest = rest.dropFirst(plain.count)
            guard rest.popFirst() != nil else { break }
            let flags = try flags(&rest)
            guard let verb = rest.popFirst() else {
                try text.append("%!(NOVERB)")
                break
            }
            if verb == "%" {
                try text.append("%")
            } else if next < arguments.count {
                let shown = try shown(arguments[next], verb, flags)
                next += 1
                try text.append(padded(shown, flags, verb))
            } else {
                try text.append("%!\(verb)(MISSING)")
            }
        }
        if next < arguments.count {
            let kinds = arguments[next...].map(\.type).joined(separator: ", ")
            try text.append("%!(EXTRA \(kinds))")
        }
        return text.text
    }

    private mutating func flags(_ rest: inout Substring.UnicodeScalarView) throws(TemplateError) -> Flags {
        var flags = Flags()
        loop: while let scalar = rest.first {
            switch scalar {
            case "-": flags.minus = true
            case "+": flags.plus = true
            case " ": flags.space = true
            case "0": flags.zero = true
            case "#": flags.sharp = true
            default: break loop
            }
            rest.removeFirst()
        }
        flags.width = try width(&rest) ?? 0
        if flags.width < 0 { (flags.minus, flags.width) = (true, -flags.width) }
        if rest.first == "." {
            rest.removeFirst()
            flags.precision = max(0, try width(&rest) ?? 0)
        }
        return flags
    }

    private mutating func width(_ rest: inout Substring.UnicodeScalarView) throws(TemplateError) -> Int? {
        if rest.first == "*" {
            rest.removeFirst()
            guard next < arguments.count, case .int(let value) = arguments[next] else {
                throw call.failure("needs an integer for *")
            }
            next += 1
            return try checked(Int(clamping: value))
        }
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(digits.count)
        guard !digits.isEmpty else { return nil }
        return try checked(Int(String(digits)) ?? Int.max)
    }

    private func checked(_ width: Int) throws(TemplateError) -> Int {
        guard width.magnitude <= FormatPrinter.maxWidth else {
            throw call.failure("takes widths and precisions up to \(FormatPrinter.maxWidth)")
        }
        return width
    }

    private func shown(_ value: TemplateValue, _ verb: Unicode.Scalar, _ flags: Flags) throws(TemplateError) -> String {
        switch (verb, value) {
        case ("v", .null): return "<nil>"
        case ("v", .string(let text)) where flags.sharp: return quoted(text)
        case ("v", .float(let number)) where flags.precision != nil: return float(number, "g", flags)
        case ("v", _), ("s", .time), ("s", .duration), ("s", .version), ("s", .list), ("s", .map):
            return try call.heap.text(value)
        case ("T", _): return value.type
        case ("t", .bool(let value)): return value ? "true" : "false"
        case ("s", .string(let text)):
            return flags.precision.map { String(String.UnicodeScalarView(text.unicodeScalars.prefix($0))) } ?? text
        case ("q", .string(let text)): return quoted(text)
        case ("x", .string(let text)): return hex([UInt8](text.utf8))
        case ("X", .string(let text)): return hex([UInt8](text.utf8)).uppercased()
        case ("d", .int), ("b", .int), ("o", .int), ("x", .int), ("X", .int), ("c", .int), ("q", .int), ("U", .int),
            ("d", .duration):
            let number: Int64 =
                if case .int(let number) = value { number } else if case .duration(let length) = value {
                    length.wholeNanoseconds
                } else { 0 }
            return integer(number, verb, flags)
        case ("e", .float(let number)), ("E", .float(let number)), ("f", .float(let number)),
            ("F", .float(let number)), ("g", .float(let number)), ("G", .float(let number)):
            return float(number, verb, flags)
        default:
            // As Go marks a verb that does not fit; the value itself is left out.
            return "%!\(verb)(\(value.type))"
        }
    }

    private func integer(_ number: Int64, _ verb: Unicode.Scalar, _ flags: Flags) -> String {
        let sign = number < 0 ? "-" : flags.plus ? "+" : flags.space ? " " : ""
        let magnitude = number.magnitude
        switch verb {
        case "b": return sign + (flags.sharp ? "0b" : "") + String(magnitude, radix: 2)
        case "o": return sign + (flags.sharp ? "0" : "") + String(magnitude, radix: 8)
        case "x": return sign + (flags.sharp ? "0x" : "") + String(magnitude, radix: 16)
        case "X": return sign + (flags.sharp ? "0X" : "") + String(magnitude, radix: 16, uppercase: true)
        case "c", "q":
            let scalar = UInt32(exactly: number).flatMap(Unicode.Scalar.init) ?? "\u{FFFD}"
            return verb == "c" ? String(Character(scalar)) : "'\(Character(scalar))'"
        case "U":
            let digits = String(magnitude, radix: 16, uppercase: true)
            return "U+" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
        default: return sign + String(magnitude)
        }
    }

    private func float(_ number: Double, _ verb: Unicode.Scalar, _ flags: Flags) -> String {
        guard number.isFinite else { return GoFloat.general(number) }
        let sign = number.sign == .plus ? flags.plus ? "+" : flags.space ? " " : "" : ""
        if verb == "g" || verb == "G", flags.precision == nil { return sign + GoFloat.general(number) }
        var buffer = [CChar](repeating: 0, count: 2_048)
        let format = "%.\(flags.precision ?? 6)\(verb == "F" ? "f" : verb)"
        let count = withVaList([number]) { vsnprintf(&buffer, buffer.count, format, $0) }
        let length = max(0, min(Int(count), buffer.count - 1))
        return sign + String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func padded(_ shown: String, _ flags: Flags, _ verb: Unicode.Scalar) -> String {
        let missing = flags.width - shown.unicodeScalars.count
        guard missing > 0 else { return shown }
        if flags.minus { return shown + String(repeating: " ", count: missing) }
        guard flags.zero, verb != "s", verb != "q", verb != "v" else {
            return String(repeating: " ", count: missing) + shown
        }
        // Zeros stand behind the sign.
        let sign = shown.prefix { "+- ".contains($0) }
        return sign + String(repeating: "0", count: missing) + shown.dropFirst(sign.count)
    }

    private func quoted(_ text: String) -> String { goQuoted(text) }
}

/// A text in double quotes, as Go's `%q` writes it.
func goQuoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": quoted += "\\\""
        case "\\": quoted += "\\\\"
        case "\n": quoted += "\\n"
        case "\r": quoted += "\\r"
        case "\t": quoted += "\\t"
        case _ where scalar.value < 0x20 || scalar.value == 0x7F:
            quoted += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        default: quoted.unicodeScalars.append(scalar)
        }
    }
    return quoted + "\""
}
