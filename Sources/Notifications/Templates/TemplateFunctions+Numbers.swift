import Glibc

extension TemplateFunctions {
    static let numbers: [String: Function] = [
        "add": function(1...many) { call throws(TemplateError) in
            try folded(call, from: 0) { $0.addingReportingOverflow($1) }
        },
        "add1": function(1...1) { call throws(TemplateError) in
            try exact(call, try call.int(0).addingReportingOverflow(1))
        },
        "sub": function(2...2) { call throws(TemplateError) in
            try exact(call, try call.int(0).subtractingReportingOverflow(try call.int(1)))
        },
        "mul": function(1...many) { call throws(TemplateError) in
            try folded(call, from: 1) { $0.multipliedReportingOverflow(by: $1) }
        },
        "div": function(2...2) { call throws(TemplateError) in
            guard try call.int(1) != 0 else { throw call.failure("by zero") }
            return try exact(call, try call.int(0).dividedReportingOverflow(by: try call.int(1)))
        },
        "mod": function(2...2) { call throws(TemplateError) in
            guard try call.int(1) != 0 else { throw call.failure("by zero") }
            return try exact(call, try call.int(0).remainderReportingOverflow(dividingBy: try call.int(1)))
        },
        "max": function(1...many) { call throws(TemplateError) in .int(try ints(call).max() ?? 0) },
        "biggest": function(1...many) { call throws(TemplateError) in .int(try ints(call).max() ?? 0) },
        "min": function(1...many) { call throws(TemplateError) in .int(try ints(call).min() ?? 0) },
        "ceil": function(1...1) { call throws(TemplateError) in .float(try call.number(0).rounded(.up)) },
        "floor": function(1...1) { call throws(TemplateError) in .float(try call.number(0).rounded(.down)) },
        "round": function(2...3) { call throws(TemplateError) in
            let places = min(max(0, try call.int(1)), 15)
            let limit = call.count > 2 ? try call.number(2) : 0.5
            let scale = pow(10, Double(places))
            let scaled = try call.number(0) * scale
            let whole = scaled.rounded(.towardZero)
            let isUp = (scaled - whole).magnitude >= limit
            return .float((isUp ? whole + (scaled < 0 ? -1 : 1) : whole) / scale)
        },
        "add1f": function(1...1) { call throws(TemplateError) in .float(try call.number(0) + 1) },
        "addf": function(1...many) { call throws(TemplateError) in .float(try floats(call).reduce(0, +)) },
        "subf": function(2...many) { call throws(TemplateError) in
            let numbers = try floats(call)
            return .float(numbers.dropFirst().reduce(numbers[0], -))
        },
        "mulf": function(1...many) { call throws(TemplateError) in .float(try floats(call).reduce(1, *)) },
        "divf": function(2...many) { call throws(TemplateError) in
            let numbers = try floats(call)
            return .float(numbers.dropFirst().reduce(numbers[0], /))
        },
        "maxf": function(1...many) { call throws(TemplateError) in .float(try floats(call).max() ?? 0) },
        "minf": function(1...many) { call throws(TemplateError) in .float(try floats(call).min() ?? 0) },
    ]

    private static func ints(_ call: TemplateCall) throws(TemplateError) -> [Int64] {
        var numbers: [Int64] = []
        for index in call.arguments.indices { numbers.append(try call.int(index)) }
        return numbers
    }

    private static func floats(_ call: TemplateCall) throws(TemplateError) -> [Double] {
        var numbers: [Double] = []
        for index in call.arguments.indices { numbers.append(try call.number(index)) }
        return numbers
    }

    private static func folded(
        _ call: TemplateCall, from start: Int64, _ step: (Int64, Int64) -> (partialValue: Int64, overflow: Bool)
    ) throws(TemplateError) -> TemplateValue {
        var result = start
        for number in try ints(call) {
            let (next, overflow) = step(result, number)
            if overflow { throw call.failure("gives a number of more than 64 bits") }
            result = next
        }
        return .int(result)
    }

    private static func exact(
        _ call: TemplateCall, _ result: (partialValue: Int64, overflow: Bool)
    ) throws(TemplateError) -> TemplateValue {
        if result.overflow { throw call.failure("gives a number of more than 64 bits") }
        return .int(result.partialValue)
    }
}
