import Manifest

/// Methods of times and durations, as Go has them.
enum Methods {
    static let names: Set<String> = [
        "Unix", "UnixMilli", "Year", "Month", "Day", "Hour", "Minute", "Second", "Hours", "Minutes", "Seconds",
        "Milliseconds", "String",
    ]

    /// Methods with one argument, and the operators that do the same.
    static let operators = ["Sub": "-", "Add": "+", "Before": "<", "After": ">", "Equal": "=="]

    /// `nil` where the value has no such method.
    static func call(_ name: String, on value: Value) -> Value? {
        switch value {
        case .time(let time):
            let text = time.rfc3339
            func part(_ range: Range<Int>) -> Value? {
                Int64(String(decoding: Array(text.utf8)[range], as: UTF8.self)).map { .int($0) }
            }
            guard text.utf8.count == 20 else { return nil }
            return switch name {
            case "Unix": .int(time.seconds)
            case "UnixMilli": .int(time.seconds &* 1_000 &+ Int64(time.nanoseconds / 1_000_000))
            case "Year": part(0..<4)
            case "Month": part(5..<7)
            case "Day": part(8..<10)
            case "Hour": part(11..<13)
            case "Minute": part(14..<16)
            case "Second": part(17..<19)
            case "String": .string(text)
            default: nil
            }
        case .duration(let length):
            return switch name {
            case "Hours": .float(length.inSeconds / 3_600)
            case "Minutes": .float(length.inSeconds / 60)
            case "Seconds": .float(length.inSeconds)
            case "Milliseconds": .int(length.nanoseconds / 1_000_000)
            case "String": .string(length.go)
            default: nil
            }
        default: return nil
        }
    }
}
