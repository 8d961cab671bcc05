/// A resource quantity: `500m`, `1.5Gi`, `2e3`.
///
/// Exact down to a billionth, below which it is rounded away from zero, and capped at ±(2⁶³−1), as in Kubernetes.
package struct Quantity: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The family of suffixes in which a quantity was written and is shown.
    package enum Format: Hashable, Sendable { case decimalSI, binarySI, decimalExponent }

    /// Billionths.
    package let nanos: Int128
    package let format: Format

    private static let billion: Int128 = 1_000_000_000
    private static let cap = Int128(Int64.max) * billion

    package init(nanos: Int128, format: Format) {
        self.nanos = min(max(nanos, -Quantity.cap), Quantity.cap)
        self.format = format
    }

    package init(_ value: Int64) { self.init(nanos: Int128(value) * Quantity.billion, format: .decimalSI) }

    /// A string or an integer, as manifests have it.
    package init?(_ json: JSON) {
        switch json {
        case .int(let value): self.init(value)
        case .double(let value): self.init(GoFloat.json(value))
        case .string(let text): self.init(text)
        default: return nil
        }
    }

    /// `nil` for a text that Kubernetes refuses too.
    package init?(_ text: String) {
        var rest = text.utf8[...]
        guard rest.count <= 1_000 else { return nil }
        let negative = rest.first == UInt8(ascii: "-")
        if negative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }

        // Thirty significant digits hold every quantity in range; of the others only matters whether one is not zero.
        var mantissa: Int128 = 0
        var power = 0
        var isInexact = false
        var digits = 0
        func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
        func add(_ byte: UInt8, isFraction: Bool) {
            digits += 1
            let digit = Int128(byte - UInt8(ascii: "0"))
            if mantissa < 1_000_000_000_000_000_000_000_000_000_000 {
                mantissa = mantissa * 10 + digit
                if isFraction { power -= 1 }
            } else {
                isInexact = isInexact || digit != 0
                if !isFraction { power += 1 }
            }
        }
        while let byte = rest.first, isDigit(byte) {
            add(byte, isFraction: false)
            rest = rest.dropFirst()
        }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            while let byte = rest.first, isDigit(byte) {
                add(byte, isFraction: true)
                rest = rest.dropFirst()
            }
        }
        guard digits > 0, let suffix = Suffix(String(rest) ?? "") else { return nil }
        var magnitude = Quantity.scaled(mantissa, tens: power + suffix.tens + 9, twos: suffix.twos)
        if magnitude.isInexact || isInexact { magnitude.value += magnitude.value < Quantity.cap ? 1 : 0 }
        self.init(nanos: negative ? -magnitude.value : magnitude.value, format: suffix.format)
    }

    package static func < (left: Quantity, right: Quantity) -> Bool { left.nanos < right.nanos }
    /// Equal amounts are equal, however they are written: `1` and `1000m`.
    package static func == (left: Quantity, right: Quantity) -> Bool { left.nanos == right.nanos }
    package func hash(into hasher: inout Hasher) { hasher.combine(nanos) }

    package static func + (left: Quantity, right: Quantity) -> Quantity {
        Quantity(nanos: left.nanos + right.nanos, format: left.format)
    }

    /// The nearest double.
    package var doubleValue: Double { Double(nanos) / 1e9 }

    /// The canonical text: the largest suffix that leaves no fraction, such as `1500m` for `1.5`.
    package var description: String {
        guard nanos != 0 else { return "0" }
        let isWhole = nanos % Quantity.billion == 0
        if format == .binarySI, isWhole, nanos.magnitude >= 1024 * Quantity.billion.magnitude {
            var value = nanos / Quantity.billion
            var index = 0
            while value % 1024 == 0, index + 1 < binarySuffixes.count {
                value /= 1024
                index += 1
            }
            return "\(value)\(binarySuffixes[index])"
        }
        var value = nanos
        var power = -9
        while value % 1000 == 0, power < 18 || format == .decimalExponent {
            value /= 1000
            power += 3
        }
        if format == .decimalExponent { return power == 0 ? "\(value)" : "\(value)e\(power)" }
        return "\(value)\(decimalSuffixes.first { $0.value == power }?.key ?? "")"
    }

    /// `value` × 10^tens × 2^twos, cut to an integer and to the cap.
    private static func scaled(_ value: Int128, tens: Int, twos: Int) -> (value: Int128, isInexact: Bool) {
        guard value != 0 else { return (0, false) }
        var value = value
        var isInexact = false
        // Divides before it multiplies only as far as there is no room, so that no digit is lost that matters.
        var tens = tens
        var twos = twos
        while twos > 0 || tens != 0 {
            if twos > 0, value < Int128.max / 2 {
                value *= 2
                twos -= 1
            } else if tens < 0 {
                isInexact = isInexact || value % 10 != 0
                value /= 10
                tens += 1
                if value == 0 { return (0, isInexact) }
            } else if tens > 0, value <= cap {
                value *= 10
                tens -= 1
            } else {
                return (cap, false)
            }
        }
        return value > cap ? (cap, false) : (value, isInexact)
    }

    private struct Suffix {
        var format: Format
        var tens = 0
        var twos = 0

        init?(_ text: String) {
            if let tens = decimalSuffixes[text] {
                (format, self.tens) = (.decimalSI, tens)
            } else if let index = binarySuffixes.firstIndex(of: text), index > 0 {
                (format, twos) = (.binarySI, index * 10)
            } else {
                guard let first = text.utf8.first, first == UInt8(ascii: "e") || first == UInt8(ascii: "E"),
                    let power = Int(text.dropFirst()), power.magnitude <= 100_000
                else { return nil }
                // Beyond this the value is zero or capped, whatever its digits are.
                (format, tens) = (.decimalExponent, min(max(power, -2_000), 2_000))
            }
        }
    }
}

private let decimalSuffixes: [String: Int] = [
    "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18,
]
private let binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
