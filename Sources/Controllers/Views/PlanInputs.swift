import AnalysisEngine
package import Manifest
package import RolloutEngine

/// What a plan is made from beside the Rollout: the objects that it refers to, as far as they are known.
package struct PlanInputs: Sendable {
    /// A query that the update would send to a metrics server.
    package struct Query: Hashable, Sendable {
        package var template: String
        package var metric: String
        /// Such as `prometheus`, `web` or `job`.
        package var provider: String
        package var text: String
    }

    /// In which objects are that name none.
    private let namespace: String
    private var objects = LintedObjects([])

    /// - Parameter namespace: That of the Rollout.
    package init(namespace: String = "") { self.namespace = namespace }

    /// Adds an object; the last one of a name counts.
    package mutating func add(_ object: JSON) {
        var object = object
        if object["kind"] != "ClusterAnalysisTemplate", object.objectKey.namespace.isEmpty, !namespace.isEmpty {
            object.set(.string(namespace), at: "metadata", "namespace")
        }
        objects.add(object)
    }

    // MARK: What the Rollout refers to

    package func workload(of rollout: Rollout) -> WorkloadFact? { objects.workload(of: rollout) }
    package func services(of rollout: Rollout) -> [String: ServiceFact] { objects.services(of: rollout) }

    /// Objects of its routers, and those that these name, which are not known.
    package func missingRoutes(of rollout: Rollout) -> [ObjectReference] {
        var missing: Set<ObjectReference> = []
        _ = RolloutRoutes.problems(of: rollout, isComplete: true) { reference in
            let found = objects.object(reference)
            if found == nil { missing.insert(reference) }
            return found
        }
        return missing.sorted()
    }

    /// What is wrong with the Services, templates and objects of routers that a Rollout refers to.
    /// - Parameter isComplete: What is not known does not exist; else it may be elsewhere.
    package func problems(of rollout: Rollout, isComplete: Bool) -> [FieldProblem] {
        ReferenceValidation.problems(
            of: rollout, services: objects.services(of: rollout), isComplete: isComplete)
            + RolloutAnalysisRuns.problems(of: rollout, catalog: objects.catalog, isComplete: isComplete)
            + RolloutRoutes.problems(of: rollout, isComplete: isComplete, object: objects.object)
    }

    // MARK: Analyses

    /// How long an analysis takes when every measurement is good, and at once when none of its templates is known.
    ///
    /// `nil` where a metric is measured for as long as the update lasts.
    /// - Parameter owner: The Rollout as JSON, which arguments may be fields of.
    package func length(of reference: AnalysisReference, for rollout: Rollout, owner: JSON) -> Duration? {
        var longest = Duration.zero
        let run = run(reference, rollout, owner)
        let metrics = (run?["metrics"]?.arrayValue ?? []).compactMap { try? Metric($0) }
        let free = MetricRules.dryRun(of: run ?? .emptyObject)
        for metric in metrics {
            let enough = metric.consecutiveSuccessLimit > 0 ? metric.consecutiveSuccessLimit : nil
            guard let rounds = [metric.effectiveCount, enough].compactMap(\.self).min() else {
                // One without consequence ends with those that have some.
                if free.contains(metric.name), free.count < metrics.count { continue }
                return nil
            }
            let between = (metric.interval ?? .zero).inSeconds * Double(max(1, min(rounds, 1_000_000)) - 1)
            longest = max(longest, .seconds(min(metric.initialDelay.inSeconds + between, 1e9)))
        }
        return longest
    }

    /// The queries of an analysis, with the arguments that it would be given.
    package func queries(of reference: AnalysisReference, for rollout: Rollout, owner: JSON) -> [Query] {
        let names = templateNames(known(reference, rollout), in: rollout.key.namespace)
        return (run(reference, rollout, owner)?["metrics"]?.arrayValue ?? []).map { metric in
            let provider = metric["provider"]?.objectValue?.sorted { $0.key < $1.key }.first
            let body = provider?.value
            let text =
                body?["query"]?.stringValue ?? body?["url"]?.stringValue
                ?? body.map { String(decoding: $0.serialized(), as: UTF8.self) } ?? ""
            let name = metric["name"]?.stringValue ?? ""
            return Query(
                template: names[name] ?? "", metric: name, provider: provider?.key ?? "none", text: text)
        }
    }

    private func known(_ reference: AnalysisReference, _ rollout: Rollout) -> [AnalysisReference.Template] {
        reference.templates.filter { template in
            let one = TemplateReference(name: template.name, isClusterScoped: template.isClusterScoped)
            return (try? FlattenedTemplates([one], namespace: rollout.key.namespace, catalog: objects.catalog)) != nil
        }
    }

    /// The spec of the AnalysisRun, its metrics with their arguments where those are known; Secrets stay named.
    private func run(_ reference: AnalysisReference, _ rollout: Rollout, _ owner: JSON) -> JSON? {
        var reference = reference
        reference.templates = known(reference, rollout)
        guard !reference.templates.isEmpty else { return nil }
        var request = RolloutAnalysisRuns.request(reference, rollout)
        request.latestHash =
            rollout.spec.template?.hash(collisionCount: rollout.status.collisionCount) ?? request.latestHash
        let catalog = objects.catalog
        if var spec = try? AnalysisRunBuilder.build(request, owner: owner, catalog: catalog)["spec"] {
            var values: [String: String] = [:]
            for argument in spec["args"]?.arrayValue ?? [] {
                let name = argument["name"]?.stringValue ?? ""
                values[name] = argument["value"]?.stringValue ?? "{{args.\(name)}}"
            }
            spec["metrics"] = .array(
                (spec["metrics"]?.arrayValue ?? []).map { (try? Substitution.resolve($0, values)) ?? $0 })
            return spec
        }
        let flat = try? FlattenedTemplates(request.templates, namespace: request.namespace, catalog: catalog)
        return flat.map { ["metrics": .array($0.metrics), "dryRun": .array(request.dryRun + $0.dryRun)] }
    }

    /// Which template each metric stands in, by the metric's name.
    private func templateNames(_ templates: [AnalysisReference.Template], in namespace: String) -> [String: String] {
        let catalog = objects.catalog
        var names: [String: String] = [:]
        var seen: Set<TemplateReference> = []
        var open = templates.map { TemplateReference(name: $0.name, isClusterScoped: $0.isClusterScoped) }
        while let next = open.popLast() {
            guard seen.insert(next).inserted else { continue }
            let spec =
                next.isClusterScoped
                ? catalog.clusterScoped(next.name)
                : catalog.namespaced(ObjectKey(namespace: namespace, name: next.name))
            for metric in (try? spec?.metrics) ?? [] { names[metric["name"]?.stringValue ?? ""] = next.name }
            open += (try? spec?.templates) ?? []
        }
        return names
    }
}
