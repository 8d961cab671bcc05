import Kubernetes
import Manifest

/// Remembers what a key's last reconcile wrote, until the watch has delivered it.
///
/// Deciding on a cache that does not hold our own writes yet would do them twice. What does not arrive within half a
/// minute is forgotten: every effect carries a precondition, so deciding on an old cache is safe, only wasteful.
final class PendingWrites: Sendable {
    private struct Entry: Sendable {
        var deadline: ContinuousClock.Instant
        var isBehind: [@Sendable () -> Bool]
    }

    private let entries = Lock<[ObjectKey: Entry]>([:])
    /// Keys whose writes were forgotten because they did not arrive in time.
    private let doubtful = Lock<Set<ObjectKey>>([])

    /// Remembers a write of an object in a store.
    func note<Object: CachedObject>(_ key: ObjectKey, wrote object: JSON, in store: Store<Object>) {
        let written = object.objectKey
        store.noteWrite(written, object.resourceVersion)
        note(key) { store.isBehind(written) }
    }

    /// Remembers a write by the test that tells whether its cache still lacks it.
    func note(_ key: ObjectKey, isBehind: @escaping @Sendable () -> Bool) {
        entries.withLock { entries in
            var entry = entries[key] ?? Entry(deadline: .now + .seconds(30), isBehind: [])
            entry.isBehind.append(isBehind)
            entries[key] = entry
        }
    }

    /// Forgets the writes of a key that is gone.
    func forget(_ key: ObjectKey) { entries.withLock { _ = $0.removeValue(forKey: key) } }

    /// Whether the caches lack something that this key's reconcile wrote.
    func isBehind(_ key: ObjectKey) -> Bool {
        guard let entry = entries.withLock({ $0[key] }) else { return false }
        if entry.isBehind.contains(where: { $0() }) {
            if ContinuousClock.now < entry.deadline { return true }
            doubtful.withLock { _ = $0.insert(key) }
        }
        entries.withLock { _ = $0.removeValue(forKey: key) }
        return false
    }

    /// Whether a key's writes were given up waiting for since the last call: then its cache may be old without our knowing.
    func takeDoubt(_ key: ObjectKey) -> Bool { doubtful.withLock { $0.remove(key) != nil } }
}
