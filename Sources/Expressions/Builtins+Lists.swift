import Manifest

extension Builtins {
    static let lists: [String: Function] = [
        "len": function(1...1) { call throws(ExpressionError) in
            switch call[0] {
            case .list(let elements): .int(Int64(elements.count))
            case .map(let members): .int(Int64(members.count))
            case .string(let text): .int(Int64(text.unicodeScalars.count))
            default: throw call.failure("needs a list, map or string, not \(call[0].typeName)")
            }
        },
        "first": function(1...1) { call throws(ExpressionError) in try call.list(0).first ?? .null },
        "last": function(1...1) { call throws(ExpressionError) in try call.list(0).last ?? .null },
        "take": function(2...2) { call throws(ExpressionError) in
            let (elements, count) = (try call.list(0), try call.int(1))
            guard count >= 0 else { throw call.failure("needs a count of at least 0") }
            return .list(Array(elements.prefix(Int(min(count, Int64(elements.count))))))
        },
        "get": function(2...2) { call throws(ExpressionError) in
            switch (call[0], call[1]) {
            case (.map(let members), .string(let name)): return members[name] ?? .null
            case (.list(let elements), let position):
                guard let index = position.integer else { throw call.failure("needs an integer as a list's index") }
                let place = index < 0 ? index &+ Int64(elements.count) : index
                return place >= 0 && place < elements.count ? elements[Int(place)] : .null
            case (.null, _): return .null
            default: throw call.failure("cannot take an element of \(call[0].typeName) by \(call[1].typeName)")
            }
        },
        "reverse": function(1...1) { call throws(ExpressionError) in try .list(call.list(0).reversed()) },
        "uniq": function(1...1) { call throws(ExpressionError) in
            var kept: [Value] = []
            var seen: Set<String> = []
            for element in try call.list(0) {
                let key = "\(element.number == nil ? element.typeName : "number") \(element.text)"
                if seen.insert(key).inserted { kept.append(element) }
            }
            return .list(kept)
        },
        "concat": function(1...many) { call throws(ExpressionError) in
            var all: [Value] = []
            for index in call.arguments.indices { all += try call.list(index) }
            return .list(all)
        },
        "flatten": function(1...1) { call throws(ExpressionError) in
            var flat: [Value] = []
            flatten(try call.list(0), into: &flat)
            return .list(flat)
        },
        "sort": function(1...2) { call throws(ExpressionError) in
            let elements = try call.list(0)
            let context = call
            let direction = call.arguments.count > 1 ? call[1] : nil
            return .list(try order(elements, direction: direction) { context.failure($0) }.map { elements[$0] })
        },
        "join": function(1...2) { call throws(ExpressionError) in
            var texts: [String] = []
            for element in try call.list(0) {
                guard case .string(let text) = element else {
                    throw call.failure("needs strings, not \(element.typeName)")
                }
                texts.append(text)
            }
            return try .string(texts.joined(separator: call.arguments.count > 1 ? call.string(1) : ""))
        },
    ]

    static let maps: [String: Function] = [
        "keys": function(1...1) { call throws(ExpressionError) in
            try .list(call.map(0).keys.sorted(by: utf8Order).map { .string($0) })
        },
        "values": function(1...1) { call throws(ExpressionError) in
            try .list(call.map(0).sorted { utf8Order($0.key, $1.key) }.map(\.value))
        },
        "toPairs": function(1...1) { call throws(ExpressionError) in
            try .list(call.map(0).sorted { utf8Order($0.key, $1.key) }.map { .list([.string($0.key), $0.value]) })
        },
        "fromPairs": function(1...1) { call throws(ExpressionError) in
            var members: [String: Value] = [:]
            for pair in try call.list(0) {
                guard case .list(let parts) = pair, parts.count == 2, case .string(let key) = parts[0] else {
                    throw call.failure("needs pairs of a string and a value")
                }
                members[key] = parts[1]
            }
            return .map(members)
        },
    ]

    private static func flatten(_ elements: [Value], into flat: inout [Value]) {
        for element in elements {
            if case .list(let inner) = element { flatten(inner, into: &flat) } else { flat.append(element) }
        }
    }

    /// The places of `keys` in order; equal keys stay as they stand.
    static func order(
        _ keys: [Value], direction: Value?, failure: (String) -> ExpressionError
    ) throws(ExpressionError) -> [Int] {
        var descending = false
        if let direction {
            switch direction {
            case .string("asc"): break
            case .string("desc"): descending = true
            default: throw failure("needs \"asc\" or \"desc\" as its order")
            }
        }
        let areNumbers = keys.allSatisfy { $0.number != nil }
        let areStrings = keys.allSatisfy { if case .string = $0 { true } else { false } }
        guard areNumbers || areStrings else { throw failure("can order numbers or strings, not a mixture") }
        let places = keys.indices.sorted { left, right in
            let (first, second) = descending ? (keys[right], keys[left]) : (keys[left], keys[right])
            let isLess: Bool
            if case .string(let one) = first, case .string(let other) = second {
                isLess = utf8Order(one, other)
            } else {
                // NaN goes last, or sorting would have no order at all.
                let (one, other) = (first.number ?? 0, second.number ?? 0)
                isLess = one < other || !one.isNaN && other.isNaN
            }
            return isLess || keys[left] == keys[right] && left < right
        }
        return places
    }
}
