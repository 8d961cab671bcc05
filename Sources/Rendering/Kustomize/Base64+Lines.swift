import Manifest

extension Base64 {
    /// As Kustomize stores generated values: text of 70 characters and more in lines of 70, each ended by a newline.
    static func encodeInLines(_ bytes: [UInt8]) -> String {
        let text = Array(encode(bytes).utf8)
        guard text.count >= 70 else { return String(decoding: text, as: UTF8.self) }
        var lines: [UInt8] = []
        for start in stride(from: 0, to: text.count, by: 70) {
            lines += text[start..<min(start + 70, text.count)]
            lines.append(0x0A)
        }
        return String(decoding: lines, as: UTF8.self)
    }
}
