/// The syntax that Kubernetes asks of names and labels.
///
/// Over bytes and without allocation: these run on every decode of a Rollout.
package enum NameSyntax {
    /// A DNS label: up to 63 lower-case letters, digits and hyphens inside.
    package static func isDNSLabel(_ text: String) -> Bool { isDNSLabel(text.utf8[...]) }

    private static func isDNSLabel(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
        return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
            && bytes.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    /// DNS labels with dots between, 253 bytes in all; one label alone may be that long too.
    package static func isSubdomain(_ text: String) -> Bool { isSubdomain(text.utf8[...]) }

    private static func isSubdomain(_ bytes: Substring.UTF8View) -> Bool {
        guard bytes.count <= 253 else { return false }
        var previous = UInt8(ascii: ".")
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "."): if !isLowerAlphanumeric(previous) { return false }
            case UInt8(ascii: "-"): if previous == UInt8(ascii: ".") { return false }
            default: if !isLowerAlphanumeric(byte) { return false }
            }
            previous = byte
        }
        return isLowerAlphanumeric(previous)
    }

    /// A label's value: empty, or up to 63 letters, digits, `-`, `_` and `.`, the outer ones letters or digits.
    package static func isValue(_ text: String) -> Bool { text.isEmpty || isName(text.utf8[...]) }

    /// A label's key: a name, with or without a DNS subdomain and a slash before it.
    package static func isKey(_ text: String) -> Bool {
        let bytes = text.utf8[...]
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else { return isName(bytes) }
        return isSubdomain(bytes[..<slash]) && isName(bytes[slash...].dropFirst())
    }

    /// An annotation's key: as a label's, but its case does not count.
    package static func isAnnotationKey(_ text: String) -> Bool { isKey(text) || isKey(text.lowercased()) }

    private static func isName(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy {
                isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
            }
    }

    package static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
    }

    package static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
    }
}
