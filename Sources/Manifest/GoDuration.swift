extension Duration {
    /// Parses Go's duration syntax: `1h30m`, `300ms`, `-1.5h`, `0`; units `ns us µs ms s m h`.
    ///
    /// `nil` for anything else and for lengths beyond ±292 years, Go's range.
    package init?(go text: String) {
        var rest = Substring(text)
        var negative = false
        if let sign = rest.first, sign == "-" || sign == "+" {
            negative = sign == "-"
            rest = rest.dropFirst()
        }
        if rest == "0" {
            self = .zero
            return
        }
        guard !rest.isEmpty else { return nil }
        var nanoseconds: Int128 = 0
        while !rest.isEmpty {
            let whole = rest.prefix(while: \.isASCIIDigit)
            rest = rest.dropFirst(whole.count)
            var fraction = Substring()
            if rest.first == "." {
                fraction = rest.dropFirst().prefix(while: \.isASCIIDigit)
                rest = rest.dropFirst(1 + fraction.count)
            }
            guard !whole.isEmpty || !fraction.isEmpty else { return nil }
            let unit = rest.prefix(while: { !$0.isASCIIDigit && $0 != "." })
            guard let scale = goUnits[String(unit)] else { return nil }
            rest = rest.dropFirst(unit.count)
            guard let count = whole.isEmpty ? 0 : Int64(whole) else { return nil }
            nanoseconds += Int128(count) * Int128(scale)
            // Digits beyond the eighteenth are far below a nanosecond.
            let digits = fraction.prefix(18)
            if let parts = Int64(digits) {
                nanoseconds += Int128(parts) * Int128(scale) / (0..<digits.count).reduce(1) { power, _ in power * 10 }
            }
            guard nanoseconds <= Int128(Int64.max) else { return nil }
        }
        self = .nanoseconds(Int64(clamping: negative ? -nanoseconds : nanoseconds))
    }

    /// Go's canonical text: `1h30m0s`, `2m0s`, `1.5s`, `300ms`, `0s`.
    package var go: String {
        let (whole, attoseconds) = components
        let negative = whole < 0 || attoseconds < 0
        let seconds = whole.magnitude
        let nanoseconds = attoseconds.magnitude / 1_000_000_000
        let sign = negative ? "-" : ""
        if seconds == 0 {
            if nanoseconds == 0 { return "0s" }
            if nanoseconds < 1_000 { return "\(sign)\(nanoseconds)ns" }
            if nanoseconds < 1_000_000 { return sign + decimal(nanoseconds, 1_000) + "µs" }
            return sign + decimal(nanoseconds, 1_000_000) + "ms"
        }
        let rest = decimal(seconds % 60 * 1_000_000_000 + nanoseconds, 1_000_000_000) + "s"
        if seconds < 60 { return sign + rest }
        if seconds < 3_600 { return "\(sign)\(seconds / 60)m\(rest)" }
        return "\(sign)\(seconds / 3_600)h\(seconds / 60 % 60)m\(rest)"
    }

    /// Seconds with fraction.
    package var inSeconds: Double {
        let (whole, attoseconds) = components
        return Double(whole) + Double(attoseconds) / 1e18
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}

private let goUnits: [String: Int64] = [
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000,
    "h": 3_600_000_000_000,
]

private func decimal(_ value: UInt64, _ unit: UInt64) -> String {
    var fraction = String(value % unit)
    if value % unit == 0 { return String(value / unit) }
    while fraction.count < String(unit).count - 1 { fraction = "0" + fraction }
    while fraction.last == "0" { fraction.removeLast() }
    return "\(value / unit).\(fraction)"
}
