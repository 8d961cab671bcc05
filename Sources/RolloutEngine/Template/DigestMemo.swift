import Manifest
import Synchronization

/// Digests of the parts of containers that many templates share to the byte: probes, ports, environments, resources.
///
/// A part is known again by its text, not by a hash of it, so what one user writes can never stand for what another wrote.
final class DigestMemo: @unchecked Sendable {  // `isTaken` guards the rest
    private struct Slot: Sendable {
        var field: UInt64 = 0
        var text: [UInt8] = []
        var digest: UInt64?
        /// How many strangers this slot turns away before one takes it: parts that come once do not drive out common ones.
        var worth = 0
    }

    /// Shorter parts are read as fast as they are looked up; longer ones would make the memo large.
    static let lengths = 24...1_024

    private static let count = 256
    private static let shared = DigestMemo()

    private var slots = Array(repeating: Slot(), count: DigestMemo.count)
    var tails = DigestTails()
    var holes = DigestHoles()

    private let isTaken = Atomic(false)

    /// Takes the process's memo; `nil` where another thread has it at the moment.
    static func borrow() -> DigestMemo? { shared.isTaken.exchange(true, ordering: .acquiring) ? nil : shared }

    func giveBack() { isTaken.store(false, ordering: .releasing) }

    /// Where `text` of a field belongs.
    static func slot(_ field: UInt64, _ bytes: Span<UInt8>, _ text: Range<Int>) -> Int {
        let hash = ByteHash.of(bytes, text.lowerBound, text.upperBound) ^ field
        return Int(truncatingIfNeeded: hash ^ hash >> 32) & (count - 1)
    }

    /// The digest that was kept of this text, which may be `nil` itself.
    func find(_ slot: Int, _ field: UInt64, _ bytes: Span<UInt8>, _ text: Range<Int>) -> UInt64?? {
        guard slots[slot].field == field, slots[slot].text.count == text.count else { return nil }
        let isSame = bytes.extracting(text).withUnsafeBufferPointer { new in
            slots[slot].text.withUnsafeBufferPointer { ByteScan.isSame($0, new) }
        }
        guard isSame else { return nil }
        slots[slot].worth = min(slots[slot].worth + 1, 16)
        return .some(slots[slot].digest)
    }

    func keep(_ digest: UInt64?, _ slot: Int, _ field: UInt64, _ bytes: Span<UInt8>, _ text: Range<Int>) {
        guard slots[slot].worth == 0 else {
            slots[slot].worth -= 1
            return
        }
        let copy = bytes.extracting(text).withUnsafeBufferPointer { Array($0) }
        slots[slot] = Slot(field: field, text: copy, digest: digest, worth: 0)
    }
}
