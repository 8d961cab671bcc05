import Manifest
import Synchronization

/// The labels that were read last: those of a Rollout's ReplicaSets, which come one after another, differ in the hash alone.
final class LabelMemo: @unchecked Sendable {  // `isTaken` guards `known`
    static let shared = LabelMemo()

    private struct Known {
        /// The text up to the hash, and from behind it to the closing bracket.
        var before: [UInt8]
        var after: [UInt8]
        var labels: [String: String]
    }

    /// Longer texts are read.
    private static let maxLength = 1_024
    private static let name = Array("\"\(Keys.podTemplateHash)\":".utf8)

    private var known: Known?
    private let isTaken = Atomic(false)

    /// Reads an object of strings.
    func read(_ reader: inout JSONReader) throws(JSONError) -> [String: String] {
        // Who meets another thread here reads for itself.
        guard !isTaken.exchange(true, ordering: .acquiring) else { return try reader.readStringMap() }
        defer { isTaken.store(false, ordering: .releasing) }
        let start = reader.position
        if let known, reader.skip(known.before) {
            if let hash = reader.readPlainText(), reader.skip(known.after) {
                var labels = known.labels
                labels[Keys.podTemplateHash] = reader.text(hash)
                return labels
            }
            reader.rewind(to: start)
        }
        let labels = try reader.readStringMap()
        known = Self.split(reader, start..<reader.position, labels)
        return labels
    }

    /// The text without the hash; `nil` where it cannot be told apart for sure.
    private static func split(_ reader: JSONReader, _ text: Range<Int>, _ labels: [String: String]) -> Known? {
        guard text.count <= maxLength, let hash = labels[Keys.podTemplateHash] else { return nil }
        let bytes = Array(reader.bytes[text])
        let value = Array("\"\(hash)\"".utf8)
        var place: Int?
        var index = 0
        while index &+ name.count &+ value.count < bytes.count {
            // With escapes a name has more than one form.
            if bytes[index] == UInt8(ascii: "\\") { return nil }
            if bytes[index] == UInt8(ascii: "\""), bytes[index...].starts(with: name) {
                guard place == nil else { return nil }
                place = index &+ name.count
            }
            index &+= 1
        }
        guard let place, bytes[place...].starts(with: value), !bytes[index...].contains(UInt8(ascii: "\\")) else {
            return nil
        }
        return Known(before: Array(bytes[..<place]), after: Array(bytes[(place + value.count)...]), labels: labels)
    }
}
