import Manifest

/// `trafficRouting.istio`.
struct IstioConfiguration: Hashable, Sendable {
    static let path = "\(TrafficConfiguration.path).istio"

    struct VirtualService: Hashable, Sendable {
        struct TLSRoute: Hashable, Sendable {
            var port: Int64?
            var sniHosts: Set<String>
        }

        var name: String
        /// Empty: the Rollout's.
        var namespace: String
        var routes: [String]
        var tlsRoutes: [TLSRoute]
        var tcpPorts: [Int64]
        /// The field that names it.
        var path: String

        init(_ json: JSON, path: String) throws(JSONError) {
            self.path = path
            try json.requireObject(at: path)
            let text = try json.text("name", at: [path])
            // `name`, or `name.namespace` with whatever domain behind it.
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            name = String(parts.first ?? "")
            namespace = parts.count > 1 ? String(parts[1]) : ""
            routes = try json.texts("routes", at: [path])
            tlsRoutes = try json.list("tlsRoutes", at: [path]).map { route throws(JSONError) in
                let hosts = try route.texts("sniHosts", at: [path, "tlsRoutes"])
                let port = try route.port(at: "\(path).tlsRoutes")
                return TLSRoute(port: port.flatMap { $0 == 0 ? nil : $0 }, sniHosts: Set(hosts))
            }
            tcpPorts = []
            for route in try json.list("tcpRoutes", at: [path]) {
                if let port = try route.port(at: "\(path).tcpRoutes") { tcpPorts.append(port) }
            }
        }
    }

    struct DestinationRule: Hashable, Sendable {
        var name: String
        var canarySubset: String
        var stableSubset: String
        var additionalSubsets: [String]
    }

    var virtualServices: [VirtualService]
    var destinationRule: DestinationRule?
    /// Both `virtualService` and `virtualServices` are given, or neither.
    var isAmbiguous: Bool

    init(_ json: JSON) throws(JSONError) {
        guard case .object = json else {
            throw JSONError("expected an object, found \(json.typeName)", path: [Self.path])
        }
        virtualServices = []
        let one = json["virtualService"] ?? .null
        let many = try json.list("virtualServices", at: [Self.path])
        if one != .null { virtualServices.append(try VirtualService(one, path: "\(Self.path).virtualService")) }
        for (index, element) in many.enumerated() {
            virtualServices.append(try VirtualService(element, path: "\(Self.path).virtualServices[\(index)]"))
        }
        isAmbiguous = (one != .null) == !many.isEmpty
        if let rule = json["destinationRule"], rule != .null {
            let path = ["\(Self.path).destinationRule"]
            try rule.requireObject(at: "\(Self.path).destinationRule")
            destinationRule = DestinationRule(
                name: try rule.text("name", at: path), canarySubset: try rule.text("canarySubsetName", at: path),
                stableSubset: try rule.text("stableSubsetName", at: path),
                additionalSubsets: try rule.texts("additionalSubsetNames", at: path))
        }
    }
}
