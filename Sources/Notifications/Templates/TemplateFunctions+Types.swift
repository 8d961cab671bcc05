import Manifest

extension TemplateFunctions {
    static let types: [String: Function] = [
        "atoi": function(1...1) { call throws(TemplateError) in .int(Int64(try call.string(0)) ?? 0) },
        "int": function(1...1) { call throws(TemplateError) in .int(try call.int(0)) },
        "int64": function(1...1) { call throws(TemplateError) in .int(try call.int(0)) },
        "float64": function(1...1) { call throws(TemplateError) in .float(try call.number(0)) },
        "toString": function(1...1) { call throws(TemplateError) in .string(try call.heap.text(call[0])) },
        "toDecimal": function(1...1) { call throws(TemplateError) in
            .int(Int64(try call.string(0), radix: 8) ?? 0)
        },
        "kindOf": function(1...1) { call throws(TemplateError) in .string(call[0].kind) },
        "kindIs": function(2...2) { call throws(TemplateError) in .bool(try call.string(0) == call[1].kind) },
        "typeOf": function(1...1) { call throws(TemplateError) in .string(call[0].type) },
        "typeIs": function(2...2) { call throws(TemplateError) in .bool(try call.string(0) == call[1].type) },
        "typeIsLike": function(2...2) { call throws(TemplateError) in
            let name = try call.string(0)
            return .bool(name == call[1].type || "*" + name == call[1].type)
        },
    ]

    static let versions: [String: Function] = [
        "semver": function(1...1) { call throws(TemplateError) in
            guard let version = SemanticVersion(try call.string(0)) else {
                throw call.failure("needs a version such as 1.2.3")
            }
            return .version(version)
        },
        "semverCompare": function(2...2) { call throws(TemplateError) in
            guard let range = VersionRange(try call.string(0)) else {
                throw call.failure("needs a range such as >=1.2 <2 first")
            }
            guard let version = SemanticVersion(try call.string(1)) else {
                throw call.failure("needs a version such as 1.2.3 second")
            }
            return .bool(range.contains(version))
        },
    ]

    static let paths: [String: Function] = [
        "base": function(1...1) { call throws(TemplateError) in .string(base(try call.string(0))) },
        "dir": function(1...1) { call throws(TemplateError) in
            let path = try call.string(0)
            let end = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
            return .string(clean(String(path[..<end])))
        },
        "ext": function(1...1) { call throws(TemplateError) in
            let name = try call.string(0).split(separator: "/", omittingEmptySubsequences: false).last ?? ""
            return .string(name.lastIndex(of: ".").map { String(name[$0...]) } ?? "")
        },
        "clean": function(1...1) { call throws(TemplateError) in .string(clean(try call.string(0))) },
        "isAbs": function(1...1) { call throws(TemplateError) in .bool(try call.string(0).hasPrefix("/")) },
    ]

    private static func base(_ path: String) -> String {
        if path.isEmpty { return "." }
        return path.split(separator: "/").last.map(String.init) ?? "/"
    }

    /// The shortest path that means the same, by the text alone.
    private static func clean(_ path: String) -> String {
        let isAbsolute = path.hasPrefix("/")
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !isAbsolute {
                parts.append(part)
            }
        }
        let joined = parts.joined(separator: "/")
        return isAbsolute ? "/" + joined : joined.isEmpty ? "." : joined
    }
}
