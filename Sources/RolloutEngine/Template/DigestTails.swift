import Manifest

/// What the last members of containers, pods and metadata add to a digest, which many templates share to the byte: those
/// behind the image, behind the containers and behind the labels.
///
/// As in ``DigestMemo``, a text is known again byte for byte. It ends with the bracket that closes its object, so where it
/// matches it is all that is left of one, and is not looked at any further.
struct DigestTails: Sendable {
    struct Meaning: Sendable {
        var sum: UInt64
        var isEmpty: Bool
        /// Of a container, where it is among these members.
        var pullPolicy: String?
    }

    private struct Slot: Sendable {
        var structure = -1
        var text: [UInt8] = []
        var meaning = Meaning(sum: 0, isEmpty: true)
    }

    /// Longer ones would make the memo large.
    private static let maxLength = 4_096
    private static let count = 128

    private var slots = Array(repeating: Slot(), count: Self.count)

    /// Where a tail belongs, by the hash of how it begins.
    static func slot(_ structure: Int, _ hash: UInt64) -> Int {
        (Int(truncatingIfNeeded: hash ^ hash >> 32) &+ structure) & (count - 1)
    }

    /// Moves to the closing bracket, and gives what was kept of the text before it.
    func skip(_ reader: inout JSONReader, _ slot: Int, _ structure: Int) -> Meaning? {
        guard slots[slot].structure == structure, reader.skip(slots[slot].text) else { return nil }
        reader.rewind(to: reader.position - 1)
        return slots[slot].meaning
    }

    /// Keeps what the members in `text`, with the bracket behind them, add; the last one that came counts.
    mutating func keep(_ meaning: Meaning, _ slot: Int, _ structure: Int, _ bytes: Span<UInt8>, _ text: Range<Int>) {
        guard text.count <= Self.maxLength else { return }
        let copy = bytes.extracting(text).withUnsafeBufferPointer { Array($0) }
        slots[slot] = Slot(structure: structure, text: copy, meaning: meaning)
    }
}
