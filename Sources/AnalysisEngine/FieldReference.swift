package import Manifest

/// Reads what a `fieldRef` points at.
package enum FieldReference {
    /// The value at `path` of an object, as text.
    ///
    /// A path that begins with `metadata` is read as the downward API reads it; any other is a path of member names and
    /// `[n]` that must end at a string, number or boolean.
    package static func resolve(_ path: String, in object: JSON) throws(AnalysisError) -> String {
        path.hasPrefix("metadata") ? try metadata(path, object) : try value(path, object)
    }

    private static func failure(_ path: String, _ reason: String) -> AnalysisError {
        AnalysisError(.arguments, "fieldPath \"\(path.bounded(128))\" \(reason)")
    }

    private static func metadata(_ path: String, _ object: JSON) throws(AnalysisError) -> String {
        let metadata = object["metadata"] ?? .emptyObject
        switch path {
        case "metadata.name", "metadata.namespace", "metadata.uid":
            return metadata[String(path.dropFirst(9))]?.stringValue ?? ""
        case "metadata.labels", "metadata.annotations":
            let map = metadata[String(path.dropFirst(9))]?.stringMap ?? [:]
            return map.sorted { utf8Order($0.key, $1.key) }
                .map { "\($0.key)=\(JSON.string($0.value))" }.joined(separator: "\n")
        default: break
        }
        for name in ["labels", "annotations"] {
            let prefix = "metadata.\(name)['"
            guard path.hasPrefix(prefix), path.hasSuffix("']"), path.utf8.count > prefix.utf8.count + 2 else {
                continue
            }
            let key = String(path.dropFirst(prefix.count).dropLast(2))
            guard let value = metadata[name]?[key]?.stringValue else {
                throw failure(path, "is not set on the Rollout")
            }
            return value
        }
        throw failure(
            path, "is no metadata field; use metadata.name, .namespace, .uid, .labels['key'] or .annotations['key']")
    }

    private static func value(_ path: String, _ object: JSON) throws(AnalysisError) -> String {
        var current = object
        for segment in path.split(separator: ".", omittingEmptySubsequences: false) {
            let parts = segment.split(separator: "[", omittingEmptySubsequences: false)
            guard let name = parts.first, !name.isEmpty else { throw failure(path, "has an empty part") }
            guard let member = current[String(name)] else {
                throw failure(path, "does not exist: there is no \"\(name)\"")
            }
            current = member
            for index in parts.dropFirst() {
                guard index.last == "]", let number = Int(index.dropLast()), let element = current[number] else {
                    throw failure(path, "does not exist: there is no element [\(index)")
                }
                current = element
            }
        }
        switch current {
        case .string(let text): return text
        case .int(let number): return String(number)
        case .double(let number): return plain(number)
        case .bool(let flag): return String(flag)
        default: throw failure(path, "must end at a string, number or boolean, not \(current.typeName)")
        }
    }

    /// A number without exponent.
    private static func plain(_ number: Double) -> String {
        let text = GoFloat.json(number)
        return text.contains("e") && number.magnitude < 1e18 && number == number.rounded()
            ? String(Int64(number)) : text
    }
}
