/// Formats floating-point numbers as Go does, which is what users of the field see and hashes depend on.
package enum GoFloat {
    /// As `encoding/json`: positional from 1e-6 up to 1e21, shortest digits that round-trip.
    package static func json(_ value: Double) -> String {
        format(value, exponentBelow: -6, exponentDigits: 1)
    }

    /// As `fmt`'s `%v`: positional from 1e-4 up to 1e21; `NaN`, `+Inf`, `-Inf`.
    package static func general(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return format(value, exponentBelow: -4, exponentDigits: 2)
    }

    /// As `strconv`'s shortest `%g`, which Kustomize's YAML shows: positional from 1e-4 up to 1e6.
    ///
    /// What fits into 64 bits, with or without sign, has become an integer on the way and is written as one.
    package static func yaml(_ value: Double) -> String {
        let isIntegral = Int64(exactly: value) != nil || UInt64(exactly: value) != nil
        return format(value, exponentBelow: -4, exponentFrom: isIntegral ? 21 : 6, exponentDigits: 2)
    }

    private static func format(
        _ value: Double, exponentBelow: Int, exponentFrom: Int = 21, exponentDigits: Int
    ) -> String {
        guard value.isFinite else { return "null" }
        if value == 0 { return value.sign == .minus ? "-0" : "0" }
        let (digits, exponent) = shortest(value.magnitude)
        let sign = value < 0 ? "-" : ""
        if exponent < exponentBelow || exponent >= exponentFrom {
            let head = String(digits.prefix(1))
            let tail = digits.dropFirst()
            let mantissa = tail.isEmpty ? head : "\(head).\(tail)"
            var power = String(exponent.magnitude)
            while power.count < exponentDigits { power = "0" + power }
            return "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")\(power)"
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
        if digits.count <= exponent + 1 {
            return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count)
        }
        return "\(sign)\(digits.prefix(exponent + 1)).\(digits.dropFirst(exponent + 1))"
    }

    /// The shortest digits that round-trip and the decimal exponent of the first one.
    private static func shortest(_ value: Double) -> (digits: String, exponent: Int) {
        // Swift prints the shortest round-trip digits too; only its layout differs.
        let text = value.description.lowercased()
        let parts = text.split(separator: "e", maxSplits: 1)
        let mantissa = parts.first ?? "0"
        let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let pieces = mantissa.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let integer = String(pieces.first ?? "0")
        let fraction = pieces.count > 1 ? String(pieces[1]) : ""
        let all = integer + fraction
        let leading = all.prefix(while: { $0 == "0" }).count
        var digits = String(all.dropFirst(leading))
        while digits.last == "0" { digits.removeLast() }
        return (digits.isEmpty ? "0" : digits, integer.count - 1 - leading + power)
    }
}
