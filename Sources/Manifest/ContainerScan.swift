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
        let raw = bytes.bytes
        var index = start
        while index < end {
            var block = Block()
            let count = min(64, end &- index)
            if count == 64 {
                var word = 0
                while word < 64 {
                    let value = raw.unsafeLoadUnaligned(fromByteOffset: index &+ word, as: UInt64.self)
                    block.add(UInt64(littleEndian: value), at: UInt64(word))
                    word &+= 8
                }
                if block.mayHaveBackslashes {
                    word = 0
                    while word < 64 {
                        let value = raw.unsafeLoadUnaligned(fromByteOffset: index &+ word, as: UInt64.self)
                        block.addBackslashes(UInt64(littleEndian: value), at: UInt64(word))
                        word &+= 8
                    }
                }
            } else {
                block.add(bytes, index, count)
            }
            if let found = take(block, count) { return index &+ found }
            if isTooDeep { return nil }
            index &+= count
        }
        return nil
    }

    /// One bit for each byte of a block.
    private struct Block {
        var quotes: UInt64 = 0
        var backslashes: UInt64 = 0
        var opens: UInt64 = 0
        var closes: UInt64 = 0
        /// Most blocks have none, and whether there are any is cheaper to tell than where.
        private var backslashSigns: UInt64 = 0

        var mayHaveBackslashes: Bool { backslashSigns & 0x8080_8080_8080_8080 != 0 }

        @inline(__always)
        mutating func add(_ word: UInt64, at shift: UInt64) {
            quotes |= matches(word ^ 0x2222_2222_2222_2222) &<< shift
            let different = word ^ 0x5C5C_5C5C_5C5C_5C5C
            backslashSigns |= (different &- 0x0101_0101_0101_0101) & ~different
            // One bit tells square from curly brackets.
            let folded = word | 0x2020_2020_2020_2020
            opens |= matches(folded ^ 0x7B7B_7B7B_7B7B_7B7B) &<< shift
            closes |= matches(folded ^ 0x7D7D_7D7D_7D7D_7D7D) &<< shift
        }

        @inline(__always)
        mutating func addBackslashes(_ word: UInt64, at shift: UInt64) {
            backslashes |= matches(word ^ 0x5C5C_5C5C_5C5C_5C5C) &<< shift
        }

        /// A bit for each byte that is zero.
        @inline(__always)
        private func matches(_ word: UInt64) -> UInt64 {
            let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
            let zeroes = ~(((word & low) &+ low) | word | low)
            return ((zeroes &>> 7) &* 0x0102_0408_1020_4080) &>> 56
        }

        mutating func add(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) {
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
