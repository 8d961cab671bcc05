import AnalysisEngine
package import Manifest

/// An AnalysisRun that a person starts from a template.
package struct ManualAnalysisRun: Sendable {
    /// The AnalysisTemplate or ClusterAnalysisTemplate.
    package var template: JSON
    package var namespace: String
    package var name: String?
    package var generateName: String?
    package var instanceID: String?
    package var values: [(name: String, value: String)]
    /// Templates that the template refers to, by kind, namespace and name.
    package var others: [ObjectReference: JSON] = [:]

    package init(
        template: JSON, namespace: String, name: String? = nil, generateName: String? = nil,
        instanceID: String? = nil, values: [(name: String, value: String)] = []
    ) {
        self.template = template
        self.namespace = namespace
        self.name = name
        self.generateName = generateName
        self.instanceID = instanceID
        self.values = values
    }

    private var isCluster: Bool { template["kind"] == "ClusterAnalysisTemplate" }

    /// The templates that have to be read before the run can be made: those that known ones name.
    package var missing: [ObjectReference] {
        var wanted: [ObjectReference] = []
        for object in [template] + others.values {
            let spec = AnalysisTemplateSpec(object["spec"] ?? .emptyObject)
            for reference in (try? spec.templates) ?? [] {
                let key = self.reference(reference)
                if others[key] == nil, !wanted.contains(key) { wanted.append(key) }
            }
        }
        return wanted.sorted()
    }

    private func reference(_ reference: TemplateReference) -> ObjectReference {
        ObjectReference(
            group: "argoproj.io",
            kind: reference.isClusterScoped ? "ClusterAnalysisTemplate" : "AnalysisTemplate",
            namespace: reference.isClusterScoped ? "" : namespace, name: reference.name)
    }

    /// The run's manifest.
    /// - Throws: What the templates lack, or an argument that none of them declares.
    package func manifest() throws(PromotionError) -> JSON {
        let own = TemplateReference(name: template.objectKey.name, isClusterScoped: isCluster)
        var known = others
        known[reference(own)] = template
        let objects = known
        @Sendable func spec(_ kind: String, _ key: ObjectKey) -> AnalysisTemplateSpec? {
            objects[
                ObjectReference(group: "argoproj.io", kind: kind, namespace: key.namespace, name: key.name)
            ].map { AnalysisTemplateSpec($0["spec"] ?? .emptyObject) }
        }
        let catalog = TemplateCatalog(
            namespaced: { spec("AnalysisTemplate", $0) },
            clusterScoped: { spec("ClusterAnalysisTemplate", ObjectKey(name: $0)) })
        let flat: FlattenedTemplates
        do throws(AnalysisError) {
            flat = try FlattenedTemplates([own], namespace: namespace, catalog: catalog)
        } catch { throw PromotionError(error.message) }
        var given: [String: String] = [:]
        let declared = flat.args.map(\.name)
        for (name, value) in values {
            guard declared.contains(name) else {
                throw PromotionError(
                    "template \(own.name) has no argument \"\(name)\"; it has "
                        + (declared.isEmpty ? "none" : declared.joined(separator: ", ")))
            }
            given[name] = value
        }
        var spec: JSON = ["metrics": .array(flat.metrics)]
        var args: [JSON] = []
        for var argument in flat.args {
            if let value = given[argument.name] { (argument.value, argument.source) = (value, nil) }
            guard argument.value != nil || argument.source != nil else {
                throw PromotionError(
                    "argument \"\(argument.name)\" has no value; give it with -a \(argument.name)=VALUE")
            }
            args.append(argument.json)
        }
        if !args.isEmpty { spec["args"] = .array(args) }
        if !flat.dryRun.isEmpty { spec["dryRun"] = .array(flat.dryRun) }
        if !flat.measurementRetention.isEmpty { spec["measurementRetention"] = .array(flat.measurementRetention) }
        var metadata: JSON = ["namespace": .string(namespace)]
        if let name {
            metadata["name"] = .string(name)
        } else {
            metadata["generateName"] = .string(generateName ?? "\(own.name)-")
        }
        if let instanceID, !instanceID.isEmpty {
            metadata["labels"] = ["argo-rollouts.argoproj.io/controller-instance-id": .string(instanceID)]
        }
        return ["apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisRun", "metadata": metadata, "spec": spec]
    }
}
