import Manifest

extension SchemaNode {
    /// Drops members that the schema does not declare.
    /// - Parameter dropped: Gets the path of each, as field validation names them: `spec.foo`.
    func prune(_ value: inout JSON, path: String = "", dropped: inout [String]) {
        switch value {
        case .object(var members):
            guard !properties.isEmpty || additional != nil || !preservesUnknown else { return }
            guard type == "object" || type.isEmpty else { return }
            var changed = false
            for name in members.keys.sorted() {
                guard var child = members[name] else { continue }
                let childPath = path.isEmpty ? name : "\(path).\(name)"
                if let node = member(name) {
                    guard child.isContainer else { continue }
                    let before = dropped.count
                    node.prune(&child, path: childPath, dropped: &dropped)
                    if dropped.count != before {
                        members[name] = child
                        changed = true
                    }
                } else if !preservesUnknown {
                    dropped.append(childPath)
                    members[name] = nil
                    changed = true
                }
            }
            if changed { value = .object(members) }
        case .array(var elements):
            guard let items else { return }
            let before = dropped.count
            for index in elements.indices where elements[index].isContainer {
                items.prune(&elements[index], path: "\(path)[\(index)]", dropped: &dropped)
            }
            if dropped.count != before { value = .array(elements) }
        default: break
        }
    }

    /// Sets the defaults of absent members, and of nulls that may not be null; makes no parents.
    func applyDefaults(to value: inout JSON) {
        switch value {
        case .object(var members):
            var changed = false
            for (name, node) in properties {
                let present = members[name]
                if let fallback = node.defaultValue, present == nil || (present == .null && !node.isNullable) {
                    members[name] = fallback
                    changed = true
                }
                guard var child = members[name], child.isContainer else { continue }
                let before = child
                node.applyDefaults(to: &child)
                if child != before {
                    members[name] = child
                    changed = true
                }
            }
            if let additional {
                for (name, var child) in members where properties[name] == nil && child.isContainer {
                    let before = child
                    additional.applyDefaults(to: &child)
                    if child != before {
                        members[name] = child
                        changed = true
                    }
                }
            }
            if changed { value = .object(members) }
        case .array(var elements):
            guard let items else { return }
            for index in elements.indices where elements[index].isContainer {
                items.applyDefaults(to: &elements[index])
            }
            value = .array(elements)
        default: break
        }
    }

    /// Removes empty lists and maps that are optional, as typed objects leave them out.
    func dropEmpties(_ value: inout JSON) {
        switch value {
        case .object(var members):
            for (name, var child) in members where child.isContainer {
                guard let node = member(name) else { continue }
                let isOptional = (node.type == "array" || node.additional != nil) && !required.contains(name)
                if isOptional, child == .array([]) || child == .emptyObject {
                    members[name] = nil
                } else {
                    node.dropEmpties(&child)
                    members[name] = child
                }
            }
            value = .object(members)
        case .array(var elements):
            guard let items else { return }
            for index in elements.indices where elements[index].isContainer { items.dropEmpties(&elements[index]) }
            value = .array(elements)
        default: break
        }
    }

    /// Removes nulls at every level, as decoding into a typed object does.
    static func dropNulls(_ value: inout JSON) {
        switch value {
        case .object(let members):
            value = .object(
                members.compactMapValues { child in
                    if child.isNull { return nil }
                    guard child.isContainer else { return child }
                    var child = child
                    dropNulls(&child)
                    return child
                })
        case .array(var elements):
            for index in elements.indices where elements[index].isContainer { dropNulls(&elements[index]) }
            value = .array(elements)
        default: break
        }
    }
}

extension JSON {
    /// An object or a list.
    var isContainer: Bool {
        switch self {
        case .object, .array: true
        default: false
        }
    }
}
