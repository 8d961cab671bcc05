/// JSON patches (RFC 6902).
package enum JSONPatch {
    /// More operations are refused, as the Kubernetes API does.
    package static let maxOperations = 10_000
    /// Deepest value that a patch may build.
    private static let maxDepth = 128

    /// Applies a list of `add`, `remove`, `replace`, `move`, `copy` and `test` operations, all or none.
    ///
    /// As in Kubernetes and Kustomize, a negative index counts from the end of a list, testing an absent member for `null`
    /// holds, and replacing an absent member of an object sets it.
    package static func apply(_ patch: JSON, to document: JSON) throws(PatchError) -> JSON {
        guard case .array(let operations) = patch else {
            throw PatchError("a JSON patch must be a list of operations, found \(patch.typeName)")
        }
        guard operations.count <= maxOperations else {
            throw PatchError("\(operations.count) operations; a JSON patch has at most \(maxOperations)")
        }
        var result = document
        // Copies share memory here but not once they are written out, so that what they add up to is bounded.
        var budget = 2_000_000
        for (index, operation) in operations.enumerated() {
            do {
                try perform(operation, on: &result, budget: &budget)
            } catch {
                throw PatchError(
                    "operation \(index): \(error.reason)", path: error.path, isFailedTest: error.isFailedTest)
            }
        }
        return result
    }

    private static func perform(
        _ operation: JSON, on document: inout JSON, budget: inout Int
    ) throws(PatchError) {
        let path = try pointer("path", of: operation)
        switch operation["op"]?.stringValue {
        case "add":
            try add(try value(of: operation), at: path, in: &document, budget: &budget)
        case "remove": _ = try remove(at: path, in: &document)
        case "replace":
            let value = try value(of: operation)
            try check(value, depth: path.tokens.count, budget: &budget)
            if path.tokens.isEmpty {
                document = value
            } else {
                try document.edit(path.tokens[...], whole: path) { parent, token throws(PatchError) in
                    try parent.replace(token, with: value, whole: path)
                }
            }
        case "move":
            let from = try pointer("from", of: operation)
            guard from == path || !path.starts(with: from) else {
                throw PatchError("cannot move a value into itself", path: path.description)
            }
            let value = try remove(at: from, in: &document)
            try add(value, at: path, in: &document, budget: &budget)
        case "copy":
            let from = try pointer("from", of: operation)
            guard let value = try document.value(at: from) else { throw missing(from) }
            try add(value, at: path, in: &document, budget: &budget)
        case "test":
            let expected = operation["value"] ?? .null
            let found = try document.value(at: path)
            guard found == expected || (found == nil && expected == .null) else {
                throw PatchError(
                    found == nil ? "test failed: there is no such value" : "test failed: the value is another one",
                    path: path.description, isFailedTest: true)
            }
        case let name:
            throw PatchError(
                "unknown op \"\((name ?? "").prefix(40))\"; use add, remove, replace, move, copy or test")
        }
    }

    private static func pointer(_ member: String, of operation: JSON) throws(PatchError) -> JSONPointer {
        guard let text = operation[member]?.stringValue, let pointer = JSONPointer(text) else {
            throw PatchError("\(member) must be a JSON pointer such as /spec/replicas")
        }
        guard pointer.tokens.count <= maxDepth else { throw PatchError("\(member) is nested too deeply") }
        return pointer
    }

    private static func value(of operation: JSON) throws(PatchError) -> JSON {
        guard let value = operation["value"] else { throw PatchError("value is missing") }
        return value
    }

    private static func add(
        _ value: JSON, at path: JSONPointer, in document: inout JSON, budget: inout Int
    ) throws(PatchError) {
        try check(value, depth: path.tokens.count, budget: &budget)
        guard !path.tokens.isEmpty else {
            document = value
            return
        }
        try document.edit(path.tokens[...], whole: path) { parent, token throws(PatchError) in
            try parent.add(token, value, whole: path)
        }
    }

    private static func remove(at path: JSONPointer, in document: inout JSON) throws(PatchError) -> JSON {
        guard !path.tokens.isEmpty else {
            let value = document
            document = .null
            return value
        }
        var removed = JSON.null
        try document.edit(path.tokens[...], whole: path) { parent, token throws(PatchError) in
            removed = try parent.remove(token, whole: path)
        }
        return removed
    }

    /// Fails when the value, put at `depth`, is too deep or the sum of all moved values too large.
    private static func check(_ value: JSON, depth: Int, budget: inout Int) throws(PatchError) {
        budget -= 1
        guard budget > 0 else { throw PatchError("the patch builds too large an object") }
        guard depth <= maxDepth else { throw PatchError("the patch builds too deep an object") }
        switch value {
        case .array(let elements):
            for element in elements { try check(element, depth: depth + 1, budget: &budget) }
        case .object(let members):
            for member in members.values { try check(member, depth: depth + 1, budget: &budget) }
        case .string(let text): budget -= text.utf8.count / 64
        default: break
        }
    }

    fileprivate static func missing(_ path: JSONPointer) -> PatchError {
        PatchError("there is no value at this path", path: path.description)
    }
}

extension JSON {
    fileprivate func value(at pointer: JSONPointer) throws(PatchError) -> JSON? {
        var value = self
        for token in pointer.tokens {
            switch value {
            case .object(let members):
                guard let next = members[token] else { return nil }
                value = next
            case .array(let elements):
                guard let index = try listIndex(token, count: elements.count, whole: pointer), index < elements.count
                else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return value
    }

    /// Calls `change` with the container that holds the last of `tokens`.
    fileprivate mutating func edit(
        _ tokens: ArraySlice<String>, whole: JSONPointer,
        change: (inout JSON, String) throws(PatchError) -> Void
    ) throws(PatchError) {
        guard let token = tokens.first else { return }
        guard tokens.count > 1 else { return try change(&self, token) }
        switch self {
        case .object(var members):
            // The child leaves the tree while it is changed, so that it is changed in place.
            self = .null
            guard var child = members.updateValue(.null, forKey: token) else { throw JSONPatch.missing(whole) }
            try child.edit(tokens.dropFirst(), whole: whole, change: change)
            members[token] = child
            self = .object(members)
        case .array(var elements):
            guard let index = try listIndex(token, count: elements.count, whole: whole), index < elements.count else {
                throw JSONPatch.missing(whole)
            }
            self = .null
            var child = elements[index]
            elements[index] = .null
            try child.edit(tokens.dropFirst(), whole: whole, change: change)
            elements[index] = child
            self = .array(elements)
        default: throw JSONPatch.missing(whole)
        }
    }

    fileprivate mutating func add(_ token: String, _ value: JSON, whole: JSONPointer) throws(PatchError) {
        switch self {
        case .object: self[token] = value
        case .array(var elements):
            self = .null
            let index = token == "-" ? elements.count : try listIndex(token, count: elements.count + 1, whole: whole)
            guard let index, index <= elements.count else {
                throw PatchError("index beyond the end of a list of \(elements.count)", path: whole.description)
            }
            elements.insert(value, at: index)
            self = .array(elements)
        default: throw JSONPatch.missing(whole)
        }
    }

    fileprivate mutating func replace(_ token: String, with value: JSON, whole: JSONPointer) throws(PatchError) {
        if case .object = self { self[token] = value } else { _ = try remove(token, whole: whole, puttingBack: value) }
    }

    fileprivate mutating func remove(
        _ token: String, whole: JSONPointer, puttingBack replacement: JSON? = nil
    ) throws(PatchError) -> JSON {
        switch self {
        case .object(let members):
            guard let value = members[token] else { throw JSONPatch.missing(whole) }
            self[token] = replacement
            return value
        case .array(var elements):
            guard let index = try listIndex(token, count: elements.count, whole: whole), index < elements.count else {
                throw JSONPatch.missing(whole)
            }
            self = .null
            let value = elements[index]
            if let replacement { elements[index] = replacement } else { elements.remove(at: index) }
            self = .array(elements)
            return value
        default: throw JSONPatch.missing(whole)
        }
    }
}

/// The index that a pointer's token names, from the end when it is negative; `nil` beyond either end.
private func listIndex(_ token: String, count: Int, whole: JSONPointer) throws(PatchError) -> Int? {
    let digits = token.utf8.first == UInt8(ascii: "-") ? token.utf8.dropFirst() : token.utf8[...]
    guard !digits.isEmpty, digits.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }),
        digits.first != UInt8(ascii: "0") || digits.count == 1
    else {
        if token == "-" { return nil }
        throw PatchError("\"\(token.prefix(40))\" is no index of a list", path: whole.description)
    }
    guard let index = Int(token) else { return nil }
    let position = index < 0 ? index + count : index
    return position < 0 ? nil : position
}
