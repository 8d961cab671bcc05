import Manifest

/// Reads the members of an object by name and remembers what was wrong, unknown or not supported.
///
/// One malformed field must not hide the others, so nothing is thrown: all problems of an object are told at once.
struct FieldReader {
    private var members: [String: JSON]
    private let path: String
    var problems: [String] = []

    init(_ json: JSON, at path: String) {
        self.path = path
        members = json.objectValue ?? [:]
        if json.objectValue == nil, !json.isNull {
            problems.append("\(path): expected an object, found \(json.typeName)")
        }
    }

    /// The member, which then counts as read; `nil` where it is missing or null.
    mutating func take(_ name: String) -> JSON? {
        guard let value = members.removeValue(forKey: name), !value.isNull else { return nil }
        return value
    }

    mutating func string(_ name: String) -> String {
        guard let value = take(name) else { return "" }
        guard let text = value.stringValue else { return mismatch(name, "a string", value) ?? "" }
        return text
    }

    mutating func bool(_ name: String, default fallback: Bool = false) -> Bool {
        guard let value = take(name) else { return fallback }
        guard let flag = value.boolValue else { return mismatch(name, "a boolean", value) ?? fallback }
        return flag
    }

    mutating func int(_ name: String) -> Int64? {
        guard let value = take(name) else { return nil }
        guard let number = value.intValue else { return mismatch(name, "an integer", value) }
        return number
    }

    mutating func object(_ name: String) -> JSON? {
        guard let value = take(name) else { return nil }
        guard case .object = value else { return mismatch(name, "an object", value) }
        return value
    }

    mutating func list(_ name: String) -> [JSON] {
        guard let value = take(name) else { return [] }
        guard let elements = value.arrayValue else { return mismatch(name, "a list", value) ?? [] }
        return elements
    }

    mutating func strings(_ name: String) -> [String] {
        let elements = list(name)
        let strings = elements.compactMap(\.stringValue)
        if strings.count != elements.count { problems.append("\(path).\(name): expected a list of strings") }
        return strings
    }

    /// A duration in Go's syntax, or a bare number of seconds.
    mutating func duration(_ name: String) -> Duration? {
        guard let value = take(name) else { return nil }
        let seconds = value.intValue ?? value.stringValue.flatMap(Int64.init)
        if let seconds, (0...31_536_000).contains(seconds) { return .seconds(seconds) }
        if let text = value.stringValue, let length = Duration(go: text), length >= .zero { return length }
        problems.append("\(path).\(name): expected a duration such as 5s or 3m, found \(value.bounded)")
        return nil
    }

    mutating func unsupported(_ name: String, _ why: String = "is not supported yet") {
        problems.append("\(path).\(name): \(why)")
    }

    /// Reports the members that nobody asked for.
    mutating func finish() {
        for name in members.keys.sorted(by: utf8Order).prefix(8) where members[name]?.isNull == false {
            problems.append("\(path).\(name.prefix(64)): is not supported yet")
        }
        members = [:]
    }

    private mutating func mismatch<T>(_ name: String, _ expected: String, _ found: JSON) -> T? {
        problems.append("\(path).\(name): expected \(expected), found \(found.typeName)")
        return nil
    }
}

extension JSON {
    /// The value's text, cut to what fits a message.
    var bounded: String {
        switch self {
        case .string(let text): "\"\(text.prefix(60))\""
        case .array, .object: typeName
        default: String(description.prefix(60))
        }
    }
}
