/// How a strategic merge treats one list or map.
package struct MergeRule: Hashable, Sendable {
    /// Whether the patch is merged into the value or takes its place.
    package var merges: Bool
    /// Members that tell the elements of a list of objects apart; empty for lists of scalars and for maps.
    package var keys: [String]

    package init(merges: Bool, keys: [String] = []) {
        self.merges = merges
        self.keys = keys
    }

    /// The patch takes the value's place, whether it is a list or a map.
    package static let replace = MergeRule(merges: false)

    /// A list of objects that are told apart by one or more members, or a set of scalars without any.
    package static func merge(_ keys: String...) -> MergeRule { MergeRule(merges: true, keys: keys) }
}

/// What a strategic merge must know about a kind.
package protocol MergeSchema: Sendable {
    /// The rule for the list or map at a path of member names from the root; list elements add nothing to the path, so
    /// that the ports of containers are at `spec`, `containers`, `ports`.
    ///
    /// `nil` where nothing is declared: a map is merged and a list replaced.
    func rule(at path: [String]) -> MergeRule?
}

/// A schema written as a table from dotted paths to rules.
package struct MergeTable: MergeSchema {
    private let rules: [String: MergeRule]

    /// - Parameter rules: Keys such as `spec.template.spec.containers`.
    package init(_ rules: [String: MergeRule]) { self.rules = rules }

    package func rule(at path: [String]) -> MergeRule? { rules[path.joined(separator: ".")] }

    /// Maps are merged and lists replaced, as for kinds that nothing is known about.
    package static let empty = MergeTable([:])
}
