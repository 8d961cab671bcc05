/// Keeps one copy of each label and annotation key, of which a cluster has few kinds and many copies.
///
/// Bounded, so that hostile keys cannot fill the memory; past the bound, and for long keys, strings stay as they are.
package final class KeyInterner: Sendable {
    package static let shared = KeyInterner()

    private static let maxKeys = 4_096
    private static let maxLength = 128

    /// By the hash of their text.
    private let keys = Lock([UInt64: String]())

    /// The key between two offsets of JSON text, without escapes.
    func key(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> String {
        // Short strings hold their text in themselves.
        guard end - start > 15, end - start <= Self.maxLength else { return Self.make(bytes, start, end) }
        let hash = ByteHash.of(bytes, start, end)
        return keys.withLock { keys in
            if var known = keys[hash] {
                let isSame = bytes.extracting(start..<end).withUnsafeBufferPointer { text in
                    known.withUTF8 { ByteScan.isSame($0, text) }
                }
                return isSame ? known : Self.make(bytes, start, end)
            }
            let made = Self.make(bytes, start, end)
            if keys.count < Self.maxKeys { keys[hash] = made }
            return made
        }
    }

    package func interned(_ key: String) -> String {
        guard key.utf8.count > 15, key.utf8.count <= Self.maxLength else { return key }
        let bytes = Array(key.utf8)
        return self.key(bytes.span, 0, bytes.count)
    }

    private static func make(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> String {
        bytes.extracting(start..<end).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
