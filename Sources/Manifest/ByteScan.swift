import CScan
import Glibc

/// Finds the bytes that matter in JSON text, eight at a time.
///
/// Each function gives the offset of the first match in `start ..< end`, or `end`.
package enum ByteScan {
    /// The next `"`, `\` or control character: where a plain run of a string ends.
    @inline(__always)
    package static func endOfPlainText(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var index = start
        // Short texts too, where others stand behind them.
        while index &+ 16 <= bytes.count, index < end {
            let found = bytes.extracting(index..<index &+ 16).withUnsafeBufferPointer { text in
                text.baseAddress.map { cscan_text_ends($0) } ?? 0
            }
            if found != 0 { return min(index &+ found.trailingZeroBitCount, end) }
            index &+= 16
        }
        while index < end {
            let byte = bytes[index]
            if byte == 0x22 || byte == 0x5C || byte < 0x20 { return index }
            index &+= 1
        }
        return end
    }

    /// The next `"` or `\`: where a string ends whose text does not matter.
    @inline(__always)
    package static func quoteOrBackslash(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        let raw = bytes.bytes
        var index = start
        while index &+ 8 <= end {
            let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let found = zeroes(word ^ quotes) | zeroes(word ^ backslashes)
            if found != 0 { return index &+ found.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < end {
            let byte = bytes[index]
            if byte == 0x22 || byte == 0x5C { return index }
            index &+= 1
        }
        return end
    }

    /// Whether two runs of bytes are the same.
    package static func isSame(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        guard let one = left.baseAddress, let other = right.baseAddress else { return true }
        return memcmp(one, other, left.count) == 0
    }

    /// The high bit of each byte that is zero; above the lowest such byte there may be others.
    @inline(__always)
    private static func zeroes(_ word: UInt64) -> UInt64 { (word &- lowBits) & ~word & highBits }

    private static var lowBits: UInt64 { 0x0101_0101_0101_0101 }
    private static var highBits: UInt64 { 0x8080_8080_8080_8080 }
    private static var quotes: UInt64 { 0x2222_2222_2222_2222 }
    private static var backslashes: UInt64 { 0x5C5C_5C5C_5C5C_5C5C }
}

/// A fast 64-bit hash of bytes, the same on every machine; it does not resist an attacker.
package struct ByteHash: Sendable {
    package static func of(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> UInt64 {
        let raw = bytes.bytes
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: end &- start)
        // Most names are short.
        if end &- start < 16, start &+ 16 <= bytes.count {
            var word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self))
            var rest = end &- start
            if rest >= 8 {
                hash = fold(hash ^ word)
                word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: start &+ 8, as: UInt64.self))
                rest &-= 8
            }
            return fold(rest == 0 ? hash : hash ^ word & (1 &<< UInt64(8 &* rest) &- 1))
        }
        var index = start
        while index &+ 8 <= end {
            let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            hash = fold(hash ^ word)
            index &+= 8
        }
        guard index < end else { return fold(hash) }
        if index &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            return fold(hash ^ word & (1 &<< UInt64(8 &* (end &- index)) &- 1))
        }
        var rest: UInt64 = 0
        var shift: UInt64 = 0
        while index < end {
            rest |= UInt64(bytes[index]) &<< shift
            shift &+= 8
            index &+= 1
        }
        return fold(hash ^ rest)
    }

    package static func of(_ text: some Sequence<UInt8>) -> UInt64 {
        if let hash = text.withContiguousStorageIfAvailable({ of($0.span, 0, $0.count) }) { return hash }
        let bytes = Array(text)
        return of(bytes.span, 0, bytes.count)
    }

    @inline(__always)
    private static func fold(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low ^ value
    }
}
