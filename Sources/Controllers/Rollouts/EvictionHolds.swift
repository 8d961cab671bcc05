import Manifest

/// Pods whose eviction was refused a moment ago, by uid.
///
/// A disruption budget may refuse for as long as it likes; the rest of the Rollout does not wait for it.
final class EvictionHolds: Sendable {
    /// A little less than a restart waits before it looks again.
    private static let length: Duration = .seconds(29)
    private static let limit = 10_000

    private let ends = Lock<[String: Timestamp]>([:])

    func note(_ uid: String, now: Timestamp) {
        ends.withLock { ends in
            if ends.count >= Self.limit { ends = ends.filter { $0.value > now } }
            if ends.count < Self.limit { ends[uid] = now + Self.length }
        }
    }

    func forget(_ uid: String) { ends.withLock { _ = $0.removeValue(forKey: uid) } }

    func contains(_ uid: String, now: Timestamp) -> Bool {
        ends.withLock { ends in
            guard let end = ends[uid] else { return false }
            if end > now { return true }
            ends[uid] = nil
            return false
        }
    }
}
