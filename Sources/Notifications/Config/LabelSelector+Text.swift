import Manifest

extension LabelSelector {
    /// Reads the one-line form of kubectl's `-l`: `app=web,tier!=db,env in (a,b),!legacy`.
    ///
    /// `nil` where it cannot be read.
    init?(text: String) {
        self.init()
        var rest = text[...]
        while true {
            rest = rest.drop { $0 == " " || $0 == "," }
            if rest.isEmpty { return }
            let isNegated = rest.first == "!"
            if isNegated { rest.removeFirst() }
            let key = String(rest.prefix { !"=!, ".contains($0) })
            guard !key.isEmpty else { return nil }
            rest = rest.dropFirst(key.count).drop { $0 == " " }
            if rest.isEmpty || rest.first == "," {
                matchExpressions.append(Requirement(key: key, op: isNegated ? .doesNotExist : .exists))
                continue
            }
            if isNegated { return nil }
            let (op, length): (Operator, Int) =
                if rest.hasPrefix("notin") { (.notIn, 5) } else if rest.hasPrefix("in") {
                    (.isIn, 2)
                } else if rest.hasPrefix("!=") {
                    (.notIn, 2)
                } else if rest.hasPrefix("==") { (.isIn, 2) } else if rest.hasPrefix("=") { (.isIn, 1) } else {
                    (.exists, 0)
                }
            guard length > 0 else { return nil }
            let isSet = rest.hasPrefix("in") || rest.hasPrefix("notin")
            rest = rest.dropFirst(length).drop { $0 == " " }
            var values: [String]
            if isSet {
                guard rest.first == "(", let end = rest.firstIndex(of: ")") else { return nil }
                values = rest[..<end].dropFirst().split(separator: ",").map { $0.filter { $0 != " " } }
                rest = rest[rest.index(after: end)...]
            } else {
                let value = rest.prefix { !", ".contains($0) }
                values = [String(value)]
                rest = rest.dropFirst(value.count)
            }
            matchExpressions.append(Requirement(key: key, op: op, values: values))
        }
    }
}
