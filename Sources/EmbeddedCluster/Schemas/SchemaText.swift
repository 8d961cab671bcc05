import Manifest

/// Reads the compact text of the built-in schemas.
///
/// A line is a type: its name, `@atomic` where the whole is one value, then fields: `name=type`, `name!=type` where
/// required, with marks after semicolons: `lt` list type, `lk` its keys, `mt` map type, `mk` merge key,
/// `ps` patch strategy, `d` default. Types: `s` string, `b` boolean, `i32`, `i64`, `n` number, `q` quantity,
/// `is` integer or string, `t` time, `o` open object, `*` anything, `[T]` list, `{T}` map, else another line.
struct SchemaText {
    private struct TypeLine {
        var isAtomic: Bool
        var fields: [String: Substring]
    }

    private var lines: [String: TypeLine] = [:]

    /// - Parameter texts: Later texts add fields to the types of earlier ones, or replace them.
    init(_ texts: [String]) {
        for text in texts {
            for line in text.split(separator: "\n") {
                var words = line.split(separator: " ")[...]
                guard let name = words.popFirst() else { continue }
                var type = lines[String(name)] ?? TypeLine(isAtomic: false, fields: [:])
                if words.first == "@atomic" {
                    type.isAtomic = true
                    words = words.dropFirst()
                }
                for word in words {
                    type.fields[String(word.prefix { $0 != "=" && $0 != "!" })] = word
                }
                lines[String(name)] = type
            }
        }
    }

    /// All types, each built once.
    func nodes() -> [String: SchemaNode] {
        var done: [String: SchemaNode] = [:]
        for name in lines.keys.sorted() { _ = named(name, &done, depth: 0) }
        return done
    }

    private func named(_ name: String, _ done: inout [String: SchemaNode], depth: Int) -> SchemaNode {
        if let node = done[name] { return node }
        guard let line = lines[name], depth < 40 else { return .openObject }
        var properties: [String: SchemaNode] = [:]
        var required: [String] = []
        for (field, word) in line.fields {
            guard let equals = word.firstIndex(of: "=") else { continue }
            if word[..<equals].last == "!" { required.append(field) }
            var marks: [Substring: Substring] = [:]
            let parts = word[word.index(after: equals)...].split(separator: ";")
            for part in parts.dropFirst() {
                let pair = part.split(separator: ":", maxSplits: 1)
                if pair.count == 2 { marks[pair[0]] = pair[1] }
            }
            properties[field] = type(parts.first ?? "*", marks, &done, depth: depth)
        }
        let node = SchemaNode(
            type: "object", properties: properties, required: required.sorted(),
            mapType: line.isAtomic ? "atomic" : "", typeName: name)
        done[name] = node
        return node
    }

    private func type(
        _ text: Substring, _ marks: [Substring: Substring], _ done: inout [String: SchemaNode], depth: Int
    ) -> SchemaNode {
        let mergeKey = marks["mk"].map(String.init)
        let strategy = marks["ps"].map(String.init)
        let fallback = marks["d"].flatMap { try? JSON(parsing: String($0)) }
        func scalar(_ type: String, _ format: String = "", intOrString: Bool = false) -> SchemaNode {
            SchemaNode(
                type: type, format: format, isNullable: true, isIntOrString: intOrString, defaultValue: fallback)
        }
        switch text {
        case "s": return scalar("string")
        case "b": return scalar("boolean")
        case "i32": return scalar("integer", "int32")
        case "i64": return scalar("integer", "int64")
        case "n": return scalar("number")
        case "q": return scalar("", "quantity", intOrString: true)
        case "is": return scalar("", "int-or-string", intOrString: true)
        case "t": return scalar("string", "date-time")
        case "o": return .openObject
        case "*": return .anything
        default: break
        }
        if text.first == "[" {
            let items = type(text.dropFirst().dropLast(), [:], &done, depth: depth + 1)
            return SchemaNode(
                type: "array", items: items, isNullable: true, listType: marks["lt"].map(String.init) ?? "atomic",
                listKeys: marks["lk"]?.split(separator: ",").map(String.init) ?? [], patchMergeKey: mergeKey,
                patchStrategy: strategy)
        }
        if text.first == "{" {
            let values = type(text.dropFirst().dropLast(), [:], &done, depth: depth + 1)
            return SchemaNode(
                type: "object", additional: values, isNullable: true, mapType: marks["mt"].map(String.init) ?? "")
        }
        let node = named(String(text), &done, depth: depth + 1)
        guard mergeKey != nil || strategy != nil || marks["mt"] != nil else { return node }
        return SchemaNode(
            type: "object", properties: node.properties, required: node.required, isNullable: true,
            mapType: marks["mt"].map(String.init) ?? node.mapType, patchMergeKey: mergeKey, patchStrategy: strategy,
            typeName: node.typeName)
    }
}

/// The schemas of the built-in types, read once.
enum BuiltInSchemas {
    static let types: [String: SchemaNode] = SchemaText([builtInSchemaText, newerFieldsText]).nodes()

    /// - Parameter name: `apps.v1.Deployment`.
    static func type(_ name: String) -> SchemaNode { types[name] ?? .openObject }

    static let objectMeta = type("meta.v1.ObjectMeta")
}
