/// Keeps one copy of each label and annotation key, of which a cluster has few kinds and many copies.
///
/// Bounded, so that hostile keys cannot fill the memory; past the bound, and for long keys, strings stay as they are.
package final class KeyInterner: Sendable {
    package static let shared = KeyInterner()

    private static let maxKeys = 4_096
    private static let maxLength = 128

    private let keys = Lock(Set<String>())

    package func interned(_ key: String) -> String {
        // Short strings hold their text in themselves.
        guard key.utf8.count > 15, key.utf8.count <= Self.maxLength else { return key }
        return keys.withLock { keys in
            if let index = keys.firstIndex(of: key) { return keys[index] }
            if keys.count < Self.maxKeys { keys.insert(key) }
            return key
        }
    }
}
