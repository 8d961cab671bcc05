package import Manifest

/// `setHeaderRoute` or `setMirrorRoute`: sets a route of the router, or removes it where nothing is matched.
package struct ManagedRouteStep: Hashable, Sendable {
    /// The key in the step, and what Events and views call it.
    package enum Kind: String, Sendable {
        case header = "setHeaderRoute"
        case mirror = "setMirrorRoute"
    }

    package var kind: Kind
    package var name: String
    /// The step's JSON as the user wrote it; routers read their matches from it.
    package var json: JSON

    init(_ kind: Kind, _ reader: inout JSONReader) throws(JSONError) {
        self.kind = kind
        json = try reader.readJSON()
        name = json["name"]?.stringValue ?? ""
    }

    package var matches: [JSON] { json["match"]?.arrayValue ?? [] }

    var summary: String { "\(kind.rawValue): \(name)" }
}
