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
        var total = 0.0
        var nanoseconds: Int64 = 0
        while !rest.isEmpty {
            let number = rest.prefix(while: { $0.isASCII && ($0.isNumber || $0 == ".") })
            guard number.contains(where: \.isNumber), let value = Double("0" + number) else { return nil }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix(while: { !$0.isNumber && $0 != "." })
            guard let scale = goUnits[String(unit)] else { return nil }
            rest = rest.dropFirst(unit.count)
            total += value * Double(scale)
            guard total < 9.2e18 else { return nil }
            if let whole = Int64(number) {
                let (product, overflow) = whole.multipliedReportingOverflow(by: scale)
                if overflow { return nil }
                nanoseconds += product
            } else {
                nanoseconds += Int64(value * Double(scale))
            }
        }
        self = .nanoseconds(negative ? -nanoseconds : nanoseconds)
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
