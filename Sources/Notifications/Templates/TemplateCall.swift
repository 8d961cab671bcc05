import Manifest

/// A call that is under way.
struct TemplateCall {
    let name: String
    let arguments: [TemplateValue]
    let heap: TemplateHeap

    /// An argument, or nil where there are fewer.
    subscript(index: Int) -> TemplateValue { arguments.indices.contains(index) ? arguments[index] : .null }

    var count: Int { arguments.count }
    var last: TemplateValue { arguments.last ?? .null }

    func failure(_ reason: String) -> TemplateError { TemplateError("\(name) \(reason)") }

    /// A text; numbers, booleans and times are printed, nil is empty.
    func string(_ index: Int) throws(TemplateError) -> String {
        switch self[index] {
        case .string(let text): return text
        case .null: return ""
        case .list, .map, .function: throw failure("needs a text, not \(self[index].name)")
        default: return try heap.text(self[index])
        }
    }

    /// An integer; texts of digits are read, fractions cut off.
    func int(_ index: Int) throws(TemplateError) -> Int64 {
        switch self[index] {
        case .int(let value): return value
        case .float(let value):
            guard let whole = Int64(exactly: value.rounded(.towardZero)) else {
                throw failure("needs an integer, and the number is too large")
            }
            return whole
        case .bool(let value): return value ? 1 : 0
        case .string(let text):
            if let value = Int64(text) { return value }
            guard let value = Double(text), let whole = Int64(exactly: value.rounded(.towardZero)) else { return 0 }
            return whole
        case .duration(let value): return value.wholeNanoseconds
        case .null: return 0
        default: throw failure("needs an integer, not \(self[index].name)")
        }
    }

    /// A count or an index, within what memory can hold.
    func size(_ index: Int) throws(TemplateError) -> Int {
        Int(clamping: min(max(try int(index), -1_000_000_000), 1_000_000_000))
    }

    func number(_ index: Int) throws(TemplateError) -> Double {
        switch self[index] {
        case .int(let value): return Double(value)
        case .float(let value): return value
        case .bool(let value): return value ? 1 : 0
        case .string(let text): return Double(text) ?? 0
        case .duration(let value): return Double(value.wholeNanoseconds)
        case .null: return 0
        default: throw failure("needs a number, not \(self[index].name)")
        }
    }

    /// The elements of a list; nil has none.
    func elements(_ index: Int) throws(TemplateError) -> [TemplateValue] {
        switch self[index] {
        case .list(let list): return list.elements
        case .null: return []
        default: throw failure("needs a list, not \(self[index].name)")
        }
    }

    func map(_ index: Int) throws(TemplateError) -> TemplateMap {
        switch self[index] {
        case .map(let map): return map
        case .null: return try heap.map([:])
        default: throw failure("needs a map, not \(self[index].name)")
        }
    }

    /// A time; RFC 3339 is read, and a number is seconds since 1970.
    func time(_ index: Int) throws(TemplateError) -> Timestamp {
        switch self[index] {
        case .time(let time): return time
        case .int(let seconds): return Timestamp(seconds: seconds)
        case .float(let seconds): return Timestamp(seconds: Int64(exactly: seconds.rounded(.towardZero)) ?? 0)
        case .string(let text):
            guard let time = Timestamp(rfc3339: text) else {
                throw failure("needs a time as 2006-01-02T15:04:05Z; read other forms with toDate")
            }
            return time
        default: throw failure("needs a time, not \(self[index].name)")
        }
    }

    /// A length of time; a text as Go writes it is read, and a number is seconds.
    func duration(_ index: Int) throws(TemplateError) -> Duration {
        switch self[index] {
        case .duration(let length): return length
        case .int(let seconds): return .seconds(min(max(seconds, -9_000_000_000), 9_000_000_000))
        case .float(let seconds): return .seconds(Int64(exactly: seconds.rounded(.towardZero)) ?? 0)
        case .string(let text):
            guard let length = Duration(go: text) else {
                throw failure("needs a length of time such as 1h30m, 90s or 500ms")
            }
            return length
        default: throw failure("needs a length of time, not \(self[index].name)")
        }
    }

    /// All arguments from one on, with a list among them taken apart.
    func flattened(from start: Int = 0) -> [TemplateValue] {
        arguments.dropFirst(start).flatMap { argument in
            if case .list(let list) = argument { list.elements } else { [argument] }
        }
    }

    /// Texts of a list, as `join` sees them: nil is left out.
    func texts(_ index: Int) throws(TemplateError) -> [String] {
        let elements: [TemplateValue] = if case .list(let list) = self[index] { list.elements } else { [self[index]] }
        var texts: [String] = []
        for element in elements {
            if case .null = element { continue }
            texts.append(try heap.text(element))
        }
        return texts
    }
}
