import Manifest

/// Makes the paths and queries of requests.
enum Paths {
    /// The path of a collection, or of one object where a name is given.
    /// - Throws: `BadRequest` for a name that would lead elsewhere.
    static func path(
        _ resource: Resource, namespace: String?, name: String? = nil, subresource: String? = nil
    ) throws(KubernetesError) -> String {
        var parts = resource.group.isEmpty ? ["api", resource.version] : ["apis", resource.group, resource.version]
        if resource.isNamespaced, let namespace {
            parts += ["namespaces", try segment(namespace, "namespace", resource)]
        }
        parts.append(resource.plural)
        if let name {
            parts.append(try segment(name, "name", resource))
            if let subresource { parts.append(subresource) }
        }
        return "/" + parts.joined(separator: "/")
    }

    private static func segment(
        _ text: String, _ what: String, _ resource: Resource
    ) throws(KubernetesError) -> String {
        let isSafe = !text.isEmpty && text != "." && text != ".." && !text.utf8.contains { [0x2F, 0x25].contains($0) }
        guard isSafe, text.utf8.count <= 253 else {
            throw KubernetesError(
                code: 400, reason: "BadRequest",
                message:
                    "the \(what) \(text.prefix(80).debugDescription) of a \(resource.kind) cannot be part of a path; "
                    + "use letters, digits, '-' and '.'")
        }
        return escaped(text)
    }

    /// `?a=b&c=d`, or nothing.
    static func query(_ items: [(String, String)]) -> String {
        items.isEmpty ? "" : "?" + items.map { "\($0.0)=\(escaped($0.1))" }.joined(separator: "&")
    }

    static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
