import Manifest

/// Takes the fields of an object one by one; what is left over in the end is an error, so that nothing is ignored.
struct StrictFields {
    private var members: [String: JSON]
    private let file: String
    private let place: String

    /// - Parameter place: The path of the object inside the file, empty for the whole.
    init(_ value: JSON, file: String, place: String) throws(RenderError) {
        self.file = file
        self.place = place
        guard case .object(let members) = value else {
            throw RenderError(
                .malformed, path: file,
                reason: "\(place.isEmpty ? "the file" : place) must be an object, found \(value.typeName)")
        }
        self.members = members
    }

    func error(_ field: String, _ reason: String, _ code: RenderError.Code = .malformed) -> RenderError {
        RenderError(code, path: file, reason: "\(path(field)): \(reason)")
    }

    private func path(_ field: String) -> String { place.isEmpty ? field : "\(place).\(field)" }

    mutating func take(_ field: String) -> JSON? {
        guard let value = members.removeValue(forKey: field), value != .null else { return nil }
        return value
    }

    mutating func string(_ field: String) throws(RenderError) -> String? {
        guard let value = take(field) else { return nil }
        guard let text = value.stringValue else { throw wrongType(field, "a string", value) }
        return text
    }

    mutating func bool(_ field: String) throws(RenderError) -> Bool? {
        guard let value = take(field) else { return nil }
        guard let flag = value.boolValue else { throw wrongType(field, "true or false", value) }
        return flag
    }

    mutating func int(_ field: String) throws(RenderError) -> Int64? {
        guard let value = take(field) else { return nil }
        guard let number = value.intValue else { throw wrongType(field, "an integer", value) }
        return number
    }

    mutating func list(_ field: String) throws(RenderError) -> [JSON] {
        guard let value = take(field) else { return [] }
        guard let elements = value.arrayValue else { throw wrongType(field, "a list", value) }
        return elements
    }

    mutating func strings(_ field: String) throws(RenderError) -> [String] {
        var result: [String] = []
        for element in try list(field) {
            guard let text = element.stringValue else { throw wrongType(field, "a list of strings", element) }
            result.append(text)
        }
        return result
    }

    mutating func stringMap(_ field: String) throws(RenderError) -> [String: String] {
        guard let value = take(field) else { return [:] }
        guard case .object(let members) = value else { throw wrongType(field, "a map of strings", value) }
        var result: [String: String] = [:]
        for (key, value) in members {
            guard let text = value.stringValue else { throw wrongType("\(field).\(key)", "a string (quote it)", value) }
            result[key] = text
        }
        return result
    }

    /// The object behind a field, to be taken apart in turn.
    mutating func fields(_ field: String) throws(RenderError) -> StrictFields? {
        guard let value = take(field) else { return nil }
        return try StrictFields(value, file: file, place: path(field))
    }

    /// The objects of a list, each to be taken apart in turn.
    mutating func fieldsList(_ field: String) throws(RenderError) -> [StrictFields] {
        var result: [StrictFields] = []
        for (index, element) in try list(field).enumerated() {
            result.append(try StrictFields(element, file: file, place: "\(path(field))[\(index)]"))
        }
        return result
    }

    /// Refuses a field that the field knows and Sluice does not do yet; an empty one does no harm.
    mutating func refuse(_ field: String, instead: String = "") throws(RenderError) {
        guard let value = take(field), value != [], value != .emptyObject else { return }
        throw error(field, "not supported yet" + (instead.isEmpty ? "" : "; \(instead)"), .unsupported)
    }

    /// Refuses what nobody has taken.
    func finish() throws(RenderError) {
        guard let unknown = members.keys.min() else { return }
        throw error(unknown, "unknown field; remove it or correct its spelling")
    }

    private func wrongType(_ field: String, _ wanted: String, _ found: JSON) -> RenderError {
        error(field, "must be \(wanted), found \(found.typeName)")
    }
}
