import Manifest

/// The syntax that Kubernetes asks of names, labels and the like.
///
/// Over bytes and without allocation: these run on every decode of a Rollout.
enum LabelRules {
    /// A DNS label: up to 63 lower-case letters, digits and hyphens inside.
    static func isDNSLabel(_ text: String) -> Bool { isDNSLabel(text.utf8[...]) }

    private static func isDNSLabel(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
        return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
            && bytes.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    /// DNS labels with dots between, 253 bytes in all; one label alone may be that long too.
    static func isSubdomain(_ text: String) -> Bool { isSubdomain(text.utf8[...]) }

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
    static func isValue(_ text: String) -> Bool { text.isEmpty || isName(text.utf8[...]) }

    /// A label's key: a name, with or without a DNS subdomain and a slash before it.
    static func isKey(_ text: String) -> Bool {
        let bytes = text.utf8[...]
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else { return isName(bytes) }
        return isSubdomain(bytes[..<slash]) && isName(bytes[slash...].dropFirst())
    }

    /// An annotation's key: as a label's, but its case does not count.
    static func isAnnotationKey(_ text: String) -> Bool { isKey(text) || isKey(text.lowercased()) }

    private static func isName(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy {
                isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
            }
    }

    /// The name of a port: up to 15 lower-case letters, digits and single hyphens inside, with a letter in it.
    static func isPortName(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count <= 15, let last = bytes.last, last != UInt8(ascii: "-") else { return false }
        var previous = UInt8(ascii: "-")
        var hasLetter = false
        for byte in bytes {
            guard isLowerAlphanumeric(byte) || byte == UInt8(ascii: "-") && previous != UInt8(ascii: "-") else {
                return false
            }
            if byte >= UInt8(ascii: "a") { hasLetter = true }
            previous = byte
        }
        return hasLetter
    }

    /// The name of a variable: printable ASCII without `=`; older servers allow less.
    static func isEnvironmentName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "=") }
    }

    /// A key of a ConfigMap or Secret.
    static func isConfigKey(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...253).contains(bytes.count), text != ".", !text.hasPrefix("..") else { return false }
        return bytes.allSatisfy {
            isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
        }
    }

    /// Roughly an IP address: what is none for certain is refused.
    static func mayBeAddress(_ text: String) -> Bool {
        if text.utf8.contains(UInt8(ascii: ":")) {
            return text.utf8.count <= 45
                && text.utf8.allSatisfy {
                    isDigit($0) || ($0 | 0x20) &- UInt8(ascii: "a") < 6 || $0 == UInt8(ascii: ":")
                        || $0 == UInt8(ascii: ".")
                }
        }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.count <= 3 && part.allSatisfy(isDigit) && (Int(Substring(part)).map { $0 <= 255 } ?? false)
            }
    }

    /// What is wrong with a selector's keys and values, and the cure; `nil` where they are well formed.
    static func problem(of selector: LabelSelector) -> String? {
        for (key, value) in selector.matchLabels where !isKey(key) || !isValue(value) {
            // In an order that does not change from look to look.
            let bad = selector.matchLabels.filter { !isKey($0.key) || !isValue($0.value) }
            return bad.keys.min().map { pairProblem($0, selector.matchLabels[$0] ?? "") }
        }
        for requirement in selector.matchExpressions {
            if !isKey(requirement.key) { return pairProblem(requirement.key, "") }
            for value in requirement.values where !isValue(value) { return pairProblem(requirement.key, value) }
        }
        return nil
    }

    private static func pairProblem(_ key: String, _ value: String) -> String {
        isKey(key)
            ? "\"\(value.prefix(80))\" is no label value; use up to 63 letters, digits, '-', '_' and '.'"
            : "\"\(key.prefix(80))\" is no label key; use a name like app or example.org/app"
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
    }
}
