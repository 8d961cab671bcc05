import Manifest

extension TemplateFunctions {
    static let comparisons: [String: Function] = [
        // True when the first value equals any of the others.
        "eq": function(2...many) { call throws(TemplateError) in
            for other in call.arguments.dropFirst() {
                try comparable(call, call[0], other)
                if try call.heap.areEqual(call[0], other) { return .bool(true) }
            }
            return .bool(false)
        },
        "ne": function(2...2) { call throws(TemplateError) in
            try comparable(call, call[0], call[1])
            return .bool(try !call.heap.areEqual(call[0], call[1]))
        },
        "lt": function(2...2) { call throws(TemplateError) in .bool(try order(call) < 0) },
        "le": function(2...2) { call throws(TemplateError) in .bool(try order(call) <= 0) },
        "gt": function(2...2) { call throws(TemplateError) in .bool(try order(call) > 0) },
        "ge": function(2...2) { call throws(TemplateError) in .bool(try order(call) >= 0) },
        "deepEqual": function(2...2) { call throws(TemplateError) in
            .bool(try call.heap.areEqual(call[0], call[1]))
        },
    ]

    /// Go refuses to compare values of different kinds, which are never equal: whoever writes it means something else.
    private static func comparable(
        _ call: TemplateCall, _ left: TemplateValue, _ right: TemplateValue
    ) throws(TemplateError) {
        switch (left, right) {
        case (.null, _), (_, .null), (.int, .float), (.float, .int): return
        case (.list, _), (_, .list), (.map, _), (_, .map):
            throw call.failure("cannot compare \(left.name) with \(right.name); use deepEqual")
        default:
            guard left.type == right.type else {
                throw call.failure("cannot compare \(left.name) with \(right.name); convert one with toString or int")
            }
        }
    }

    /// Negative where the first value comes first.
    private static func order(_ call: TemplateCall) throws(TemplateError) -> Int {
        func sign<T: Comparable>(_ left: T, _ right: T) -> Int { left < right ? -1 : left == right ? 0 : 1 }
        switch (call[0], call[1]) {
        case (.int(let left), .int(let right)): return sign(left, right)
        case (.int(let left), .float(let right)): return sign(Double(left), right)
        case (.float(let left), .int(let right)): return sign(left, Double(right))
        case (.float(let left), .float(let right)): return sign(left, right)
        case (.string(let left), .string(let right)):
            return left.utf8.elementsEqual(right.utf8) ? 0 : utf8Order(left, right) ? -1 : 1
        case (.time(let left), .time(let right)): return sign(left, right)
        case (.duration(let left), .duration(let right)): return sign(left, right)
        case (.version(let left), .version(let right)): return sign(left, right)
        default:
            throw call.failure(
                "cannot order \(call[0].name) and \(call[1].name); convert one with int, float64 or toString")
        }
    }
}
