import Crypto
import Manifest

extension TemplateFunctions {
    static let encodings: [String: Function] = [
        "b64enc": function(1...1) { call throws(TemplateError) in
            try call.heap.string(Base64.encode(try call.string(0)))
        },
        "b64dec": function(1...1) { call throws(TemplateError) in
            try decoded(
                call, "base64", Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8), 6)
        },
        "b32enc": function(1...1) { call throws(TemplateError) in
            try call.heap.string(base32([UInt8](try call.string(0).utf8)))
        },
        "b32dec": function(1...1) { call throws(TemplateError) in
            try decoded(call, "base32", Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8), 5)
        },
        "sha1sum": function(1...1) { call throws(TemplateError) in
            .string(hex(Insecure.SHA1.hash(data: [UInt8](try call.string(0).utf8))))
        },
        "sha256sum": function(1...1) { call throws(TemplateError) in
            .string(hex(SHA256.hash(data: [UInt8](try call.string(0).utf8))))
        },
        "sha512sum": function(1...1) { call throws(TemplateError) in
            .string(hex(SHA512.hash(data: [UInt8](try call.string(0).utf8))))
        },
        "adler32sum": function(1...1) { call throws(TemplateError) in
            var (a, b): (UInt32, UInt32) = (1, 0)
            for byte in try call.string(0).utf8 {
                a = (a + UInt32(byte)) % 65_521
                b = (b + a) % 65_521
            }
            return .string(String(b << 16 | a))
        },
    ]

    private static func base32(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 5) {
            let group = bytes[start..<min(start + 5, bytes.count)]
            var word: UInt64 = 0
            for byte in group { word = word << 8 | UInt64(byte) }
            word <<= UInt64(8 * (5 - group.count))
            let used = (group.count * 8 + 4) / 5
            for place in 0..<8 {
                let digit = alphabet[Int(word >> UInt64(35 - 5 * place) & 31)]
                text.append(place < used ? digit : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func decoded(
        _ call: TemplateCall, _ name: String, _ alphabet: [UInt8], _ width: UInt32
    ) throws(TemplateError) -> TemplateValue {
        var bytes: [UInt8] = []
        var (bits, count): (UInt32, UInt32) = (0, 0)
        for character in try call.string(0).utf8 where character != UInt8(ascii: "=") && character != 0x0A {
            guard let digit = alphabet.firstIndex(of: character) else { throw call.failure("got no \(name)") }
            bits = (bits << width | UInt32(digit)) & 0xFFFF
            count += width
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return try call.heap.string(String(decoding: bytes, as: UTF8.self))
    }
}
