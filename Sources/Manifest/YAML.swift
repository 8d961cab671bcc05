/// Reads YAML as the tools of the field do and writes it as Kustomize does.
package enum YAML {
    /// Whose reading of plain scalars, keys and duplicates is meant.
    package enum Dialect: Sendable {
        /// As `kubectl`, Argo CD, Helm and Flux read manifests (YAML 1.1: `yes` is a boolean).
        case kubernetes
        /// As Kustomize reads its input: `yes` is a string, keys are strings, duplicates are errors.
        case kustomize
    }

    /// Bounds on what one text may hold.
    package struct Limits: Sendable {
        /// Size of the text, and of all scalars once aliases are expanded.
        package var bytes: Int
        /// Nesting of lists and mappings, aliases expanded.
        package var depth: Int
        /// Scalars, lists and mappings, aliases expanded.
        package var nodes: Int

        package init(bytes: Int = 32 << 20, depth: Int = 100, nodes: Int = 4_000_000) {
            self.bytes = bytes
            self.depth = depth
            self.nodes = nodes
        }

        /// 32 MiB, depth 100, four million nodes.
        package static let standard = Limits()
    }

    /// One document and where it stands.
    package struct Document: Hashable, Sendable {
        package var value: JSON
        /// Line of its first value, counted from 1.
        package var line: Int
    }

    /// All documents of a text; empty and `null` ones are dropped.
    ///
    /// Aliases and merge keys (`<<`) are expanded. Bytes are UTF-8, or UTF-16 with a byte order mark.
    /// - Parameter strict: Makes a repeated key an error in the Kubernetes dialect too, where the last one wins.
    package static func parse(
        _ bytes: [UInt8], dialect: Dialect = .kubernetes, limits: Limits = .standard, strict: Bool = false
    ) throws(YAMLError) -> [JSON] {
        try parseWithPositions(bytes, dialect: dialect, limits: limits, strict: strict).map(\.value)
    }

    /// As ``parse(_:dialect:limits:strict:)``, with the line at which each document begins.
    package static func parseWithPositions(
        _ bytes: [UInt8], dialect: Dialect = .kubernetes, limits: Limits = .standard, strict: Bool = false
    ) throws(YAMLError) -> [Document] {
        guard bytes.count <= limits.bytes else {
            throw YAMLError(line: 0, reason: "the text has \(bytes.count) bytes; at most \(limits.bytes) are read")
        }
        if dialect == .kubernetes, !strict, let document = json(bytes, limits: limits) { return [document] }
        if dialect == .kustomize { try checkSeparators(bytes) }
        return try bytes.withUnsafeBufferPointer { buffer throws(YAMLError) in
            var composer = YAMLComposer(buffer, dialect: dialect, limits: limits, strict: strict)
            return try composer.documents()
        }
    }

    /// The text as JSON where it is that, as Kubernetes' decoders try first when it begins with a brace.
    private static func json(_ bytes: [UInt8], limits: Limits) -> Document? {
        guard let first = bytes.firstIndex(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }),
            bytes[first] == UInt8(ascii: "{"), String(validating: bytes, as: UTF8.self) != nil,
            let value = try? JSON(parsing: bytes, maxDepth: limits.depth)
        else { return nil }
        return Document(value: value, line: 1 + bytes[..<first].count { $0 == 0x0A })
    }

    /// Kustomize splits documents itself and wants nothing but a comment behind `---`.
    private static func checkSeparators(_ bytes: [UInt8]) throws(YAMLError) {
        let dash = UInt8(ascii: "-")
        var number = 0
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            guard line.starts(with: [dash, dash, dash]) else { continue }
            let rest = line.dropFirst(3).drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
            if let first = rest.first, first != UInt8(ascii: "#") {
                throw YAMLError(line: number, reason: "text after the document separator ---; put it on the next line")
            }
        }
    }
}
