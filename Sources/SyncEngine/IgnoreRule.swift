package import Manifest

/// One entry of `ignoreDifferences`: fields that are no drift on the objects it matches.
package struct IgnoreRule: Hashable, Sendable {
    package var group: String
    package var kind: String
    package var namespace: String
    package var name: String
    package var jsonPointers: [String]

    package init(group: String = "", kind: String, namespace: String = "", name: String = "", jsonPointers: [String]) {
        self.group = group
        self.kind = kind
        self.namespace = namespace
        self.name = name
        self.jsonPointers = jsonPointers
    }

    init(_ fields: inout FieldReader) {
        group = fields.string("group")
        kind = fields.string("kind")
        namespace = fields.string("namespace")
        name = fields.string("name")
        jsonPointers = fields.strings("jsonPointers")
        for pointer in jsonPointers where !pointer.hasPrefix("/") {
            fields.problems.append("spec.ignoreDifferences: JSON pointer \"\(pointer.prefix(60))\" must begin with /")
        }
        for name in ["jqPathExpressions", "managedFieldsManagers"] where !fields.list(name).isEmpty {
            fields.unsupported(name)
        }
    }

    package func matches(_ reference: ObjectReference) -> Bool {
        glob(group, reference.group) && glob(kind, reference.kind)
            && (namespace.isEmpty || glob(namespace, reference.namespace))
            && (name.isEmpty || glob(name, reference.name))
    }

    /// The pointer's parts, unescaped.
    static func parts(of pointer: String) -> [String] {
        pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { part in
            unescaped(part)
        }
    }

    /// Replaces `~1` by `/` and `~0` by `~`, in one pass.
    private static func unescaped(_ part: Substring) -> String {
        var result = ""
        var rest = part
        while let tilde = rest.firstIndex(of: "~") {
            result += rest[..<tilde]
            rest = rest[rest.index(after: tilde)...]
            switch rest.first {
            case "1": (result, rest) = (result + "/", rest.dropFirst())
            case "0": (result, rest) = (result + "~", rest.dropFirst())
            default: result += "~"
            }
        }
        return result + rest
    }
}

extension JSON {
    /// The value at the parts of a JSON pointer.
    func value(at parts: ArraySlice<String>) -> JSON? {
        guard let part = parts.first else { return self }
        let next = parts.dropFirst()
        switch self {
        case .object(let members): return members[part]?.value(at: next)
        case .array(let elements):
            guard let index = Int(part), elements.indices.contains(index) else { return nil }
            return elements[index].value(at: next)
        default: return nil
        }
    }

    /// Replaces, adds or (with `nil`) removes the value at the parts of a JSON pointer; missing parents are left missing
    /// when removing, and made when setting.
    mutating func replace(at parts: ArraySlice<String>, with value: JSON?) {
        guard let part = parts.first else { return }
        let next = parts.dropFirst()
        switch self {
        case .array(var elements):
            guard let index = Int(part), elements.indices.contains(index) else { return }
            if !next.isEmpty {
                elements[index].replace(at: next, with: value)
            } else if let value {
                elements[index] = value
            } else {
                elements.remove(at: index)
            }
            self = .array(elements)
        case .object:
            if next.isEmpty {
                self[part] = value
            } else {
                let absent: JSON? = value == nil ? nil : .emptyObject
                guard var child = self[part] ?? absent else { return }
                child.replace(at: next, with: value)
                self[part] = child
            }
        default: return
        }
    }
}

/// Matches `*` (any text) and `?` (any character); comparison is linear in the product of the lengths.
func glob(_ pattern: String, _ text: String) -> Bool {
    let pattern = Array(pattern)
    let text = Array(text)
    var (p, t) = (0, 0)
    var (star, mark) = (-1, 0)
    while t < text.count {
        if p < pattern.count, pattern[p] == "*" {
            (star, mark) = (p, t)
            p += 1
        } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
            p += 1
            t += 1
        } else if star >= 0 {
            mark += 1
            (p, t) = (star + 1, mark)
        } else {
            return false
        }
    }
    return pattern[p...].allSatisfy { $0 == "*" }
}
