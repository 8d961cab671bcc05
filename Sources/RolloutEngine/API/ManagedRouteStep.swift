package import Manifest

/// `setHeaderRoute` or `setMirrorRoute`: sets a route of the router, or removes it where nothing is matched.
package struct ManagedRouteStep: Hashable, Sendable {
    package var name: String
    /// The step's JSON as the user wrote it; routers read their matches from it.
    package var json: JSON

    init(_ reader: inout JSONReader) throws(JSONError) {
        json = try reader.readJSON()
        name = json["name"]?.stringValue ?? ""
    }

    package var matches: [JSON] { json["match"]?.arrayValue ?? [] }
}
