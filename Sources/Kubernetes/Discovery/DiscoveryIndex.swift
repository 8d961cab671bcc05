package import Manifest

/// What kinds a server has, and how they are called.
///
/// No I/O.
package struct DiscoveryIndex: Sendable {
    /// All resources, the preferred version of each group first.
    package private(set) var resources: [Resource] = []
    private var byKind: [GroupVersionKind: Resource] = [:]
    private var byGroupKind: [GroupKind: Resource] = [:]
    private var byName: [String: Resource] = [:]
    private var aliases: [String: Resource] = [:]

    package init() {}

    /// - Parameter resources: In order of preference: groups as the server orders them, the preferred version first.
    package init(_ resources: [Resource]) {
        for resource in resources { add(resource) }
    }

    private mutating func add(_ resource: Resource) {
        guard byKind[resource.groupVersionKind] == nil else { return }
        resources.append(resource)
        byKind[resource.groupVersionKind] = resource
        if byGroupKind[resource.groupKind] == nil { byGroupKind[resource.groupKind] = resource }
        let names = [resource.plural, resource.kind.lowercased()] + resource.shortNames
        for name in names {
            if byName[name] == nil, name == resource.plural { byName[name] = resource }
            if aliases[name] == nil { aliases[name] = resource }
            if !resource.group.isEmpty {
                let long = "\(name).\(resource.group)"
                if aliases[long] == nil { aliases[long] = resource }
                aliases["\(name).\(resource.version).\(resource.group)"] = resource
            }
        }
    }

    package func resource(for kind: GroupVersionKind) -> Resource? { byKind[kind] }

    /// The preferred version of a kind.
    package func resource(for kind: GroupKind) -> Resource? { byGroupKind[kind] }

    /// The resource that people mean by `deploy`, `deployments`, `deployment.apps`, `deployments.v1.apps` or `Deployment`.
    package func resource(named name: String) -> Resource? {
        let name = name.lowercased()
        return byName[name] ?? aliases[name]
    }
}

extension DiscoveryIndex {
    /// The resources of an aggregated document (`APIGroupDiscoveryList`), and the groups that the server could not ask.
    package static func aggregated(_ document: JSON) -> (resources: [Resource], stale: [String]) {
        var (resources, stale): ([Resource], [String]) = ([], [])
        for item in document["items"]?.arrayValue ?? [] {
            let group = item.at("metadata", "name")?.stringValue ?? ""
            for entry in item["versions"]?.arrayValue ?? [] {
                guard let version = entry["version"]?.stringValue else { continue }
                if entry["freshness"]?.stringValue == "Stale" { stale.append("\(group)/\(version)") }
                for resource in entry["resources"]?.arrayValue ?? [] {
                    guard let plural = resource["resource"]?.stringValue,
                        let kind = resource.at("responseKind", "kind")?.stringValue
                    else { continue }
                    let subresources = (resource["subresources"]?.arrayValue ?? [])
                        .compactMap { $0["subresource"]?.stringValue }
                    resources.append(
                        Resource(
                            group: group, version: version, plural: plural, kind: kind,
                            isNamespaced: resource["scope"]?.stringValue == "Namespaced",
                            subresources: Set(subresources),
                            shortNames: resource["shortNames"]?.arrayValue?.compactMap(\.stringValue) ?? []))
                }
            }
        }
        return (resources, stale)
    }

    /// The resources of a plain `APIResourceList`.
    package static func plain(_ document: JSON, group: String, version: String) -> [Resource] {
        let entries = document["resources"]?.arrayValue ?? []
        var subresources: [String: Set<String>] = [:]
        for entry in entries {
            let parts = (entry["name"]?.stringValue ?? "").split(separator: "/", maxSplits: 1)
            if parts.count == 2 { subresources[String(parts[0]), default: []].insert(String(parts[1])) }
        }
        return entries.compactMap { entry in
            guard let plural = entry["name"]?.stringValue, !plural.contains("/"),
                let kind = entry["kind"]?.stringValue
            else { return nil }
            return Resource(
                group: group, version: version, plural: plural, kind: kind,
                isNamespaced: entry["namespaced"]?.boolValue == true, subresources: subresources[plural] ?? [],
                shortNames: entry["shortNames"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        }
    }

    /// Groups and versions of a plain `APIGroupList`, in order of preference.
    package static func groups(_ document: JSON) -> [(group: String, version: String)] {
        (document["groups"]?.arrayValue ?? []).flatMap { entry -> [(group: String, version: String)] in
            let group = entry["name"]?.stringValue ?? ""
            let preferred = entry.at("preferredVersion", "version")?.stringValue
            let versions = (entry["versions"]?.arrayValue ?? []).compactMap { $0["version"]?.stringValue }
            return ([preferred].compactMap { $0 } + versions.filter { $0 != preferred }).map { (group, $0) }
        }
    }
}
