import Manifest

/// Reads typed fields of a spec and says where one is wrong.
struct FieldReader {
    let json: JSON
    /// How the object is called in messages: `metric "errors"`.
    let place: String

    init(_ json: JSON, _ place: String) {
        self.json = json
        self.place = place
    }

    func wrong(_ name: String, _ wanted: String, _ found: JSON) -> AnalysisError {
        AnalysisError(.invalidSpec, "\(place): \(name) must be \(wanted), not \(found.typeName)")
    }

    private func present(_ name: String) -> JSON? {
        guard let value = json[name], !value.isNull else { return nil }
        return value
    }

    func string(_ name: String) throws(AnalysisError) -> String? {
        guard let value = present(name) else { return nil }
        guard let text = value.stringValue else { throw wrong(name, "a string", value) }
        return text
    }

    func required(_ name: String) throws(AnalysisError) -> String {
        guard let text = try string(name), !text.isEmpty else {
            throw AnalysisError(.invalidSpec, "\(place): \(name) is missing")
        }
        return text
    }

    func bool(_ name: String) throws(AnalysisError) -> Bool? {
        guard let value = present(name) else { return nil }
        guard let flag = value.boolValue else { throw wrong(name, "true or false", value) }
        return flag
    }

    func int(_ name: String) throws(AnalysisError) -> Int64? {
        guard let value = present(name) else { return nil }
        guard let number = value.intValue else { throw wrong(name, "an integer", value) }
        return number
    }

    /// An integer that may be written as a string, since arguments are substituted into it.
    func intOrString(_ name: String) throws(AnalysisError) -> Int64? {
        guard let value = present(name) else { return nil }
        switch value {
        case .int(let number): return number
        case .string(let text):
            if text.isEmpty { return nil }
            guard let number = Int64(text) else {
                throw AnalysisError(.invalidSpec, "\(place): \(name) must be an integer, not \"\(text.prefix(40))\"")
            }
            return number
        default: throw wrong(name, "an integer", value)
        }
    }

    func duration(_ name: String) throws(AnalysisError) -> Duration? {
        guard let text = try string(name), !text.isEmpty else { return nil }
        guard let length = Duration(go: text), length >= .zero else {
            throw AnalysisError(
                .invalidSpec, "\(place): \(name) \"\(text.prefix(40))\" is no duration; write it like 30s, 5m or 1h30m")
        }
        return length
    }

    func list(_ name: String) throws(AnalysisError) -> [JSON] {
        guard let value = present(name) else { return [] }
        guard let elements = value.arrayValue else { throw wrong(name, "a list", value) }
        return elements
    }

    func object(_ name: String) throws(AnalysisError) -> JSON? {
        guard let value = present(name) else { return nil }
        guard value.objectValue != nil else { throw wrong(name, "an object", value) }
        return value
    }
}
