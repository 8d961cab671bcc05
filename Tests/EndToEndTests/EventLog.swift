import Kubernetes
import Manifest

/// The Events of a namespace in the order in which they came; a list would tell neither order nor repetitions.
final class EventLog: Sendable {
    private let entries = Lock<[(uid: String, reason: String)]>([])
    private let isOpen = Lock(false)

    /// The reasons of all Events about one object so far.
    func reasons(of uid: String) -> [String] { entries.withLock { $0.filter { $0.uid == uid }.map(\.reason) } }

    var isWatching: Bool { isOpen.withLock { $0 } }

    fileprivate func follow(_ scenario: Scenario) async throws {
        let options = ListOptions(namespace: scenario.namespace)
        let version = try await scenario.stand.api.list(Kinds.event, options, item: { _ in })
        try await scenario.stand.api.watch(Kinds.event, options, from: version) { event in
            isOpen.withLock { $0 = true }
            guard event.kind == .added || event.kind == .modified else { return }
            let object = try JSON(parsing: event.object)
            let uid = object.at("involvedObject", "uid")?.stringValue ?? ""
            let reason = object["reason"]?.stringValue ?? ""
            entries.withLock { $0.append((uid, reason)) }
        }
    }
}

extension Scenario {
    /// Runs `body` with a log of the Events from now on.
    func recordingEvents(_ body: (EventLog) async throws -> Void) async throws {
        let log = EventLog()
        let follower = Task { try await log.follow(self) }
        defer { follower.cancel() }
        try await until("Events are watched") { log.isWatching }
        try await body(log)
    }

    /// Waits for exactly these Events about a Rollout, in this order.
    func untilEvents(_ wanted: [String], of rollout: String = "web", in log: EventLog) async throws {
        guard let uid = try await get(Kinds.rollout, rollout)?.uid else { return }
        do {
            try await until("Events come", within: .seconds(60)) { log.reasons(of: uid) == wanted }
        } catch {
            throw ScenarioError(description: "\(namespace): Events came as \(log.reasons(of: uid)), not as \(wanted)")
        }
    }
}
