import Manifest

/// Keeps secret values out of everything that is recorded.
package struct Redactor: Sendable {
    package static let mask = "*****"
    private let secrets: [[UInt8]]

    /// - Parameter values: Empty ones are ignored, for there is nothing to hide.
    package init(_ values: [String] = []) {
        var forms: Set<[UInt8]> = []
        for value in values where !value.isEmpty {
            forms.insert(Array(value.utf8))
            // As it stands inside JSON text, in a query string, and in a form.
            forms.insert(Array(JSON.string(value).serialized().dropFirst().dropLast()))
            forms.insert(Array(Self.percentEncoded(value).utf8))
            forms.insert(
                Array(
                    Self.percentEncoded(value).split(separator: "%20", omittingEmptySubsequences: false)
                        .joined(separator: "+").utf8))
        }
        // Longest first, so that no part of a longer secret is left standing.
        secrets = forms.sorted { $0.count > $1.count }
    }

    package var isEmpty: Bool { secrets.isEmpty }

    package func redact(_ text: String) -> String {
        guard !secrets.isEmpty, !text.isEmpty else { return text }
        var bytes = Array(text.utf8)
        for secret in secrets {
            var result: [UInt8] = []
            var index = 0
            while index < bytes.count {
                let length = matched(secret, bytes, at: index)
                if length > 0 {
                    result += Self.mask.utf8
                    index += length
                } else {
                    result.append(bytes[index])
                    index += 1
                }
            }
            bytes = result
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// How many bytes at `index` belong to the secret.
    ///
    /// The start of a long secret counts as well: messages quote values in part.
    private func matched(_ secret: [UInt8], _ bytes: [UInt8], at index: Int) -> Int {
        var length = 0
        while length < secret.count, index + length < bytes.count, bytes[index + length] == secret[length] {
            length += 1
        }
        return length == secret.count || length >= Self.tellingPrefix ? length : 0
    }

    private static let tellingPrefix = 6

    func redact(_ map: [String: String]) -> [String: String] {
        Dictionary(map.map { (redact($0.key), redact($0.value)) }, uniquingKeysWith: { first, _ in first })
    }

    func redact(_ measurement: Measurement) -> Measurement {
        var result = measurement
        result.message = redact(measurement.message)
        result.value = redact(measurement.value)
        result.metadata = redact(measurement.metadata)
        return result
    }

    private static func percentEncoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                result += hex.utf8.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return result
    }
}
