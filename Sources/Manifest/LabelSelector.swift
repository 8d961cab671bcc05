/// A label selector: all of its requirements must hold.
package struct LabelSelector: Hashable, Sendable {
    package enum Operator: String, Hashable, Sendable {
        case isIn = "In"
        case notIn = "NotIn"
        case exists = "Exists"
        case doesNotExist = "DoesNotExist"
    }

    package struct Requirement: Hashable, Sendable {
        package var key: String
        package var op: Operator
        package var values: [String]

        package init(key: String, op: Operator, values: [String] = []) {
            self.key = key
            self.op = op
            self.values = values
        }

        package func matches(_ labels: [String: String]) -> Bool { matches { labels[$0] } }

        /// - Parameter label: The label of a key.
        package func matches(_ label: (String) -> String?) -> Bool {
            switch op {
            case .isIn: label(key).map(values.contains) ?? false
            case .notIn: label(key).map { !values.contains($0) } ?? true
            case .exists: label(key) != nil
            case .doesNotExist: label(key) == nil
            }
        }
    }

    package var matchLabels: [String: String]
    package var matchExpressions: [Requirement]

    package init(matchLabels: [String: String] = [:], matchExpressions: [Requirement] = []) {
        self.matchLabels = matchLabels
        self.matchExpressions = matchExpressions
    }

    /// An empty selector selects everything; callers that mean nothing by it check this first.
    package var isEmpty: Bool { matchLabels.isEmpty && matchExpressions.isEmpty }

    package func matches(_ labels: [String: String]) -> Bool { matches { labels[$0] } }

    /// - Parameter label: The label of a key.
    package func matches(_ label: (String) -> String?) -> Bool {
        matchLabels.allSatisfy { label($0.key) == $0.value } && matchExpressions.allSatisfy { $0.matches(label) }
    }

    /// The text for a `labelSelector` query or `status.selector`: requirements sorted by key, joined with commas.
    package var text: String {
        let equalities = matchLabels.map { (key: $0.key, text: "\($0.key)=\($0.value)") }
        let expressions = matchExpressions.map { requirement in
            let values = requirement.values.sorted().joined(separator: ",")
            return switch requirement.op {
            case .isIn: (key: requirement.key, text: "\(requirement.key) in (\(values))")
            case .notIn: (key: requirement.key, text: "\(requirement.key) notin (\(values))")
            case .exists: (key: requirement.key, text: requirement.key)
            case .doesNotExist: (key: requirement.key, text: "!\(requirement.key)")
            }
        }
        return (equalities + expressions).sorted { $0.key < $1.key }.map(\.text).joined(separator: ",")
    }
}

extension LabelSelector {
    /// Reads `{matchLabels, matchExpressions}`; throws on a malformed expression.
    package init(_ json: JSON) throws(JSONError) {
        guard case .object = json else { throw JSONError("expected an object, found \(json.typeName)") }
        self.init(matchLabels: json["matchLabels"]?.stringMap ?? [:])
        for (index, entry) in (json["matchExpressions"]?.arrayValue ?? []).enumerated() {
            let path = ["matchExpressions", "[\(index)]"]
            guard let key = entry["key"]?.stringValue, !key.isEmpty else {
                throw JSONError("key is required", path: path)
            }
            let name = entry["operator"]?.stringValue ?? ""
            guard let op = Operator(rawValue: name) else {
                throw JSONError(
                    "unknown operator \"\(name)\"; use In, NotIn, Exists or DoesNotExist", path: path + ["operator"])
            }
            let values = entry["values"]?.arrayValue?.compactMap(\.stringValue) ?? []
            switch op {
            case .isIn where values.isEmpty, .notIn where values.isEmpty:
                throw JSONError("values are required", path: path)
            case .exists where !values.isEmpty, .doesNotExist where !values.isEmpty:
                throw JSONError("values are not allowed with \(name)", path: path)
            default: break
            }
            matchExpressions.append(Requirement(key: key, op: op, values: values))
        }
    }

    /// `{matchLabels, matchExpressions}`, empty parts left out.
    package var json: JSON {
        var result = JSON.emptyObject
        if !matchLabels.isEmpty { result["matchLabels"] = JSON(matchLabels) }
        if !matchExpressions.isEmpty {
            result["matchExpressions"] = .array(
                matchExpressions.map { requirement in
                    var entry: JSON = ["key": .string(requirement.key), "operator": .string(requirement.op.rawValue)]
                    if !requirement.values.isEmpty { entry["values"] = JSON(requirement.values) }
                    return entry
                })
        }
        return result
    }
}
