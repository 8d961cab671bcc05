import Manifest

/// `trafficRouting.appMesh`.
struct AppMeshConfiguration: Hashable, Sendable {
    static let path = "\(TrafficConfiguration.path).appMesh"

    var virtualService: String
    /// Names of the virtual router's routes; empty means all.
    var routes: [String]
    var canaryNode: String
    var stableNode: String

    init(_ json: JSON) throws(JSONError) {
        func member(_ json: JSON, _ name: String, _ path: String) throws(JSONError) -> JSON {
            guard let value = json[name], value != .null else { return .emptyObject }
            try value.requireObject(at: "\(path).\(name)")
            return value
        }
        try json.requireObject(at: Self.path)
        let service = try member(json, "virtualService", Self.path)
        virtualService = try service.text("name", at: ["\(Self.path).virtualService"])
        routes = try service.texts("routes", at: ["\(Self.path).virtualService"])
        let group = try member(json, "virtualNodeGroup", Self.path)
        let path = "\(Self.path).virtualNodeGroup"
        canaryNode = try member(group, "canaryVirtualNodeRef", path)
            .text("name", at: ["\(path).canaryVirtualNodeRef"])
        stableNode = try member(group, "stableVirtualNodeRef", path)
            .text("name", at: ["\(path).stableVirtualNodeRef"])
    }
}
