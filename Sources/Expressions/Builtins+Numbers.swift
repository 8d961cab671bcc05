extension Builtins {
    static let numbers: [String: Function] = [
        "abs": function(1...1) { call throws(ExpressionError) in
            if case .int(let value) = call[0] {
                guard value != .min else { throw call.failure("overflows") }
                return .int(abs(value))
            }
            return try .float(call.number(0).magnitude)
        },
        "ceil": function(1...1) { call throws(ExpressionError) in try .float(call.number(0).rounded(.up)) },
        "floor": function(1...1) { call throws(ExpressionError) in try .float(call.number(0).rounded(.down)) },
        "round": function(1...1) { call throws(ExpressionError) in
            try .float(call.number(0).rounded(.toNearestOrAwayFromZero))
        },
        "min": function(1...many) { call throws(ExpressionError) in try extreme(call) { $0 < $1 } },
        "max": function(1...many) { call throws(ExpressionError) in try extreme(call) { $0 > $1 } },
        "mean": function(1...many) { call throws(ExpressionError) in
            let values = try flattened(call)
            if values.isEmpty { return .int(0) }
            return .float(values.reduce(0) { $0 + ($1.number ?? 0) } / Double(values.count))
        },
        "median": function(1...many) { call throws(ExpressionError) in
            let values = try flattened(call).compactMap(\.number)
            // A NaN has no place among the others, so it is the answer.
            if values.contains(where: \.isNaN) { return .float(.nan) }
            let ordered = values.sorted()
            if ordered.isEmpty { return .int(0) }
            let middle = ordered.count / 2
            return .float(ordered.count % 2 == 1 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2)
        },
    ]

    static let bits: [String: Function] = [
        "bitand": function(2...2) { call throws(ExpressionError) in try .int(call.int(0) & call.int(1)) },
        "bitor": function(2...2) { call throws(ExpressionError) in try .int(call.int(0) | call.int(1)) },
        "bitxor": function(2...2) { call throws(ExpressionError) in try .int(call.int(0) ^ call.int(1)) },
        "bitnand": function(2...2) { call throws(ExpressionError) in try .int(call.int(0) & ~call.int(1)) },
        "bitnot": function(1...1) { call throws(ExpressionError) in try .int(~call.int(0)) },
        "bitshl": function(2...2) { call throws(ExpressionError) in try .int(call.int(0) << shift(call)) },
        "bitshr": function(2...2) { call throws(ExpressionError) in try .int(call.int(0) >> shift(call)) },
        "bitushr": function(2...2) { call throws(ExpressionError) in
            try .int(Int64(bitPattern: UInt64(bitPattern: call.int(0)) >> UInt64(shift(call))))
        },
    ]

    private static func shift(_ call: Call) throws(ExpressionError) -> Int64 {
        let count = try call.int(1)
        guard count >= 0 else { throw call.failure("cannot shift by a negative count") }
        return count
    }

    /// All numbers among the arguments and their lists.
    private static func flattened(_ call: Call) throws(ExpressionError) -> [Value] {
        var values: [Value] = []
        var rest = Array(call.arguments.reversed())
        while let value = rest.popLast() {
            if case .list(let elements) = value {
                rest += elements.reversed()
            } else if value.number != nil {
                values.append(value)
            } else {
                throw call.failure("needs numbers, not \(value.typeName)")
            }
        }
        return values
    }

    private static func extreme(
        _ call: Call, _ isBetter: (Double, Double) -> Bool
    ) throws(ExpressionError) -> Value {
        var best: Value?
        for value in try flattened(call) {
            guard let number = value.number else { continue }
            if let kept = best?.number, !isBetter(number, kept) { continue }
            best = value
        }
        return best ?? .null
    }
}
