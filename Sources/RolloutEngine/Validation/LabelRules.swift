import Manifest

/// The syntax that Kubernetes asks of ports, variables and the like; ``NameSyntax`` has names and labels.
///
/// Over bytes and without allocation: these run on every decode of a Rollout.
enum LabelRules {
    /// The name of a port: up to 15 lower-case letters, digits and single hyphens inside, with a letter in it.
    static func isPortName(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count <= 15, let last = bytes.last, last != UInt8(ascii: "-") else { return false }
        var previous = UInt8(ascii: "-")
        var hasLetter = false
        for byte in bytes {
            guard NameSyntax.isLowerAlphanumeric(byte) || byte == UInt8(ascii: "-") && previous != UInt8(ascii: "-")
            else {
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
            NameSyntax.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                || $0 == UInt8(ascii: ".")
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
        for (key, value) in selector.matchLabels where !NameSyntax.isKey(key) || !NameSyntax.isValue(value) {
            // In an order that does not change from look to look.
            let bad = selector.matchLabels.filter { !NameSyntax.isKey($0.key) || !NameSyntax.isValue($0.value) }
            return bad.keys.min().map { pairProblem($0, selector.matchLabels[$0] ?? "") }
        }
        for requirement in selector.matchExpressions {
            if !NameSyntax.isKey(requirement.key) { return pairProblem(requirement.key, "") }
            for value in requirement.values where !NameSyntax.isValue(value) {
                return pairProblem(requirement.key, value)
            }
        }
        return nil
    }

    private static func pairProblem(_ key: String, _ value: String) -> String {
        NameSyntax.isKey(key)
            ? "\"\(value.prefix(80))\" is no label value; use up to 63 letters, digits, '-', '_' and '.'"
            : "\"\(key.prefix(80))\" is no label key; use a name like app or example.org/app"
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
