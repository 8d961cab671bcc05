import Kubernetes
import Manifest
import Testing

/// The Events of a namespace in the order in which they came; a list would tell neither order nor repetitions.
struct EventLog: Sendable {
    fileprivate let log: ObjectLog

    /// The reasons of all Events about one object so far.
    func reasons(of uid: String) -> [String] {
        log.versions.filter { $0.at("involvedObject", "uid")?.stringValue == uid }
            .map { $0["reason"]?.stringValue ?? "" }
    }
}

extension Scenario {
    /// Runs `body` with a log of the Events from now on.
    func recordingEvents(_ body: (EventLog) async throws -> Void) async throws {
        try await recording(Kinds.event) { try await body(EventLog(log: $0)) }
    }

    /// Waits for exactly these Events about a Rollout, in this order.
    func untilEvents(_ wanted: [String], of rollout: String = "web", in log: EventLog) async throws {
        let uid = try #require(try await get(Kinds.rollout, rollout)).uid
        do {
            try await until("Events come") { log.reasons(of: uid) == wanted }
        } catch {
            throw ScenarioError(description: "\(namespace): Events came as \(log.reasons(of: uid)), not as \(wanted)")
        }
    }
}
