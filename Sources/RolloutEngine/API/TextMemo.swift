import Manifest
import Synchronization

/// What texts of JSON were read as a short while ago: values that many objects share to the byte, such as owners, then
/// also share one copy in memory.
///
/// A table of fixed size; a text is known again byte for byte, so what one user writes never stands for what another did.
final class TextMemo<Value: Sendable>: @unchecked Sendable {  // `isTaken` guards the rest
    private struct Slot {
        var hash: UInt64 = 0
        var text: [UInt8] = []
        var value: Value?
        /// Where the text was found that came behind this one last time.
        var next = 0
    }

    private let maxLength: Int

    private var slots: [Slot]
    private let mask: Int
    /// Where the last text was found: objects of one owner come one after another, and owners have like revisions.
    private var recent = 0
    private let isTaken = Atomic(false)

    /// - Parameters:
    ///   - sizeBits: The table has two to this power places.
    ///   - maxLength: Longer texts are read.
    init(sizeBits: Int, maxLength: Int = 512) {
        self.maxLength = maxLength
        slots = Array(repeating: Slot(), count: 1 << sizeBits)
        mask = (1 << sizeBits) - 1
    }

    /// Reads an object or list, or gives what its text was read as before.
    func read(
        _ reader: inout JSONReader, _ read: (inout JSONReader) throws(JSONError) -> Value
    ) throws(JSONError) -> Value {
        // Who meets another thread here reads for itself.
        guard !isTaken.exchange(true, ordering: .acquiring) else { return try read(&reader) }
        defer { isTaken.store(false, ordering: .releasing) }
        let next = slots[recent].next
        if let value = slots[next].value, reader.skip(slots[next].text) {
            recent = next
            return value
        }
        let start = reader.position
        guard reader.isAtContainer, let text = try? reader.skipValue(), text.count <= maxLength else {
            reader.rewind(to: start)
            return try read(&reader)
        }
        let hash = ByteHash.of(reader.bytes.span, text.lowerBound, text.upperBound)
        let index = Int(truncatingIfNeeded: hash) & mask
        reader.rewind(to: text.lowerBound)
        if slots[index].hash == hash, let value = slots[index].value, reader.skip(slots[index].text) {
            follow(index)
            return value
        }
        let value = try read(&reader)
        let copy = reader.bytes.span.extracting(text).withUnsafeBufferPointer { Array($0) }
        slots[index] = Slot(hash: hash, text: copy, value: value, next: index)
        follow(index)
        return value
    }

    private func follow(_ index: Int) {
        slots[recent].next = index
        recent = index
    }
}
