package import Manifest

/// Splits the body of a LIST into its items while it streams, without holding it.
///
/// Feed it pieces of any size. Each item is handed out once; of the rest only small members are kept (`metadata`, `kind`,
/// a Status). Most items are decoded where they stand in a piece, and their end is where the decoder stops. Only one that
/// a piece cuts, or that a decoder refuses, is copied, looking at nothing but quotes and brackets.
package struct ListSplitter: Sendable {
    /// What may come next, outside of values.
    private enum Place {
        case start, key, colon, value, comma, item, end
    }

    private let maxItem: Int
    private let maxMember: Int
    private var place = Place.start
    /// Name of the member whose value is being read.
    private var name = ""
    /// Bytes of the value that began in an earlier piece.
    private var buffer: [UInt8] = []
    private var isCapturing = false
    private var isKey = false
    /// Of a value that is an object or list.
    private var scan: ContainerScan?
    private var isInString = false
    private var isEscaped = false
    private var members: [String: [UInt8]] = [:]
    /// The piece at hand, once an item is read from it.
    private var piece: [UInt8] = []
    /// The last item's length: where less is left of a piece, the next one is hardly whole.
    private var lastLength = 0
    /// Items handed out so far.
    package private(set) var items = 0

    /// - Parameters:
    ///   - maxItem: A larger item is an error.
    ///   - maxMember: A larger member beside the items is an error.
    package init(maxItem: Int = 32 << 20, maxMember: Int = 1 << 20) {
        self.maxItem = maxItem
        self.maxMember = maxMember
    }

    /// A member of the list beside its items: `metadata`.
    package func member(_ name: String) -> JSON? { members[name].flatMap { try? JSON(parsing: $0) } }

    /// Takes the next piece, and hands out the items that end in it, each as its own bytes.
    package mutating func feed(_ chunk: Span<UInt8>, item: ([UInt8]) throws -> Void) throws {
        try feed(chunk) { reader in
            let range = try reader.skipValue()
            try item(Array(reader.bytes[range]))
        }
    }

    /// Takes the next piece, and reads the items that end in it.
    /// - Parameter item: Reads one value. Where it throws a `JSONError` and the reader is partial, it is called again for
    ///   the same item once all of it has come, so until then it must leave nothing behind.
    package mutating func feed(_ chunk: Span<UInt8>, reading item: (inout JSONReader) throws -> Void) throws {
        var index = 0
        piece.removeAll(keepingCapacity: true)
        while index < chunk.count {
            if isCapturing {
                let end = endOfValue(chunk, from: index)
                try capture(chunk, index..<(end ?? chunk.count))
                guard let end else { return }
                index = end
                isCapturing = false
                guard !buffer.isEmpty else { throw JSONError("the response is no list: a value is missing") }
                let value = buffer
                buffer = []
                if isKey {
                    var reader = JSONReader(value)
                    name = try reader.readString()
                    place = .colon
                } else if place == .item {
                    items += 1
                    lastLength = value.count
                    var reader = JSONReader(value)
                    try item(&reader)
                } else {
                    members[name] = value
                    place = .comma
                }
            } else {
                if place == .item, chunk[index] == UInt8(ascii: "{"), let end = try readInPlace(chunk, index, item) {
                    index = end
                    continue
                }
                try step(chunk[index])
                // The first byte of a value belongs to it.
                if !isCapturing { index += 1 }
            }
        }
    }

    /// Reads an object where it stands, and gives the offset behind it; `nil` where it must be captured first.
    private mutating func readInPlace(
        _ chunk: Span<UInt8>, _ start: Int, _ item: (inout JSONReader) throws -> Void
    ) throws -> Int? {
        guard chunk.count - start >= lastLength else { return nil }
        if piece.isEmpty { chunk.withUnsafeBufferPointer { piece.append(contentsOf: $0) } }
        var reader = JSONReader(piece, range: start..<piece.count, isPartial: true)
        do {
            try item(&reader)
            if reader.position == start { try reader.skipValue() }
        } catch is JSONError {
            return nil
        }
        guard reader.position - start <= maxItem else { throw tooLarge(maxItem) }
        items += 1
        lastLength = reader.position - start
        return reader.position
    }

    private func tooLarge(_ limit: Int) -> JSONError {
        JSONError("an object of the list is larger than \(limit) bytes")
    }

    /// Fails unless the list was complete.
    package func finish() throws(JSONError) {
        guard place == .end else { throw JSONError("the list ends in the middle") }
    }

    /// One byte between values.
    private mutating func step(_ byte: UInt8) throws(JSONError) {
        switch byte {
        case 0x20, 0x0A, 0x0D, 0x09: return
        default: break
        }
        switch (place, byte) {
        case (.start, UInt8(ascii: "{")): place = .key
        case (.key, UInt8(ascii: "\"")): begin(isKey: true)
        case (.key, UInt8(ascii: "}")): place = .end
        case (.colon, UInt8(ascii: ":")): place = .value
        case (.value, UInt8(ascii: "[")) where name == "items": place = .item
        case (.value, _): begin(isKey: false)
        case (.item, UInt8(ascii: "]")): place = .comma
        case (.item, UInt8(ascii: ",")): break
        case (.item, _): begin(isKey: false)
        case (.comma, UInt8(ascii: ",")): place = .key
        case (.comma, UInt8(ascii: "}")): place = .end
        default: throw JSONError("the response is no list: unexpected byte \(byte)")
        }
    }

    private mutating func begin(isKey: Bool) {
        isCapturing = true
        self.isKey = isKey
        (scan, isInString, isEscaped) = (nil, false, false)
    }

    private mutating func capture(_ chunk: Span<UInt8>, _ range: Range<Int>) throws(JSONError) {
        let limit = place == .item ? maxItem : maxMember
        guard buffer.count + range.count <= limit else {
            throw tooLarge(limit)
        }
        chunk.extracting(range).withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
    }

    /// Where the value ends that is being read; `nil` where it goes on in the next piece.
    private mutating func endOfValue(_ chunk: Span<UInt8>, from start: Int) -> Int? {
        if scan != nil { return scan?.end(chunk, start, chunk.count) }
        var index = start
        while index < chunk.count {
            let byte = chunk[index]
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    return index + 1
                }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    scan = ContainerScan()
                    return scan?.end(chunk, index + 1, chunk.count)
                // A number or literal ends where its container does, or before what follows.
                case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","), 0x20, 0x0A, 0x0D, 0x09: return index
                default: break
                }
            }
            index += 1
        }
        return nil
    }
}
