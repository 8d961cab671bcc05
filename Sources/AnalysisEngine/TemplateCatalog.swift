package import Manifest

/// Where references to templates are looked up.
package struct TemplateCatalog: Sendable {
    package var namespaced: @Sendable (ObjectKey) -> AnalysisTemplateSpec?
    package var clusterScoped: @Sendable (String) -> AnalysisTemplateSpec?

    package init(
        namespaced: @escaping @Sendable (ObjectKey) -> AnalysisTemplateSpec?,
        clusterScoped: @escaping @Sendable (String) -> AnalysisTemplateSpec?
    ) {
        self.namespaced = namespaced
        self.clusterScoped = clusterScoped
    }
}

/// Several templates as one.
package struct FlattenedTemplates: Hashable, Sendable {
    static let maximalDepth = 32
    static let maximalCount = 256

    package var metrics: [JSON] = []
    /// Declarations of arguments, each name once.
    package var args: [AnalysisArgument] = []
    package var dryRun: [JSON] = []
    package var measurementRetention: [JSON] = []

    /// Follows references, and the references in templates, depth first.
    /// - Parameter namespace: Where namespaced templates are looked up, also those that a cluster template names.
    package init(
        _ references: [TemplateReference], namespace: String, catalog: TemplateCatalog
    ) throws(AnalysisError) {
        var walk = Walk(namespace: namespace, catalog: catalog)
        for reference in references { try walk.visit(reference) }
        // All namespaced ones come before all cluster-wide ones.
        let ordered =
            walk.found.filter { !$0.reference.isClusterScoped } + walk.found.filter(\.reference.isClusterScoped)
        var metricNames: Set<String> = []
        for (reference, spec) in ordered {
            let metrics = try spec.metrics
            for metric in metrics {
                let name = metric["name"]?.stringValue ?? ""
                guard metricNames.insert(name).inserted else {
                    throw AnalysisError(
                        .template,
                        "metric \"\(name)\" of \(Self.title(reference)) is in another template already; rename one")
                }
            }
            self.metrics += metrics
            try Self.add(spec.dryRun, to: &dryRun, "dryRun")
            try Self.add(spec.measurementRetention, to: &measurementRetention, "measurementRetention")
            for argument in try spec.args { try add(argument, reference) }
        }
    }

    static func title(_ reference: TemplateReference) -> String {
        "\(reference.isClusterScoped ? "ClusterAnalysisTemplate" : "AnalysisTemplate") \"\(reference.name)\""
    }

    /// Appends rules; the same `metricName` twice is an error.
    static func add(_ rules: [JSON], to all: inout [JSON], _ field: String) throws(AnalysisError) {
        for rule in rules {
            let name = rule["metricName"]?.stringValue ?? ""
            guard !all.contains(where: { $0["metricName"]?.stringValue == name }) else {
                throw AnalysisError(.template, "\(field) names the metric \"\(name)\" twice; keep one rule for it")
            }
            all.append(rule)
        }
    }

    private mutating func add(_ argument: AnalysisArgument, _ reference: TemplateReference) throws(AnalysisError) {
        if argument.value != nil, argument.source != nil {
            throw AnalysisError(
                .invalidSpec,
                "argument \"\(argument.name)\" of \(Self.title(reference)) has both value and valueFrom; keep one")
        }
        guard let place = args.firstIndex(where: { $0.name == argument.name }) else {
            args.append(argument)
            return
        }
        let first = args[place]
        if let one = first.value, let other = argument.value, one != other {
            throw AnalysisError(
                .arguments,
                "argument \"\(argument.name)\" has two values in the templates, \"\(one)\" and \"\(other)\"; give it one"
            )
        }
        args[place].value = first.value ?? argument.value
        args[place].source = first.source ?? argument.source
        // A value beats a reference that another template declares.
        if args[place].value != nil { args[place].source = nil }
    }

    private struct Walk {
        let namespace: String
        let catalog: TemplateCatalog
        var found: [(reference: TemplateReference, spec: AnalysisTemplateSpec)] = []
        var path: [TemplateReference] = []

        mutating func visit(_ reference: TemplateReference) throws(AnalysisError) {
            if let start = path.firstIndex(of: reference) {
                let circle = (path[start...] + [reference]).map(\.name).joined(separator: " → ")
                throw AnalysisError(.template, "template reference cycle: \(circle)")
            }
            guard path.count < FlattenedTemplates.maximalDepth, found.count < FlattenedTemplates.maximalCount else {
                throw AnalysisError(
                    .template,
                    "templates refer to one another more than \(FlattenedTemplates.maximalDepth) deep, or are too many")
            }
            guard !found.contains(where: { $0.reference == reference }) else { return }
            let spec =
                reference.isClusterScoped
                ? catalog.clusterScoped(reference.name)
                : catalog.namespaced(ObjectKey(namespace: namespace, name: reference.name))
            guard let spec else {
                let place = reference.isClusterScoped ? "" : " in namespace \"\(namespace)\""
                throw AnalysisError(.template, "\(FlattenedTemplates.title(reference)) does not exist\(place)")
            }
            found.append((reference, spec))
            path.append(reference)
            for inner in try spec.templates { try visit(inner) }
            path.removeLast()
        }
    }
}
