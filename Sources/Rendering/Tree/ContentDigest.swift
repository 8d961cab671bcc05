import Crypto

/// SHA-256 in the forms that rendering needs.
enum ContentDigest {
    private static let digits = Array("0123456789abcdef".utf8)

    static func hex(of bytes: [UInt8]) -> String { hex(SHA256.hash(data: bytes)) }

    static func hex(_ digest: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in digest {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Collects a digest over several pieces.
    struct Accumulator {
        private var hasher = SHA256()

        mutating func add(_ bytes: [UInt8]) { hasher.update(data: bytes) }
        func hex() -> String { ContentDigest.hex(hasher.finalize()) }
    }
}
