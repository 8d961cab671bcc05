import Synchronization

/// Lets equal strings share one copy: label and annotation keys, of which a cluster has few kinds and many copies, and
/// values that come again soon, such as the names of owners.
///
/// A table of fixed size in which a newcomer takes the place of whoever is in it, so hostile strings cannot fill the
/// memory; long ones are never shared.
package final class KeyInterner: @unchecked Sendable {  // `isTaken` guards `places`
    package static let shared = KeyInterner()
    /// Apart from keys, which many different values would drive out.
    package static let values = KeyInterner()

    private struct Place {
        var hash: UInt64 = 0
        var text = ""
    }

    private static let mask = 2_047
    private static let maxLength = 128

    /// By the hash of their text; as many as `mask` covers.
    private let places: UnsafeMutablePointer<Place>
    private let isTaken = Atomic(false)

    private init() {
        places = .allocate(capacity: Self.mask + 1)
        places.initialize(repeating: Place(), count: Self.mask + 1)
    }

    deinit {
        places.deinitialize(count: Self.mask + 1)
        places.deallocate()
    }

    /// The string between two offsets of JSON text, without escapes.
    func string(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> String {
        // Short strings hold their text in themselves.
        guard end - start > 15, end - start <= Self.maxLength else { return Self.make(bytes, start, end) }
        let hash = ByteHash.of(bytes, start, end)
        let index = Int(truncatingIfNeeded: hash) & Self.mask
        // Who meets another thread here makes a copy of its own.
        guard !isTaken.exchange(true, ordering: .acquiring) else { return Self.make(bytes, start, end) }
        defer { isTaken.store(false, ordering: .releasing) }
        if places[index].hash == hash {
            let isSame = bytes.extracting(start..<end).withUnsafeBufferPointer { text in
                places[index].text.withUTF8 { ByteScan.isSame($0, text) }
            }
            if isSame { return places[index].text }
        }
        let made = Self.make(bytes, start, end)
        places[index] = Place(hash: hash, text: made)
        return made
    }

    package func interned(_ key: String) -> String {
        guard key.utf8.count > 15, key.utf8.count <= Self.maxLength else { return key }
        let bytes = Array(key.utf8)
        return string(bytes.span, 0, bytes.count)
    }

    private static func make(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> String {
        bytes.extracting(start..<end).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
