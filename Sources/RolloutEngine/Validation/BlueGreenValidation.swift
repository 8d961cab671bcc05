import Manifest

/// The static rules of `spec.strategy.blueGreen`.
enum BlueGreenValidation {
    private static let root = "spec.strategy.blueGreen"

    static func check(_ blueGreen: BlueGreenStrategy, _ spec: RolloutSpec, _ findings: inout FieldFindings) {
        let isUnnamed = blueGreen.activeService.isEmpty
        findings.check(
            blueGreen.activeService == blueGreen.previewService, row: 14, "\(root).activeService",
            isUnnamed
                ? "active and preview service must differ, and both are empty; name the Service that gets the production traffic"
                : "active and preview service must differ; both are \"\(blueGreen.activeService)\"")
        findings.check(
            isUnnamed && !blueGreen.previewService.isEmpty, row: 14, "\(root).activeService",
            "name the Service that gets the production traffic", .required)
        if let count = blueGreen.previewReplicaCount {
            findings.check(
                count < 0, row: 14, "\(root).previewReplicaCount", "\(count) cannot be negative; use 0 or more")
        }
        if let value = blueGreen.maxUnavailable {
            findings.check(
                !value.isRolloutCount, row: 14, "\(root).maxUnavailable",
                "\"\(value)\" is neither a number nor a percentage; write 1 or \"25%\"")
        }
        if let limit = blueGreen.scaleDownDelayRevisionLimit {
            findings.check(
                limit > spec.revisionHistoryLimit, row: 15, "\(root).scaleDownDelayRevisionLimit",
                "\(limit) exceeds the revision history limit \(spec.revisionHistoryLimit); lower it")
        }
        AntiAffinityValidation.check(blueGreen.antiAffinity, at: root, &findings)
        for (name, analysis) in [
            ("prePromotionAnalysis", blueGreen.prePromotionAnalysis),
            ("postPromotionAnalysis", blueGreen.postPromotionAnalysis),
        ] {
            findings.check(
                analysis?.templates.isEmpty ?? false, row: 43, "\(root).\(name).templates",
                "an analysis needs a template; name one", .required)
        }
        findings.warnNegative(blueGreen.scaleDownDelaySeconds, "\(root).scaleDownDelaySeconds")
        findings.warnNegative(blueGreen.abortScaleDownDelaySeconds, "\(root).abortScaleDownDelaySeconds")
        findings.warnNegative(blueGreen.autoPromotionSeconds, "\(root).autoPromotionSeconds")
    }
}

extension FieldFindings {
    /// Negative delays act as none.
    mutating func warnNegative(_ seconds: Int?, _ path: @autoclosure () -> String) {
        guard let seconds, seconds < 0 else { return }
        warn(true, path(), "\(seconds) is negative and acts as 0; use 0 or more")
    }
}

/// The rules of `antiAffinity`, which both strategies have.
enum AntiAffinityValidation {
    /// - Parameter root: Path of the strategy.
    static func check(_ rule: AntiAffinity?, at root: String, _ findings: inout FieldFindings) {
        guard let rule else { return }
        findings.check(
            rule.isRequired == (rule.preferredWeight != nil), row: 16, "\(root).antiAffinity",
            "choose one anti-affinity rule: requiredDuringSchedulingIgnoredDuringExecution or preferredDuringSchedulingIgnoredDuringExecution"
        )
        if let weight = rule.preferredWeight {
            findings.check(
                !(1...100).contains(weight), row: 17,
                "\(root).antiAffinity.preferredDuringSchedulingIgnoredDuringExecution.weight",
                "weight \(weight) is outside 1..100; use a value from 1 to 100")
        }
    }
}
