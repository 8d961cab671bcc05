package import Manifest

/// A 64-bit digest of a pod template in which semantically equal templates agree.
///
/// One pass over the bytes, without a tree: members are combined so that their order does not matter, and what the API
/// server would default, empty values, the hash label and the deprecated `serviceAccount` are left out. So a desired
/// template and the live one, which the server has defaulted, have the same digest. Quantities count by value.
package enum TemplateDigest {
    /// - Throws: `JSONError` with the path of a field whose type is wrong.
    package static func read(_ reader: inout JSONReader) throws(JSONError) -> UInt64 {
        var pass = DigestPass()
        return try pass.structure(&reader, podTemplateSchema.index(of: "PodTemplateSpec")) ?? 0
    }

    package static func of(_ template: JSON) throws(JSONError) -> UInt64 {
        var reader = JSONReader(template.serialized())
        return try read(&reader)
    }
}

private let containerStructure = podTemplateSchema.index(of: "Container")
private let portStructure = podTemplateSchema.index(of: "ContainerPort")
private let podSpecStructure = podTemplateSchema.index(of: "PodSpec")
private let hashLabelBytes = Array(Keys.podTemplateHash.utf8)

private struct DigestPass {
    /// Held here, because a global is checked for its initialisation at each use.
    private let schema = podTemplateSchema
    /// Where the pod's spec begins: ports of a host-network pod default `hostPort` to `containerPort`, and only a
    /// template with a `hostPort` pays for the look.
    private var podSpec: JSONReader?

    /// The digest of a struct's members, or `nil` where all of them are empty or defaults.
    mutating func structure(_ reader: inout JSONReader, _ index: Int) throws(JSONError) -> UInt64? {
        guard try !reader.readNull() else { return nil }
        if index == podSpecStructure { podSpec = reader }
        var sum: UInt64 = 0
        var isEmpty = true
        var containerPort: UInt64?
        var hostPort: UInt64?
        var image = ""
        var pullPolicy: String?
        var pass = self
        let schema = schema
        try reader.readObject { reader, key throws(JSONError) in
            guard let field = schema.field(in: index, nameHash: hashBytes(key.utf8)) else { return }
            if index == podSpecStructure, key == "serviceAccount" { return }
            if index == containerStructure {
                if key == "image" { image = try reader.readOptionalString() ?? "" }
                if key == "imagePullPolicy" {
                    pullPolicy = try reader.readOptionalString()
                    return
                }
                if key == "image" {
                    if !image.isEmpty {
                        sum &+= member(field.nameHash, hashBytes(image.utf8))
                        isEmpty = false
                    }
                    return
                }
            }
            guard let value = try pass.value(&reader, field) else { return }
            if index == portStructure {
                if key == "containerPort" { containerPort = value }
                if key == "hostPort" {
                    hostPort = value
                    return
                }
            }
            sum &+= member(field.nameHash, value)
            isEmpty = false
        }
        var isDefaultPort = false
        if let hostPort, hostPort == containerPort { isDefaultPort = try usesHostNetwork() }
        if let hostPort, !isDefaultPort {
            sum &+= member(hashBytes("hostPort".utf8), hostPort)
            isEmpty = false
        }
        if let pullPolicy, !pullPolicy.isEmpty, pullPolicy != defaultPullPolicy(image) {
            sum &+= member(hashBytes("imagePullPolicy".utf8), hashBytes(pullPolicy.utf8))
            isEmpty = false
        }
        return isEmpty ? nil : mix(sum)
    }

    private mutating func value(_ reader: inout JSONReader, _ field: GoField) throws(JSONError) -> UInt64? {
        if try reader.readNull() { return nil }
        switch field.shape {
        case .single: return try single(&reader, field, keepsZero: field.isPointer)
        case .list:
            var hash: UInt64 = 0x9E37_79B9
            var isEmpty = true
            var pass = self
            try reader.readArray { reader throws(JSONError) in
                hash = mix(hash &* 31 &+ (try pass.single(&reader, field, keepsZero: true) ?? 1))
                isEmpty = false
            }
            return isEmpty ? nil : hash
        case .map:
            var sum: UInt64 = 0
            var isEmpty = true
            var pass = self
            try reader.readObject { reader, key throws(JSONError) in
                if field.name == "labels", key.utf8.elementsEqual(hashLabelBytes) { return }
                sum &+= member(hashBytes(key.utf8), try pass.single(&reader, field, keepsZero: true) ?? 1)
                isEmpty = false
            }
            return isEmpty ? nil : mix(sum)
        }
    }

    private mutating func single(
        _ reader: inout JSONReader, _ field: GoField, keepsZero: Bool
    ) throws(JSONError) -> UInt64? {
        switch field.kind {
        case .structure:
            let digest = try structure(&reader, field.structure)
            if digest == nil, keepsZero, field.defaultText == nil { return 2 }
            return digest
        case .string:
            return try text(&reader, field, keepsZero: keepsZero)
        case .quantity:
            let kind = try reader.peek()
            guard kind == .string || kind == .number else { _ = try reader.readString(); return nil }
            let text = canonicalQuantity(try reader.readJSON())
            if text == "0", !keepsZero { return nil }
            return hashBytes(text.utf8)
        case .integer:
            let number = try reader.readInt()
            if let standard = field.defaultText, String(number).utf8.elementsEqual(standard) { return nil }
            if number == 0, !keepsZero { return nil }
            return mix(UInt64(bitPattern: number))
        case .boolean:
            let flag = try reader.readBool()
            if let standard = field.defaultText, standard.elementsEqual((flag ? "true" : "false").utf8) { return nil }
            return flag ? 3 : keepsZero ? 4 : nil
        case .intOrString:
            if try reader.peek() == .string { return hashBytes(try reader.readString().utf8) }
            return mix(UInt64(bitPattern: try reader.readInt()))
        case .raw:
            return hashBytes(try reader.readJSON().serialized())
        }
    }

    /// Hashes a string where it stands; only one with escapes is decoded first.
    private func text(_ reader: inout JSONReader, _ field: GoField, keepsZero: Bool) throws(JSONError) -> UInt64? {
        guard try reader.peek() == .string else {
            _ = try reader.readString()
            return nil
        }
        let range = try reader.skipValue()
        let content = reader.bytes[range.lowerBound + 1..<range.upperBound - 1]
        if content.contains(UInt8(ascii: "\\")) {
            var copy = JSONReader(reader.bytes, range: range)
            return hashBytes(try copy.readString().utf8)
        }
        if let standard = field.defaultText, content.elementsEqual(standard) { return nil }
        return content.isEmpty && !keepsZero ? nil : hashBytes(content)
    }

    private func usesHostNetwork() throws(JSONError) -> Bool {
        guard var copy = podSpec else { return false }
        var found = false
        try copy.readObject { reader, key throws(JSONError) in
            if key == "hostNetwork", try reader.peek() == .bool { found = try reader.readBool() }
        }
        return found
    }

    /// `Always` for `latest` and untagged images, as the API server defaults it.
    private func defaultPullPolicy(_ image: String) -> String {
        if image.utf8.contains(UInt8(ascii: "@")) { return "IfNotPresent" }
        let name =
            image.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).last ?? image.utf8[...]
        guard let colon = name.lastIndex(of: UInt8(ascii: ":")) else { return "Always" }
        return name[name.index(after: colon)...].elementsEqual("latest".utf8) ? "Always" : "IfNotPresent"
    }
}

private func member(_ name: UInt64, _ value: UInt64) -> UInt64 { mix(name ^ mix(value &+ 0x9E37_79B9_7F4A_7C15)) }

private func mix(_ value: UInt64) -> UInt64 {
    var mixed = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
}
