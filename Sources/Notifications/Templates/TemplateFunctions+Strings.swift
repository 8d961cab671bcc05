import Manifest

extension TemplateFunctions {
    static let strings: [String: Function] = [
        "trim": function(1...1) { call throws(TemplateError) in
            try call.heap.string(trimmed(try call.string(0)) { $0.properties.isWhitespace })
        },
        "trimAll": function(2...2) { call throws(TemplateError) in
            let set = Set(try call.string(0).unicodeScalars)
            return try call.heap.string(trimmed(try call.string(1)) { set.contains($0) })
        },
        "trimSuffix": function(2...2) { call throws(TemplateError) in
            let (suffix, text) = (try call.string(0), try call.string(1))
            return try call.heap.string(text.hasSuffix(suffix) ? String(text.dropLast(suffix.count)) : text)
        },
        "trimPrefix": function(2...2) { call throws(TemplateError) in
            let (prefix, text) = (try call.string(0), try call.string(1))
            return try call.heap.string(text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
        },
        "upper": function(1...1) { call throws(TemplateError) in
            try call.heap.string(try call.string(0).uppercased())
        },
        "lower": function(1...1) { call throws(TemplateError) in
            try call.heap.string(try call.string(0).lowercased())
        },
        "repeat": function(2...2) { call throws(TemplateError) in
            let (count, text) = (max(0, try call.size(0)), try call.string(1))
            let (size, overflow) = count.multipliedReportingOverflow(by: text.utf8.count)
            try call.heap.hold(overflow ? .max : size)
            return .string(text.isEmpty ? "" : String(repeating: text, count: count))
        },
        "substr": function(3...3) { call throws(TemplateError) in
            let (start, end) = (try call.size(0), try call.size(1))
            let bytes = Array(try call.string(2).utf8)
            let low = min(max(0, start), bytes.count)
            let high = end < 0 ? bytes.count : min(max(low, end), bytes.count)
            return try call.heap.string(String(decoding: bytes[low..<high], as: UTF8.self))
        },
        "trunc": function(2...2) { call throws(TemplateError) in
            let (count, text) = (try call.size(0), try call.string(1))
            return try call.heap.string(String(count < 0 ? text.suffix(-count) : text.prefix(count)))
        },
        "abbrev": function(2...2) { call throws(TemplateError) in
            let (width, text) = (try call.size(0), try call.string(1))
            guard width >= 4, text.count > width else { return .string(text) }
            return try call.heap.string(text.prefix(width - 3) + "...")
        },
        "abbrevboth": function(3...3) { call throws(TemplateError) in
            let (left, right, text) = (try call.size(0), try call.size(1), try call.string(2))
            guard right >= 4, left == 0 || right >= 7, text.count > right else { return .string(text) }
            if left <= 4 { return try call.heap.string(text.prefix(right - 3) + "...") }
            let rest = text.dropFirst(left)
            if rest.count + 3 <= right { return try call.heap.string("..." + text.suffix(right - 3)) }
            return try call.heap.string("..." + rest.prefix(max(0, right - 6)) + "...")
        },
        "nospace": function(1...1) { call throws(TemplateError) in
            try call.heap.string(try call.string(0).filter { !$0.isWhitespace })
        },
        "contains": function(2...2) { call throws(TemplateError) in
            let (part, text) = (Array(try call.string(0).utf8), Array(try call.string(1).utf8))
            return .bool(!occurrences(of: part, in: text, most: 1).isEmpty || part.isEmpty)
        },
        "hasPrefix": function(2...2) { call throws(TemplateError) in
            .bool(try call.string(1).utf8.starts(with: try call.string(0).utf8))
        },
        "hasSuffix": function(2...2) { call throws(TemplateError) in
            .bool(try call.string(1).utf8.reversed().starts(with: try call.string(0).utf8.reversed()))
        },
        "quote": function(1...many) { call throws(TemplateError) in try quoted(call, goQuoted) },
        "squote": function(1...many) { call throws(TemplateError) in try quoted(call) { "'\($0)'" } },
        "cat": function(0...many) { call throws(TemplateError) in
            var text = BoundedText(call.heap)
            for value in call.arguments {
                if case .null = value { continue }
                try text.append((text.text.isEmpty ? "" : " ") + (try call.heap.text(value)))
            }
            return .string(text.text)
        },
        "indent": function(2...2) { call throws(TemplateError) in .string(try indented(call)) },
        "nindent": function(2...2) { call throws(TemplateError) in .string("\n" + (try indented(call))) },
        "replace": function(3...3) { call throws(TemplateError) in
            let (old, new, text) = (try call.string(0), try call.string(1), try call.string(2))
            return .string(try replaced(old, new, text, call.heap))
        },
        "join": function(2...2) { call throws(TemplateError) in
            let separator = try call.string(0)
            var text = BoundedText(call.heap)
            for (index, part) in try call.texts(1).enumerated() {
                if index > 0 { try text.append(separator) }
                try text.append(part)
            }
            return .string(text.text)
        },
        "splitList": function(2...2) { call throws(TemplateError) in
            try call.heap.list(try split(try call.string(0), try call.string(1), most: .max, call.heap))
        },
        "split": function(2...2) { call throws(TemplateError) in
            .map(try numbered(try split(try call.string(0), try call.string(1), most: .max, call.heap), call.heap))
        },
        "splitn": function(3...3) { call throws(TemplateError) in
            let most = try call.size(1)
            return .map(
                try numbered(
                    try split(try call.string(0), try call.string(2), most: most <= 0 ? .max : most, call.heap),
                    call.heap))
        },
        "sortAlpha": function(1...1) { call throws(TemplateError) in
            let texts = try call.texts(0)
            try call.heap.step(texts.count * 16)
            return try call.heap.list(texts.sorted(by: utf8Order).map { .string($0) })
        },
        "toStrings": function(1...1) { call throws(TemplateError) in
            try call.heap.list(try call.texts(0).map { .string($0) })
        },
    ]

    static func trimmed(_ text: String, _ drops: (Unicode.Scalar) -> Bool) -> String {
        let scalars = text.unicodeScalars.drop(while: drops)
        guard let end = scalars.lastIndex(where: { !drops($0) }) else { return "" }
        return String(scalars[...end])
    }

    private static func quoted(
        _ call: TemplateCall, _ quote: (String) -> String
    ) throws(TemplateError) -> TemplateValue {
        var text = BoundedText(call.heap)
        for value in call.arguments {
            if case .null = value { continue }
            try text.append((text.text.isEmpty ? "" : " ") + quote(try call.heap.text(value)))
        }
        return .string(text.text)
    }

    private static func indented(_ call: TemplateCall) throws(TemplateError) -> String {
        let pad = String(repeating: " ", count: min(max(0, try call.size(0)), 1_000))
        return pad + (try replaced("\n", "\n" + pad, try call.string(1), call.heap))
    }

    /// Where a text occurs, from the left and not overlapping.
    static func occurrences(of part: [UInt8], in text: [UInt8], most: Int = .max) -> [Int] {
        guard let first = part.first, part.count <= text.count else { return [] }
        var places: [Int] = []
        var index = 0
        while index <= text.count - part.count, places.count < most {
            if text[index] == first, text[index..<index + part.count].elementsEqual(part) {
                places.append(index)
                index += part.count
            } else {
                index += 1
            }
        }
        return places
    }

    static func replaced(
        _ old: String, _ new: String, _ text: String, _ heap: TemplateHeap
    ) throws(TemplateError) -> String {
        let bytes = Array(text.utf8)
        let part = Array(old.utf8)
        guard !part.isEmpty else { return text }
        let places = occurrences(of: part, in: bytes)
        let (growth, overflow) = places.count.multipliedReportingOverflow(by: new.utf8.count)
        try heap.hold(overflow ? .max : bytes.count + growth)
        var result: [UInt8] = []
        var index = 0
        for place in places {
            result += bytes[index..<place]
            result += Array(new.utf8)
            index = place + part.count
        }
        result += bytes[index...]
        return String(decoding: result, as: UTF8.self)
    }

    private static func split(
        _ separator: String, _ text: String, most: Int, _ heap: TemplateHeap
    ) throws(TemplateError) -> [TemplateValue] {
        let bytes = Array(text.utf8)
        let part = Array(separator.utf8)
        guard !part.isEmpty else {
            try heap.step(text.unicodeScalars.count)
            return text.prefix(most).map { .string(String($0)) }
        }
        var parts: [TemplateValue] = []
        var index = 0
        for place in occurrences(of: part, in: bytes, most: most - 1) {
            parts.append(try heap.string(String(decoding: bytes[index..<place], as: UTF8.self)))
            index = place + part.count
        }
        parts.append(try heap.string(String(decoding: bytes[index...], as: UTF8.self)))
        return parts
    }

    /// Sprig's `split` gives a map with keys `_0`, `_1` and so on.
    private static func numbered(
        _ parts: [TemplateValue], _ heap: TemplateHeap
    ) throws(TemplateError) -> TemplateMap {
        var members: [String: TemplateValue] = [:]
        for (index, part) in parts.enumerated() { members["_\(index)"] = part }
        return try heap.map(members)
    }
}
