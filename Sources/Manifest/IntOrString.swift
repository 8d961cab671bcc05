/// A count that may be given as a percentage: `3` or `"25%"`.
package enum IntOrString: Hashable, Sendable, CustomStringConvertible {
    case int(Int64)
    case string(String)

    /// `nil` unless the value is an integer or a string.
    package init?(_ json: JSON) {
        switch json {
        case .int(let value): self = .int(value)
        case .string(let text): self = .string(text)
        default: return nil
        }
    }

    package var json: JSON {
        switch self {
        case .int(let value): .int(value)
        case .string(let text): .string(text)
        }
    }

    package var description: String {
        switch self {
        case .int(let value): String(value)
        case .string(let text): text
        }
    }

    /// The number before `%`, or `nil` for an integer and for any other text.
    package var percent: Int64? {
        guard case .string(let text) = self, text.utf8.last == UInt8(ascii: "%") else { return nil }
        let digits = text.utf8.dropLast()
        guard let first = digits.first, first != UInt8(ascii: "+") else { return nil }
        return Int64(String(digits) ?? "")
    }

    /// An integer or a percentage; anything else cannot be resolved.
    package var isValid: Bool {
        if case .int = self { true } else { percent != nil }
    }

    /// The integer itself, or the percentage of `total`.
    ///
    /// Rounded up as a Deployment's `maxSurge` is, or down as its `maxUnavailable`. `nil` for a text that is no
    /// percentage; saturates.
    package func resolve(total: Int64, roundingUp: Bool) -> Int64? {
        if case .int(let value) = self { return value }
        guard let percent else { return nil }
        let product = Int128(percent) * Int128(total)
        var (quotient, remainder) = product.quotientAndRemainder(dividingBy: 100)
        if remainder > 0, roundingUp { quotient += 1 }
        if remainder < 0, !roundingUp { quotient -= 1 }
        return Int64(clamping: quotient)
    }
}
