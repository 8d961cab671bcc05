package import Manifest

extension Application {
    /// Findings that forbid any sync: malformed fields, and what Sluice does not support yet.
    ///
    /// Nothing that a spec asks for is ever ignored.
    package func validate(defaultProject: JSON?) -> [ApplicationCondition] {
        var problems = spec.problems
        if spec.source == nil, problems.isEmpty { problems.append("spec.source: is required") }
        if !["", "default"].contains(spec.project) {
            problems.append(
                "spec.project: project \"\(spec.project.prefix(63))\" is not supported yet; use the project default")
        } else if let defaultProject {
            problems += Self.restrictions(of: defaultProject).map { "AppProject default: \($0)" }
        }
        let destination = spec.destination
        if !destination.server.isEmpty, !destination.name.isEmpty {
            problems.append("spec.destination: server and name exclude each other")
        } else if destination.server.isEmpty, destination.name.isEmpty {
            problems.append("spec.destination: server or name is required; use https://kubernetes.default.svc")
        } else if !["", "https://kubernetes.default.svc"].contains(destination.server)
            || !["", "in-cluster"].contains(destination.name)
        {
            problems.append(
                "spec.destination: other clusters are not supported yet; use https://kubernetes.default.svc")
        }
        problems += SyncOptions.problems(spec.syncOptions).map { "spec.syncPolicy.syncOptions: \($0)" }
        if let value = annotations[Names.onRejection] {
            if let problem = OnRejection.problem(value) {
                problems.append("metadata.annotations[\(Names.onRejection)]: \(problem)")
            }
        }
        return problems.prefix(20).map { ApplicationCondition(.invalidSpec, $0) }
    }

    /// What a project forbids; only a project that allows everything can be honoured until projects are supported.
    private static func restrictions(of project: JSON) -> [String] {
        guard let spec = project["spec"], spec.objectValue?.isEmpty == false else { return [] }
        var found: [String] = []
        func check(_ field: String, _ isFree: (JSON) -> Bool) {
            guard let value = spec[field], !value.isNull, !isFree(value) else { return }
            found.append("spec.\(field) restricts the project, which is not supported yet; allow everything")
        }
        func isEmptyList(_ value: JSON) -> Bool { value.arrayValue?.isEmpty ?? false }
        check("sourceRepos") { $0 == ["*"] }
        check("destinations") { list in
            list.arrayValue?.contains { $0["server"] == "*" && $0["namespace"] == "*" } ?? false
        }
        check("clusterResourceWhitelist") { list in
            list.arrayValue?.contains { $0["group"] == "*" && $0["kind"] == "*" } ?? false
        }
        for field in [
            "clusterResourceBlacklist", "namespaceResourceBlacklist", "syncWindows", "signatureKeys",
            "destinationServiceAccounts",
        ] {
            check(field, isEmptyList)
        }
        check("namespaceResourceWhitelist") { list in
            list.arrayValue?.contains { $0["group"] == "*" && $0["kind"] == "*" } ?? false
        }
        return found
    }

    /// What happens after a rejection, by the annotation or else by the default.
    package func onRejection(default fallback: OnRejection?) -> OnRejection {
        annotations[Names.onRejection].flatMap(OnRejection.init)
            ?? fallback ?? (spec.automated != nil ? .restore : .hold)
    }
}

/// What happens to an application when a rollout rejects its commit.
package enum OnRejection: String, Hashable, Sendable {
    /// Traffic is back on stable; the rest of the commit stays.
    case hold
    /// Every object that the commit changed goes back to the last released commit.
    case restore
    /// `restore`, and a revert commit is pushed.
    case revert

    static func problem(_ value: String) -> String? {
        if OnRejection(rawValue: value) != nil { return nil }
        if value == "branch" { return "branch is not supported yet; use hold, restore or revert" }
        return "unknown value \"\(value.prefix(40))\"; use hold, restore or revert"
    }
}
