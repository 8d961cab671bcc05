import Kubernetes
import Manifest

/// Every version of a namespace's objects of one kind, in the order in which they came.
///
/// A look now and then misses what lasts for short, the more so on a busy machine.
final class ObjectLog: Sendable {
    private struct State: Sendable {
        var versions: [JSON] = []
        /// Where a watch goes on.
        var resourceVersion = ""
        var isOpen = false
    }

    private let state = Lock(State())

    /// What came so far, deletions aside.
    var versions: [JSON] { state.withLock { $0.versions } }

    fileprivate var isWatching: Bool { state.withLock { $0.isOpen } }

    fileprivate func follow(_ resource: Resource, in scenario: Scenario) async throws {
        let options = ListOptions(namespace: scenario.namespace)
        let version = try await scenario.stand.api.list(resource, options, item: { _ in })
        state.withLock { $0.resourceVersion = version }
        // A server ends every watch some time.
        while !Task.isCancelled {
            let version = state.withLock { $0.resourceVersion }
            do throws(KubernetesError) {
                try await scenario.stand.api.watch(resource, options, from: version) { event in
                    let object = try JSON(parsing: event.object)
                    state.withLock { state in
                        state.isOpen = true
                        if !object.resourceVersion.isEmpty { state.resourceVersion = object.resourceVersion }
                        if event.kind == .added || event.kind == .modified { state.versions.append(object) }
                    }
                }
            } catch {
                // What was missed cannot be had any more; the log goes on from now.
                if error.code == 410 {
                    let version = try await scenario.stand.api.list(resource, options, item: { _ in })
                    state.withLock { $0.resourceVersion = version }
                }
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}

extension Scenario {
    /// Runs `body` with a log of a kind's objects from now on.
    func recording(_ resource: Resource, _ body: (ObjectLog) async throws -> Void) async throws {
        let log = ObjectLog()
        let follower = Task { try await log.follow(resource, in: self) }
        defer { follower.cancel() }
        try await until("\(resource.plural) are watched") { log.isWatching }
        try await body(log)
    }

    /// Waits until a log of ReplicaSets shows a revision with so many pods that wait for their deadline, however short.
    /// - Returns: The deadline.
    @discardableResult
    func untilDeadlineWasSet(_ revision: Int, pods count: Int64, in log: ObjectLog) async throws -> Timestamp {
        try await until("revision \(revision) has waited for its deadline with \(count) pods") {
            log.versions.first { set in
                set.annotations["rollout.argoproj.io/revision"] == String(revision)
                    && set.annotations[Scenario.deadline] != nil && set.at("spec", "replicas")?.intValue == count
            }.flatMap { Timestamp(rfc3339: $0.annotations[Scenario.deadline] ?? "") }
        }
    }
}
