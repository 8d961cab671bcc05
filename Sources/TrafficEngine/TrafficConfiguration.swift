package import Manifest

/// A Rollout's `trafficRouting`.
package struct TrafficConfiguration: Hashable, Sendable {
    package static let path = "spec.strategy.canary.trafficRouting"

    var istio: IstioConfiguration?
    var nginx: NGINXConfiguration?
    var alb: ALBConfiguration?
    var smi: SMIConfiguration?
    var ambassador: AmbassadorConfiguration?
    var appMesh: AppMeshConfiguration?
    var traefik: TraefikConfiguration?
    var apisix: APISIXConfiguration?
    package var maxTrafficWeight: Int?
    /// Names of header and mirror routes, in their order.
    package var managedRoutes: [String]

    /// Reads the object below `trafficRouting`.
    ///
    /// An empty one is legal and routes nothing.
    package init(_ json: JSON) throws(JSONError) {
        guard case .object(let members) = json else {
            throw JSONError("expected an object, found \(json.typeName)", path: [Self.path])
        }
        istio = try members["istio"].present.map { value throws(JSONError) in try IstioConfiguration(value) }
        nginx = try members["nginx"].present.map { value throws(JSONError) in try NGINXConfiguration(value) }
        alb = try members["alb"].present.map { value throws(JSONError) in try ALBConfiguration(value) }
        smi = try members["smi"].present.map { value throws(JSONError) in try SMIConfiguration(value) }
        ambassador = try members["ambassador"].present.map { value throws(JSONError) in
            try AmbassadorConfiguration(value)
        }
        appMesh = try members["appMesh"].present.map { value throws(JSONError) in try AppMeshConfiguration(value) }
        traefik = try members["traefik"].present.map { value throws(JSONError) in try TraefikConfiguration(value) }
        apisix = try members["apisix"].present.map { value throws(JSONError) in try APISIXConfiguration(value) }
        maxTrafficWeight = members["maxTrafficWeight"]?.intValue.map { Int(clamping: $0) }
        managedRoutes = (members["managedRoutes"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
    }

    /// The routers in the order in which they run.
    package func routers(for subject: TrafficSubject) -> [any TrafficRouter] {
        var routers: [any TrafficRouter] = []
        if let istio {
            // Ping and pong count where nothing else tells the two sides apart, as in Argo Rollouts.
            let isBare =
                subject.canaryService.isEmpty && subject.stableService.isEmpty && istio.destinationRule == nil
            let subject = isBare ? subject.taking(subject.pingPong) : subject
            routers.append(IstioRouter(istio, subject: subject, managedRoutes: managedRoutes))
        }
        if let nginx { routers.append(NGINXRouter(nginx, subject: subject, maxTrafficWeight: maxTrafficWeight)) }
        if let alb { routers.append(ALBRouter(alb, subject: subject, managedRoutes: managedRoutes)) }
        if let smi { routers.append(SMIRouter(configuration: smi, subject: subject)) }
        if let ambassador { routers.append(AmbassadorRouter(configuration: ambassador, subject: subject)) }
        if let appMesh { routers.append(AppMeshRouter(configuration: appMesh, subject: subject)) }
        if let traefik { routers.append(TraefikRouter(configuration: traefik, subject: subject)) }
        if let apisix {
            routers.append(APISIXRouter(configuration: apisix, subject: subject, managedRoutes: managedRoutes))
        }
        return routers
    }

    /// Plans every router; one that fails does not keep the others from it.
    package func plan(
        _ intent: TrafficIntent, for subject: TrafficSubject, _ objects: [ObjectReference: JSON]
    ) -> TrafficPlan {
        var plan = TrafficPlan()
        for router in routers(for: subject) { plan += router.planEach(intent, objects) }
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

    /// A whole number in a configuration; absent and `null` are none.
    func wholeNumber(_ name: String, at path: [String]) throws(JSONError) -> Int64? {
        guard let value = self[name], value != .null else { return nil }
        guard let number = value.intValue else {
            throw JSONError("expected a whole number, found \(value.typeName)", path: path + [name])
        }
        return number
    }

    /// A truth value in a configuration; absent and `null` are false.
    func flag(_ name: String, at path: [String]) throws(JSONError) -> Bool {
        guard let value = self[name], value != .null else { return false }
        guard let flag = value.boolValue else {
            throw JSONError("expected true or false, found \(value.typeName)", path: path + [name])
        }
        return flag
    }

    /// `port` of a route; absent and `null` are none.
    func port(at path: String) throws(JSONError) -> Int64? {
        try requireObject(at: path)
        return try wholeNumber("port", at: [path])
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
