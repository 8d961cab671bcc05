package import Manifest

/// Reads documents of an API server that are no objects; `KubernetesClient` does.
package protocol DiscoverySource: Sendable {
    func raw(_ path: String, accept: String) async throws(KubernetesError) -> JSON
}

extension KubernetesClient: DiscoverySource {}

/// Knows the kinds of a server, in memory.
///
/// Asks again for a kind that it does not know, at most once in ten seconds, and every ten hours. A group that cannot be
/// asked (a broken aggregated API) keeps what was known of it and is named in ``broken``; the others are not affected.
package actor Discovery {
    private static let accept = [
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList", "application/json",
    ].joined(separator: ",")
    private static let refreshAfter = Duration.seconds(10 * 3_600)

    private let source: (any DiscoverySource)?
    private let pause: Duration
    private var index = DiscoveryIndex()
    private var asked: ContinuousClock.Instant?
    private var running: Task<Void, any Error>?
    private var version: JSON?
    /// Groups that could not be asked last time, and why.
    package private(set) var broken: [String: String] = [:]

    /// - Parameter pause: The least time between two readings for unknown kinds.
    package init(_ source: any DiscoverySource, pause: Duration = .seconds(10)) {
        self.source = source
        self.pause = pause
    }

    /// Knows these resources and never asks; for tests.
    package init(fixed resources: [Resource]) {
        source = nil
        pause = .zero
        index = DiscoveryIndex(resources)
    }

    /// The resource of a kind in exactly this version; `nil` where the server does not have it.
    package func resource(for kind: GroupVersionKind) async throws(KubernetesError) -> Resource? {
        try await find { $0.resource(for: kind) }
    }

    /// The resource of a kind in its preferred version; `nil` where the server does not have it.
    package func resource(for kind: GroupKind) async throws(KubernetesError) -> Resource? {
        try await find { $0.resource(for: kind) }
    }

    /// The resource that people mean by a plural, singular or short name, with or without group.
    package func resource(named name: String) async throws(KubernetesError) -> Resource? {
        try await find { $0.resource(named: name) }
    }

    /// All resources that are known, the preferred version of each group first.
    package func resources() async throws(KubernetesError) -> [Resource] {
        if asked == nil { try await refresh() }
        return index.resources
    }

    /// What `/version` says: `major`, `minor`, `gitVersion`.
    package func serverVersion() async throws(KubernetesError) -> JSON {
        if let version { return version }
        guard let source else { return .emptyObject }
        let answer = try await source.raw("/version", accept: "application/json")
        version = answer
        return answer
    }

    private func find(_ look: (DiscoveryIndex) -> Resource?) async throws(KubernetesError) -> Resource? {
        let age = asked.map { ContinuousClock.now - $0 }
        if let found = look(index), source == nil || (age ?? .zero) < Self.refreshAfter { return found }
        guard source != nil else { return nil }
        if let age, age < pause, running == nil { return nil }
        do { try await refresh() } catch {
            // What is known stays good.
            if let found = look(index) { return found }
            throw error
        }
        return look(index)
    }

    /// Reads the server's kinds anew; calls at the same time share one reading.
    package func refresh() async throws(KubernetesError) {
        guard let source else { return }
        let task = running ?? Task { try await self.read(source) }
        running = task
        let result = await task.result
        if running == task { running = nil }
        if case .failure(let error) = result {
            throw (error as? KubernetesError) ?? KubernetesError(code: 0, reason: "Malformed", message: "\(error)")
        }
    }

    private func read(_ source: any DiscoverySource) async throws(KubernetesError) {
        var resources: [Resource] = []
        var problems: [String: String] = [:]
        for root in ["/api", "/apis"] {
            let document = try await source.raw(root, accept: Self.accept)
            if document["kind"]?.stringValue == "APIGroupDiscoveryList" {
                let (found, stale) = DiscoveryIndex.aggregated(document)
                resources += found
                for group in stale { problems[group] = "the server could not ask it" }
            } else {
                let groups =
                    root == "/api"
                    ? (document["versions"]?.arrayValue ?? []).compactMap(\.stringValue).map { ("", $0) }
                    : DiscoveryIndex.groups(document)
                resources += try await readPlain(source, groups, &problems)
            }
        }
        // A group that the server could not ask has the kinds that it had.
        let known = Set(resources.map(\.groupVersionKind))
        resources += index.resources.filter {
            problems["\($0.group)/\($0.version)"] != nil && !known.contains($0.groupVersionKind)
        }
        index = DiscoveryIndex(resources)
        broken = problems
        asked = .now
    }

    private func readPlain(
        _ source: any DiscoverySource, _ groups: [(group: String, version: String)], _ problems: inout [String: String]
    ) async throws(KubernetesError) -> [Resource] {
        typealias Answer = (place: Int, result: Result<JSON, KubernetesError>)
        let answers = await withTaskGroup(of: Answer.self) { tasks in
            for (place, entry) in groups.enumerated() {
                let path = entry.group.isEmpty ? "/api/\(entry.version)" : "/apis/\(entry.group)/\(entry.version)"
                tasks.addTask {
                    do throws(KubernetesError) {
                        return (place, .success(try await source.raw(path, accept: "application/json")))
                    } catch {
                        return (place, .failure(error))
                    }
                }
            }
            var answers: [Answer] = []
            for await answer in tasks { answers.append(answer) }
            return answers.sorted { $0.place < $1.place }
        }
        var resources: [Resource] = []
        for (place, result) in answers {
            let entry = groups[place]
            switch result {
            case .success(let document):
                resources += DiscoveryIndex.plain(document, group: entry.group, version: entry.version)
            case .failure(let error):
                problems["\(entry.group)/\(entry.version)"] = error.description
                // A group that is broken today has the kinds that it had yesterday, in the same place.
                resources += index.resources.filter { $0.group == entry.group && $0.version == entry.version }
            }
        }
        return resources
    }
}
