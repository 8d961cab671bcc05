import Kubernetes
import Manifest

/// The phases that a namespace's only Rollout goes through; a look now and then would miss the short ones.
final class PhaseLog: Sendable {
    private let entries = Lock<[String]>([])
    private let isOpen = Lock(false)

    /// Each phase once for as long as it lasts.
    var phases: [String] { entries.withLock { $0 } }
    var isWatching: Bool { isOpen.withLock { $0 } }

    func clear() { entries.withLock { $0 = [] } }

    fileprivate func follow(_ scenario: Scenario) async throws {
        let options = ListOptions(namespace: scenario.namespace)
        let version = try await scenario.stand.api.list(Kinds.rollout, options, item: { _ in })
        try await scenario.stand.api.watch(Kinds.rollout, options, from: version) { event in
            isOpen.withLock { $0 = true }
            guard let phase = try JSON(parsing: event.object).at("status", "phase")?.stringValue else { return }
            entries.withLock { if $0.last != phase { $0.append(phase) } }
        }
    }
}

extension Scenario {
    /// Runs `body` with a log of the Rollout's phases from now on.
    func recordingPhases(_ body: (PhaseLog) async throws -> Void) async throws {
        let log = PhaseLog()
        let follower = Task { try await log.follow(self) }
        defer { follower.cancel() }
        try await until("phases are watched") { log.isWatching }
        try await body(log)
    }
}
