import Manifest

/// Columns of the built-in kinds after `Name`, as kubectl users know them.
enum BuiltInColumns {
    static func columns(of name: String) -> [PrinterColumn] {
        switch name {
        case "namespaces": [.field("Status", "status", "phase"), .age]
        case "nodes":
            [
                .text("Status") { _ in "Ready" }, .text("Roles") { _ in "<none>" }, .age,
                .text("Version") { _ in "v1.32.0" },
            ]
        case "configmaps":
            [
                number("Data") { ($0["data"]?.objectValue?.count ?? 0) + ($0["binaryData"]?.objectValue?.count ?? 0) },
                .age,
            ]
        case "secrets": [.field("Type", "type"), number("Data") { $0["data"]?.objectValue?.count ?? 0 }, .age]
        case "serviceaccounts": [number("Secrets") { $0["secrets"]?.arrayValue?.count ?? 0 }, .age]
        case "services":
            [
                .field("Type", "spec", "type"), .field("Cluster-IP", "spec", "clusterIP"),
                .text("External-IP") { _ in "<none>" }, .text("Port(s)", ports), .age,
                .text("Selector", priority: 1) { labels($0.at("spec", "selector")) },
            ]
        case "endpoints": [.text("Endpoints", endpoints), .age]
        case "endpointslices.discovery.k8s.io":
            [
                .field("AddressType", "addressType"),
                .text("Ports") { list($0["ports"]) { $0["port"]?.description } },
                .text("Endpoints") { list($0["endpoints"]) { $0["addresses"]?[0]?.stringValue } }, .age,
            ]
        case "pods": pods
        case "deployments.apps":
            [
                .text("Ready") { "\(count($0, "status", "readyReplicas"))/\(count($0, "spec", "replicas"))" },
                .field("Up-to-date", "status", "updatedReplicas", type: "integer", missing: 0),
                .field("Available", "status", "availableReplicas", type: "integer", missing: 0), .age,
            ] + templates
        case "replicasets.apps":
            [
                .field("Desired", "spec", "replicas", type: "integer", missing: 0),
                .field("Current", "status", "replicas", type: "integer", missing: 0),
                .field("Ready", "status", "readyReplicas", type: "integer", missing: 0), .age,
            ] + templates
        case "jobs.batch":
            [
                .text("Status", jobStatus),
                .text("Completions") {
                    "\(count($0, "status", "succeeded"))/\($0.at("spec", "completions")?.intValue ?? 1)"
                },
                PrinterColumn(name: "Duration", type: "string", cell: jobDuration), .age,
            ] + templates
        case "ingresses.networking.k8s.io":
            [
                .field("Class", "spec", "ingressClassName"),
                .text("Hosts") { list($0.at("spec", "rules")) { $0["host"]?.stringValue ?? "*" } },
                .text("Address") {
                    list($0.at("status", "loadBalancer", "ingress"), none: "") { $0["ip"]?.stringValue }
                },
                .text("Ports") { $0.at("spec", "tls") == nil ? "80" : "80, 443" }, .age,
            ]
        case "ingressclasses.networking.k8s.io":
            [.field("Controller", "spec", "controller"), .text("Parameters") { _ in "<none>" }, .age]
        case "leases.coordination.k8s.io": [.field("Holder", "spec", "holderIdentity", missing: ""), .age]
        case "poddisruptionbudgets.policy":
            [
                .field("Min Available", "spec", "minAvailable", missing: "N/A"),
                .field("Max Unavailable", "spec", "maxUnavailable", missing: "N/A"),
                .field("Allowed Disruptions", "status", "disruptionsAllowed", type: "integer", missing: 0), .age,
            ]
        case "rolebindings.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io":
            [
                .text("Role") {
                    "\($0.at("roleRef", "kind")?.stringValue ?? "")/\($0.at("roleRef", "name")?.stringValue ?? "")"
                },
                .age,
            ]
        case "roles.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io", CustomKinds.definitionsName:
            [.field("Created At", "metadata", "creationTimestamp", type: "date")]
        case "events":
            [
                PrinterColumn(name: "Last Seen", type: "string", cell: lastSeen), .field("Type", "type", missing: ""),
                .field("Reason", "reason", missing: ""),
                .text("Object") { event in
                    let object = event["involvedObject"]
                    return "\(object?["kind"]?.stringValue?.lowercased() ?? "")/\(object?["name"]?.stringValue ?? "")"
                },
                .text("Source", priority: 1) {
                    $0.at("source", "component")?.stringValue ?? $0["reportingComponent"]?.stringValue ?? ""
                },
                .field("Message", "message", missing: ""),
            ]
        default: [.age]
        }
    }

    private static let pods: [PrinterColumn] = [
        .text("Ready") { pod in
            let statuses = pod.at("status", "containerStatuses")?.arrayValue ?? []
            return "\(statuses.count { $0["ready"] == true })/\(pod.at("spec", "containers")?.arrayValue?.count ?? 0)"
        },
        .text("Status", podStatus),
        number("Restarts") { pod in
            (pod.at("status", "containerStatuses")?.arrayValue ?? []).reduce(0) {
                $0 + Int(clamping: $1["restartCount"]?.intValue ?? 0)
            }
        }, .age, .field("IP", "status", "podIP", priority: 1), .field("Node", "spec", "nodeName", priority: 1),
        .text("Nominated Node", priority: 1) { _ in "<none>" }, .text("Readiness Gates", priority: 1) { _ in "<none>" },
    ]

    private static let templates: [PrinterColumn] = [
        .text("Containers", priority: 1) {
            list($0.at("spec", "template", "spec", "containers")) { $0["name"]?.stringValue }
        },
        .text("Images", priority: 1) {
            list($0.at("spec", "template", "spec", "containers")) { $0["image"]?.stringValue }
        },
        .text("Selector", priority: 1) { object in
            object.at("spec", "selector").flatMap { try? LabelSelector($0) }?.text ?? "<none>"
        },
    ]

    private static func podStatus(_ pod: JSON) -> String {
        if pod.at("metadata", "deletionTimestamp") != nil { return "Terminating" }
        for status in pod.at("status", "containerStatuses")?.arrayValue ?? [] {
            for state in ["waiting", "terminated"] {
                if let reason = status.at("state", state, "reason")?.stringValue { return reason }
            }
        }
        return pod.at("status", "reason")?.stringValue ?? pod.at("status", "phase")?.stringValue ?? "Unknown"
    }

    private static func jobStatus(_ job: JSON) -> String {
        for condition in job.at("status", "conditions")?.arrayValue ?? [] where condition["status"] == "True" {
            if let type = condition["type"]?.stringValue { return type }
        }
        return job.at("metadata", "deletionTimestamp") != nil ? "Terminating" : "Running"
    }

    private static let jobDuration: @Sendable (JSON, Timestamp) -> JSON = { job, now in
        guard let start = job.at("status", "startTime")?.stringValue.flatMap({ Timestamp(rfc3339: $0) }) else {
            return ""
        }
        let end = job.at("status", "completionTime")?.stringValue.flatMap { Timestamp(rfc3339: $0) } ?? now
        return .string(HumanDuration.text(end - start))
    }

    private static let lastSeen: @Sendable (JSON, Timestamp) -> JSON = { event, now in
        let texts = [
            event.at("series", "lastObservedTime"), event["lastTimestamp"], event["eventTime"], event["firstTimestamp"],
        ]
        guard let time = texts.lazy.compactMap({ $0?.stringValue }).compactMap({ Timestamp(rfc3339: $0) }).first else {
            return "<unknown>"
        }
        return .string(HumanDuration.text(now - time))
    }

    private static func ports(_ service: JSON) -> String {
        list(service.at("spec", "ports")) { port in
            "\(port["port"]?.description ?? "")/\(port["protocol"]?.stringValue ?? "TCP")"
        }
    }

    private static func endpoints(_ object: JSON) -> String {
        let all = (object["subsets"]?.arrayValue ?? []).flatMap { subset in
            (subset["addresses"]?.arrayValue ?? []).map { address in
                "\(address["ip"]?.stringValue ?? ""):\(subset["ports"]?[0]?["port"]?.description ?? "")"
            }
        }
        if all.isEmpty { return "<none>" }
        return all.count > 3
            ? all.prefix(3).joined(separator: ",") + " + \(all.count - 3) more..." : all.joined(separator: ",")
    }

    private static func number(_ name: String, _ count: @escaping @Sendable (JSON) -> Int) -> PrinterColumn {
        PrinterColumn(name: name, type: "integer") { object, _ in JSON(count(object)) }
    }

    private static func count(_ object: JSON, _ path: String...) -> Int64 { object.at(path: path)?.intValue ?? 0 }

    private static func labels(_ json: JSON?) -> String {
        let pairs = (json?.stringMap ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return pairs.isEmpty ? "<none>" : pairs.joined(separator: ",")
    }

    private static func list(_ json: JSON?, none: String = "<none>", _ text: (JSON) -> String?) -> String {
        let texts = (json?.arrayValue ?? []).compactMap(text)
        return texts.isEmpty ? none : texts.joined(separator: ",")
    }
}
