import Manifest
import RolloutEngine

/// Checks what a Rollout refers to, as far as a file of manifests holds it.
struct RolloutReferences {
    private(set) var problems: [FieldProblem] = []
    private let rollout: JSON
    private let catalog: LintCatalog
    private let namespace: String
    private let canary: JSON?

    init(_ rollout: JSON, _ catalog: LintCatalog) {
        self.rollout = rollout
        self.catalog = catalog
        namespace = rollout.objectKey.namespace
        canary = rollout.at("spec", "strategy", "canary")
        checkServices()
        checkIngresses()
        checkVirtualServices()
    }

    private mutating func add(_ path: String, _ message: String) {
        problems.append(FieldProblem(path, .invalid, message))
    }

    private mutating func checkServices() {
        let blueGreen = rollout.at("spec", "strategy", "blueGreen")
        let canaryPath = "spec.strategy.canary"
        let named: [(String, JSON?)] = [
            ("spec.strategy.blueGreen.activeService", blueGreen?["activeService"]),
            ("spec.strategy.blueGreen.previewService", blueGreen?["previewService"]),
            ("\(canaryPath).stableService", canary?["stableService"]),
            ("\(canaryPath).canaryService", canary?["canaryService"]),
            ("\(canaryPath).pingPong.pingService", canary?.at("pingPong", "pingService")),
            ("\(canaryPath).pingPong.pongService", canary?.at("pingPong", "pongService")),
        ]
        let labels = rollout.at("spec", "template", "metadata", "labels")?.stringMap
        for (path, value) in named {
            guard let name = value?.stringValue, !name.isEmpty,
                let service = catalog.find("Service", groups: [""], namespace: namespace, name)
            else { continue }
            let owner = service.annotations[Keys.managedBy]
            if let owner, owner != rollout.objectKey.name {
                add(path, "Service \"\(name)\" is managed by Rollout \"\(owner)\"; use another one")
            }
            // With a workloadRef the labels are in the workload.
            guard let labels else { continue }
            let selector = service.at("spec", "selector")?.stringMap ?? [:]
            for key in selector.keys.sorted() where key != Keys.podTemplateHash && labels[key] != selector[key] {
                add(
                    path,
                    "Service \"\(name)\" selects \(key)=\(selector[key] ?? ""), which the template's labels lack; "
                        + "make them agree")
            }
        }
    }

    private mutating func checkIngresses() {
        let routing = canary?["trafficRouting"]
        let stable = canary?["stableService"]?.stringValue ?? ""
        for (router, single, plural) in [
            ("nginx", "stableIngress", "stableIngresses"), ("alb", "ingress", "ingresses"),
        ] {
            guard let settings = routing?[router], settings.isObject else { continue }
            let path = "spec.strategy.canary.trafficRouting.\(router)"
            let hasSingle = settings[single]?.stringValue?.isEmpty == false
            let several = settings[plural]?.arrayValue?.compactMap(\.stringValue) ?? []
            if hasSingle, !several.isEmpty { add(path, "give only one of \(single) and \(plural)") }
            let root = settings["rootService"]?.stringValue ?? ""
            let wanted = router == "alb" && !root.isEmpty ? root : stable
            let extra = settings["additionalStableIngresses"]?.arrayValue?.compactMap(\.stringValue) ?? []
            let names = (hasSingle ? [settings[single]?.stringValue ?? ""] : []) + several + extra
            for name in names {
                let found = catalog.find(
                    "Ingress", groups: ["networking.k8s.io", "extensions"], namespace: namespace, name)
                guard let found, !wanted.isEmpty, !Self.backends(of: found).contains(wanted) else { continue }
                add(
                    "\(path).\(hasSingle ? single : plural)",
                    "Ingress \"\(name)\" has no rule with the backend \"\(wanted)\"; point one there")
            }
        }
    }

    private static func backends(of ingress: JSON) -> Set<String> {
        var names: Set<String> = []
        func note(_ backend: JSON?) {
            if let name = backend?.at("service", "name")?.stringValue ?? backend?["serviceName"]?.stringValue {
                names.insert(name)
            }
        }
        for rule in ingress.at("spec", "rules")?.arrayValue ?? [] {
            for path in rule.at("http", "paths")?.arrayValue ?? [] { note(path["backend"]) }
        }
        return names
    }

    private mutating func checkVirtualServices() {
        guard let istio = canary?.at("trafficRouting", "istio"), istio.isObject else { return }
        let path = "spec.strategy.canary.trafficRouting.istio"
        let single = istio["virtualService"]
        let several = istio["virtualServices"]?.arrayValue ?? []
        if single?.isObject == true, !several.isEmpty {
            add(path, "give only one of virtualService and virtualServices")
        }
        let all =
            (single?.isObject == true ? [("\(path).virtualService", single ?? .null)] : [])
            + several.enumerated().map { ("\(path).virtualServices[\($0.offset)]", $0.element) }
        for (path, reference) in all {
            let name = reference["name"]?.stringValue ?? ""
            let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
            let found = catalog.find(
                "VirtualService", groups: ["networking.istio.io"], namespace: parts.count > 1 ? parts[1] : namespace,
                parts.first ?? "")
            guard let found else { continue }
            check(found, named: name, reference, path)
        }
    }

    private mutating func check(_ virtualService: JSON, named name: String, _ reference: JSON, _ path: String) {
        let spec = virtualService["spec"]
        let http = spec?["http"]?.arrayValue ?? []
        let others = (spec?["tls"]?.arrayValue ?? []) + (spec?["tcp"]?.arrayValue ?? [])
        guard !(http + others).isEmpty else {
            add("\(path).name", "VirtualService \"\(name)\" has no http, tls or tcp routes; add one")
            return
        }
        let wanted = reference["routes"]?.arrayValue?.compactMap(\.stringValue) ?? []
        var routes: [JSON] = []
        for route in wanted {
            guard let found = http.first(where: { $0["name"]?.stringValue == route }) else {
                let known = http.compactMap { $0["name"]?.stringValue }.joined(separator: ", ")
                add(
                    "\(path).routes",
                    "VirtualService \"\(name)\" has no http route \"\(route)\"; it has \(known.isEmpty ? "none with a name" : known)"
                )
                continue
            }
            routes.append(found)
        }
        let hasOtherReferences =
            reference["tlsRoutes"]?.arrayValue?.isEmpty == false || reference["tcpRoutes"]?.arrayValue?.isEmpty == false
        if wanted.isEmpty, !hasOtherReferences {
            guard http.count < 2 else {
                add("\(path).routes", "VirtualService \"\(name)\" has several http routes; name those that are meant")
                return
            }
            routes = http
        }
        for route in routes { check(route, of: name, path) }
    }

    private mutating func check(_ route: JSON, of name: String, _ path: String) {
        let destinations = (route["route"]?.arrayValue ?? []).compactMap { $0["destination"] }
        let rule = canary?.at("trafficRouting", "istio", "destinationRule")
        let title = route["name"]?.stringValue.map { "route \"\($0)\" of VirtualService \"\(name)\"" }
        for (service, subset) in [("stableService", "stableSubsetName"), ("canaryService", "canarySubsetName")] {
            if let subset = rule?[subset]?.stringValue, !subset.isEmpty {
                guard destinations.contains(where: { $0["subset"]?.stringValue == subset }) else {
                    add(path, "\(title ?? "VirtualService \"\(name)\"") has no destination with subset \"\(subset)\"")
                    continue
                }
            } else if let host = canary?[service]?.stringValue, !host.isEmpty {
                let isThere = destinations.contains { destination in
                    let found = destination["host"]?.stringValue ?? ""
                    return found == host || found.hasPrefix("\(host).")
                }
                if !isThere {
                    add(path, "\(title ?? "VirtualService \"\(name)\"") has no destination \"\(host)\"; add it")
                }
            }
        }
    }
}

extension RolloutReferences {
    /// What is accepted and acts otherwise than it reads.
    static func doubts(_ rollout: JSON) -> [String] {
        let spec = rollout["spec"] ?? .emptyObject
        let canary = spec.at("strategy", "canary")
        let blueGreen = spec.at("strategy", "blueGreen")
        var doubts: [String] = []
        for (path, strategy) in [("spec.strategy.canary", canary), ("spec.strategy.blueGreen", blueGreen)] {
            for field in ["scaleDownDelaySeconds", "abortScaleDownDelaySeconds", "autoPromotionSeconds"] {
                if let delay = strategy?[field]?.intValue, delay < 0 {
                    doubts.append("\(path).\(field): \(delay) acts as 0; write 0 or more")
                }
            }
        }
        if let value = spec.at("workloadRef", "scaleDown")?.stringValue,
            !["", "never", "onsuccess", "progressively"].contains(value)
        {
            doubts.append(
                "spec.workloadRef.scaleDown: \"\(value)\" acts as never; use never, onsuccess or progressively")
        }
        if let type = canary?.at("replicaProgressThreshold", "type")?.stringValue, type != "Pods", type != "Percent" {
            doubts.append(
                "spec.strategy.canary.replicaProgressThreshold.type: \"\(type)\" acts as Pods; use Pods or Percent")
        }
        let steps = canary?["steps"]?.arrayValue ?? []
        for (index, step) in steps.enumerated() {
            if let percent = step.at("setMirrorRoute", "percentage")?.intValue, !(0...100).contains(percent) {
                doubts.append(
                    "spec.strategy.canary.steps[\(index)].setMirrorRoute.percentage: \(percent) is outside of 0 to 100")
            }
        }
        let history = spec["revisionHistoryLimit"]?.intValue ?? 10
        if let limit = canary?["scaleDownDelayRevisionLimit"]?.intValue, limit > history {
            doubts.append(
                "spec.strategy.canary.scaleDownDelayRevisionLimit: \(limit) is more than the \(history) revisions kept")
        }
        if canary?["trafficRouting"]?.isObject == true, steps.isEmpty {
            doubts.append(
                "spec.strategy.canary.steps: without steps all traffic moves at once when the new pods are ready; "
                    + "add setWeight steps")
        }
        return doubts
    }
}
