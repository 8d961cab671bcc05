extension TemplateFunctions {
    static let words: [String: Function] = [
        // For trying whether templates work at all.
        "hello": function(0...0) { _ in .string("Hello!") },
        "title": function(1...1) { call throws(TemplateError) in
            try call.heap.string(atWordStarts(try call.string(0)) { String($0).uppercased() })
        },
        "untitle": function(1...1) { call throws(TemplateError) in
            try call.heap.string(atWordStarts(try call.string(0)) { String($0).lowercased() })
        },
        "initials": function(1...1) { call throws(TemplateError) in
            try call.heap.string(
                String(try call.string(0).split(whereSeparator: \.isWhitespace).compactMap(\.first)))
        },
        "swapcase": function(1...1) { call throws(TemplateError) in
            try call.heap.string(
                try call.string(0).map { $0.isUppercase ? $0.lowercased() : $0.uppercased() }.joined())
        },
        "plural": function(3...3) { call throws(TemplateError) in
            try call.heap.string(try call.int(2) == 1 ? try call.string(0) : try call.string(1))
        },
        "snakecase": function(1...1) { call throws(TemplateError) in
            try call.heap.string(parts(try call.string(0)).map { $0.lowercased() }.joined(separator: "_"))
        },
        "kebabcase": function(1...1) { call throws(TemplateError) in
            try call.heap.string(parts(try call.string(0)).map { $0.lowercased() }.joined(separator: "-"))
        },
        "camelcase": function(1...1) { call throws(TemplateError) in
            let words = try call.string(0).split { "_- ".contains($0) }
            return try call.heap.string(words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined())
        },
        "wrap": function(2...2) { call throws(TemplateError) in
            .string(try wrapped(try call.string(1), try call.size(0), "\n", call.heap))
        },
        "wrapWith": function(3...3) { call throws(TemplateError) in
            .string(try wrapped(try call.string(2), try call.size(0), try call.string(1), call.heap))
        },
    ]

    private static func atWordStarts(_ text: String, _ change: (Character) -> String) -> String {
        var result = ""
        var isStart = true
        for character in text {
            result += isStart ? change(character) : String(character)
            isStart = character.isWhitespace
        }
        return result
    }

    /// The words of `someHTTPText-or_other`.
    private static func parts(_ text: String) -> [String] {
        let characters = Array(text)
        var parts: [String] = []
        var part = ""
        for (index, character) in characters.enumerated() {
            if "_- .".contains(character) {
                if !part.isEmpty { parts.append(part) }
                part = ""
                continue
            }
            let next = index + 1 < characters.count ? characters[index + 1] : " "
            let isBehindLower = index > 0 && (characters[index - 1].isLowercase || characters[index - 1].isNumber)
            if character.isUppercase, !part.isEmpty, isBehindLower || next.isLowercase {
                parts.append(part)
                part = ""
            }
            part.append(character)
        }
        return part.isEmpty ? parts : parts + [part]
    }

    /// Breaks lines between words.
    private static func wrapped(
        _ text: String, _ width: Int, _ line: String, _ heap: TemplateHeap
    ) throws(TemplateError) -> String {
        var result = BoundedText(heap)
        var column = 0
        for (index, word) in text.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
            let count = word.count
            if index > 0 {
                if column + 1 + count > max(1, width) {
                    try result.append(line)
                    column = 0
                } else {
                    try result.append(" ")
                    column += 1
                }
            }
            try result.append(word)
            column += count
        }
        return result.text
    }
}
