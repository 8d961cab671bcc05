/// A range of versions: `>=1.2 <2`, `~1.4`, `^0.3`, `1.x || 3.0.1`, `1.2 - 1.4`.
///
/// A range without a prerelease never holds a prerelease: write `>=1.0.0-0` to allow them.
package struct VersionRange: Sendable, CustomStringConvertible {
    fileprivate struct Term {
        enum Operator { case tildeOrEqual, notEqual, greater, less, atLeast, atMost, tilde, caret }

        var op: Operator
        var version: SemanticVersion
        var anyMajor: Bool
        var anyMinor: Bool
        var anyPatch: Bool
    }

    package let description: String
    /// Alternatives, each a list of terms that must all hold.
    private let alternatives: [[Term]]

    /// `nil` for a text that is no range.
    package init?(_ text: String) {
        guard text.utf8.count <= 1_024 else { return nil }
        description = text
        var alternatives: [[Term]] = []
        for part in text.split(separator: "|", omittingEmptySubsequences: false).joinedPairs {
            guard let terms = VersionRange.terms(part) else { return nil }
            alternatives.append(terms)
        }
        self.alternatives = alternatives
    }

    package func contains(_ version: SemanticVersion) -> Bool {
        alternatives.contains { terms in terms.allSatisfy { $0.holds(version) } }
    }

    /// The highest of the versions that lie in the range.
    package func highest(of versions: some Sequence<SemanticVersion>) -> SemanticVersion? {
        versions.filter(contains).max()
    }

    private static func terms(_ text: String) -> [Term]? {
        let words = text.split { $0 == " " || $0 == "\t" || $0 == "," }.map(String.init)
        var terms: [Term] = []
        var index = 0
        while index < words.count {
            var word = words[index]
            index += 1
            // An operator may stand apart from its version.
            if word.allSatisfy({ "<>=!~^".contains($0) }) {
                guard index < words.count else { return nil }
                word += words[index]
                index += 1
            }
            if index + 1 < words.count, words[index] == "-" {
                guard let low = Term(">=" + word), let high = Term("<=" + words[index + 1]) else { return nil }
                terms += [low, high]
                index += 2
                continue
            }
            guard let term = Term(word) else { return nil }
            terms.append(term)
        }
        return terms.isEmpty ? nil : terms
    }
}

extension VersionRange.Term {
    fileprivate init?(_ text: String) {
        let sign = text.prefix(while: { "<>=!~^".contains($0) })
        switch sign {
        case "", "=": op = .tildeOrEqual
        case "!=": op = .notEqual
        case ">": op = .greater
        case "<": op = .less
        case ">=", "=>": op = .atLeast
        case "<=", "=<": op = .atMost
        case "~", "~>": op = .tilde
        case "^": op = .caret
        default: return nil
        }
        guard let parts = VersionParts(String(text.dropFirst(sign.count))) else { return nil }
        anyMajor = parts.major == nil
        anyMinor = parts.minor == nil
        anyPatch = parts.patch == nil
        version = SemanticVersion(
            parts.major ?? 0, parts.minor ?? 0, parts.patch ?? 0, prerelease: parts.prerelease)
    }

    fileprivate func holds(_ candidate: SemanticVersion) -> Bool {
        if !candidate.prerelease.isEmpty, version.prerelease.isEmpty { return false }
        switch op {
        case .tildeOrEqual: return anyPatch ? tilde(candidate) : candidate == version
        case .notEqual: return anyPatch ? !tilde(candidate) : candidate != version
        case .less: return candidate < version
        case .atLeast: return candidate >= version
        case .greater:
            guard anyPatch else { return candidate > version }
            if anyMajor { return false }
            if candidate.major != version.major { return candidate.major > version.major }
            return !anyMinor && candidate.minor > version.minor
        case .atMost:
            guard anyPatch else { return candidate <= version }
            if anyMajor { return true }
            if candidate.major != version.major { return candidate.major < version.major }
            return anyMinor || candidate.minor <= version.minor
        case .tilde: return tilde(candidate)
        case .caret: return caret(candidate)
        }
    }

    private func tilde(_ candidate: SemanticVersion) -> Bool {
        if anyMajor { return true }
        guard candidate >= version, candidate.major == version.major else { return false }
        return anyMinor || candidate.minor == version.minor
    }

    private func caret(_ candidate: SemanticVersion) -> Bool {
        if anyMajor { return true }
        guard candidate >= version, candidate.major == version.major else { return false }
        if version.major > 0 || anyMinor { return true }
        guard candidate.minor == version.minor else { return false }
        return version.minor > 0 || anyPatch || candidate.patch == version.patch
    }
}

extension [Substring] {
    /// The parts between `||`, when this is a text split at every `|`.
    fileprivate var joinedPairs: [String] {
        var parts: [String] = []
        var iterator = makeIterator()
        guard let first = iterator.next() else { return [] }
        parts.append(String(first))
        while let gap = iterator.next() {
            // A single bar leaves text here and makes the range unreadable.
            guard gap.isEmpty, let part = iterator.next() else { return [""] }
            parts.append(String(part))
        }
        return parts
    }
}
