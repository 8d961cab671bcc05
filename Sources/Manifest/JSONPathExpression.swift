/// Why a text is no JSONPath expression.
package struct JSONPathError: Error, Hashable, CustomStringConvertible {
    package var reason: String
    /// Characters before the offending place.
    package var offset: Int

    package var description: String { "\(reason) at character \(offset)" }
}

/// A path in Kubernetes' dialect of JSONPath: `{.status.conditions[?(@.type=="Ready")].status}`.
///
/// Understands fields, `['name']`, indices and slices, unions, `*`, `..` and filters, with or without braces and `$`.
package struct JSONPathExpression: Hashable, Sendable {
    indirect enum Step: Hashable, Sendable {
        case field(String)
        case wildcard
        case recursive
        case slice(from: Int?, to: Int?, by: Int?)
        case union([Step])
        case filter(Operand, Comparison?, Operand?)
    }

    enum Comparison: String, CaseIterable, Hashable, Sendable {
        // Longer signs first, as the parser tries them in order.
        case equal = "=="
        case notEqual = "!="
        case atMost = "<="
        case atLeast = ">="
        case less = "<"
        case greater = ">"
    }

    enum Operand: Hashable, Sendable {
        case literal(JSON)
        case path(fromRoot: Bool, [Step])
    }

    /// The text that it was made from.
    package let text: String
    let steps: [Step]

    package init(_ text: String) throws(JSONPathError) {
        self.text = text
        var parser = try JSONPathParser(text)
        steps = try parser.parse()
    }

    /// All values at the path, in document order, members sorted by name; none where a part is missing.
    ///
    /// Ends after 100,000 values, which only a hostile expression reaches.
    package func values(in json: JSON) -> [JSON] { evaluate(steps[...], on: [json], root: json) }

    private static let maxValues = 100_000

    private func evaluate(_ steps: ArraySlice<Step>, on values: [JSON], root: JSON) -> [JSON] {
        var values = values
        for step in steps {
            var next: [JSON] = []
            for value in values {
                apply(step, to: value, root: root, into: &next)
                if next.count >= Self.maxValues { break }
            }
            values = next
        }
        return values
    }

    private func apply(_ step: Step, to value: JSON, root: JSON, into result: inout [JSON]) {
        switch step {
        case .field(let name):
            if let member = value[name] { result.append(member) }
        case .wildcard: result += value.parts
        case .recursive: collect(value, into: &result)
        case .slice(let from, let to, let by):
            guard case .array(let elements) = value else { return }
            let count = elements.count
            func position(_ index: Int) -> Int { min(max(index < 0 ? index + count : index, 0), count) }
            guard let by else {
                // A single index.
                if let from, case let index = from < 0 ? from + count : from, elements.indices.contains(index) {
                    result.append(elements[index])
                }
                return
            }
            let start = position(from ?? 0)
            let end = position(to ?? count)
            if start < end { result += stride(from: start, to: end, by: by).map { elements[$0] } }
        case .union(let alternatives):
            for alternative in alternatives { apply(alternative, to: value, root: root, into: &result) }
        case .filter(let left, let comparison, let right):
            for part in value.parts where holds(left, comparison, right, part, root) { result.append(part) }
        }
    }

    private func collect(_ value: JSON, into result: inout [JSON]) {
        guard result.count < Self.maxValues else { return }
        result.append(value)
        for part in value.parts { collect(part, into: &result) }
    }

    private func holds(
        _ left: Operand, _ comparison: Comparison?, _ right: Operand?, _ value: JSON, _ root: JSON
    ) -> Bool {
        let found = resolve(left, value, root)
        guard let comparison, let right else { return !found.isEmpty }
        let expected = resolve(right, value, root)
        guard found.count == 1, expected.count == 1, let a = found.first, let b = expected.first else { return false }
        switch comparison {
        case .equal: return a == b
        case .notEqual: return a != b
        case .less: return a.precedes(b)
        case .greater: return b.precedes(a)
        case .atMost: return a.precedes(b) || a == b
        case .atLeast: return b.precedes(a) || a == b
        }
    }

    private func resolve(_ operand: Operand, _ value: JSON, _ root: JSON) -> [JSON] {
        switch operand {
        case .literal(let literal): [literal]
        case .path(let fromRoot, let steps): evaluate(steps[...], on: [fromRoot ? root : value], root: root)
        }
    }
}

extension JSON {
    /// Elements, or members sorted by name.
    fileprivate var parts: [JSON] {
        switch self {
        case .array(let elements): elements
        case .object(let members): members.sorted { utf8Order($0.key, $1.key) }.map(\.value)
        default: []
        }
    }

    /// Numbers and strings have an order; anything else comes neither before nor after.
    fileprivate func precedes(_ other: JSON) -> Bool {
        if case .string(let a) = self, case .string(let b) = other { return utf8Order(a, b) }
        guard let a = doubleValue, let b = other.doubleValue else { return false }
        return a < b
    }
}
