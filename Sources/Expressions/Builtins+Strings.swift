import Manifest

extension Builtins {
    static let strings: [String: Function] = [
        "trim": function(1...2) { call throws(ExpressionError) in
            let text = try call.string(0)
            let wanted: Set<Unicode.Scalar>? = call.arguments.count > 1 ? Set(try call.string(1).unicodeScalars) : nil
            func drops(_ scalar: Unicode.Scalar) -> Bool { wanted?.contains(scalar) ?? scalar.properties.isWhitespace }
            let scalars = text.unicodeScalars.drop(while: drops)
            guard let end = scalars.lastIndex(where: { !drops($0) }) else { return .string("") }
            return .string(String(scalars[...end]))
        },
        "trimPrefix": function(1...2) { call throws(ExpressionError) in
            let (text, prefix) = (try call.string(0), call.arguments.count > 1 ? try call.string(1) : " ")
            guard text.utf8.starts(with: prefix.utf8) else { return .string(text) }
            return .string(String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self))
        },
        "trimSuffix": function(1...2) { call throws(ExpressionError) in
            let (text, suffix) = (try call.string(0), call.arguments.count > 1 ? try call.string(1) : " ")
            guard text.utf8.reversed().starts(with: suffix.utf8.reversed()) else { return .string(text) }
            return .string(String(decoding: text.utf8.dropLast(suffix.utf8.count), as: UTF8.self))
        },
        "upper": function(1...1) { call throws(ExpressionError) in try .string(call.string(0).uppercased()) },
        "lower": function(1...1) { call throws(ExpressionError) in try .string(call.string(0).lowercased()) },
        "split": function(2...3) { call throws(ExpressionError) in try split(call, keepsSeparator: false) },
        "splitAfter": function(2...3) { call throws(ExpressionError) in try split(call, keepsSeparator: true) },
        "replace": function(3...4) { call throws(ExpressionError) in
            let (old, new) = (try call.string(1), try call.string(2))
            let limit = call.arguments.count > 3 ? try call.int(3) : -1
            let text = try call.string(0)
            guard !old.isEmpty else { throw call.failure("needs something to replace") }
            let parts = pieces(of: text, separator: old, limit: limit < 0 ? .max : limit &+ 1)
            let (size, overflow) = new.utf8.count.multipliedReportingOverflow(by: parts.count)
            guard !overflow, size + text.utf8.count <= 8 * Interpreter.maximalElements else {
                throw call.failure("makes too long a string")
            }
            return .string(parts.joined(separator: new))
        },
        "repeat": function(2...2) { call throws(ExpressionError) in
            let (text, count) = (try call.string(0), try call.int(1))
            guard count >= 0 else { throw call.failure("needs a count of at least 0") }
            let (size, overflow) = Int64(text.utf8.count).multipliedReportingOverflow(by: count)
            guard !overflow, size <= Interpreter.maximalElements else {
                throw ExpressionError(
                    .limit, "repeat() may make at most \(Interpreter.maximalElements) bytes", at: call.node.offset)
            }
            return .string(size == 0 ? "" : String(repeating: text, count: Int(count)))
        },
        "indexOf": function(2...2) { call throws(ExpressionError) in
            try .int(Int64(firstIndex(of: Array(call.string(1).utf8), in: Array(call.string(0).utf8)) ?? -1))
        },
        "lastIndexOf": function(2...2) { call throws(ExpressionError) in
            let (part, text) = (Array(try call.string(1).utf8), Array(try call.string(0).utf8))
            guard let back = firstIndex(of: part.reversed(), in: text.reversed()) else { return .int(-1) }
            return .int(Int64(text.count - back - part.count))
        },
        "hasPrefix": function(2...2) { call throws(ExpressionError) in
            try .bool(call.string(0).utf8.starts(with: call.string(1).utf8))
        },
        "hasSuffix": function(2...2) { call throws(ExpressionError) in
            try .bool(call.string(0).utf8.reversed().starts(with: call.string(1).utf8.reversed()))
        },
        "toBase64": function(1...1) { call throws(ExpressionError) in .string(Base64.encode(try call.string(0))) },
        "fromBase64": function(1...1) { call throws(ExpressionError) in
            guard let bytes = Base64.decode(try call.string(0)) else { throw call.failure("needs base64 text") }
            return .string(String(decoding: bytes, as: UTF8.self))
        },
    ]

    private static func split(_ call: Call, keepsSeparator: Bool) throws(ExpressionError) -> Value {
        let (text, separator) = (try call.string(0), try call.string(1))
        let limit = call.arguments.count > 2 ? try call.int(2) : -1
        if limit == 0 { return .list([]) }
        if separator.isEmpty { return .list(text.unicodeScalars.map { .string(String($0)) }) }
        var parts = pieces(of: text, separator: separator, limit: limit < 0 ? .max : limit)
        if keepsSeparator { for index in parts.indices.dropLast() { parts[index] += separator } }
        return .list(parts.map { .string($0) })
    }

    private static func pieces(of text: String, separator: String, limit: Int64) -> [String] {
        let (bytes, part) = (Array(text.utf8), Array(separator.utf8))
        var parts: [String] = []
        var start = 0
        while Int64(parts.count) &+ 1 < limit, let found = firstIndex(of: part, in: bytes, from: start) {
            parts.append(String(decoding: bytes[start..<found], as: UTF8.self))
            start = found + part.count
        }
        parts.append(String(decoding: bytes[start...], as: UTF8.self))
        return parts
    }

    /// The first place of `part` in `bytes`, in linear time (Knuth, Morris, Pratt).
    static func firstIndex(of part: [UInt8], in bytes: [UInt8], from start: Int = 0) -> Int? {
        guard !part.isEmpty else { return start <= bytes.count ? start : nil }
        guard start <= bytes.count, bytes.count - start >= part.count else { return nil }
        var fallback = [0]
        var matched = 0
        for byte in part.dropFirst() {
            while matched > 0, part[matched] != byte { matched = fallback[matched - 1] }
            if part[matched] == byte { matched += 1 }
            fallback.append(matched)
        }
        matched = 0
        for index in start..<bytes.count {
            while matched > 0, part[matched] != bytes[index] { matched = fallback[matched - 1] }
            if part[matched] == bytes[index] { matched += 1 }
            if matched == part.count { return index + 1 - matched }
        }
        return nil
    }
}
