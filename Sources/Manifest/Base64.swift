/// Standard base64 of RFC 4648, with padding, as Secrets, kubeconfigs and HTTP headers hold bytes.
package enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        return String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { text in
            var end = 0
            for start in stride(from: 0, to: bytes.count, by: 3) {
                let group = bytes[start..<min(start + 3, bytes.count)]
                var word: UInt32 = 0
                for byte in group { word = word << 8 | UInt32(byte) }
                word <<= UInt32(8 * (3 - group.count))
                for place in 0..<4 {
                    text[end] = place > group.count ? padding : digits[Int(word >> UInt32(18 - 6 * place) & 63)]
                    end += 1
                }
            }
            return end
        }
    }

    package static func encode(_ text: String) -> String { encode(text.utf8) }

    /// The bytes of a padded text; `nil` where it is no base64.
    ///
    /// White space, as editors and generators add it, is passed over.
    package static func decode(_ text: String) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count / 4 * 3)
        var (word, places, paddings): (UInt32, Int, Int) = (0, 0, 0)
        for byte in text.utf8 {
            if byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { continue }
            places += 1
            if byte == padding {
                paddings += 1
                continue
            }
            guard paddings == 0, let digit = value(of: byte) else { return nil }
            word = word << 6 | digit
            if places.isMultiple(of: 4) {
                for shift: UInt32 in [16, 8, 0] { result.append(UInt8(truncatingIfNeeded: word >> shift)) }
                word = 0
            }
        }
        guard places.isMultiple(of: 4), paddings <= 2 else { return nil }
        if paddings == 1 { result += [UInt8(truncatingIfNeeded: word >> 10), UInt8(truncatingIfNeeded: word >> 2)] }
        if paddings == 2 { result.append(UInt8(truncatingIfNeeded: word >> 4)) }
        return result
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
