package import Manifest

/// An AnalysisRun that an owner asks for.
package struct AnalysisRunBlueprint: Hashable, Sendable {
    package var namespace: String
    /// The name without a collision suffix.
    package var name: String
    package var templates: [TemplateReference]
    package var args: [AnalysisArgument]
    package var dryRun: [JSON]
    package var measurementRetention: [JSON]
    package var labels: [String: String]
    package var annotations: [String: String]
    /// What `podTemplateHashValue` means.
    package var stableHash: String
    package var latestHash: String

    package init(
        namespace: String, name: String, templates: [TemplateReference], args: [AnalysisArgument] = [],
        dryRun: [JSON] = [], measurementRetention: [JSON] = [], labels: [String: String] = [:],
        annotations: [String: String] = [:], stableHash: String = "", latestHash: String = ""
    ) {
        self.namespace = namespace
        self.name = name
        self.templates = templates
        self.args = args
        self.dryRun = dryRun
        self.measurementRetention = measurementRetention
        self.labels = labels
        self.annotations = annotations
        self.stableHash = stableHash
        self.latestHash = latestHash
    }
}

/// Makes AnalysisRuns out of templates.
package enum AnalysisRunBuilder {
    /// Tries for another name before giving up.
    package static let maximalCollisions = 100

    /// The manifest of a run.
    /// - Parameter owner: The Rollout or other object, against which field references are read, and which owns the run.
    package static func build(
        _ request: AnalysisRunBlueprint, owner: JSON, catalog: TemplateCatalog
    ) throws(AnalysisError) -> JSON {
        let flat = try FlattenedTemplates(request.templates, namespace: request.namespace, catalog: catalog)
        var errors: [String] = []
        var given: [String: String] = [:]
        for argument in request.args {
            do throws(AnalysisError) {
                // An argument is given even when it is empty, and then overrides the template's default.
                given[argument.name] = try value(of: argument, request, owner)
            } catch { errors.append("argument \"\(argument.name)\": \(error.message)") }
        }
        let args = try merged(flat.args, given, owner, &errors)
        guard errors.isEmpty else { throw AnalysisError(.arguments, errors.joined(separator: "; ")) }

        var dryRun: [JSON] = []
        var retention: [JSON] = []
        try FlattenedTemplates.add(request.dryRun + flat.dryRun, to: &dryRun, "dryRun")
        try FlattenedTemplates.add(
            request.measurementRetention + flat.measurementRetention, to: &retention, "measurementRetention")

        var metadata: JSON = ["name": .string(request.name), "namespace": .string(request.namespace)]
        if !request.labels.isEmpty { metadata["labels"] = JSON(request.labels) }
        if !request.annotations.isEmpty { metadata["annotations"] = JSON(request.annotations) }
        metadata["ownerReferences"] = .array([controllerReference(to: owner)])
        var spec: JSON = ["metrics": .array(flat.metrics)]
        if !args.isEmpty { spec["args"] = .array(args.map(\.json)) }
        if !dryRun.isEmpty { spec["dryRun"] = .array(dryRun) }
        if !retention.isEmpty { spec["measurementRetention"] = .array(retention) }
        return ["apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun", "metadata": metadata, "spec": spec]
    }

    /// Whether building needs the whole owner, and not only its name and uid: an argument is a field of it.
    package static func readsOwner(_ request: AnalysisRunBlueprint, catalog: TemplateCatalog) -> Bool {
        func isField(_ argument: AnalysisArgument) -> Bool { if case .field = argument.source { true } else { false } }
        if request.args.contains(where: isField) { return true }
        let given = Set(request.args.map(\.name))
        let flat = try? FlattenedTemplates(request.templates, namespace: request.namespace, catalog: catalog)
        return flat?.args.contains { isField($0) && !given.contains($0.name) } ?? false
    }

    /// The name to try after `collisions` others: `web-5d7c-2`, `web-5d7c-2.1`.
    package static func name(_ base: String, collisions: Int) -> String {
        collisions == 0 ? base : "\(base).\(collisions)"
    }

    /// Whether an existing run of the wanted name is the one that is wanted: same controller, unfinished, equal spec.
    package static func canReuse(_ run: AnalysisRun, for wanted: JSON, ownerUID: String) -> Bool {
        guard run.ownerUID == ownerUID, !run.phase.isFinal, !run.isDeleting else { return false }
        return ["metrics", "args", "dryRun", "measurementRetention"].allSatisfy { field in
            (run.spec[field] ?? .array([])) == (wanted.at("spec", field) ?? .array([]))
        }
    }

    /// Checks what a Rollout refers to, before there is a run.
    /// - Parameter mustEnd: Each metric must end by itself: in a step, before and after a promotion.
    package static func validate(
        _ request: AnalysisRunBlueprint, mustEnd: Bool, catalog: TemplateCatalog
    ) throws(AnalysisError) {
        var request = request
        // What is read when the run is created is not known yet.
        for index in request.args.indices where request.args[index].source != nil {
            request.args[index].source = nil
            request.args[index].value = ""
        }
        let flat = try FlattenedTemplates(request.templates, namespace: request.namespace, catalog: catalog)
        var values: [String: String] = [:]
        for argument in flat.args where argument.value != nil || argument.source != nil {
            if case .field = argument.source {
                values[argument.name] = ""
            } else {
                values[argument.name] = argument.value ?? AnalysisRunPlan.placeholder
            }
        }
        let declared = Set(flat.args.map(\.name))
        for argument in request.args where declared.contains(argument.name) {
            values[argument.name] = argument.value ?? ""
        }
        let missing = declared.sorted().filter { values[$0] == nil }
        guard missing.isEmpty else {
            throw AnalysisError(.arguments, missing.map { self.missing($0).message }.joined(separator: "; "))
        }
        guard !flat.metrics.isEmpty else { throw AnalysisError(.invalidSpec, "the templates have no metric") }
        let metrics = try AnalysisRunPlan.validated(flat.metrics, values)
        var dryRun: [JSON] = []
        var retention: [JSON] = []
        try FlattenedTemplates.add(request.dryRun + flat.dryRun, to: &dryRun, "dryRun")
        try FlattenedTemplates.add(
            request.measurementRetention + flat.measurementRetention, to: &retention, "measurementRetention")
        let rules = try MetricRules(dryRun: dryRun, retention: retention, metrics: metrics)
        guard mustEnd else { return }
        let hasReal = metrics.contains { !rules.dryRun.contains($0.name) }
        for metric in metrics where !metric.isFinite && !(hasReal && rules.dryRun.contains(metric.name)) {
            throw AnalysisError(
                .invalidSpec,
                "metric \"\(metric.name)\" never ends: it has an interval but neither count nor consecutiveSuccessLimit"
            )
        }
    }

    private static func missing(_ name: String) -> AnalysisError {
        AnalysisError(.arguments, "argument \"\(name)\" has no value; give it under args")
    }

    private static func value(
        of argument: AnalysisArgument, _ request: AnalysisRunBlueprint, _ owner: JSON
    ) throws(AnalysisError) -> String {
        switch argument.source {
        case .podTemplateHash(let which): which == "Stable" ? request.stableHash : request.latestHash
        case .field(let path): try FieldReference.resolve(path, in: owner)
        case .secret: throw AnalysisError(.arguments, "a Secret can be named in a template only")
        case nil: argument.value ?? ""
        }
    }

    /// The run's arguments: what the templates declare, with what the caller gives.
    private static func merged(
        _ declared: [AnalysisArgument], _ given: [String: String], _ owner: JSON, _ errors: inout [String]
    ) throws(AnalysisError) -> [AnalysisArgument] {
        var result: [AnalysisArgument] = []
        for var argument in declared {
            if let value = given[argument.name] {
                argument.value = value
                argument.source = nil
            } else if case .field(let path) = argument.source {
                do throws(AnalysisError) {
                    argument.value = try FieldReference.resolve(path, in: owner)
                    argument.source = nil
                } catch { errors.append("argument \"\(argument.name)\": \(error.message)") }
            } else if argument.value == nil, argument.source == nil {
                errors.append(missing(argument.name).message)
            }
            result.append(argument)
        }
        return result
    }

    private static func controllerReference(to owner: JSON) -> JSON {
        [
            "apiVersion": .string(owner["apiVersion"]?.stringValue ?? ""),
            "kind": .string(owner["kind"]?.stringValue ?? ""), "name": .string(owner.objectKey.name),
            "uid": .string(owner.uid), "controller": true, "blockOwnerDeletion": true,
        ]
    }
}
