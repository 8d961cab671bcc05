/// A semantic version, read as leniently as Helm and Argo CD read it: `v1.2`, `1.2.3-rc.1+build`.
package struct SemanticVersion: Sendable, CustomStringConvertible {
    package var major: UInt64
    package var minor: UInt64
    package var patch: UInt64
    package var prerelease: [String]
    package var metadata: String

    package init(
        _ major: UInt64, _ minor: UInt64 = 0, _ patch: UInt64 = 0, prerelease: [String] = [], metadata: String = ""
    ) {
        self.major = major
        self.minor = minor
        self.patch = patch
        self.prerelease = prerelease
        self.metadata = metadata
    }

    /// A leading `v` and missing minor and patch numbers are allowed; `nil` for anything else that is no version.
    package init?(_ text: String) {
        guard let parts = VersionParts(text), !parts.hasWildcard, let major = parts.major else { return nil }
        self.init(
            major, parts.minor ?? 0, parts.patch ?? 0, prerelease: parts.prerelease, metadata: parts.metadata)
    }

    /// `1.2.3-rc.1+build`.
    package var description: String {
        let tail = (prerelease.isEmpty ? "" : "-" + prerelease.joined(separator: "."))
        return "\(major).\(minor).\(patch)\(tail)\(metadata.isEmpty ? "" : "+" + metadata)"
    }
}

extension SemanticVersion: Comparable {
    package static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        let (a, b) = ((left.major, left.minor, left.patch), (right.major, right.minor, right.patch))
        if a != b { return a < b }
        if left.prerelease.isEmpty || right.prerelease.isEmpty {
            // A version comes after all of its prereleases.
            return !left.prerelease.isEmpty && right.prerelease.isEmpty
        }
        for (x, y) in zip(left.prerelease, right.prerelease) where x != y {
            switch (UInt64(x), UInt64(y)) {
            case (let x?, let y?): return x < y
            case (_?, nil): return true
            case (nil, _?): return false
            case (nil, nil): return utf8Order(x, y)
            }
        }
        return left.prerelease.count < right.prerelease.count
    }

    /// Build metadata does not count.
    package static func == (left: SemanticVersion, right: SemanticVersion) -> Bool {
        (left.major, left.minor, left.patch) == (right.major, right.minor, right.patch)
            && left.prerelease == right.prerelease
    }
}

extension SemanticVersion: Hashable {
    package func hash(into hasher: inout Hasher) {
        hasher.combine(major)
        hasher.combine(minor)
        hasher.combine(patch)
        hasher.combine(prerelease)
    }
}

/// A version of which parts may be missing or wildcards, as in a range.
struct VersionParts {
    var major: UInt64?
    var minor: UInt64?
    var patch: UInt64?
    var prerelease: [String] = []
    var metadata = ""
    var hasWildcard = false

    init?(_ text: String) {
        guard (1...256).contains(text.utf8.count) else { return nil }
        var rest = text[...]
        if rest.hasPrefix("v") { rest = rest.dropFirst() }
        if let plus = rest.firstIndex(of: "+") {
            metadata = String(rest[rest.index(after: plus)...])
            rest = rest[..<plus]
            guard VersionParts.identifiers(metadata[...]) != nil else { return nil }
        }
        if let dash = rest.firstIndex(of: "-") {
            guard let identifiers = VersionParts.identifiers(rest[rest.index(after: dash)...]) else { return nil }
            prerelease = identifiers
            rest = rest[..<dash]
        }
        let numbers = rest.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...3).contains(numbers.count) else { return nil }
        var values: [UInt64?] = []
        for number in numbers {
            if ["x", "X", "*"].contains(number) {
                hasWildcard = true
                values.append(nil)
                continue
            }
            guard !number.isEmpty, number.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }), let value = UInt64(number)
            else { return nil }
            values.append(hasWildcard ? nil : value)
        }
        major = values[0]
        minor = values.count > 1 ? values[1] : nil
        patch = values.count > 2 ? values[2] : nil
    }

    private static func identifiers(_ text: Substring) -> [String]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isSound = parts.allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy {
                    $0 == UInt8(ascii: "-") || $0 &- UInt8(ascii: "0") < 10 || ($0 | 0x20) &- UInt8(ascii: "a") < 26
                }
        }
        return isSound ? parts.map(String.init) : nil
    }
}
