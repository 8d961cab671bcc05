import Kubernetes
import Manifest

/// The discovery documents, plain and aggregated.
struct Discovery {
    private let kinds: KindRegistry

    init(_ kinds: KindRegistry) { self.kinds = kinds }

    static let version: JSON = [
        "major": "1", "minor": "32", "gitVersion": "v1.32.0", "gitCommit": "embedded", "gitTreeState": "clean",
        "buildDate": "2024-12-11T00:00:00Z", "goVersion": "none", "compiler": "swift", "platform": "linux/amd64",
    ]

    private static let verbs: JSON = [
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    ]

    var coreVersions: JSON { ["kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []] }

    var groups: JSON {
        [
            "kind": "APIGroupList", "apiVersion": "v1",
            "groups": .array(kinds.groups.filter { !$0.name.isEmpty }.map { group($0.name, $0.versions) }),
        ]
    }

    func group(_ name: String) throws(KubernetesError) -> JSON {
        guard let found = kinds.groups.first(where: { $0.name == name && !name.isEmpty }) else { throw .noSuchResource }
        var group = group(found.name, found.versions)
        group["kind"] = "APIGroup"
        group["apiVersion"] = "v1"
        return group
    }

    private func group(_ name: String, _ versions: [String]) -> JSON {
        let list = versions.map { version -> JSON in
            ["groupVersion": .string("\(name)/\(version)"), "version": .string(version)]
        }
        return ["name": .string(name), "versions": .array(list), "preferredVersion": list.first ?? .emptyObject]
    }

    func resources(group: String, version: String) throws(KubernetesError) -> JSON {
        var list: [JSON] = []
        for kind in served(group, version) {
            let definition = kind.definition
            list.append(entry(definition.plural, kind, definition.kind, Self.verbs))
            for (name, subkind, verbs) in subresources(kind) {
                var entry: JSON = [
                    "name": .string("\(definition.plural)/\(name)"), "singularName": "",
                    "namespaced": .bool(definition.isNamespaced), "kind": .string(subkind.kind), "verbs": verbs,
                ]
                if subkind.group != group || subkind.version != version {
                    entry["group"] = .string(subkind.group)
                    entry["version"] = .string(subkind.version)
                }
                list.append(entry)
            }
        }
        guard !list.isEmpty else { throw .noSuchResource }
        return [
            "kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": .string(group.isEmpty ? version : "\(group)/\(version)"), "resources": .array(list),
        ]
    }

    private func served(_ group: String, _ version: String) -> [ServedKind] {
        kinds.all.compactMap { kind in
            guard kind.group == group, let version = kind.version(version) else { return nil }
            return ServedKind(definition: kind, version: version)
        }
    }

    private func entry(_ name: String, _ kind: ServedKind, _ kindName: String, _ verbs: JSON) -> JSON {
        var entry: JSON = [
            "name": .string(name), "singularName": .string(kind.definition.singular),
            "namespaced": .bool(kind.definition.isNamespaced), "kind": .string(kindName), "verbs": verbs,
        ]
        if !kind.definition.shortNames.isEmpty { entry["shortNames"] = JSON(kind.definition.shortNames) }
        if !kind.definition.categories.isEmpty { entry["categories"] = JSON(kind.definition.categories) }
        return entry
    }

    private func subresources(_ kind: ServedKind) -> [(name: String, kind: GroupVersionKind, verbs: JSON)] {
        var list: [(String, GroupVersionKind, JSON)] = []
        let own = GroupVersionKind(
            group: kind.definition.group, version: kind.version.name, kind: kind.definition.kind)
        if kind.definition.name == "pods" {
            list.append(("eviction", GroupVersionKind(group: "policy", version: "v1", kind: "Eviction"), ["create"]))
        }
        if kind.version.scale != nil {
            list.append(
                (
                    "scale", GroupVersionKind(group: "autoscaling", version: "v1", kind: "Scale"),
                    ["get", "patch", "update"]
                ))
        }
        if kind.version.hasStatus { list.append(("status", own, ["get", "patch", "update"])) }
        return list
    }

    /// - Parameter core: The core group alone, or all the others.
    func aggregated(core: Bool, version: String) -> JSON {
        let items = kinds.groups.filter { $0.name.isEmpty == core }.map { group -> JSON in
            let versions = group.versions.map { version -> JSON in
                [
                    "version": .string(version), "freshness": "Current",
                    "resources": .array(served(group.name, version).map(aggregated)),
                ]
            }
            return ["metadata": core ? [:] : ["name": .string(group.name)], "versions": .array(versions)]
        }
        return [
            "kind": "APIGroupDiscoveryList", "apiVersion": .string("apidiscovery.k8s.io/\(version)"), "metadata": [:],
            "items": .array(items),
        ]
    }

    private func aggregated(_ kind: ServedKind) -> JSON {
        func reference(_ kind: GroupVersionKind) -> JSON {
            ["group": .string(kind.group), "version": .string(kind.version), "kind": .string(kind.kind)]
        }
        let definition = kind.definition
        var entry: JSON = [
            "resource": .string(definition.plural), "singularResource": .string(definition.singular),
            "responseKind": reference(
                GroupVersionKind(group: definition.group, version: kind.version.name, kind: definition.kind)),
            "scope": definition.isNamespaced ? "Namespaced" : "Cluster", "verbs": Self.verbs,
        ]
        if !definition.shortNames.isEmpty { entry["shortNames"] = JSON(definition.shortNames) }
        if !definition.categories.isEmpty { entry["categories"] = JSON(definition.categories) }
        let subresources = subresources(kind).map { name, kind, verbs -> JSON in
            ["subresource": .string(name), "responseKind": reference(kind), "verbs": verbs]
        }
        if !subresources.isEmpty { entry["subresources"] = .array(subresources) }
        return entry
    }
}
