package import Manifest

/// Lengths of time as kubectl prints them: `45s`, `4m10s`, `3h5m`, `2d4h`, `12d`.
package enum AgeText {
    package static func text(_ length: Duration) -> String {
        let seconds = length.components.seconds
        if seconds < -1 { return "<invalid>" }
        if seconds < 0 { return "0s" }
        if seconds < 120 { return "\(seconds)s" }
        let minutes = seconds / 60
        if minutes < 10 { return joined(minutes, "m", seconds % 60, "s") }
        if minutes < 180 { return "\(minutes)m" }
        let hours = minutes / 60
        if hours < 8 { return joined(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        let days = hours / 24
        if hours < 192 { return joined(days, "d", hours % 24, "h") }
        if days < 730 { return "\(days)d" }
        let years = days / 365
        return years < 8 ? joined(years, "y", days % 365, "d") : "\(years)y"
    }

    /// The age of an object; `<unknown>` without a creation time.
    package static func age(of object: JSON, now: Timestamp) -> String {
        since(object.at("metadata", "creationTimestamp")?.stringValue, now: now)
    }

    package static func since(_ time: String?, now: Timestamp) -> String {
        guard let time = time.flatMap(Timestamp.init(rfc3339:)) else { return "<unknown>" }
        return text(now - time)
    }

    private static func joined(_ large: Int64, _ unit: String, _ small: Int64, _ smallUnit: String) -> String {
        small == 0 ? "\(large)\(unit)" : "\(large)\(unit)\(small)\(smallUnit)"
    }
}
