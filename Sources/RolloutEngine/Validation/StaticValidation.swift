import Manifest

/// The rules that need nothing but the Rollout itself.
///
/// All findings are reported; the first goes into the status. What this version does not act on is refused, never ignored.
package enum StaticValidation {
    /// - Parameter workload: What `workloadRef` refers to, where it is known; without it the reference itself is not judged.
    package static func problems(of rollout: Rollout, workload: WorkloadFact? = nil) -> [FieldProblem] {
        let spec = rollout.spec
        var problems: [FieldProblem] = []
        func check(
            _ isWrong: Bool, _ path: String, _ message: @autoclosure () -> String, _ kind: FieldProblem.Kind = .invalid
        ) {
            if isWrong { problems.append(FieldProblem(path, kind, message())) }
        }
        check((spec.replicas ?? 1) < 0, "spec.replicas", "replica count cannot be negative; use 0 or more")
        for path in spec.unsupported {
            check(true, path, "\(path.split(separator: ".").last ?? "") is not supported yet; remove it", .notSupported)
        }
        let hasWorkload = spec.workloadRef != nil
        if let problem = spec.selectorProblem {
            check(true, "spec.selector", "selector is malformed: \(problem)")
        } else if spec.selector == nil {
            check(!hasWorkload, "spec.selector", "a selector is required; give it the template's labels", .required)
        } else if let selector = spec.selector {
            check(selector.isEmpty, "spec.selector", "selector would match every pod; give it the template's labels")
            check(
                !selector.isEmpty && spec.template.map { !selector.matches($0.labels) } ?? false,
                "spec.template.metadata.labels",
                "template labels are not selected by the selector \(selector.text); make them agree")
        }
        if let template = spec.template {
            problems += template.problems
        } else {
            check(!hasWorkload, "spec.template", "a pod template is required", .required)
        }
        check(spec.minReadySeconds < 0, "spec.minReadySeconds", "cannot be negative; use 0 or more")
        check(spec.revisionHistoryLimit < 0, "spec.revisionHistoryLimit", "cannot be negative; use 0 or more")
        check(spec.progressDeadlineSeconds < 0, "spec.progressDeadlineSeconds", "cannot be negative; use 0 or more")
        check(
            spec.progressDeadlineSeconds >= 0 && spec.progressDeadlineSeconds <= spec.minReadySeconds,
            "spec.progressDeadlineSeconds",
            "must exceed minReadySeconds (\(spec.minReadySeconds)); use \(spec.minReadySeconds &+ 1) or more")
        check(
            spec.canary == nil && spec.blueGreen == nil, "spec.strategy",
            "a strategy is required; add canary or blueGreen",
            .required)
        check(
            spec.canary != nil && spec.blueGreen != nil, "spec.strategy",
            "only one strategy may be given; remove one of them")
        if let blueGreen = spec.blueGreen, spec.canary == nil {
            problems += BlueGreenValidation.problems(of: blueGreen, historyLimit: spec.revisionHistoryLimit)
        }
        if let canary = spec.canary { problems += CanaryValidation.problems(of: canary) }
        return problems
    }
}
