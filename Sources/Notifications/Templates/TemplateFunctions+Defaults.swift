import Manifest

extension TemplateFunctions {
    static let defaults: [String: Function] = [
        "default": function(2...2) { call throws(TemplateError) in call[1].isTrue ? call[1] : call[0] },
        "empty": function(1...1) { call throws(TemplateError) in .bool(!call[0].isTrue) },
        "coalesce": function(0...many) { call throws(TemplateError) in call.arguments.first(where: \.isTrue) ?? .null },
        "all": function(0...many) { call throws(TemplateError) in .bool(call.arguments.allSatisfy(\.isTrue)) },
        "any": function(0...many) { call throws(TemplateError) in .bool(call.arguments.contains(where: \.isTrue)) },
        "ternary": function(3...3) { call throws(TemplateError) in call[2].isTrue ? call[0] : call[1] },
        // The author's words are not repeated: they may hold what the template was filled with.
        "fail": function(1...1) { call throws(TemplateError) in
            throw TemplateError("the template called fail")
        },
        "fromJson": function(1...1) { call throws(TemplateError) in
            let text = try call.string(0)
            let json: JSON
            do throws(JSONError) { json = try JSON(parsing: text) } catch {
                throw call.failure("got no JSON: \(error.reason)")
            }
            return try call.heap.value(json)
        },
        "toJson": function(1...1) { call throws(TemplateError) in
            try call.heap.string(
                String(decoding: try call.heap.json(call[0]).serialized(escapingHTML: true), as: UTF8.self))
        },
        "toRawJson": function(1...1) { call throws(TemplateError) in
            try call.heap.string(try call.heap.json(call[0]).description)
        },
        "toPrettyJson": function(1...1) { call throws(TemplateError) in
            try call.heap.string(try call.heap.json(call[0]).prettyPrinted())
        },
    ]
}
