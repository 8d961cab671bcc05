import Manifest

/// What one execution may use, and the maps that it made.
final class TemplateHeap {
    static let maxSteps = 200_000
    /// Bytes of all texts, and 16 for each element, that functions make together.
    static let maxBytes = 4 << 20
    static let maxDepth = 64

    let now: Timestamp
    /// False while the context is taken in: its size is not the template's doing, and the API bounds it.
    var isCounting = false
    private var steps = 0
    private var bytes = 0
    private var maps: [TemplateMap] = []

    init(now: Timestamp) { self.now = now }

    // Maps that hold each other would keep each other, and a long row of them would be freed level inside level.
    deinit { for map in maps { map.members = [:] } }

    /// Counts work.
    func step(_ count: Int = 1) throws(TemplateError) {
        guard isCounting else { return }
        // Clamped, so that no sum overflows; one more than the limit is enough to pass it.
        steps += min(max(1, count), TemplateHeap.maxSteps + 1)
        guard steps <= TemplateHeap.maxSteps else {
            throw TemplateError("the template takes more than \(TemplateHeap.maxSteps) steps; range over less")
        }
    }

    /// Counts what is kept in memory.
    func hold(_ count: Int) throws(TemplateError) {
        guard isCounting else { return }
        bytes += min(max(0, count), TemplateHeap.maxBytes + 1)
        guard bytes <= TemplateHeap.maxBytes else {
            throw TemplateError("the template makes values of more than \(TemplateHeap.maxBytes >> 20) MiB; make less")
        }
    }

    func string(_ text: String) throws(TemplateError) -> TemplateValue {
        try hold(text.utf8.count)
        return .string(text)
    }

    func list(_ elements: [TemplateValue]) throws(TemplateError) -> TemplateValue {
        try hold(elements.count * 16)
        var depth = 1
        for case .list(let inner) in elements { depth = max(depth, inner.depth + 1) }
        guard depth <= TemplateHeap.maxDepth else {
            throw TemplateError("lists are nested deeper than \(TemplateHeap.maxDepth)")
        }
        return .list(TemplateList(elements, depth: depth))
    }

    func map(_ members: [String: TemplateValue]) throws(TemplateError) -> TemplateMap {
        try hold(64 + members.count * 32)
        let map = TemplateMap(members)
        maps.append(map)
        return map
    }

    /// A JSON value as the template sees it.
    func value(_ json: JSON, depth: Int = 0) throws(TemplateError) -> TemplateValue {
        try step()
        guard depth <= TemplateHeap.maxDepth else { throw tooDeep }
        switch json {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .double(let value): return .float(value)
        case .string(let value): return .string(value)
        case .array(let elements):
            var values: [TemplateValue] = []
            for element in elements { values.append(try value(element, depth: depth + 1)) }
            return try list(values)
        case .object(let members):
            var values: [String: TemplateValue] = [:]
            for (name, member) in members { values[name] = try value(member, depth: depth + 1) }
            return .map(try map(values))
        }
    }

    /// A value as JSON.
    func json(_ value: TemplateValue, depth: Int = 0) throws(TemplateError) -> JSON {
        try step()
        guard depth <= TemplateHeap.maxDepth else { throw tooDeep }
        switch value {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .float(let value): return value.isFinite ? .number(value) : .string(GoFloat.general(value))
        case .string(let value):
            try hold(value.utf8.count)
            return .string(value)
        case .list(let list):
            var elements: [JSON] = []
            for element in list.elements { elements.append(try json(element, depth: depth + 1)) }
            return .array(elements)
        case .map(let map):
            var members: [String: JSON] = [:]
            for (name, member) in map.members { members[name] = try json(member, depth: depth + 1) }
            return .object(members)
        case .time(let value): return .string(value.rfc3339)
        case .duration(let value): return .int(value.wholeNanoseconds)
        case .version(let value): return .string(value.description)
        case .function: throw TemplateError("a function has no JSON; call it first, as in (call .time.Now)")
        }
    }

    /// As Go's `%v` prints it: `[1 2]`, `map[a:1]`.
    func text(_ value: TemplateValue) throws(TemplateError) -> String {
        var text = BoundedText(self)
        try append(value, to: &text, depth: 0)
        return text.text
    }

    private func append(_ value: TemplateValue, to text: inout BoundedText, depth: Int) throws(TemplateError) {
        try step()
        guard depth <= TemplateHeap.maxDepth else { throw tooDeep }
        switch value {
        case .null: try text.append(depth == 0 ? "<no value>" : "<nil>")
        case .bool(let value): try text.append(value ? "true" : "false")
        case .int(let value): try text.append(String(value))
        case .float(let value): try text.append(GoFloat.general(value))
        case .string(let value): try text.append(value)
        case .list(let list):
            try text.append("[")
            for (index, element) in list.elements.enumerated() {
                if index > 0 { try text.append(" ") }
                try append(element, to: &text, depth: depth + 1)
            }
            try text.append("]")
        case .map(let map):
            try text.append("map[")
            for (index, key) in map.keys.enumerated() {
                if index > 0 { try text.append(" ") }
                try text.append(key + ":")
                try append(map.members[key] ?? .null, to: &text, depth: depth + 1)
            }
            try text.append("]")
        case .time(let value): try text.append(GoTimeLayout.format(value, "2006-01-02 15:04:05 -0700 MST"))
        case .duration(let value): try text.append(value.go)
        case .version(let value): try text.append(value.description)
        case .function(let callable):
            throw TemplateError("a function cannot be printed; call it, as in {{call .\(callable.rawValue)}}")
        }
    }

    /// Whether two values are alike, looking into lists and maps.
    func areEqual(_ left: TemplateValue, _ right: TemplateValue, depth: Int = 0) throws(TemplateError) -> Bool {
        try step()
        guard depth <= TemplateHeap.maxDepth else { throw tooDeep }
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.int(let left), .int(let right)): return left == right
        case (.float(let left), .float(let right)): return left == right
        case (.int(let left), .float(let right)): return Double(left) == right
        case (.float(let left), .int(let right)): return left == Double(right)
        case (.string(let left), .string(let right)):
            guard left.utf8.count == right.utf8.count else { return false }
            try step(left.utf8.count / 256)
            return left.utf8.elementsEqual(right.utf8)
        case (.time(let left), .time(let right)): return left == right
        case (.duration(let left), .duration(let right)): return left == right
        case (.version(let left), .version(let right)): return left == right
        case (.list(let left), .list(let right)):
            guard left.elements.count == right.elements.count else { return false }
            for (one, other) in zip(left.elements, right.elements) {
                guard try areEqual(one, other, depth: depth + 1) else { return false }
            }
            return true
        case (.map(let left), .map(let right)):
            guard left.members.count == right.members.count else { return false }
            for (key, value) in left.members {
                guard let other = right.members[key], try areEqual(value, other, depth: depth + 1) else { return false }
            }
            return true
        default: return false
        }
    }

    /// A value that shares no map with the first one.
    func copy(_ value: TemplateValue, depth: Int = 0) throws(TemplateError) -> TemplateValue {
        try step()
        guard depth <= TemplateHeap.maxDepth else { throw tooDeep }
        switch value {
        case .list(let list):
            var elements: [TemplateValue] = []
            for element in list.elements { elements.append(try copy(element, depth: depth + 1)) }
            return try self.list(elements)
        case .map(let map):
            var members: [String: TemplateValue] = [:]
            for (key, member) in map.members { members[key] = try copy(member, depth: depth + 1) }
            return .map(try self.map(members))
        default: return value
        }
    }

    private var tooDeep: TemplateError {
        TemplateError("values are nested deeper than \(TemplateHeap.maxDepth), or hold themselves")
    }
}

/// A text that grows within what the heap allows.
struct BoundedText {
    private let heap: TemplateHeap
    private(set) var text = ""

    init(_ heap: TemplateHeap) { self.heap = heap }

    mutating func append(_ part: some StringProtocol) throws(TemplateError) {
        try heap.hold(part.utf8.count)
        text += part
    }
}

extension Duration {
    /// Whole nanoseconds, clamped to what Go's durations hold.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, over1) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (total, over2) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return over1 || over2 ? (seconds < 0 ? .min : .max) : total
    }
}
