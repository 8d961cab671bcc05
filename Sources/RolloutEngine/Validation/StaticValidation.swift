import Manifest

/// The rules that need nothing but the Rollout itself, and the workload that it takes its template from.
///
/// All findings are reported; the first goes into the status. What this version does not act on is refused, never ignored,
/// and its own rules are checked all the same.
enum StaticValidation {
    /// What is known of the object that `workloadRef` names.
    enum Workload {
        /// Nobody has looked; whether it exists is not judged.
        case unknown
        case missing
        /// Its template, and where the Rollout has none its selector, stand in the Rollout's spec.
        case found
    }

    /// - Parameter ownTemplate: `spec.template` as the user wrote it, also where a workload's has taken its place.
    static func findings(
        of rollout: Rollout, ownTemplate: PodTemplate?, workload: Workload
    ) -> FieldFindings {
        let spec = rollout.spec
        var findings = FieldFindings()
        findings.check(
            (spec.replicas ?? 1) < 0, row: 1, "spec.replicas", "replica count cannot be negative; use 0 or more")
        checkWorkload(spec, ownTemplate, namespace: rollout.key.namespace, workload, &findings)
        let isResolved = spec.workloadRef == nil || workload == .found
        checkSelector(spec, isResolved: isResolved, &findings)
        if isResolved { checkTemplate(spec, &findings) }
        findings.check(spec.minReadySeconds < 0, row: 8, "spec.minReadySeconds", "cannot be negative; use 0 or more")
        findings.check(
            spec.revisionHistoryLimit < 0, row: 9, "spec.revisionHistoryLimit", "cannot be negative; use 0 or more")
        findings.check(
            spec.progressDeadlineSeconds < 0, row: 10, "spec.progressDeadlineSeconds",
            "cannot be negative; use a number above minReadySeconds")
        findings.check(
            spec.progressDeadlineSeconds >= 0 && spec.progressDeadlineSeconds <= spec.minReadySeconds, row: 11,
            "spec.progressDeadlineSeconds",
            "must exceed minReadySeconds (\(spec.minReadySeconds)); use \(spec.minReadySeconds &+ 1) or more")
        findings.check(
            spec.canary == nil && spec.blueGreen == nil, row: 12, "spec.strategy",
            "a strategy is required; add canary or blueGreen", .required)
        findings.check(
            spec.canary != nil && spec.blueGreen != nil, row: 13, "spec.strategy",
            "only one strategy may be given; remove canary or blueGreen")
        if let blueGreen = spec.blueGreen { BlueGreenValidation.check(blueGreen, spec, &findings) }
        if let canary = spec.canary { CanaryValidation.check(canary, of: rollout, &findings) }
        for path in spec.unsupported {
            findings.check(
                true, row: FieldFindings.afterTable, path,
                "\(path.split(separator: ".").last ?? "") is not supported yet; remove it", .notSupported)
        }
        return findings
    }

    private static func checkWorkload(
        _ spec: RolloutSpec, _ ownTemplate: PodTemplate?, namespace: String, _ workload: Workload,
        _ findings: inout FieldFindings
    ) {
        guard let reference = spec.workloadRef else { return }
        findings.check(
            ownTemplate.map { !$0.labels.isEmpty || !$0.annotations.isEmpty } ?? false, row: 4, "spec.template",
            "template must be empty for workload reference rollout: template and workloadRef exclude each other; remove spec.template or spec.workloadRef"
        )
        let path = "spec.workloadRef"
        // Comes before every other rule, because without the workload half of the spec is unknown.
        if !reference.isSupported {
            findings.check(
                true, row: 0, path,
                "workload cannot be used: \"\(reference.apiVersion)\" \"\(reference.kind)\" has no pod template that a Rollout can take; name a Deployment or ReplicaSet of apps/v1, or a PodTemplate of v1",
                .notSupported)
        } else if reference.name.isEmpty {
            findings.check(true, row: 0, path, "workload cannot be used: it has no name; add name", .required)
        } else if workload == .missing {
            findings.check(
                true, row: 0, path,
                "workload cannot be used: \(reference.kind) \"\(reference.name)\" does not exist in namespace \"\(namespace)\"; create it or correct the name",
                .notFound)
        }
        findings.warn(
            !["", "never", "onsuccess", "progressively"].contains(reference.scaleDown), "\(path).scaleDown",
            "\"\(reference.scaleDown)\" is unknown and acts as never; use never, onsuccess or progressively")
        findings.warn(
            ["onsuccess", "progressively"].contains(reference.scaleDown) && reference.isSupported
                && reference.kind != "Deployment",
            "\(path).scaleDown",
            "a \(reference.kind) is not scaled down; remove scaleDown or name a Deployment")
    }

    private static func checkSelector(_ spec: RolloutSpec, isResolved: Bool, _ findings: inout FieldFindings) {
        let path = "spec.selector"
        if let problem = spec.selectorProblem {
            return findings.check(true, row: 3, path, "selector is malformed: \(problem); correct it")
        }
        guard let selector = spec.selector else {
            return findings.check(
                isResolved, row: 2, path,
                spec.workloadRef == nil
                    ? "a selector is required; give it the template's labels"
                    : "a selector is required, for a PodTemplate has none; give it the template's labels", .required)
        }
        if selector.isEmpty {
            return findings.check(
                true, row: 3, path, "selector would match every pod; give it the template's labels")
        }
        if let problem = LabelRules.problem(of: selector) {
            return findings.check(true, row: 3, path, "selector is malformed: \(problem)")
        }
        guard isResolved, let template = spec.template else { return }
        findings.check(
            !selector.matches(template.labels), row: 5, "spec.template.metadata.labels",
            "template labels are not selected by the selector \(selector.text); make them agree")
    }

    private static func checkTemplate(_ spec: RolloutSpec, _ findings: inout FieldFindings) {
        guard let template = spec.template else {
            return findings.check(
                true, row: 6, "spec.template", "a pod template is required; add one, or a workloadRef", .required)
        }
        for problem in template.problems { findings.add(row: 6, problem) }
        guard spec.desiredReplicas > 1 else { return }
        for path in template.writableDisks {
            findings.check(
                true, row: 7, path,
                "disk volume must be read only with several replicas; set readOnly to true or replicas to 1")
        }
    }
}
