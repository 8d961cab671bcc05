import Kubernetes
import Manifest

/// The kinds that the cluster serves: the built-in ones and those of CustomResourceDefinitions.
struct KindRegistry: Sendable {
    /// By name: `deployments.apps`.
    private var kinds: [String: KindDefinition] = [:]

    init(_ builtIn: [KindDefinition]) {
        for kind in builtIn { kinds[kind.name] = kind }
    }

    mutating func add(_ kind: KindDefinition) { kinds[kind.name] = kind }
    mutating func remove(_ name: String) { kinds[name] = nil }

    /// All kinds, by group and plural.
    var all: [KindDefinition] { kinds.values.sorted { ($0.group, $0.plural) < ($1.group, $1.plural) } }

    func definition(named name: String) -> KindDefinition? { kinds[name] }

    /// The kind whose objects a collection of the store holds.
    func definition(ofCollection collection: String) -> KindDefinition? { kinds[collection] }

    func served(group: String, version: String, plural: String) -> ServedKind? {
        guard let definition = kinds[group.isEmpty ? plural : "\(plural).\(group)"],
            let version = definition.version(version)
        else { return nil }
        return ServedKind(definition: definition, version: version)
    }

    func served(_ kind: GroupVersionKind) -> ServedKind? {
        for definition in kinds.values where definition.group == kind.group && definition.kind == kind.kind {
            guard let version = definition.version(kind.version) else { continue }
            return ServedKind(definition: definition, version: version)
        }
        return nil
    }

    /// Groups in the order of discovery: built-in ones before custom ones, each with its versions.
    var groups: [(name: String, versions: [String])] {
        var versions: [String: [String]] = [:]
        var custom: Set<String> = []
        for kind in all {
            if kind.isCustom { custom.insert(kind.group) }
            for version in kind.versions where version.isServed {
                if versions[kind.group]?.contains(version.name) != true {
                    versions[kind.group, default: []].append(version.name)
                }
            }
        }
        return versions.keys.sorted { (custom.contains($0) ? 1 : 0, $0) < (custom.contains($1) ? 1 : 0, $1) }
            .map { ($0, versions[$0] ?? []) }
    }
}
