import Manifest

extension TemplateFunctions {
    /// Regular expressions in RE2's syntax.
    static let expressions: [String: Function] = [
        "regexMatch": function(2...2) { call throws(TemplateError) in
            let (pattern, text) = try prepared(call, 0, 1)
            return .bool(pattern.matches(text))
        },
        "regexFind": function(2...2) { call throws(TemplateError) in
            let (pattern, text) = try prepared(call, 0, 1)
            return try call.heap.string(pattern.firstMatch(in: text).map { String(text[$0.range]) } ?? "")
        },
        "regexFindAll": function(3...3) { call throws(TemplateError) in
            let (pattern, text) = try prepared(call, 0, 1)
            let most = try call.size(2)
            var found: [TemplateValue] = []
            for match in try matches(pattern, text, most: most < 0 ? .max : most, call) {
                found.append(try call.heap.string(String(text[match.range])))
            }
            return try call.heap.list(found)
        },
        "regexReplaceAll": function(3...3) { call throws(TemplateError) in
            let (pattern, text) = try prepared(call, 0, 1)
            let replacement = try call.string(2)
            return .string(try replaced(pattern, text, call) { match in expanded(replacement, match, pattern, text) })
        },
        "regexReplaceAllLiteral": function(3...3) { call throws(TemplateError) in
            let (pattern, text) = try prepared(call, 0, 1)
            let replacement = try call.string(2)
            return .string(try replaced(pattern, text, call) { _ in replacement })
        },
        "regexSplit": function(3...3) { call throws(TemplateError) in
            let (pattern, text) = try prepared(call, 0, 1)
            let most = try call.size(2)
            guard most != 0 else { return try call.heap.list([]) }
            var parts: [TemplateValue] = []
            var start = text.startIndex
            for match in try matches(pattern, text, most: most < 0 ? .max : most - 1, call) {
                // An empty match at an end splits nothing off.
                if match.range.isEmpty,
                    match.range.lowerBound == text.startIndex || match.range.upperBound == text.endIndex
                {
                    continue
                }
                parts.append(try call.heap.string(String(text[start..<match.range.lowerBound])))
                start = match.range.upperBound
            }
            parts.append(try call.heap.string(String(text[start...])))
            return try call.heap.list(parts)
        },
        "regexQuoteMeta": function(1...1) { call throws(TemplateError) in
            try call.heap.string(RegularExpression.escaping(try call.string(0)))
        },
    ]

    private static func prepared(
        _ call: TemplateCall, _ pattern: Int, _ text: Int
    ) throws(TemplateError) -> (RegularExpression, String) {
        let source = try call.string(pattern)
        let expression: RegularExpression
        do throws(RegularExpressionError) { expression = try RegularExpression(source) } catch {
            throw call.failure("cannot read the regular expression: \(error)")
        }
        let text = try call.string(text)
        try charge(expression, text.utf8.count, call)
        return (expression, text)
    }

    /// At worst each byte meets each instruction.
    private static func charge(_ pattern: RegularExpression, _ bytes: Int, _ call: TemplateCall) throws(TemplateError) {
        let (work, overflow) = bytes.multipliedReportingOverflow(by: pattern.pattern.utf8.count)
        try call.heap.step(overflow ? .max : work / 4)
    }

    private static func matches(
        _ pattern: RegularExpression, _ text: String, most: Int, _ call: TemplateCall
    ) throws(TemplateError) -> [RegularExpression.Match] {
        var found: [RegularExpression.Match] = []
        var start = text.startIndex
        while found.count < most, let match = pattern.firstMatch(in: text, from: start) {
            found.append(match)
            // Each search takes the text up anew.
            try charge(pattern, match.range.isEmpty ? text.utf8.count : text.utf8.count / 16, call)
            if match.range.isEmpty {
                guard match.range.upperBound < text.endIndex else { break }
                start = text.unicodeScalars.index(after: match.range.upperBound)
            } else {
                start = match.range.upperBound
            }
        }
        return found
    }

    private static func replaced(
        _ pattern: RegularExpression, _ text: String, _ call: TemplateCall,
        _ replacement: (RegularExpression.Match) -> String
    ) throws(TemplateError) -> String {
        var result = BoundedText(call.heap)
        var start = text.startIndex
        for match in try matches(pattern, text, most: .max, call) where match.range.lowerBound >= start {
            try result.append(text[start..<match.range.lowerBound])
            try result.append(replacement(match))
            start = match.range.upperBound
        }
        try result.append(text[start...])
        return result.text
    }

    /// `$1`, `${1}`, `$name` and `${name}` are groups; `$$` is a dollar.
    private static func expanded(
        _ template: String, _ match: RegularExpression.Match, _ pattern: RegularExpression, _ text: String
    ) -> String {
        var result = ""
        var rest = template[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            if rest.first == "$" {
                result += "$"
                rest = rest.dropFirst()
                continue
            }
            let isBraced = rest.first == "{"
            let name = (isBraced ? rest.dropFirst() : rest).prefix {
                $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")
            }
            guard !name.isEmpty else {
                result += "$"
                continue
            }
            rest = rest.dropFirst(name.count + (isBraced ? 2 : 0))
            if let group = Int(name) ?? pattern.groupNames[String(name)], match.groups.indices.contains(group),
                let range = match.groups[group]
            {
                result += text[range]
            }
        }
        return result + rest
    }
}
