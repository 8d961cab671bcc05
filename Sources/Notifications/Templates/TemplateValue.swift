import Manifest

/// What a template works on.
///
/// Belongs to one execution and never leaves it.
enum TemplateValue {
    case null
    case bool(Bool)
    case int(Int64)
    case float(Double)
    case string(String)
    case list(TemplateList)
    case map(TemplateMap)
    case time(Timestamp)
    case duration(Duration)
    case version(SemanticVersion)
    case function(TemplateCallable)
}

/// What `call` calls.
enum TemplateCallable: String {
    /// `time.Now`: the moment at which the template is filled in.
    case now = "time.Now"
    /// `time.Parse`: RFC 3339, the form of all times in Kubernetes.
    case parse = "time.Parse"
}

/// Elements, and how many levels of lists they make.
final class TemplateList {
    let elements: [TemplateValue]
    let depth: Int

    init(_ elements: [TemplateValue], depth: Int) {
        self.elements = elements
        self.depth = depth
    }
}

/// A map that `set` can change wherever it is known, as in Go.
///
/// Made by ``TemplateHeap`` alone, which empties it at the end: maps may hold each other.
final class TemplateMap {
    var members: [String: TemplateValue]

    init(_ members: [String: TemplateValue]) { self.members = members }

    /// Keys in their order.
    var keys: [String] { members.keys.sorted(by: utf8Order) }
}

extension TemplateValue {
    /// What an error calls it; also `kindOf`, which follows Go's names.
    var kind: String {
        switch self {
        case .null: "invalid"
        case .bool: "bool"
        case .int, .duration: "int64"
        case .float: "float64"
        case .string: "string"
        case .list: "slice"
        case .map: "map"
        case .time, .version: "struct"
        case .function: "func"
        }
    }

    /// `typeOf`, as Go has it.
    var type: String {
        switch self {
        case .null: "<nil>"
        case .list: "[]interface {}"
        case .map: "map[string]interface {}"
        case .time: "time.Time"
        case .duration: "time.Duration"
        case .version: "*semver.Version"
        default: kind
        }
    }

    /// What kind of value this is, in the words of an error message.
    var name: String {
        switch self {
        case .null: "nothing (nil)"
        case .bool: "a boolean"
        case .int: "an integer"
        case .float: "a number"
        case .string: "a string"
        case .list: "a list"
        case .map: "a map"
        case .time: "a time"
        case .duration: "a duration"
        case .version: "a version"
        case .function: "a function"
        }
    }

    /// What `if`, `and` and `or` decide by: zero, empty and nil are false.
    var isTrue: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .float(let value): value != 0
        case .string(let value): !value.isEmpty
        case .list(let list): !list.elements.isEmpty
        case .map(let map): !map.members.isEmpty
        case .duration(let value): value != .zero
        case .time, .version, .function: true
        }
    }

    /// Its size, without what is inside of its elements.
    var weight: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .list(let list): list.elements.count
        case .map(let map): map.members.count
        default: 1
        }
    }
}
