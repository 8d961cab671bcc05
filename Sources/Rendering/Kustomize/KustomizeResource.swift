import Manifest

/// One object on its way through a build, with the names it has had.
struct KustomizeResource {
    var object: JSON {
        didSet { id = ResourceID(of: object) }
    }
    /// Its identity now.
    private(set) var id: ResourceID
    /// Its identity when it was read or generated.
    let original: ResourceID
    /// Identities before each change of name, namespace or kind, oldest first.
    var previous: [ResourceID] = []
    /// Prefixes and suffixes, innermost first.
    var prefixes: [String] = []
    var suffixes: [String] = []
    var needsHash = false
    var provenance: Provenance

    init(_ object: JSON, provenance: Provenance) {
        self.object = object
        id = ResourceID(of: object)
        original = id
        self.provenance = provenance
    }

    /// Remembers the identity before a change that may alter it.
    mutating func rememberID() {
        if previous.last != id { previous.append(id) }
    }

    /// Changes the object without looking at its identity, for changes that cannot touch it.
    mutating func edit<T>(_ change: (inout JSON) throws(RenderError) -> T) throws(RenderError) -> T {
        try change(&object)
    }

    func hasID(_ wanted: ResourceID) -> Bool {
        id.matches(wanted) || original.matches(wanted) || previous.contains { $0.matches(wanted) }
    }

    /// Whether this object and another stand under the same prefixes and suffixes.
    /// - Parameter emptyMatchesAll: An object without any goes with every other.
    func sharesAffixes(with other: KustomizeResource, emptyMatchesAll: Bool) -> Bool {
        Self.haveSameEnd(prefixes, other.prefixes, emptyMatchesAll)
            && Self.haveSameEnd(suffixes, other.suffixes, emptyMatchesAll)
    }

    private static func haveSameEnd(_ left: [String], _ right: [String], _ emptyMatchesAll: Bool) -> Bool {
        if left.isEmpty || right.isEmpty { return emptyMatchesAll || left.count == right.count }
        let count = min(left.count, right.count)
        return left.suffix(count) == right.suffix(count)
    }
}
