/// A moment on the wall clock, with nanoseconds, as Kubernetes writes it in UTC.
package struct Timestamp: Hashable, Sendable, Comparable {
    /// Seconds since 1970-01-01T00:00:00Z.
    package var seconds: Int64
    /// 0 ..< 1,000,000,000.
    package var nanoseconds: Int32

    package init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// Saturates at the ends of time.
    package static func + (time: Timestamp, length: Duration) -> Timestamp {
        let (whole, attoseconds) = length.components
        var nanoseconds = Int64(time.nanoseconds) + attoseconds / 1_000_000_000
        var carry = nanoseconds / 1_000_000_000
        nanoseconds %= 1_000_000_000
        if nanoseconds < 0 {
            nanoseconds += 1_000_000_000
            carry -= 1
        }
        let (sum, over1) = time.seconds.addingReportingOverflow(whole)
        let (total, over2) = sum.addingReportingOverflow(carry)
        if over1 || over2 { return Timestamp(seconds: whole < 0 ? .min : .max) }
        return Timestamp(seconds: total, nanoseconds: Int32(nanoseconds))
    }

    package static func - (time: Timestamp, length: Duration) -> Timestamp { time + (.zero - length) }

    package static func - (left: Timestamp, right: Timestamp) -> Duration {
        let (difference, overflow) = left.seconds.subtractingReportingOverflow(right.seconds)
        let whole = overflow ? (left > right ? Int64.max / 2 : Int64.min / 2) : difference
        return .seconds(whole) + .nanoseconds(Int64(left.nanoseconds) - Int64(right.nanoseconds))
    }

    /// The second it lies in: what `metav1.Time` keeps.
    package var wholeSeconds: Timestamp { Timestamp(seconds: seconds) }

    /// `2026-11-21T08:53:00Z`, as `metav1.Time`.
    package var rfc3339: String { civil + "Z" }

    /// `2026-11-21T08:53:00.123456Z`, as `metav1.MicroTime`.
    package var rfc3339Micro: String { "\(civil).\(padded(Int64(nanoseconds / 1_000), 6))Z" }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, as HTTP's `Date` (RFC 9110, 5.6.7).
    package var httpDate: String {
        let (days, second) = seconds.quotientAndRemainderFloored(by: 86_400)
        let (year, month, day) = Timestamp.civil(fromDays: days)
        // 1970-01-01 was a Thursday.
        let weekday = (days + 4).quotientAndRemainderFloored(by: 7).1
        let names = (weekdays: "SunMonTueWedThuFriSat", months: "JanFebMarAprMayJunJulAugSepOctNovDec")
        return "\(names.weekdays.dropFirst(Int(weekday) * 3).prefix(3)), \(padded(day, 2)) "
            + "\(names.months.dropFirst(Int(month - 1) * 3).prefix(3)) \(padded(year, 4)) "
            + "\(padded(second / 3_600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2)) GMT"
    }

    private var civil: String {
        let (days, second) = seconds.quotientAndRemainderFloored(by: 86_400)
        let (year, month, day) = Timestamp.civil(fromDays: days)
        guard (0...9_999).contains(year) else {
            return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
                + "\(padded(second / 3_600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
        }
        // Every decision writes some of these, so it is done without a String for each number.
        return String(unsafeUninitializedCapacity: 19) { text in
            func put(_ number: Int64, _ range: Range<Int>, _ mark: Unicode.Scalar? = nil) {
                var rest = number
                for index in range.reversed() {
                    text[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
                if let mark { text[range.upperBound] = UInt8(ascii: mark) }
            }
            put(year, 0..<4, "-")
            put(month, 5..<7, "-")
            put(day, 8..<10, "T")
            put(second / 3_600, 11..<13, ":")
            put(second / 60 % 60, 14..<16, ":")
            put(second % 60, 17..<19)
            return 19
        }
    }

    /// Parses RFC 3339 with optional fraction and a zone of `Z` or `±hh:mm`.
    package init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        self.init(rfc3339: bytes.span)
    }

    /// Parses RFC 3339 from ASCII.
    package init?(rfc3339 bytes: Span<UInt8>) {
        guard bytes.count >= 20 else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for index in range {
                let byte = bytes[index]
                guard byte &- UInt8(ascii: "0") < 10 else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: "t") || bytes[10] == UInt8(ascii: " "),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var index = 19
        var nanoseconds: Int64 = 0
        if bytes[index] == UInt8(ascii: ".") {
            index += 1
            var scale: Int64 = 100_000_000
            let start = index
            while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 {
                nanoseconds += Int64(bytes[index] - UInt8(ascii: "0")) * scale
                scale /= 10
                index += 1
            }
            guard index > start else { return nil }
        }
        var offset: Int64 = 0
        guard index < bytes.count else { return nil }
        switch bytes[index] {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            guard index + 1 == bytes.count else { return nil }
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            guard index + 6 == bytes.count, bytes[index + 3] == UInt8(ascii: ":"),
                let hours = number(index + 1..<index + 3), let minutes = number(index + 4..<index + 6)
            else { return nil }
            offset = (hours * 3_600 + minutes * 60) * (bytes[index] == UInt8(ascii: "-") ? -1 : 1)
        default: return nil
        }
        let days = Timestamp.days(fromCivil: year, month, day)
        // The 30th of February would come out as a day in March.
        guard Timestamp.civil(fromDays: days).day == day else { return nil }
        let daySeconds = hour * 3_600 + minute * 60 + second
        self.init(seconds: days * 86_400 + daySeconds - offset, nanoseconds: Int32(nanoseconds))
    }

    // Howard Hinnant's calendar arithmetic: years begin in March, eras are 400 years.
    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + 719_468).quotientAndRemainderFloored(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func days(fromCivil year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shiftedYear.quotientAndRemainderFloored(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension Timestamp: CustomStringConvertible {
    package var description: String { rfc3339 }
}

extension Int64 {
    fileprivate func quotientAndRemainderFloored(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

private func padded(_ number: Int64, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: Swift.max(0, width - text.count)) + text
}
