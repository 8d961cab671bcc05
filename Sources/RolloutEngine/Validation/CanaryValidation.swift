import Manifest

/// The static rules of `spec.strategy.canary`, apart from its steps.
enum CanaryValidation {
    static let root = "spec.strategy.canary"

    static func check(_ canary: CanaryStrategy, of rollout: Rollout, _ findings: inout FieldFindings) {
        AntiAffinityValidation.check(canary.antiAffinity, at: root, &findings)
        checkLimits(canary, &findings)
        findings.check(
            !canary.stableService.isEmpty && canary.stableService == canary.canaryService, row: 19,
            "\(root).stableService", "stable and canary service must differ; both are \"\(canary.stableService)\"")
        if let pingPong = canary.pingPong { check(pingPong, canary, &findings) }
        if let routing = canary.trafficRouting { RouterValidation.check(routing, of: canary, &findings) }
        checkScaleDown(canary, rollout.spec, &findings)
        if let analysis = canary.analysis?.reference {
            findings.check(
                analysis.templates.isEmpty, row: 43, "\(root).analysis.templates",
                "an analysis needs a template; name one", .required)
        }
        for (index, step) in canary.steps.enumerated() {
            CanaryStepValidation.check(step, index, canary, &findings)
        }
        CanaryStepValidation.checkNeeds(of: canary, &findings)
    }

    private static func checkLimits(_ canary: CanaryStrategy, _ findings: inout FieldFindings) {
        if let value = canary.maxSurge {
            findings.check(
                !value.isRolloutCount, row: 18, "\(root).maxSurge",
                "\"\(value)\" is neither a number nor a percentage; write 1 or \"25%\"")
        }
        if let value = canary.maxUnavailable {
            findings.check(
                !value.isRolloutCount, row: 18, "\(root).maxUnavailable",
                "\"\(value)\" is neither a number nor a percentage; write 1 or \"25%\"")
        }
        findings.check(
            isZero(canary.maxSurge) && isZero(canary.maxUnavailable), row: 18, "\(root).maxSurge",
            "surge and unavailable cannot both be zero; raise one of them")
        guard let threshold = canary.replicaProgressThreshold else { return }
        findings.check(
            threshold.type == "Percent" && threshold.value > 100, row: 26, "\(root).replicaProgressThreshold.value",
            "\(threshold.value) percent can never be reached; use a value from 0 to 100")
        findings.warn(
            threshold.type != "Percent" && threshold.type != "Pods", "\(root).replicaProgressThreshold.type",
            "\"\(threshold.type)\" is unknown and acts as Pods; use Percent or Pods")
    }

    private static func check(_ pingPong: PingPong, _ canary: CanaryStrategy, _ findings: inout FieldFindings) {
        let path = "\(root).pingPong"
        for (name, service) in [("pingService", pingPong.pingService), ("pongService", pingPong.pongService)] {
            findings.check(
                service.isEmpty, row: 20, "\(path).\(name)",
                "ping-pong needs two different services; name this one", .required)
        }
        findings.check(
            !pingPong.pingService.isEmpty && pingPong.pingService == pingPong.pongService, row: 20,
            "\(path).pingService",
            "ping-pong needs two different services; both are \"\(pingPong.pingService)\"")
        guard let routing = canary.trafficRouting else { return }
        findings.check(
            !routing.hasAny("alb", "istio", "plugins"), row: 20, path,
            "unsupported router: ping-pong works with alb, istio and plugins only; add one of them or remove pingPong",
            .notSupported)
    }

    private static func checkScaleDown(
        _ canary: CanaryStrategy, _ spec: RolloutSpec, _ findings: inout FieldFindings
    ) {
        if let seconds = canary.scaleDownDelaySeconds {
            findings.check(
                canary.trafficRouting == nil, row: 23, "\(root).scaleDownDelaySeconds",
                "needs traffic routing; remove it or add trafficRouting")
            findings.check(
                canary.dynamicStableScale, row: 25, "\(root).dynamicStableScale",
                "cannot be combined with scaleDownDelaySeconds \(seconds); remove one of them")
        }
        findings.check(
            canary.dynamicStableScale && canary.trafficRouting == nil, row: 24, "\(root).dynamicStableScale",
            "needs traffic routing; remove it or add trafficRouting")
        if let limit = canary.scaleDownDelayRevisionLimit {
            findings.warn(
                limit > spec.revisionHistoryLimit, "\(root).scaleDownDelayRevisionLimit",
                "\(limit) exceeds the revision history limit \(spec.revisionHistoryLimit), which removes ReplicaSets earlier; lower it"
            )
        }
        findings.warnNegative(canary.scaleDownDelaySeconds, "\(root).scaleDownDelaySeconds")
        findings.warnNegative(canary.abortScaleDownDelaySeconds, "\(root).abortScaleDownDelaySeconds")
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
