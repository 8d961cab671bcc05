import Manifest

extension Kustomization {
    /// Applies what an Application asks for, as Argo CD edits the root kustomization before it builds.
    mutating func apply(_ overrides: KustomizeOverrides) throws(RenderError) {
        if !overrides.namePrefix.isEmpty { namePrefix = overrides.namePrefix }
        if !overrides.nameSuffix.isEmpty { nameSuffix = overrides.nameSuffix }
        if !overrides.namespace.isEmpty { namespace = overrides.namespace }
        for text in overrides.images {
            let rule = try ImageRule(shortForm: text)
            images.removeAll { $0.name == rule.name }
            images.append(rule)
        }
        for (name, count) in overrides.replicas.sorted(by: { $0.key < $1.key }) {
            replicas.removeAll { $0.name == name }
            replicas.append(ReplicaRule(name: name, count: count))
        }
        if !overrides.commonLabels.isEmpty {
            labels.append(
                LabelRule(
                    pairs: overrides.commonLabels, includeSelectors: !overrides.labelWithoutSelector,
                    includeTemplates: overrides.labelIncludeTemplates))
        }
        annotations.merge(overrides.commonAnnotations) { $1 }
        components += overrides.components
        for (index, patch) in overrides.patches.enumerated() {
            let place = "spec.source.kustomize.patches[\(index)]"
            patches.append(try PatchRule(try StrictFields(patch, file: file, place: place), place: place))
        }
    }
}
