/// A set of fields of an object: what a manager owns.
///
/// A tree of steps; a node is a member itself, holds members below it, or both.
package struct FieldSet: Hashable, Sendable {
    package struct Node: Hashable, Sendable {
        /// The field itself belongs to the set, not only parts of it.
        package var isMember: Bool
        package var below: FieldSet

        package init(isMember: Bool = false, below: FieldSet = FieldSet()) {
            self.isMember = isMember
            self.below = below
        }

        var isEmpty: Bool { !isMember && below.isEmpty }
    }

    package private(set) var children: [FieldStep: Node] = [:]

    package init() {}

    package init(_ paths: [FieldPath]) {
        for path in paths { insert(path.steps) }
    }

    package var isEmpty: Bool { children.isEmpty }

    package func contains(_ steps: [FieldStep]) -> Bool { node(at: steps[...])?.isMember ?? false }

    package mutating func insert(_ steps: [FieldStep]) { insert(steps[...]) }

    private mutating func insert(_ steps: ArraySlice<FieldStep>) {
        guard let step = steps.first else { return }
        var node = children.removeValue(forKey: step) ?? Node()
        if steps.count == 1 { node.isMember = true } else { node.below.insert(steps.dropFirst()) }
        children[step] = node
    }

    /// Puts a node below a step; an empty one removes what is there.
    package mutating func set(_ node: Node, at step: FieldStep) { children[step] = node.isEmpty ? nil : node }

    package func node(at steps: ArraySlice<FieldStep>) -> Node? {
        guard let step = steps.first, let node = children[step] else { return nil }
        return steps.count == 1 ? node : node.below.node(at: steps.dropFirst())
    }

    /// All members, in a stable order.
    package var paths: [FieldPath] {
        var result: [FieldPath] = []
        collect(below: [], into: &result)
        return result
    }

    private func collect(below prefix: [FieldStep], into result: inout [FieldPath]) {
        let ordered = children.map { (text: $0.key.fieldsV1, step: $0.key, node: $0.value) }
            .sorted { utf8Order($0.text, $1.text) }
        for (_, step, node) in ordered {
            if node.isMember { result.append(FieldPath(prefix + [step])) }
            node.below.collect(below: prefix + [step], into: &result)
        }
    }
}

// MARK: Algebra

extension FieldSet {
    package func union(_ other: FieldSet) -> FieldSet {
        var result = self
        for (step, node) in other.children {
            guard let mine = result.children[step] else {
                result.children[step] = node
                continue
            }
            result.children[step] = Node(
                isMember: mine.isMember || node.isMember, below: mine.below.union(node.below))
        }
        return result
    }

    package func intersection(_ other: FieldSet) -> FieldSet {
        var result = FieldSet()
        for (step, node) in children {
            guard let theirs = other.children[step] else { continue }
            result.set(
                Node(isMember: node.isMember && theirs.isMember, below: node.below.intersection(theirs.below)), at: step
            )
        }
        return result
    }

    /// The members that `other` has not.
    package func difference(_ other: FieldSet) -> FieldSet {
        var result = self
        for (step, theirs) in other.children {
            guard let node = children[step] else { continue }
            result.set(
                Node(isMember: node.isMember && !theirs.isMember, below: node.below.difference(theirs.below)), at: step)
        }
        return result
    }

    /// The members that `other` has not, neither themselves nor by a field above them.
    package func recursiveDifference(_ other: FieldSet) -> FieldSet {
        var result = self
        for (step, theirs) in other.children {
            guard let node = children[step] else { continue }
            result.set(
                theirs.isMember
                    ? Node()
                    : Node(
                        isMember: node.isMember, below: node.below.recursiveDifference(theirs.below)), at: step)
        }
        return result
    }
}

// MARK: FieldsV1

extension FieldSet {
    /// Reads the `fieldsV1` of a managed-fields entry.
    package init(fieldsV1 json: JSON) throws(PatchError) {
        guard case .object(let members) = json else {
            throw PatchError("fieldsV1 must be an object, found \(json.typeName)")
        }
        for (text, inner) in members where text != "." {
            guard let step = FieldStep(fieldsV1: text) else {
                throw PatchError("fieldsV1 has the unreadable path element \"\(text.prefix(100))\"")
            }
            let below = try FieldSet(fieldsV1: inner)
            // A leaf is a member; a node with parts is one only if it says so.
            let isMember = below.isEmpty || inner["."] != nil
            children[step] = Node(isMember: isMember, below: below)
        }
    }

    /// As the `fieldsV1` of a managed-fields entry.
    package var fieldsV1: JSON {
        var members: [String: JSON] = [:]
        for (step, node) in children {
            var inner = node.below.fieldsV1
            if node.isMember, !node.below.isEmpty { inner["."] = .emptyObject }
            members[step.fieldsV1] = inner
        }
        return .object(members)
    }
}
