import Manifest

/// The static rules of `spec.strategy.blueGreen`.
enum BlueGreenValidation {
    private static let root = "spec.strategy.blueGreen"

    static func problems(of blueGreen: BlueGreenStrategy, historyLimit: Int) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        func check(
            _ isWrong: Bool, _ field: String, _ message: @autoclosure () -> String, _ kind: FieldProblem.Kind = .invalid
        ) {
            if isWrong { problems.append(FieldProblem("\(root).\(field)", kind, message())) }
        }
        check(
            blueGreen.activeService == blueGreen.previewService && !blueGreen.activeService.isEmpty, "activeService",
            "active and preview service must differ; both are \"\(blueGreen.activeService)\"")
        check(
            blueGreen.activeService.isEmpty, "activeService", "name the Service that gets the production traffic",
            .required)
        check(
            (blueGreen.scaleDownDelayRevisionLimit ?? 0) > historyLimit, "scaleDownDelayRevisionLimit",
            "\(blueGreen.scaleDownDelayRevisionLimit ?? 0) exceeds the revision history limit \(historyLimit); lower it"
        )
        check(
            (blueGreen.previewReplicaCount ?? 0) < 0, "previewReplicaCount", "cannot be negative; use 0 or more")
        if let value = blueGreen.maxUnavailable {
            check(
                !value.isRolloutCount, "maxUnavailable",
                "\"\(value)\" is neither a number nor a percentage; write 1 or \"25%\"")
        }
        problems += AntiAffinityValidation.problems(of: blueGreen.antiAffinity, at: "\(root).antiAffinity")
        for (name, analysis) in [
            ("prePromotionAnalysis", blueGreen.prePromotionAnalysis),
            ("postPromotionAnalysis", blueGreen.postPromotionAnalysis),
        ] {
            guard let analysis else { continue }
            check(analysis.templates.isEmpty, "\(name).templates", "an analysis needs a template; name one", .required)
        }
        return problems
    }
}

/// The rules of `antiAffinity`, which both strategies have.
enum AntiAffinityValidation {
    static func problems(of rule: AntiAffinity?, at path: String) -> [FieldProblem] {
        guard let rule else { return [] }
        var problems: [FieldProblem] = []
        if rule.isRequired == (rule.preferredWeight != nil) {
            problems.append(
                FieldProblem(
                    path, .invalid,
                    "choose one anti-affinity rule: requiredDuringSchedulingIgnoredDuringExecution or preferredDuringSchedulingIgnoredDuringExecution"
                ))
        }
        if let weight = rule.preferredWeight, !(1...100).contains(weight) {
            problems.append(
                FieldProblem(
                    "\(path).preferredDuringSchedulingIgnoredDuringExecution.weight", .invalid,
                    "weight \(weight) is outside 1..100; use a value from 1 to 100"))
        }
        return problems
    }
}
