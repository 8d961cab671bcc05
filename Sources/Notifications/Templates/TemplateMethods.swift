import Manifest

/// Methods of times, durations and versions, as Go has them.
enum TemplateMethods {
    /// `nil` where the value has no such method.
    static func call(
        _ name: String, on value: TemplateValue, _ arguments: [TemplateValue], _ heap: TemplateHeap
    ) throws(TemplateError) -> TemplateValue? {
        let call = TemplateCall(name: name, arguments: arguments, heap: heap)
        return switch value {
        case .time(let time): try self.time(time, call)
        case .duration(let length): try duration(length, call)
        case .version(let version): self.version(version, call)
        default: nil
        }
    }

    private static func time(_ time: Timestamp, _ call: TemplateCall) throws(TemplateError) -> TemplateValue? {
        let civil = CivilTime(time)
        switch (call.name, call.arguments.count) {
        case ("Format", 1): return try call.heap.string(GoTimeLayout.format(time, try call.string(0)))
        // The only time zone here is UTC: others would be read from the machine.
        case ("UTC", 0), ("Local", 0): return .time(time)
        case ("Unix", 0): return .int(time.seconds)
        case ("UnixMilli", 0): return .int(time.seconds &* 1_000 &+ Int64(time.nanoseconds / 1_000_000))
        case ("UnixNano", 0): return .int(time.seconds &* 1_000_000_000 &+ Int64(time.nanoseconds))
        case ("Year", 0): return .int(civil.year)
        case ("Month", 0): return .string(civil.monthName)
        case ("Day", 0): return .int(civil.day)
        case ("Hour", 0): return .int(civil.hour)
        case ("Minute", 0): return .int(civil.minute)
        case ("Second", 0): return .int(civil.second)
        case ("Weekday", 0): return .string(civil.weekdayName)
        case ("YearDay", 0): return .int(civil.yearDay)
        case ("IsZero", 0): return .bool(time.seconds == -62_135_596_800 && time.nanoseconds == 0)
        case ("String", 0): return .string(GoTimeLayout.format(time, "2006-01-02 15:04:05 -0700 MST"))
        case ("Add", 1): return .time(time + (try call.duration(0)))
        case ("AddDate", 3):
            let (years, months, days) = (try call.int(0), try call.int(1), try call.int(2))
            // More than all years that Kubernetes can write.
            guard [years, months, days].allSatisfy({ $0.magnitude <= 10_000_000 }) else {
                throw call.failure("needs years, months and days of at most 10000000")
            }
            return .time(CivilTime.adding(years: years, months: months, days: days, to: time))
        case ("Sub", 1): return .duration(time - (try call.time(0)))
        case ("Before", 1): return .bool(time < (try call.time(0)))
        case ("After", 1): return .bool(time > (try call.time(0)))
        case ("Equal", 1): return .bool(time == (try call.time(0)))
        case ("Truncate", 1):
            let unit = max(1, try call.duration(0).components.seconds)
            return .time(Timestamp(seconds: time.seconds - CivilTime.remainder(time.seconds, unit)))
        default: return nil
        }
    }

    private static func duration(_ length: Duration, _ call: TemplateCall) throws(TemplateError) -> TemplateValue? {
        switch (call.name, call.arguments.count) {
        case ("Hours", 0): return .float(length.inSeconds / 3_600)
        case ("Minutes", 0): return .float(length.inSeconds / 60)
        case ("Seconds", 0): return .float(length.inSeconds)
        case ("Milliseconds", 0): return .int(length.wholeNanoseconds / 1_000_000)
        case ("Nanoseconds", 0): return .int(length.wholeNanoseconds)
        case ("Abs", 0): return .duration(length < .zero ? .zero - length : length)
        case ("String", 0): return .string(length.go)
        case ("Round", 1), ("Truncate", 1):
            let unit = try call.duration(0).wholeNanoseconds
            let nanoseconds = length.wholeNanoseconds
            guard unit > 0 else { return .duration(length) }
            let rest = nanoseconds % unit
            let isUp = call.name == "Round" && rest.magnitude >= (unit.magnitude + 1) / 2
            let whole = (nanoseconds - rest).addingReportingOverflow(isUp ? (nanoseconds < 0 ? -unit : unit) : 0)
            return .duration(.nanoseconds(whole.overflow ? nanoseconds : whole.partialValue))
        default: return nil
        }
    }

    private static func version(_ version: SemanticVersion, _ call: TemplateCall) -> TemplateValue? {
        guard call.arguments.isEmpty else { return nil }
        return switch call.name {
        case "Major": .int(Int64(clamping: version.major))
        case "Minor": .int(Int64(clamping: version.minor))
        case "Patch": .int(Int64(clamping: version.patch))
        case "Prerelease": .string(version.prerelease.joined(separator: "."))
        case "Metadata": .string(version.metadata)
        case "String", "Original": .string(version.description)
        default: nil
        }
    }
}
