import AnalysisEngine
import Manifest
import RolloutEngine

/// The objects of a linted file, by what Rollouts refer to.
struct LintedObjects: Sendable {
    private struct Name: Hashable, Sendable {
        var group: String
        var kind: String
        var key: ObjectKey
    }

    private var objects: [Name: JSON] = [:]

    init(_ objects: [JSON]) {
        for object in objects { add(object) }
    }

    mutating func add(_ object: JSON) {
        guard let kind = object.groupVersionKind else { return }
        objects[Name(group: kind.group, kind: kind.kind, key: object.objectKey)] = object
    }

    private func find(_ kind: String, of group: String, _ name: String, _ namespace: String) -> JSON? {
        objects[Name(group: group, kind: kind, key: ObjectKey(namespace: namespace, name: name))]
    }

    func object(_ reference: ObjectReference) -> JSON? {
        find(reference.kind, of: reference.group, reference.name, reference.namespace)
    }

    func services(of rollout: Rollout) -> [String: ServiceFact] {
        var facts: [String: ServiceFact] = [:]
        for name in rollout.serviceNames {
            guard let service = find("Service", of: "", name, rollout.key.namespace) else { continue }
            facts[name] = ServiceFact(
                selector: service.at("spec", "selector")?.stringMap ?? [:],
                managedBy: service.annotations[Keys.managedBy])
        }
        return facts
    }

    func workload(of rollout: Rollout) -> WorkloadFact? {
        guard let reference = rollout.spec.workloadRef, reference.isSupported,
            let object = find(reference.kind, of: reference.group, reference.name, rollout.key.namespace)
        else { return nil }
        var reader = JSONReader(object.serialized())
        return (try? CachedWorkload.decode(&reader))?.fact
    }

    var catalog: TemplateCatalog {
        let objects = objects
        return TemplateCatalog(
            namespaced: { key in
                objects[Name(group: "argoproj.io", kind: "AnalysisTemplate", key: key)]?["spec"]
                    .map { AnalysisTemplateSpec($0) }
            },
            clusterScoped: { name in
                objects[Name(group: "argoproj.io", kind: "ClusterAnalysisTemplate", key: ObjectKey(name: name))]?[
                    "spec"
                ]
                .map { AnalysisTemplateSpec($0) }
            })
    }
}
