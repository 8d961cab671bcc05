extension JSONReader {
    /// Whether an object or list is next, without white space before it.
    package var isAtContainer: Bool {
        position < end && (bytes[position] == UInt8(ascii: "{") || bytes[position] == UInt8(ascii: "["))
    }

    /// Moves past `text` where it is next, byte for byte.
    ///
    /// What it moves past is not checked: `text` must have been read before, at such a place.
    package mutating func skip(_ text: [UInt8]) -> Bool {
        guard text.count <= end &- position else { return false }
        let isSame = bytes.span.extracting(position..<position &+ text.count).withUnsafeBufferPointer { next in
            text.withUnsafeBufferPointer { ByteScan.isSame($0, next) }
        }
        if isSame { position &+= text.count }
        return isSame
    }

    /// Where the reader is.
    package struct Mark: Sendable {
        var position: Int
        var depth: Int
    }

    package var mark: Mark { Mark(position: position, depth: depth) }

    /// Goes back, also out of a value that could not be read.
    package mutating func rewind(to mark: Mark) { (position, depth) = (min(mark.position, position), mark.depth) }

    /// Goes back to where a value began that was read or skipped as a whole, or could not be.
    package mutating func rewind(to offset: Int) { position = min(max(offset, 0), position) }

    /// A ``ByteHash`` of the next 64 bytes; `nil` where there are fewer.
    package func hashAhead() -> UInt64? {
        guard end &- position >= 64 else { return nil }
        return ByteHash.of(bytes.span, position, position &+ 64)
    }

    /// Skips the next value and gives the offsets of its text.
    @discardableResult
    package mutating func skipValue() throws(JSONError) -> Range<Int> {
        let kind = try peek()
        let start = position
        switch kind {
        case .null: try readLiteral("null")
        case .bool: _ = try readBool()
        case .number: while position < end, isNumberPart(bytes[position]) { position += 1 }
        case .string: position = try endOfString(after: position)
        case .array, .object: position = try endOfContainer()
        }
        return start..<position
    }

    func endOfContainer() throws(JSONError) -> Int {
        guard depth < maxDepth else { throw JSONError("nested too deeply", offset: position) }
        var scan = ContainerScan(limit: maxDepth - depth)
        if let stop = scan.end(bytes.span, position + 1, end) { return stop }
        throw JSONError(scan.isTooDeep ? "nested too deeply" : "unterminated object or list", offset: position)
    }
}
