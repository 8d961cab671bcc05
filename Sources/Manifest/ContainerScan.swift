import CScan

/// Finds the end of an object or list, 64 bytes at a time and without a branch for each token.
///
/// The text may come in pieces. Only quotes, escapes and brackets are looked at; all kinds of brackets count alike.
package struct ContainerScan: Sendable {
    /// Brackets that are open; starts at 1, behind the opening one.
    package private(set) var nesting = 1
    /// Set when more brackets were open than allowed; the scan goes no further.
    package private(set) var isTooDeep = false
    private let limit: Int
    private var isInString = false
    private var isEscaped = false

    /// - Parameter limit: How many brackets may be open.
    package init(limit: Int = .max) { self.limit = limit }

    /// The offset behind the closing bracket, or `nil` where it is not in `start ..< end`.
    package mutating func end(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
        var index = start
        while index < end {
            index &+= skipBlocks(bytes, index, end)
            guard index < end else { return nil }
            let count = min(64, end &- index)
            let block = Block(bytes, index, count)
            if let found = take(block, count) { return index &+ found }
            if isTooDeep { return nil }
            index &+= count
        }
        return nil
    }

    /// Goes over whole blocks while the end cannot be in them, and gives their length.
    private mutating func skipBlocks(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        guard end &- start >= 64 else { return 0 }
        var state = cscan_state(
            nesting: Int64(nesting), limit: Int64(limit), in_string: isInString ? .max : 0,
            is_escaped: isEscaped ? 1 : 0)
        let count = bytes.extracting(start..<end).withUnsafeBufferPointer { text in
            text.baseAddress.map { Int(cscan_blocks(&state, $0, text.count)) } ?? 0
        }
        nesting = Int(state.nesting)
        (isInString, isEscaped) = (state.in_string != 0, state.is_escaped != 0)
        return count
    }

    /// One bit for each byte of a block.
    private struct Block {
        var quotes: UInt64 = 0
        var backslashes: UInt64 = 0
        var opens: UInt64 = 0
        var closes: UInt64 = 0

        @inline(__always)
        init(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) {
            guard count == 64 else {
                add(bytes, start, count)
                return
            }
            bytes.extracting(start..<start &+ 64).withUnsafeBufferPointer { text in
                guard let base = text.baseAddress else { return }
                let found = cscan_classify(base)
                (quotes, backslashes, opens, closes) = (found.quotes, found.backslashes, found.opens, found.closes)
            }
        }

        private mutating func add(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) {
            for offset in 0..<count {
                let bit: UInt64 = 1 &<< UInt64(offset)
                switch bytes[start &+ offset] {
                case 0x22: quotes |= bit
                case 0x5C: backslashes |= bit
                case 0x5B, 0x7B: opens |= bit
                case 0x5D, 0x7D: closes |= bit
                default: break
                }
            }
        }
    }

    /// Takes a block, and gives the offset behind the closing bracket where it is in it.
    @inline(__always)
    private mutating func take(_ block: Block, _ count: Int) -> Int? {
        var quotes = block.quotes
        if block.backslashes != 0 || isEscaped { quotes &= ~escaped(block.backslashes, count) }
        // Between a quote and the next all bits are set: the sum of the quotes so far, modulo 2.
        var inside = quotes
        inside ^= inside &<< 1
        inside ^= inside &<< 2
        inside ^= inside &<< 4
        inside ^= inside &<< 8
        inside ^= inside &<< 16
        inside ^= inside &<< 32
        if isInString { inside = ~inside }
        isInString = inside &>> 63 == 1
        let opens = block.opens & ~inside
        let closes = block.closes & ~inside
        let closing = closes.nonzeroBitCount
        let deepest = nesting &+ opens.nonzeroBitCount
        if closing < nesting, deepest <= limit {
            nesting = deepest &- closing
            return nil
        }
        var brackets = opens | closes
        while brackets != 0 {
            let bit = brackets & (0 &- brackets)
            if opens & bit != 0 {
                nesting &+= 1
                if nesting > limit {
                    isTooDeep = true
                    return nil
                }
            } else {
                nesting &-= 1
                if nesting == 0 { return bit.trailingZeroBitCount &+ 1 }
            }
            brackets &= brackets &- 1
        }
        return nil
    }

    /// The bytes that a backslash before them escapes, across blocks.
    private mutating func escaped(_ backslashes: UInt64, _ count: Int) -> UInt64 {
        let carried: UInt64 = isEscaped ? 1 : 0
        let odd: UInt64 = 0xAAAA_AAAA_AAAA_AAAA
        let starts = backslashes & ~carried
        // Subtracting lets a borrow run through each series of backslashes, which tells its length's parity.
        let series = ((starts &<< 1 | odd) &- starts) ^ odd
        let result = series ^ (backslashes | carried)
        // The last byte of a short block carries as the 64th of a full one does.
        isEscaped = (series & backslashes) &>> UInt64(count &- 1) & 1 == 1
        return result
    }
}
