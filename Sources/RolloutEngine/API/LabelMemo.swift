import Manifest
import Synchronization

/// The labels that were read last: those of a Rollout's ReplicaSets, which come one after another, differ in the hash alone.
final class LabelMemo: @unchecked Sendable {  // `isTaken` guards the rest
    static let shared = LabelMemo()

    /// Longer texts are read.
    private static let maxLength = 1_024

    /// The text up to the hash, and from behind it to the closing bracket; empty where none is known.
    private var before: [UInt8] = []
    private var after: [UInt8] = []
    private var others: [String: String] = [:]
    private let isTaken = Atomic(false)

    /// Reads an object of strings: the hash label, and all others.
    func read(_ reader: inout JSONReader) throws(JSONError) -> (others: [String: String], hash: String?) {
        // Who meets another thread here reads for itself.
        guard !isTaken.exchange(true, ordering: .acquiring) else {
            let found = try Self.labels(&reader)
            return (found.others, found.hash)
        }
        defer { isTaken.store(false, ordering: .releasing) }
        let start = reader.position
        if !before.isEmpty, reader.skip(before) {
            if let hash = reader.readPlainText(), reader.skip(after) { return (others, reader.text(hash)) }
            reader.rewind(to: start)
        }
        let found = try Self.labels(&reader)
        (before, after, others) = ([], [], found.others)
        if let place = found.place, reader.position - start <= Self.maxLength {
            // The quotes belong to the hash.
            before = Array(reader.bytes[start..<place.lowerBound - 1])
            after = Array(reader.bytes[place.upperBound + 1..<reader.position])
        }
        return (found.others, found.hash)
    }

    /// Also where the hash stands, if it does so once and without escapes.
    private static func labels(
        _ reader: inout JSONReader
    ) throws(JSONError) -> (others: [String: String], hash: String?, place: Range<Int>?) {
        var others: [(String, String)] = []
        var hash: String?
        var place: Range<Int>?
        var hashes = 0
        try reader.readObject { reader, key throws(JSONError) in
            guard key == Keys.podTemplateHash else {
                guard let value = try reader.readSharedString() else { return }
                if others.isEmpty { others.reserveCapacity(6) }
                others.append((key, value))
                return
            }
            hashes += 1
            place = reader.plainTextAhead()
            hash = try reader.readOptionalString() ?? hash
        }
        guard !others.isEmpty else { return ([:], hash, hashes == 1 ? place : nil) }
        // As large as it needs to be, from the start.
        var map = Dictionary<String, String>(minimumCapacity: others.count)
        for (key, value) in others { map[key] = value }
        return (map, hash, hashes == 1 ? place : nil)
    }
}
