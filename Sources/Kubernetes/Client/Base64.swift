/// The bytes of standard Base64 text, as kubeconfigs hold certificates; white space is passed over.
package func decodedBase64(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    var (value, bits, padding) = (UInt32(0), 0, 0)
    for byte in text.utf8 {
        let digit: UInt32
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit = UInt32(byte - 65)
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit = UInt32(byte - 71)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt32(byte) + 4
        case UInt8(ascii: "+"): digit = 62
        case UInt8(ascii: "/"): digit = 63
        case UInt8(ascii: "="):
            padding += 1
            continue
        case 0x20, 0x0A, 0x0D, 0x09: continue
        default: return nil
        }
        if padding > 0 { return nil }
        value = value << 6 | digit
        bits += 6
        if bits >= 8 {
            bits -= 8
            result.append(UInt8(truncatingIfNeeded: value >> UInt32(bits)))
        }
    }
    return bits < 6 && padding <= 2 ? result : nil
}

/// Standard Base64 with padding, for basic authentication.
package func encodedBase64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
        let rest = bytes.count - index
        let value =
            UInt32(bytes[index]) << 16 | (rest > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
            | (rest > 2 ? UInt32(bytes[index + 2]) : 0)
        for position in 0..<4 {
            result.append(
                position <= rest ? alphabet[Int(value >> UInt32(18 - 6 * position) & 63)] : UInt8(ascii: "="))
        }
        index += 3
    }
    return String(decoding: result, as: UTF8.self)
}
