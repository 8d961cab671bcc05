/// One step from a value to a part of it, as server-side apply names it.
package enum FieldStep: Hashable, Sendable {
    /// A member of an object: `f:spec`.
    case field(String)
    /// The element of an associative list with these key members: `k:{"name":"web"}`.
    case keys([String: JSON])
    /// An element of a set: `v:"a"`.
    case value(JSON)
    /// A position in a list: `i:3`; read, but never made.
    case index(Int)

    /// Reads the form of FieldsV1.
    package init?(fieldsV1 text: String) {
        let rest = String(text.dropFirst(2))
        switch text.prefix(2) {
        case "f:": self = .field(rest)
        case "k:":
            guard let json = try? JSON(parsing: rest), case .object(let keys) = json else { return nil }
            self = .keys(keys)
        case "v:":
            guard let json = try? JSON(parsing: rest) else { return nil }
            self = .value(json)
        case "i:":
            guard let index = Int(rest), index >= 0 else { return nil }
            self = .index(index)
        default: return nil
        }
    }

    /// The form of FieldsV1.
    package var fieldsV1: String {
        switch self {
        case .field(let name): "f:\(name)"
        case .keys(let keys): "k:\(JSON.object(keys))"
        case .value(let value): "v:\(value)"
        case .index(let index): "i:\(index)"
        }
    }
}

/// A path of steps from the root of an object, written `.spec.containers[name="web"].image`.
package struct FieldPath: Hashable, Sendable, CustomStringConvertible {
    package var steps: [FieldStep]

    package init(_ steps: [FieldStep]) { self.steps = steps }

    package var description: String {
        steps.reduce(into: "") { text, step in
            switch step {
            case .field(let name): text += ".\(name)"
            case .keys(let keys):
                let pairs = keys.keys.sorted(by: utf8Order).map { "\($0)=\(keys[$0] ?? .null)" }
                text += "[\(pairs.joined(separator: ","))]"
            case .value(let value): text += "[=\(value)]"
            case .index(let index): text += "[\(index)]"
            }
        }
    }
}
