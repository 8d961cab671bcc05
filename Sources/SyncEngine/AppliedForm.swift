package import Manifest

/// What is sent where a server is stricter than manifests are.
package enum AppliedForm {
    /// Fills in `protocol: TCP` for ports without one.
    ///
    /// It is a key of those lists, and API servers before 1.22 refuse to apply an entry that leaves it to the default.
    /// - Parameter live: A Rollout whose live pods leave it out keeps them so: filling it in would be another template.
    package static func of(_ object: JSON, live: JSON? = nil) -> JSON {
        var object = object
        if object["kind"] == "Rollout", let live, leavesOut(live) { return object }
        if object["kind"] == "Service", object["apiVersion"] == "v1" {
            fill(&object, ["spec", "ports"])
            return object
        }
        for path in [["spec"], ["spec", "template", "spec"], ["spec", "jobTemplate", "spec", "template", "spec"]] {
            for list in ["containers", "initContainers"] {
                guard let containers = object.at(path: path + [list])?.arrayValue else { continue }
                let filled = containers.map { container in
                    var container = container
                    fill(&container, ["ports"])
                    return container
                }
                if filled != containers { object.set(.array(filled), at: (path + [list])[...]) }
            }
        }
        return object
    }

    private static func leavesOut(_ live: JSON) -> Bool {
        let containers = live.at("spec", "template", "spec", "containers")?.arrayValue ?? []
        return containers.contains { container in
            container["ports"]?.arrayValue?.contains { $0["protocol"] == nil } ?? false
        }
    }

    private static func fill(_ object: inout JSON, _ path: [String]) {
        guard let ports = object.at(path: path)?.arrayValue else { return }
        let filled = ports.map { port in
            guard case .object = port, port["protocol"] == nil else { return port }
            var port = port
            port["protocol"] = "TCP"
            return port
        }
        if filled != ports { object.set(.array(filled), at: path[...]) }
    }
}
