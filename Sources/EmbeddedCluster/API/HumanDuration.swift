import Manifest

/// Durations as kubectl prints ages: `5s`, `3m20s`, `2h`, `4d`.
enum HumanDuration {
    static func text(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        if seconds < -1 { return "<invalid>" }
        if seconds < 120 { return "\(max(seconds, 0))s" }
        let minutes = seconds / 60
        if minutes < 10 { return seconds % 60 == 0 ? "\(minutes)m" : "\(minutes)m\(seconds % 60)s" }
        if minutes < 180 { return "\(minutes)m" }
        let hours = minutes / 60
        if hours < 8 { return minutes % 60 == 0 ? "\(hours)h" : "\(hours)h\(minutes % 60)m" }
        if hours < 48 { return "\(hours)h" }
        let days = hours / 24
        if hours < 192 { return hours % 24 == 0 ? "\(days)d" : "\(days)d\(hours % 24)h" }
        if days < 730 { return "\(days)d" }
        let years = days / 365
        if years < 8 { return days % 365 == 0 ? "\(years)y" : "\(years)y\(days % 365)d" }
        return "\(years)y"
    }
}

extension PrinterColumn {
    static let age = PrinterColumn(name: "Age", type: "string") { object, now in
        guard let text = object.at("metadata", "creationTimestamp")?.stringValue, let time = Timestamp(rfc3339: text)
        else {
            return "<unknown>"
        }
        return .string(HumanDuration.text(now - time))
    }

    /// A column that shows one field, or a placeholder.
    static func field(
        _ name: String, _ path: String..., type: String = "string", priority: Int = 0, missing: JSON = "<none>"
    ) -> PrinterColumn {
        PrinterColumn(name: name, type: type, priority: priority) { object, _ in object.at(path: path) ?? missing }
    }

    static func text(
        _ name: String, priority: Int = 0, _ make: @escaping @Sendable (JSON) -> String
    ) -> PrinterColumn {
        PrinterColumn(name: name, type: "string", priority: priority) { object, _ in .string(make(object)) }
    }
}
