import Manifest

/// The static rules of `canary.steps`.
enum CanaryStepValidation {
    private static let root = CanaryValidation.root
    private static let managedRoutes = "\(root).trafficRouting.managedRoutes"

    private static func path(_ index: Int, _ field: String = "") -> String { "\(root).steps[\(index)]\(field)" }

    static func check(
        _ step: CanaryStep, _ index: Int, _ canary: CanaryStrategy, _ findings: inout FieldFindings
    ) {
        findings.check(
            step.keyCount == 0, row: 29, path(index),
            "empty step; give it setWeight, pause, setCanaryScale or analysis, or remove it")
        if let weight = step.setWeight {
            findings.check(
                !(0...canary.maxWeight).contains(weight), row: 27, path(index, ".setWeight"),
                "weight \(weight) is outside 0..\(canary.maxWeight); use a value from 0 to \(canary.maxWeight)")
        }
        if let pause = step.pause, let duration = pause.duration {
            findings.check(
                (pause.seconds ?? -1) < 0 || pause.isNegative, row: 28, path(index, ".pause.duration"),
                "\"\(duration.description.prefix(80))\" is not a valid non-negative time; write seconds or 1h30m")
        }
        let exclusive =
            (step.setWeight == nil ? 0 : 1) + (step.pause == nil ? 0 : 1) + (step.analysis == nil ? 0 : 1)
            + (step.experiment == nil ? 0 : 1)
        findings.check(
            exclusive > 1, row: 30, path(index), "step mixes exclusive actions; make a step of each")
        if let scale = step.setCanaryScale {
            for (name, value) in [("replicas", scale.replicas), ("weight", scale.weight)] {
                findings.check(
                    (value ?? 0) < 0, row: 31, path(index, ".setCanaryScale.\(name)"),
                    "\(value ?? 0) cannot be negative; use 0 or more")
            }
        }
        if let route = step.setHeaderRoute { check(header: route, index, canary, &findings) }
        if let route = step.setMirrorRoute { check(mirror: route, index, canary, &findings) }
        if let analysis = step.analysis {
            findings.check(
                analysis.templates.isEmpty, row: 43, path(index, ".analysis.templates"),
                "an analysis needs a template; name one", .required)
            for (place, argument) in analysis.arguments.enumerated() {
                guard case .fieldPath(let field) = argument.value else { continue }
                check(field, path(index, ".analysis.args[\(place)]"), &findings)
            }
        }
        if let experiment = step.experiment { check(experiment, index, canary, &findings) }
    }

    /// What the steps together ask of the strategy.
    static func checkNeeds(of canary: CanaryStrategy, _ findings: inout FieldFindings) {
        findings.check(
            canary.trafficRouting == nil && canary.steps.contains { $0.setCanaryScale != nil }, row: 31,
            "\(root).trafficRouting", "setCanaryScale needs traffic routing; add it or remove the step", .required)
        guard canary.trafficRouting?.managedRoutes == nil else { return }
        findings.check(
            canary.steps.contains { $0.setHeaderRoute != nil || $0.setMirrorRoute != nil }, row: 36, managedRoutes,
            "header and mirror routes must be managed routes; list the names that the steps use", .required)
    }

    // MARK: Header and mirror routes

    private static func check(
        header route: ManagedRouteStep, _ index: Int, _ canary: CanaryStrategy, _ findings: inout FieldFindings
    ) {
        let routing = canary.trafficRouting
        findings.check(
            !(routing?.canCarry(.header) ?? false), row: 32, path(index, ".setHeaderRoute"),
            "router cannot do header routing; use istio, alb, apisix or a plugin, or remove the step")
        checkMatch(of: route, row: 33, index, &findings)
        for (place, match) in route.matches.enumerated() {
            let kinds = kinds(of: match["headerValue"])
            let name = match["headerName"]?.stringValue ?? ""
            findings.check(
                name.isEmpty, row: 33, path(index, ".setHeaderRoute.match[\(place)].headerName"),
                "a header match needs the name of its header; add headerName", .required)
            findings.warn(
                !name.isEmpty && route.matches.prefix(place).contains { $0["headerName"]?.stringValue == name },
                path(index, ".setHeaderRoute.match[\(place)].headerName"),
                "header \"\(name.prefix(80))\" is matched twice and only the last counts; write one regex for both")
            findings.check(
                kinds.count != 1, row: 33, path(index, ".setHeaderRoute.match[\(place)]"),
                "match needs exactly one kind; give headerValue one of exact, prefix and regex")
            findings.check(
                (routing?.has("alb") ?? false) && kinds.contains { $0 != "exact" }, row: 33,
                path(index, ".setHeaderRoute.match[\(place)]"),
                "match needs exactly one kind, and with alb that is exact; write headerValue with exact", .notSupported)
        }
        checkName(of: route, index, canary, &findings)
    }

    private static func check(
        mirror route: ManagedRouteStep, _ index: Int, _ canary: CanaryStrategy, _ findings: inout FieldFindings
    ) {
        findings.check(
            !(canary.trafficRouting?.canCarry(.mirror) ?? false), row: 34, path(index, ".setMirrorRoute"),
            "router cannot mirror; use istio or a plugin, or remove the step")
        checkMatch(of: route, row: 35, index, &findings)
        for (place, match) in route.matches.enumerated() {
            var parts = ["method", "path"].compactMap { name in match[name].map { (".\(name)", $0) } }
            let headers = match["headers"]?.objectValue ?? [:]
            parts += headers.sorted { $0.key < $1.key }.map { (".headers.\($0.key)", $0.value) }
            for (name, value) in parts where !value.isNull {
                findings.check(
                    kinds(of: value).count != 1, row: 35, path(index, ".setMirrorRoute.match[\(place)]\(name)"),
                    "match needs exactly one kind; give it one of exact, prefix and regex")
            }
        }
        checkName(of: route, index, canary, &findings)
        if let percentage = route.json["percentage"]?.intValue {
            findings.warn(
                !(0...100).contains(percentage), path(index, ".setMirrorRoute.percentage"),
                "\(percentage) is outside 0..100; use a value from 0 to 100")
        }
    }

    /// What is no list matches nothing, and would remove the route instead of setting it.
    private static func checkMatch(
        of route: ManagedRouteStep, row: Int, _ index: Int, _ findings: inout FieldFindings
    ) {
        let match = route.json["match"] ?? .null
        findings.check(
            !match.isNull && match.arrayValue == nil, row: row, path(index, ".\(route.kind.rawValue).match"),
            "match must be a list, found \(match.typeName); write one entry for each match")
    }

    private static func checkName(
        of route: ManagedRouteStep, _ index: Int, _ canary: CanaryStrategy, _ findings: inout FieldFindings
    ) {
        guard let managed = canary.trafficRouting?.managedRoutes else { return }
        findings.check(
            !managed.contains(route.name), row: 36, managedRoutes,
            "route \"\(route.name)\" of steps[\(index)].\(route.kind.rawValue) is not a managed route; list its name")
    }

    /// The members of a string match that say something.
    private static func kinds(of match: JSON?) -> [String] {
        ["exact", "prefix", "regex"].filter { !(match?[$0]?.stringValue ?? "").isEmpty }
    }

    // MARK: Experiments and arguments

    private static func check(
        _ experiment: JSON, _ index: Int, _ canary: CanaryStrategy, _ findings: inout FieldFindings
    ) {
        let takesWeights = canary.trafficRouting?.hasAny("alb", "smi", "istio", "plugins") ?? false
        for (place, template) in (experiment["templates"]?.arrayValue ?? []).enumerated() {
            findings.check(
                !takesWeights && !(template["weight"]?.isNull ?? true), row: 37,
                path(index, ".experiment.templates[\(place)].weight"),
                "weight not supported here: it needs trafficRouting with alb, smi, istio or plugins; remove it")
        }
        for (place, analysis) in (experiment["analyses"]?.arrayValue ?? []).enumerated() {
            for (position, argument) in (analysis["args"]?.arrayValue ?? []).enumerated() {
                guard let field = argument.at("valueFrom", "fieldRef", "fieldPath")?.stringValue else { continue }
                check(field, path(index, ".experiment.analyses[\(place)].args[\(position)]"), &findings)
            }
        }
    }

    /// A path into the metadata must be one; what it leads to is read when the run is made, and so are other paths.
    ///
    /// A label that a later version brings is not there yet.
    private static func check(
        _ field: String, _ argument: @autoclosure () -> String, _ findings: inout FieldFindings
    ) {
        guard field.hasPrefix("metadata") else { return }
        let isKnown =
            switch field {
            case "metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels", "metadata.annotations": true
            default:
                key(of: field, "metadata.labels['").map(NameSyntax.isKey)
                    ?? key(of: field, "metadata.annotations['").map { NameSyntax.isKey($0.lowercased()) } ?? false
            }
        findings.check(
            !isKnown, row: 38, "\(argument()).valueFrom.fieldRef.fieldPath",
            "unknown metadata field \"\(field.prefix(128))\"; use metadata.name, .namespace, .uid, .labels['key'] or .annotations['key']"
        )
    }

    /// The key in a path such as `metadata.labels['key']`.
    private static func key(of field: String, _ prefix: String) -> String? {
        guard field.hasPrefix(prefix), field.hasSuffix("']"), field.utf8.count > prefix.utf8.count + 2 else {
            return nil
        }
        return String(field.dropFirst(prefix.count).dropLast(2))
    }
}
