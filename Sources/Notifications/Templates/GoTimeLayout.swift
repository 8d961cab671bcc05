import Manifest

/// Go's way to describe how a time is written: by how `2006-01-02T15:04:05Z07:00` would be.
enum GoTimeLayout {
    private enum Piece: Equatable {
        case text(UInt8)
        case field(String)
    }

    /// Longest first, where one begins another.
    private static let fields = [
        "January", "Monday", "Z07:00:00", "-07:00:00", "Z070000", "-070000", "Z07:00", "-07:00", "Z0700", "-0700",
        "Z07", "-07", "2006", "__2", "002", "Jan", "Mon", "MST", "01", "02", "03", "04", "05", "06", "15", "PM", "pm",
        "_2", "1", "2", "3", "4", "5",
    ].map { (name: $0, bytes: Array($0.utf8)) }

    static func format(_ time: Timestamp, _ layout: String) -> String {
        let civil = CivilTime(time)
        var text: [UInt8] = []
        for piece in pieces(layout) {
            switch piece {
            case .text(let byte): text.append(byte)
            case .field(let name): text += Array(field(name, civil).utf8)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads a time that is written by a layout; without a zone it is UTC.
    static func parse(_ text: String, _ layout: String) -> Timestamp? {
        var rest = Array(text.utf8)[...]
        var year: Int64 = 0
        var (month, day, hour, minute, second): (Int64, Int64, Int64, Int64, Int64) = (1, 1, 0, 0, 0)
        var nanoseconds = ""
        var offset: Int64 = 0
        var isAfternoon: Bool?
        func digits(_ least: Int, _ most: Int) -> Int64? {
            let taken = rest.prefix(most).prefix(while: isTemplateDigit)
            guard taken.count >= least else { return nil }
            rest = rest.dropFirst(taken.count)
            return Int64(String(decoding: taken, as: UTF8.self))
        }
        func name(_ names: [String], short: Bool) -> Int64? {
            for (index, name) in names.enumerated() {
                let bytes = Array(short ? name.prefix(3).utf8 : name[...].utf8)
                guard rest.starts(with: bytes, by: { $0 | 0x20 == $1 | 0x20 }) else { continue }
                rest = rest.dropFirst(bytes.count)
                return Int64(index)
            }
            return nil
        }
        for piece in pieces(layout) {
            switch piece {
            case .text(let byte):
                guard rest.popFirst() == byte else { return nil }
            case .field(let field):
                let value: Int64?
                switch field {
                case "2006":
                    value = digits(4, 4)
                    year = value ?? 0
                case "06":
                    value = digits(2, 2)
                    year = (value ?? 0) + ((value ?? 0) < 69 ? 2_000 : 1_900)
                case "January", "Jan":
                    value = name(CivilTime.months, short: field == "Jan")
                    month = (value ?? 0) + 1
                case "01", "1":
                    value = digits(field.utf8.count, 2)
                    month = value ?? 0
                case "Monday", "Mon": value = name(CivilTime.weekdays, short: field == "Mon")
                case "02", "2", "_2":
                    if field == "_2", rest.first == UInt8(ascii: " ") { rest = rest.dropFirst() }
                    value = digits(field == "02" ? 2 : 1, 2)
                    day = value ?? 0
                case "15", "03", "3":
                    value = digits(field == "3" ? 1 : 2, 2)
                    hour = value ?? 0
                case "04", "4":
                    value = digits(field.utf8.count, 2)
                    minute = value ?? 0
                case "05", "5":
                    value = digits(field.utf8.count, 2)
                    second = value ?? 0
                    // A fraction may follow the seconds, whether the layout has it or not.
                    if rest.first == UInt8(ascii: "."), rest.dropFirst().first.map(isTemplateDigit) ?? false {
                        let taken = rest.dropFirst().prefix(while: isTemplateDigit)
                        nanoseconds = String(decoding: taken.prefix(9), as: UTF8.self)
                        rest = rest.dropFirst(1 + taken.count)
                    }
                case "PM", "pm":
                    let half = String(decoding: rest.prefix(2), as: UTF8.self).lowercased()
                    isAfternoon = half == "pm" ? true : half == "am" ? false : nil
                    value = isAfternoon == nil ? nil : 0
                    rest = rest.dropFirst(2)
                case "MST":
                    value = rest.starts(with: Array("UTC".utf8)) || rest.starts(with: Array("GMT".utf8)) ? 0 : nil
                    rest = rest.dropFirst(3)
                case _ where field.hasPrefix("Z0") || field.hasPrefix("-0"):
                    if field.hasPrefix("Z"), rest.first == UInt8(ascii: "Z") {
                        rest = rest.dropFirst()
                        value = 0
                        break
                    }
                    guard let sign = rest.popFirst(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
                        let hours = digits(2, 2)
                    else { return nil }
                    if field.contains(":"), rest.popFirst() != UInt8(ascii: ":") { return nil }
                    value = field.utf8.count > 3 ? digits(2, 2) : 0
                    offset = (hours * 3_600 + (value ?? 0) * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
                case _ where field.hasPrefix(".") || field.hasPrefix(","): value = 0
                default: value = nil
                }
                guard value != nil else { return nil }
            }
        }
        guard rest.isEmpty, !(isAfternoon != nil && hour > 12) else { return nil }
        if let isAfternoon { hour = hour % 12 + (isAfternoon ? 12 : 0) }
        let fraction = nanoseconds.isEmpty ? "" : "." + nanoseconds
        let written =
            "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(hour, 2)):\(padded(minute, 2))"
            + ":\(padded(second, 2))\(fraction)Z"
        return Timestamp(rfc3339: written).map { $0 - .seconds(offset) }
    }

    private static func pieces(_ layout: String) -> [Piece] {
        var rest = Array(layout.utf8)[...]
        var pieces: [Piece] = []
        while let first = rest.first {
            if first == UInt8(ascii: ".") || first == UInt8(ascii: ","), let digit = rest.dropFirst().first,
                digit == UInt8(ascii: "0") || digit == UInt8(ascii: "9")
            {
                let run = rest.dropFirst().prefix { $0 == digit }
                if !(rest.dropFirst(1 + run.count).first.map(isTemplateDigit) ?? false), run.count <= 9 {
                    pieces.append(.field(String(decoding: rest.prefix(1 + run.count), as: UTF8.self)))
                    rest = rest.dropFirst(1 + run.count)
                    continue
                }
            }
            if let field = fields.first(where: { rest.starts(with: $0.bytes) }) {
                pieces.append(.field(field.name))
                rest = rest.dropFirst(field.bytes.count)
            } else {
                pieces.append(.text(first))
                rest = rest.dropFirst()
            }
        }
        return pieces
    }

    private static func field(_ name: String, _ time: CivilTime) -> String {
        let hour12 = time.hour % 12 == 0 ? 12 : time.hour % 12
        return switch name {
        case "January": time.monthName
        case "Jan": String(time.monthName.prefix(3))
        case "Monday": time.weekdayName
        case "Mon": String(time.weekdayName.prefix(3))
        case "2006": padded(time.year, 4)
        case "06": padded(time.year % 100, 2)
        case "01": padded(time.month, 2)
        case "1": String(time.month)
        case "02": padded(time.day, 2)
        case "2": String(time.day)
        case "_2": (time.day < 10 ? " " : "") + String(time.day)
        case "002": padded(time.yearDay, 3)
        case "__2": String(repeating: " ", count: max(0, 3 - String(time.yearDay).utf8.count)) + String(time.yearDay)
        case "15": padded(time.hour, 2)
        case "03": padded(hour12, 2)
        case "3": String(hour12)
        case "04": padded(time.minute, 2)
        case "4": String(time.minute)
        case "05": padded(time.second, 2)
        case "5": String(time.second)
        case "PM": time.hour >= 12 ? "PM" : "AM"
        case "pm": time.hour >= 12 ? "pm" : "am"
        case "MST": "UTC"
        case "-0700": "+0000"
        case "-07:00": "+00:00"
        case "-07": "+00"
        case "-07:00:00": "+00:00:00"
        case "-070000": "+000000"
        case _ where name.hasPrefix("Z"): "Z"
        default: fraction(name, time.nanosecond)
        }
    }

    /// `.000` writes three digits; `.999` up to three, without zeros at the end.
    private static func fraction(_ name: String, _ nanosecond: Int64) -> String {
        var digits = padded(nanosecond, 9).prefix(name.utf8.count - 1)
        if name.hasSuffix("9") {
            while digits.last == "0" { digits = digits.dropLast() }
            if digits.isEmpty { return "" }
        }
        return String(name.prefix(1)) + digits
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}
