/// How server-side apply divides a list or map into fields that can be owned.
package enum ApplyStructure: Hashable, Sendable {
    /// An object with declared members, owned one by one.
    case structure
    /// A map with free keys, owned one by one.
    case map
    /// A list or map that is owned as a whole.
    case atomic
    /// A list without duplicates, owned element by element (`listType: set`).
    case set
    /// A list of objects told apart by key members (`listType: map`), with what an absent key counts as.
    case keyed([String], defaults: [String: JSON] = [:])
}

/// What server-side apply must know about a kind.
package protocol ApplySchema: Sendable {
    /// The structure of the value at a path of member names from the root (empty for the root itself); list elements add
    /// nothing to the path, so that the ports of containers are at `spec`, `containers`, `ports`.
    ///
    /// The elements of a list of objects are structures. `nil` where nothing is declared: objects are maps, lists atomic.
    func structure(at path: [String]) -> ApplyStructure?
}

/// A schema written as a table from dotted paths to structures; the root is at the empty path.
package struct ApplyTable: ApplySchema {
    private let structures: [String: ApplyStructure]

    package init(_ structures: [String: ApplyStructure]) { self.structures = structures }

    package func structure(at path: [String]) -> ApplyStructure? { structures[path.joined(separator: ".")] }

    /// Objects are maps and lists atomic, as for kinds that nothing is known about.
    package static let empty = ApplyTable([:])
}

/// What a value is under a schema: the answer that all walks over values and field sets share.
enum ApplyShape {
    case leaf
    case object(members: [String: JSON], isDeclared: Bool)
    /// Elements with the steps that name them; a repeated step keeps its first element.
    case list(order: [FieldStep], elements: [FieldStep: JSON])

    init(_ value: JSON, at path: [String], isElement: Bool, schema: any ApplySchema) {
        let declared = isElement ? nil : schema.structure(at: path)
        switch value {
        case .object(let members):
            self =
                declared == .atomic ? .leaf : .object(members: members, isDeclared: isElement || declared == .structure)
        case .array(let elements):
            var order: [FieldStep] = []
            var found: [FieldStep: JSON] = [:]
            for element in elements {
                guard let step = FieldStep(element, in: declared) else {
                    self = .leaf
                    return
                }
                if found[step] == nil {
                    order.append(step)
                    found[step] = element
                }
            }
            switch declared {
            case .set, .keyed: self = .list(order: order, elements: found)
            default: self = .leaf
            }
        default: self = .leaf
        }
    }
}

extension ApplyShape {
    func part(at step: FieldStep) -> JSON? {
        switch (self, step) {
        case (.object(let members, _), .field(let name)): members[name]
        case (.list(_, let elements), _): elements[step]
        default: nil
        }
    }
}

extension FieldStep {
    /// The step that names an element of a list of this structure; `nil` when there is none.
    init?(_ element: JSON, in structure: ApplyStructure?) {
        switch structure {
        case .set: self = .value(element)
        case .keyed(let names, let defaults):
            var keys: [String: JSON] = [:]
            for name in names {
                if let value = element[name] ?? defaults[name] { keys[name] = value }
            }
            if keys.isEmpty { return nil }
            self = .keys(keys)
        default: return nil
        }
    }
}
