import Manifest

/// The static rules of `spec.strategy.canary`.
enum CanaryValidation {
    private static let root = "spec.strategy.canary"

    static func problems(of canary: CanaryStrategy) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        func check(
            _ isWrong: Bool, _ field: String, _ message: @autoclosure () -> String, _ kind: FieldProblem.Kind = .invalid
        ) {
            if isWrong { problems.append(FieldProblem("\(root).\(field)", kind, message())) }
        }
        for (name, value) in [("maxSurge", canary.maxSurge), ("maxUnavailable", canary.maxUnavailable)] {
            guard let value else { continue }
            check(!value.isRolloutCount, name, "\"\(value)\" is neither a number nor a percentage; write 1 or \"25%\"")
        }
        check(
            isZero(canary.maxSurge) && isZero(canary.maxUnavailable), "maxSurge",
            "surge and unavailable cannot both be zero; raise one of them")
        check(
            !canary.stableService.isEmpty && canary.stableService == canary.canaryService, "stableService",
            "stable and canary service must differ; both are \"\(canary.stableService)\"")
        if let routing = canary.trafficRouting {
            let needsServices =
                routing.routers["nginx"] != nil
                || canary.pingPong == nil && routing.routers["istio"].map { $0["destinationRule"] == nil } ?? false
            for (name, value) in [("stableService", canary.stableService), ("canaryService", canary.canaryService)] {
                check(
                    needsServices && value.isEmpty, name, "traffic routing needs both services; name this one",
                    .required)
            }
            check(
                routing.maxTrafficWeight != nil && routing.routers["nginx"] == nil, "trafficRouting.maxTrafficWeight",
                "router does not support a custom maximum; remove it")
            check(
                (routing.maxTrafficWeight ?? 1) < 1, "trafficRouting.maxTrafficWeight", "must be 1 or more")
            problems += RouterValidation.problems(of: routing)
        } else {
            check(
                canary.scaleDownDelaySeconds != nil, "scaleDownDelaySeconds",
                "needs traffic routing; remove it or add trafficRouting")
        }
        if let threshold = canary.replicaProgressThreshold {
            check(
                threshold.type == "Percent" && threshold.value > 100, "replicaProgressThreshold.value",
                "\(threshold.value) percent can never be reached; use a value from 0 to 100")
        }
        for (index, step) in canary.steps.enumerated() {
            problems += self.problems(of: step, at: "\(root).steps[\(index)]", canary: canary)
        }
        return problems
    }

    private static func problems(of step: CanaryStep, at path: String, canary: CanaryStrategy) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        func check(_ isWrong: Bool, _ path: String, _ message: @autoclosure () -> String) {
            if isWrong { problems.append(FieldProblem(path, .invalid, message())) }
        }
        check(step.keyCount == 0, path, "empty step; give it setWeight, pause, setCanaryScale or analysis")
        if let weight = step.setWeight {
            check(
                !(0...canary.maxWeight).contains(weight), "\(path).setWeight",
                "weight \(weight) is outside 0..\(canary.maxWeight); use a value from 0 to \(canary.maxWeight)")
        }
        if let pause = step.pause, let duration = pause.duration {
            check(
                (pause.seconds ?? -1) < 0, "\(path).pause.duration",
                "\"\(duration)\" is not a valid non-negative time; write seconds or 1h30m")
        }
        let exclusive = [
            step.setWeight != nil, step.pause != nil, step.analysis != nil, step.unsupported.contains("experiment"),
        ]
        check(exclusive.count { $0 } > 1, path, "step mixes exclusive actions; make a step of each")
        if let scale = step.setCanaryScale {
            check(
                canary.trafficRouting == nil, "\(root).trafficRouting",
                "setCanaryScale needs traffic routing; add it or remove the step")
            check((scale.replicas ?? 0) < 0, "\(path).setCanaryScale.replicas", "cannot be negative; use 0 or more")
            check((scale.weight ?? 0) < 0, "\(path).setCanaryScale.weight", "cannot be negative; use 0 or more")
        }
        if let analysis = step.analysis {
            check(analysis.templates.isEmpty, "\(path).analysis.templates", "an analysis needs a template; name one")
        }
        return problems
    }

    private static func isZero(_ value: IntOrString?) -> Bool {
        guard let value else { return false }
        return value == .int(0) || value.rolloutPercent == 0
    }
}

extension IntOrString {
    /// A number of pods, or a percentage of them, that is not negative.
    var isRolloutCount: Bool {
        switch self {
        case .int(let count): count >= 0
        case .string: rolloutPercent.map { $0 >= 0 } ?? false
        }
    }
}

/// The static rules of the routers that are acted on.
enum RouterValidation {
    static func problems(of routing: TrafficRouting) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        let root = "spec.strategy.canary.trafficRouting"
        if let istio = routing.routers["istio"] {
            let given = ["virtualService", "virtualServices"].filter { istio[$0].map { !$0.isNull } ?? false }
            if given.count != 1 {
                problems.append(
                    .init("\(root).istio", .invalid, "give exactly one of virtualService and virtualServices"))
            }
        }
        if let nginx = routing.routers["nginx"] {
            let given = ["stableIngress", "stableIngresses"].filter { nginx[$0].map { !$0.isNull } ?? false }
            if given.count != 1 {
                problems.append(
                    .init("\(root).nginx", .invalid, "give exactly one of stableIngress and stableIngresses"))
            }
        }
        return problems
    }
}
