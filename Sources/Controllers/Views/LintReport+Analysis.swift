import AnalysisEngine
import Manifest

extension LintReport {
    /// Checks an analysis by itself: whether its metrics can be measured and end.
    mutating func check(analysis object: JSON, _ title: String, _ catalog: LintCatalog) {
        let spec = AnalysisTemplateSpec(object["spec"] ?? .emptyObject)
        let isCluster = object["kind"] == "ClusterAnalysisTemplate"
        let key = object.objectKey
        // References to templates that are not in the file cannot be followed.
        guard catalog.knows(templatesOf: spec, namespace: key.namespace) else { return }
        do throws(AnalysisError) {
            let request = AnalysisRunBlueprint(
                namespace: key.namespace, name: key.name,
                templates: [TemplateReference(name: key.name, isClusterScoped: isCluster)],
                args: try catalog.placeholders(spec, namespace: key.namespace))
            var known = catalog.templates
            let own: @Sendable (String) -> AnalysisTemplateSpec? = { $0 == key.name ? spec : nil }
            let (namespaced, clusterScoped) = (known.namespaced, known.clusterScoped)
            if isCluster {
                known.clusterScoped = { own($0) ?? clusterScoped($0) }
            } else {
                known.namespaced = { own($0.name) ?? namespaced($0) }
            }
            try AnalysisRunBuilder.validate(request, mustEnd: false, catalog: known)
        } catch {
            problems.append("\(title): spec: Invalid value: \(error.message)")
        }
    }
}

extension LintCatalog {
    var templates: TemplateCatalog {
        let catalog = self
        return TemplateCatalog(
            namespaced: { catalog.template(TemplateReference(name: $0.name), namespace: $0.namespace) },
            clusterScoped: { catalog.template(TemplateReference(name: $0, isClusterScoped: true), namespace: "") })
    }

    private func template(_ reference: TemplateReference, namespace: String) -> AnalysisTemplateSpec? {
        let kind = reference.isClusterScoped ? "ClusterAnalysisTemplate" : "AnalysisTemplate"
        return find(
            kind, groups: ["argoproj.io"], namespace: reference.isClusterScoped ? "" : namespace, reference.name
        ).map { AnalysisTemplateSpec($0["spec"] ?? .emptyObject) }
    }

    /// Whether templates, and those that they name, are all in the file.
    func knows(_ references: [TemplateReference], namespace: String) -> Bool {
        var seen: Set<TemplateReference> = []
        var open = references
        while let next = open.popLast() {
            guard seen.insert(next).inserted else { continue }
            guard let spec = template(next, namespace: namespace) else { return false }
            open += (try? spec.templates) ?? []
        }
        return true
    }

    func knows(templatesOf spec: AnalysisTemplateSpec, namespace: String) -> Bool {
        knows((try? spec.templates) ?? [], namespace: namespace)
    }

    /// Values for the arguments that whoever uses a template has to give.
    func placeholders(
        _ spec: AnalysisTemplateSpec, namespace: String
    ) throws(AnalysisError) -> [AnalysisArgument] {
        var open = try spec.templates
        var args = try spec.args
        var seen: Set<TemplateReference> = []
        while let next = open.popLast() {
            guard seen.insert(next).inserted, let inner = template(next, namespace: namespace) else { continue }
            args += try inner.args
            open += try inner.templates
        }
        return args.filter { $0.value == nil && $0.source == nil }.map { AnalysisArgument(name: $0.name, value: "1") }
    }
}
