import Kubernetes
import Manifest

/// Remembers what a key's last reconcile wrote, until the watch has delivered it.
///
/// Deciding on a cache that does not hold our own writes yet would do them twice. What does not arrive in time is forgotten,
/// for it may never arrive. Most of what an old cache would then make us write is refused, as it names the uid or the
/// resourceVersion that it was decided on; Services and routers' objects cannot tell that the Rollout has moved on, so whoever
/// writes those asks ``takeDoubt(_:)`` first.
final class PendingWrites: Sendable {
    private struct Write: Sendable {
        var since: ContinuousClock.Instant
        var deadline: ContinuousClock.Instant
        var isBehind: @Sendable () -> Bool
    }

    /// How long a watch may take before what waits for it is told.
    private static let patience: Duration = .seconds(2)

    private let entries = Lock<[ObjectKey: [Write]]>([:])
    /// Keys whose writes were forgotten because they did not arrive in time.
    private let doubtful = Lock<Set<ObjectKey>>([])
    private let now: @Sendable () -> ContinuousClock.Instant

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    /// Remembers a write of an object in a store: the key's own object, or another that it wrote.
    func note<Object: CachedObject>(_ key: ObjectKey, wrote object: JSON, in store: Store<Object>) {
        let written = object.objectKey
        store.noteWrite(written, object.resourceVersion)
        note(key) { store.isBehind(written) }
    }

    /// Remembers a write by the test that tells whether its cache still lacks it.
    /// - Parameter length: How long it is waited for.
    func note(_ key: ObjectKey, for length: Duration = .seconds(30), isBehind: @escaping @Sendable () -> Bool) {
        let now = now()
        entries.withLock {
            $0[key, default: []].append(Write(since: now, deadline: now + length, isBehind: isBehind))
        }
    }

    /// Forgets the writes of a key that is gone.
    func forget(_ key: ObjectKey) { entries.withLock { _ = $0.removeValue(forKey: key) } }

    /// Whether the caches lack something that this key's reconcile wrote.
    func isBehind(_ key: ObjectKey) -> Bool {
        guard let writes = entries.withLock({ $0[key] }) else { return false }
        let now = now()
        let missing = writes.filter { $0.isBehind() }
        let awaited = missing.filter { now < $0.deadline }
        if awaited.count < missing.count { doubtful.withLock { _ = $0.insert(key) } }
        entries.withLock { $0[key] = awaited.isEmpty ? nil : awaited }
        return !awaited.isEmpty
    }

    /// Whether what a key waits for is late; to be asked while it is behind.
    func isLate(_ key: ObjectKey) -> Bool {
        guard let first = entries.withLock({ $0[key]?.map(\.since).min() }) else { return false }
        return now() - first >= Self.patience
    }

    /// Whether a key's writes were given up waiting for since the last call: then its cache may be old without our knowing.
    func takeDoubt(_ key: ObjectKey) -> Bool { doubtful.withLock { $0.remove(key) != nil } }
}
