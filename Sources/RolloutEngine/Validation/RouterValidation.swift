import Manifest

/// The static rules of `trafficRouting`, also of routers that this version does not act on.
enum RouterValidation {
    private static let root = "\(CanaryValidation.root).trafficRouting"
    private static let needingServices = ["alb", "smi", "apisix", "ambassador", "nginx", "appMesh", "traefik"]

    static func check(_ routing: TrafficRouting, of canary: CanaryStrategy, _ findings: inout FieldFindings) {
        let hasPingPong = canary.pingPong != nil
        if let alb = routing.settings("alb") {
            findings.check(
                hasPingPong && isEmpty(alb["rootService"]), row: 21, "\(root).alb.rootService",
                "root service required with pingPong; name the Service that the Ingress sends to", .required)
        }
        let needsServices =
            needingServices.contains { routing.has($0) && !(hasPingPong && $0 == "alb") }
            || !hasPingPong && (routing.settings("istio").map { isEmpty($0["destinationRule"]) } ?? false)
        for (name, value) in [("stableService", canary.stableService), ("canaryService", canary.canaryService)] {
            findings.check(
                needsServices && value.isEmpty, row: 22, "\(CanaryValidation.root).\(name)",
                "traffic routing needs both services; name this one", .required)
        }
        if let weight = routing.maxTrafficWeight {
            findings.check(
                !routing.hasAny("nginx", "plugins"), row: 26, "\(root).maxTrafficWeight",
                "router does not support a custom maximum; remove it, only nginx and plugins take one")
            findings.check(weight < 1, row: 26, "\(root).maxTrafficWeight", "\(weight) is too small; use 1 or more")
        }
        checkChoice(routing, "nginx", "stableIngress", "stableIngresses", row: 46, &findings)
        checkChoice(routing, "alb", "ingress", "ingresses", row: 46, &findings)
        checkChoice(routing, "istio", "virtualService", "virtualServices", row: 47, &findings)
        if let ambassador = routing.settings("ambassador") {
            findings.check(
                isEmpty(ambassador["mappings"]), row: 48, "\(root).ambassador.mappings",
                "at least one mapping is needed; name one", .required)
        }
        if let mesh = routing.settings("appMesh") {
            findings.check(
                isEmpty(mesh.at("virtualService", "name")), row: 49, "\(root).appMesh.virtualService",
                "a virtual service is needed; add virtualService with its name", .required)
        }
    }

    private static func checkChoice(
        _ routing: TrafficRouting, _ router: String, _ one: String, _ many: String, row: Int,
        _ findings: inout FieldFindings
    ) {
        guard let settings = routing.settings(router) else { return }
        findings.check(
            isEmpty(settings[one]) == isEmpty(settings[many]), row: row, "\(root).\(router)",
            "give exactly one of \(one) and \(many)")
    }

    /// Absent, `null`, an empty text or an empty list.
    private static func isEmpty(_ value: JSON?) -> Bool {
        switch value {
        case nil, .null?: true
        case .string(let text)?: text.isEmpty
        case .array(let elements)?: elements.isEmpty
        default: false
        }
    }
}
