extension TemplateFunctions {
    static let lists: [String: Function] = [
        "list": function(0...many) { call throws(TemplateError) in try call.heap.list(call.arguments) },
        "tuple": function(0...many) { call throws(TemplateError) in try call.heap.list(call.arguments) },
        "first": function(1...1) { call throws(TemplateError) in try call.elements(0).first ?? .null },
        "last": function(1...1) { call throws(TemplateError) in try call.elements(0).last ?? .null },
        "rest": function(1...1) { call throws(TemplateError) in
            try call.heap.list(Array(try call.elements(0).dropFirst()))
        },
        "initial": function(1...1) { call throws(TemplateError) in
            try call.heap.list(Array(try call.elements(0).dropLast()))
        },
        "append": function(2...2) { call throws(TemplateError) in
            try call.heap.list(try call.elements(0) + [call[1]])
        },
        "push": function(2...2) { call throws(TemplateError) in
            try call.heap.list(try call.elements(0) + [call[1]])
        },
        "prepend": function(2...2) { call throws(TemplateError) in
            try call.heap.list([call[1]] + (try call.elements(0)))
        },
        "concat": function(0...many) { call throws(TemplateError) in
            var elements: [TemplateValue] = []
            for index in call.arguments.indices {
                try call.heap.step(call[index].weight)
                elements += try call.elements(index)
            }
            return try call.heap.list(elements)
        },
        "reverse": function(1...1) { call throws(TemplateError) in
            try call.heap.list(try call.elements(0).reversed())
        },
        "uniq": function(1...1) { call throws(TemplateError) in
            var found: [TemplateValue] = []
            for element in try call.elements(0) where try !contains(element, found, call.heap) { found.append(element) }
            return try call.heap.list(found)
        },
        "without": function(1...many) { call throws(TemplateError) in
            var kept: [TemplateValue] = []
            let unwanted = Array(call.arguments.dropFirst())
            for element in try call.elements(0) where try !contains(element, unwanted, call.heap) {
                kept.append(element)
            }
            return try call.heap.list(kept)
        },
        "has": function(2...2) { call throws(TemplateError) in
            .bool(try contains(call[0], try call.elements(1), call.heap))
        },
        "compact": function(1...1) { call throws(TemplateError) in
            try call.heap.list(try call.elements(0).filter(\.isTrue))
        },
        "chunk": function(2...2) { call throws(TemplateError) in
            let size = max(1, try call.size(0))
            let elements = try call.elements(1)
            var chunks: [TemplateValue] = []
            for start in stride(from: 0, to: elements.count, by: size) {
                chunks.append(try call.heap.list(Array(elements[start..<min(start + size, elements.count)])))
            }
            return try call.heap.list(chunks)
        },
        "until": function(1...1) { call throws(TemplateError) in
            let end = try call.int(0)
            return try range(0, end, end < 0 ? -1 : 1, call)
        },
        "untilStep": function(3...3) { call throws(TemplateError) in
            try range(try call.int(0), try call.int(1), try call.int(2), call)
        },
        "seq": function(0...3) { call throws(TemplateError) in
            var numbers: [Int64] = []
            for index in call.arguments.indices { numbers.append(try call.int(index)) }
            let start = numbers.count > 1 ? numbers[0] : 1
            guard let end = numbers.last else { return .string("") }
            let step = numbers.count > 2 ? numbers[1] : end < start ? -1 : 1
            guard step != 0 else { return .string("") }
            let (past, overflow) = end.addingReportingOverflow(step > 0 ? 1 : -1)
            if overflow { throw call.failure("goes too far") }
            guard case .list(let list) = try range(start, past, step, call) else { return .null }
            var text = BoundedText(call.heap)
            for (index, element) in list.elements.enumerated() {
                try text.append((index > 0 ? " " : "") + (try call.heap.text(element)))
            }
            return .string(text.text)
        },
    ]

    private static func contains(
        _ value: TemplateValue, _ elements: [TemplateValue], _ heap: TemplateHeap
    ) throws(TemplateError) -> Bool {
        for element in elements where try heap.areEqual(value, element) { return true }
        return false
    }

    /// From the start to before the end.
    private static func range(
        _ start: Int64, _ end: Int64, _ step: Int64, _ call: TemplateCall
    ) throws(TemplateError) -> TemplateValue {
        guard step != 0, step > 0 ? start < end : start > end else { return try call.heap.list([]) }
        let (span, overflow) = end.subtractingReportingOverflow(start)
        let count = overflow ? UInt64.max : (span.magnitude - 1) / step.magnitude + 1
        guard count <= 100_000 else { throw call.failure("gives more than 100000 numbers; take fewer") }
        return try call.heap.list((0..<Int64(count)).map { .int(start + $0 * step) })
    }
}
