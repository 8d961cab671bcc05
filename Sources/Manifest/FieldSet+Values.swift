extension FieldSet {
    /// The fields that an object sets, as an applied configuration owns them.
    package init(of value: JSON, schema: any ApplySchema) {
        self.init(of: value, path: [], isElement: false, schema: schema)
    }

    private init(of value: JSON, path: [String], isElement: Bool, schema: any ApplySchema) {
        switch ApplyShape(value, at: path, isElement: isElement, schema: schema) {
        case .leaf: return
        case .object(let members, let isDeclared):
            for (name, member) in members {
                let below = FieldSet(of: member, path: path + [name], isElement: false, schema: schema)
                // The map at a free key is owned itself, and so is what has no parts that could be; an empty list of
                // elements that are owned one by one is nobody's.
                let isEmptyList = isDivided(member, at: path + [name], schema: schema) && below.isEmpty
                set(Node(isMember: !isEmptyList && (below.isEmpty || !isDeclared), below: below), at: .field(name))
            }
        case .list(let order, let elements):
            for step in order {
                let below = elements[step].map { FieldSet(of: $0, path: path, isElement: true, schema: schema) }
                set(Node(isMember: true, below: below ?? FieldSet()), at: step)
            }
        }
    }

    private func isDivided(_ value: JSON, at path: [String], schema: any ApplySchema) -> Bool {
        guard case .list = ApplyShape(value, at: path, isElement: false, schema: schema) else { return false }
        return true
    }

    /// The set as it is under the present schema, which may differ from the one that it was written under.
    ///
    /// What lies below a field that is owned as a whole now becomes that field. A field without parts whose value is
    /// owned part by part now gets all of its parts, as the API server does it.
    func reconciled(with value: JSON, schema: any ApplySchema) -> FieldSet {
        reconciled(with: value, path: [], isElement: false, schema: schema)
    }

    private func reconciled(
        with value: JSON, path: [String], isElement: Bool, schema: any ApplySchema
    ) -> FieldSet {
        let shape = ApplyShape(value, at: path, isElement: isElement, schema: schema)
        var result = FieldSet()
        for (step, node) in children {
            var inner = path
            if case .field(let name) = step { inner.append(name) }
            let part = shape.part(at: step) ?? .null
            let isPart = inner.count == path.count
            let structure = isPart ? nil : schema.structure(at: inner)
            if structure == .atomic, !node.below.isEmpty {
                result.set(Node(isMember: true), at: step)
                continue
            }
            let below =
                structure != nil && structure != .atomic && node.below.isEmpty
                ? FieldSet(of: part, path: inner, isElement: false, schema: schema)
                : node.below.reconciled(with: part, path: inner, isElement: isPart, schema: schema)
            result.set(Node(isMember: node.isMember, below: below), at: step)
        }
        return result
    }
}

/// What differs between two objects, field by field.
package struct FieldComparison: Hashable, Sendable {
    package var added = FieldSet()
    package var modified = FieldSet()
    package var removed = FieldSet()

    /// - Parameter old: `nil` when there was no object.
    package init(old: JSON?, new: JSON, schema: any ApplySchema) {
        compare(old ?? .emptyObject, new, steps: [], path: [], isElement: false, schema: schema)
    }

    package var isEmpty: Bool { added.isEmpty && modified.isEmpty && removed.isEmpty }

    /// Leaves out fields and all that lies below them.
    package mutating func exclude(_ ignored: FieldSet) {
        added = added.recursiveDifference(ignored)
        modified = modified.recursiveDifference(ignored)
        removed = removed.recursiveDifference(ignored)
    }

    private mutating func compare(
        _ old: JSON, _ new: JSON, steps: [FieldStep], path: [String], isElement: Bool, schema: any ApplySchema
    ) {
        if old == new, !path.isEmpty { return }
        let before = ApplyShape(old, at: path, isElement: isElement, schema: schema)
        let after = ApplyShape(new, at: path, isElement: isElement, schema: schema)
        switch (before, after) {
        case (.object(let before, _), .object(let after, _)):
            for (name, value) in after {
                let inner = steps + [.field(name)]
                guard let present = before[name] else {
                    FieldComparison.insert(value, inner, path + [name], isElement: false, into: &added, schema)
                    continue
                }
                compare(present, value, steps: inner, path: path + [name], isElement: false, schema: schema)
            }
            for (name, value) in before where after[name] == nil {
                FieldComparison.insert(
                    value, steps + [.field(name)], path + [name], isElement: false, into: &removed, schema)
            }
        case (.list(let beforeOrder, let before), .list(let afterOrder, let after)):
            for step in afterOrder {
                guard let value = after[step] else { continue }
                guard let present = before[step] else {
                    FieldComparison.insert(value, steps + [step], path, isElement: true, into: &added, schema)
                    continue
                }
                compare(present, value, steps: steps + [step], path: path, isElement: true, schema: schema)
            }
            for step in beforeOrder where after[step] == nil {
                guard let value = before[step] else { continue }
                FieldComparison.insert(value, steps + [step], path, isElement: true, into: &removed, schema)
            }
        case (.leaf, .leaf): modified.insert(steps)
        default:
            // Another shape: the parts of the old one are gone, those of the new one are there.
            FieldComparison.insert(old, steps, path, isElement: isElement, into: &removed, schema)
            FieldComparison.insert(new, steps, path, isElement: isElement, into: &added, schema)
            modified.insert(steps)
        }
    }

    /// Inserts a value's field and every field below it.
    private static func insert(
        _ value: JSON, _ steps: [FieldStep], _ path: [String], isElement: Bool, into set: inout FieldSet,
        _ schema: any ApplySchema
    ) {
        set.insert(steps)
        switch ApplyShape(value, at: path, isElement: isElement, schema: schema) {
        case .leaf: return
        case .object(let members, _):
            for (name, member) in members {
                insert(member, steps + [.field(name)], path + [name], isElement: false, into: &set, schema)
            }
        case .list(_, let elements):
            for (step, element) in elements {
                insert(element, steps + [step], path, isElement: true, into: &set, schema)
            }
        }
    }
}
