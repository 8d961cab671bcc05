package import Manifest

/// A Rollout's `trafficRouting`.
package struct TrafficConfiguration: Hashable, Sendable {
    static let path = "spec.strategy.canary.trafficRouting"

    var istio: IstioConfiguration?
    var nginx: NGINXConfiguration?
    package var maxTrafficWeight: Int?
    /// Names of header and mirror routes, in their order.
    package var managedRoutes: [String]
    /// Routers that are asked for and not supported yet, such as `alb`.
    package var unsupportedFeatures: [String]

    /// Reads the object below `trafficRouting`.
    ///
    /// An empty one is legal and routes nothing.
    package init(_ json: JSON) throws(JSONError) {
        guard case .object(let members) = json else {
            throw JSONError("expected an object, found \(json.typeName)", path: [Self.path])
        }
        istio = try members["istio"].present.map { value throws(JSONError) in try IstioConfiguration(value) }
        nginx = try members["nginx"].present.map { value throws(JSONError) in try NGINXConfiguration(value) }
        maxTrafficWeight = members["maxTrafficWeight"]?.intValue.map { Int(clamping: $0) }
        managedRoutes = (members["managedRoutes"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
        let others = ["alb", "ambassador", "apisix", "appMesh", "plugins", "smi", "traefik"]
        unsupportedFeatures = others.filter { members[$0].present != nil }
    }

    /// The routers in the order in which they run.
    package func routers(for subject: TrafficSubject) -> [any TrafficRouter] {
        var routers: [any TrafficRouter] = []
        if let istio { routers.append(IstioRouter(istio, subject: subject, managedRoutes: managedRoutes)) }
        if let nginx { routers.append(NGINXRouter(nginx, subject: subject, maxTrafficWeight: maxTrafficWeight)) }
        return routers
    }

    /// Plans every router; one that fails does not keep the others from it.
    package func plan(
        _ intent: TrafficIntent, for subject: TrafficSubject, _ objects: [ObjectReference: JSON]
    ) -> TrafficPlan {
        var plan = TrafficPlan()
        for router in routers(for: subject) {
            do { plan.writes += try router.plan(intent, objects) } catch { plan.errors.append(error) }
        }
        return plan
    }
}

extension JSON? {
    /// The value, unless it is `null`.
    fileprivate var present: JSON? { self == .null ? Optional.none : self }
}

extension JSON {
    /// A text member of a configuration; absent and `null` are empty.
    func text(_ name: String, at path: [String]) throws(JSONError) -> String {
        switch self[name] {
        case nil, .null?: return ""
        case .string(let text)?: return text
        case let other?: throw JSONError("expected a string, found \(other.typeName)", path: path + [name])
        }
    }

    /// A list member of a configuration; absent and `null` are empty.
    func list(_ name: String, at path: [String]) throws(JSONError) -> [JSON] {
        switch self[name] {
        case nil, .null?: return []
        case .array(let elements)?: return elements
        case let other?: throw JSONError("expected a list, found \(other.typeName)", path: path + [name])
        }
    }

    /// A map of texts in a configuration; absent and `null` are empty.
    func textMap(_ name: String, at path: [String]) throws(JSONError) -> [String: String] {
        guard let value = self[name], value != .null else { return [:] }
        guard let members = value.objectValue else {
            throw JSONError("expected an object, found \(value.typeName)", path: path + [name])
        }
        var texts: [String: String] = [:]
        for key in members.keys.sorted() {
            guard let member = members[key] else { continue }
            guard let text = member.stringValue else {
                throw JSONError("expected a string, found \(member.typeName)", path: path + [name, key])
            }
            texts[key] = text
        }
        return texts
    }

    /// `port` of a route; absent and `null` are none.
    func port(at path: String) throws(JSONError) -> Int64? {
        try requireObject(at: path)
        guard let value = self["port"], value != .null else { return nil }
        guard let port = value.intValue else {
            throw JSONError("expected a whole number, found \(value.typeName)", path: [path, "port"])
        }
        return port
    }

    func requireObject(at path: String) throws(JSONError) {
        guard case .object = self else {
            throw JSONError("expected an object, found \(typeName)", path: [path])
        }
    }

    /// A list of texts in a configuration.
    func texts(_ name: String, at path: [String]) throws(JSONError) -> [String] {
        try list(name, at: path).map { element throws(JSONError) in
            guard let text = element.stringValue else {
                throw JSONError("expected a string, found \(element.typeName)", path: path + [name])
            }
            return text
        }
    }
}
