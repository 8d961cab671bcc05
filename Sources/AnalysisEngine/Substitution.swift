package import Manifest

/// Puts argument values in the place of `{{args.name}}`.
package enum Substitution {
    /// Bytes of text that one metric may have after substitution.
    static let maximalSize = 4 << 20

    /// A metric with every tag replaced, in keys and values of all depths.
    package static func resolve(_ json: JSON, _ values: [String: String]) throws(AnalysisError) -> JSON {
        var budget = maximalSize
        return try resolve(json, values, &budget)
    }

    /// Names of the arguments that a metric uses.
    package static func arguments(in json: JSON) throws(AnalysisError) -> Set<String> {
        var found: Set<String> = []
        try visit(json, &found)
        return found
    }

    private static func resolve(
        _ json: JSON, _ values: [String: String], _ budget: inout Int
    ) throws(AnalysisError) -> JSON {
        switch json {
        case .string(let text): return .string(try fill(text, values, &budget))
        case .array(let elements):
            var result: [JSON] = []
            for element in elements { result.append(try resolve(element, values, &budget)) }
            return .array(result)
        case .object(let members):
            var result: [String: JSON] = [:]
            for (key, value) in members {
                result[try fill(key, values, &budget)] = try resolve(value, values, &budget)
            }
            return .object(result)
        default: return json
        }
    }

    private static func fill(
        _ text: String, _ values: [String: String], _ budget: inout Int
    ) throws(AnalysisError) -> String {
        var result = ""
        for part in try parts(of: text) {
            switch part {
            case .text(let plain): result += plain
            case .argument(let name):
                guard let value = values[name] else {
                    throw AnalysisError(
                        .arguments, "{{args.\(name)}} has no value; declare and give the argument \"\(name)\"")
                }
                budget -= value.utf8.count
                result += value
            }
            guard budget > 0 else {
                throw AnalysisError(.arguments, "a metric grows beyond \(maximalSize) bytes by its arguments")
            }
        }
        return result
    }

    private static func visit(_ json: JSON, _ found: inout Set<String>) throws(AnalysisError) {
        switch json {
        case .string(let text): try note(text, &found)
        case .array(let elements):
            for element in elements { try visit(element, &found) }
        case .object(let members):
            for (key, value) in members {
                try note(key, &found)
                try visit(value, &found)
            }
        default: break
        }
    }

    private static func note(_ text: String, _ found: inout Set<String>) throws(AnalysisError) {
        for case .argument(let name) in try parts(of: text) { found.insert(name) }
    }

    private enum Part {
        case text(String)
        case argument(String)
    }

    private static func parts(of text: String) throws(AnalysisError) -> [Part] {
        guard text.utf8.contains(UInt8(ascii: "{")) else { return [.text(text)] }
        let bytes = Array(text.utf8)
        let (open, close) = (UInt8(ascii: "{"), UInt8(ascii: "}"))
        var parts: [Part] = []
        var start = 0
        var index = 0
        while index + 1 < bytes.count {
            guard bytes[index] == open, bytes[index + 1] == open else {
                index += 1
                continue
            }
            parts.append(.text(String(decoding: bytes[start..<index], as: UTF8.self)))
            var end = index + 2
            while end + 1 < bytes.count, bytes[end] != close || bytes[end + 1] != close { end += 1 }
            guard end + 1 < bytes.count else {
                throw AnalysisError(.arguments, "\"\(text.prefix(80))\" opens {{ and never closes it")
            }
            let tag = String(decoding: bytes[(index + 2)..<end].filter { $0 > 0x20 }, as: UTF8.self)
            guard tag.hasPrefix("args."), tag.utf8.count > 5 else {
                throw AnalysisError(.arguments, "{{\(tag.prefix(80))}} is unknown; only {{args.<name>}} can be used")
            }
            parts.append(.argument(String(tag.dropFirst(5))))
            start = end + 2
            index = start
        }
        parts.append(.text(String(decoding: bytes[start...], as: UTF8.self)))
        return parts
    }
}
