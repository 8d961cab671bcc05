/// The 32-bit FNV-1a hash, with which pod templates and steps are told apart.
package struct FNV1a: Sendable {
    package private(set) var value: UInt32 = 0x811c_9dc5

    package init() {}

    /// Goes on from a value that was kept.
    package init(value: UInt32) { self.value = value }

    package mutating func combine(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt32(byte)) &* 0x0100_0193 }
    }

    /// The decimal value in Kubernetes' safe alphabet, which spells no words: `6b56c8cdb4`.
    package var safeEncoded: String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)
        return String(decoding: String(value).utf8.map { alphabet[Int($0) % alphabet.count] }, as: UTF8.self)
    }
}
