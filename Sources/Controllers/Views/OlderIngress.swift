import Manifest

extension JSON {
    /// An Ingress of `v1beta1` as `networking.k8s.io/v1` has it, which rules about references read; any other object as it is.
    var asCurrentIngress: JSON {
        guard self["kind"] == "Ingress", let kind = groupVersionKind, kind.version == "v1beta1",
            kind.group == "networking.k8s.io" || kind.group == "extensions"
        else { return self }
        var ingress = self
        ingress["apiVersion"] = "networking.k8s.io/v1"
        guard var spec = self["spec"], spec.isObject else { return ingress }
        if let backend = spec["backend"] {
            spec["defaultBackend"] = backend.asCurrentBackend
            spec["backend"] = nil
        }
        if let rules = spec["rules"]?.arrayValue {
            spec["rules"] = .array(
                rules.map { rule in
                    guard let paths = rule.at("http", "paths")?.arrayValue else { return rule }
                    var rule = rule
                    rule.set(
                        .array(
                            paths.map { path in
                                var path = path
                                path["backend"] = path["backend"]?.asCurrentBackend
                                return path
                            }), at: "http", "paths")
                    return rule
                })
        }
        ingress["spec"] = spec
        return ingress
    }

    private var asCurrentBackend: JSON {
        guard let name = self["serviceName"] else { return self }
        var service: JSON = ["name": name]
        if let port = self["servicePort"] {
            service["port"] = port.stringValue == nil ? ["number": port] : ["name": port]
        }
        return ["service": service]
    }
}
