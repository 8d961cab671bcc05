import AnalysisEngine
import Manifest
import RolloutEngine
import TrafficEngine

/// The objects of a linted file, by what Rollouts refer to.
struct LintedObjects {
    private struct Name: Hashable {
        var group: String
        var kind: String
        var key: ObjectKey
    }

    private var objects: [Name: JSON] = [:]

    init(_ objects: [JSON]) {
        for object in objects {
            guard let kind = object.groupVersionKind else { continue }
            self.objects[Name(group: kind.group, kind: kind.kind, key: object.objectKey)] = object
        }
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

    // MARK: Routers that are not supported yet

    /// What is wrong with the objects of routers that a Rollout is refused for anyway.
    func refusedRouterProblems(of rollout: Rollout) -> [FieldProblem] {
        guard let canary = rollout.spec.canary, let routing = canary.trafficRouting else { return [] }
        let root = "spec.strategy.canary.trafficRouting"
        let namespace = rollout.key.namespace
        var problems: [FieldProblem] = []
        for (index, mapping) in (routing.settings("ambassador")?["mappings"]?.arrayValue ?? []).enumerated() {
            guard let name = mapping.stringValue, let object = find("Mapping", of: "getambassador.io", name, namespace),
                object.at("spec", "weight")?.isNull == false
            else { continue }
            problems.append(
                FieldProblem(
                    "\(root).ambassador.mappings[\(index)]", .invalid,
                    "Mapping \"\(name)\" carries a weight of its own; remove it"))
        }
        if let mesh = routing.settings("appMesh"),
            let problem = meshProblem(mesh.at("virtualService", "name")?.stringValue ?? "", namespace)
        {
            problems.append(FieldProblem("\(root).appMesh.virtualService", .invalid, problem))
        }
        return problems
    }

    private func meshProblem(_ name: String, _ namespace: String) -> String? {
        guard let service = find("VirtualService", of: "appmesh.k8s.aws", name, namespace) else { return nil }
        guard let router = service.at("spec", "provider", "virtualRouter", "virtualRouterRef", "name")?.stringValue
        else { return "VirtualService \"\(name)\" is not provided by a VirtualRouter; give it one" }
        guard
            let routes = find("VirtualRouter", of: "appmesh.k8s.aws", router, namespace)?.at("spec", "routes")?
                .arrayValue
        else { return nil }
        for route in routes {
            for kind in ["httpRoute", "http2Route", "grpcRoute", "tcpRoute"] {
                guard let action = route.at(kind, "action") else { continue }
                let count = action["weightedTargets"]?.arrayValue?.count ?? 0
                if count != 2 {
                    let label = route["name"]?.stringValue ?? ""
                    return
                        "route \"\(label)\" of VirtualRouter \"\(router)\" has \(count) weighted targets; give it exactly 2"
                }
            }
        }
        return nil
    }
}
