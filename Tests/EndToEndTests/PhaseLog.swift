import Kubernetes
import Manifest

/// The phases that a namespace's only Rollout goes through; a look now and then would miss the short ones.
final class PhaseLog: Sendable {
    private let log: ObjectLog
    private let cleared = Lock(0)

    fileprivate init(_ log: ObjectLog) { self.log = log }

    /// Each phase once for as long as it lasts, also where it was there before the log was cleared.
    var phases: [String] {
        let versions = log.versions
        let mark = cleared.withLock { $0 }
        var last = versions.prefix(mark).last { $0.phase != nil }?.phase
        var phases: [String] = []
        for phase in versions.dropFirst(mark).compactMap(\.phase) where phase != last {
            phases.append(phase)
            last = phase
        }
        return phases
    }

    /// Forgets what came so far.
    func clear() {
        let count = log.versions.count
        cleared.withLock { $0 = count }
    }
}

extension Scenario {
    /// Runs `body` with a log of the Rollout's phases from now on.
    func recordingPhases(_ body: (PhaseLog) async throws -> Void) async throws {
        try await recording(Kinds.rollout) { try await body(PhaseLog($0)) }
    }
}

extension JSON {
    fileprivate var phase: String? { at("status", "phase")?.stringValue }
}
