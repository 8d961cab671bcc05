import Manifest

/// Makes ConfigMaps and Secrets from literals, files and env files.
struct Generators {
    let rule: Kustomization.GeneratorRule
    /// The kustomization file.
    let file: String
    /// Reads a file that the kustomization names.
    let read: (_ path: String, _ place: String) throws(RenderError) -> [UInt8]

    /// The object as the rule says, without its hash.
    func object() throws(RenderError) -> JSON {
        var data: [String: JSON] = [:]
        var binary: [String: JSON] = [:]
        for (key, value) in try pairs() {
            guard data[key] == nil, binary[key] == nil else {
                throw error("the key \"\(key.prefix(100))\" is given twice; remove one of the two")
            }
            if rule.isSecret {
                data[key] = .string(Base64.encodeInLines(value))
            } else if let text = String(validating: value, as: UTF8.self) {
                data[key] = .string(text)
            } else {
                binary[key] = .string(Base64.encodeInLines(value))
            }
        }
        var metadata: JSON = ["name": .string(rule.name)]
        if !rule.namespace.isEmpty { metadata["namespace"] = .string(rule.namespace) }
        if !rule.options.labels.isEmpty { metadata["labels"] = JSON(rule.options.labels) }
        if !rule.options.annotations.isEmpty { metadata["annotations"] = JSON(rule.options.annotations) }
        var object: JSON = [
            "apiVersion": "v1", "kind": rule.isSecret ? "Secret" : "ConfigMap", "metadata": metadata,
        ]
        if rule.isSecret { object["type"] = .string(rule.type.isEmpty ? "Opaque" : rule.type) }
        if !data.isEmpty { object["data"] = .object(data) }
        if !binary.isEmpty { object["binaryData"] = .object(binary) }
        if rule.options.immutable { object["immutable"] = true }
        return object
    }

    private func pairs() throws(RenderError) -> [(key: String, value: [UInt8])] {
        var pairs: [(key: String, value: [UInt8])] = []
        for path in rule.envs { pairs += try environment(read(path, rule.place), path) }
        for literal in rule.literals {
            guard let equals = literal.firstIndex(of: "="), equals > literal.startIndex else {
                throw error("a literal must be key=value, and one has no key or no =")
            }
            let key = String(literal[..<equals])
            try check(key)
            pairs.append((key, Array(unquoted(literal[literal.index(after: equals)...]).utf8)))
        }
        for entry in rule.files {
            var key = SourcePath.split(entry).name
            var path = entry
            if let equals = entry.firstIndex(of: "=") {
                key = String(entry[..<equals])
                path = String(entry[entry.index(after: equals)...])
                guard !key.isEmpty, !path.isEmpty, !path.contains("=") else {
                    throw error("a file must be path or key=path, found \"\(entry.prefix(100))\"")
                }
            }
            try check(key)
            pairs.append((key, try read(path, rule.place)))
        }
        return pairs
    }

    private func environment(_ bytes: [UInt8], _ path: String) throws(RenderError) -> [(key: String, value: [UInt8])] {
        var pairs: [(key: String, value: [UInt8])] = []
        var rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        for line in rest.split(separator: 0x0A, omittingEmptySubsequences: true) {
            var line = line
            if line.last == 0x0D { line = line.dropLast() }
            line = line.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            let equals = line.firstIndex(of: UInt8(ascii: "=")) ?? line.endIndex
            guard let key = String(validating: line[..<equals], as: UTF8.self), !key.isEmpty else {
                throw error("\(path) has a line without a key; each line is KEY=value")
            }
            pairs.append((key, equals < line.endIndex ? Array(line[(equals + 1)...]) : []))
        }
        return pairs
    }

    private func unquoted(_ text: Substring) -> Substring {
        guard text.count > 1, let first = text.first, first == "\"" || first == "'", text.last == first else {
            return text
        }
        return text.dropFirst().dropLast()
    }

    private func check(_ key: String) throws(RenderError) {
        let isValid = key.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isValid, (1...253).contains(key.utf8.count), key != ".", key != ".." else {
            throw error("\"\(key.prefix(100))\" is no valid key; use letters, digits, -, _ and ., at most 253")
        }
    }

    private func error(_ reason: String) -> RenderError {
        RenderError(.malformed, path: file, reason: "\(rule.place) \"\(rule.name)\": \(reason)")
    }
}

extension ResourceList {
    /// Adds a generated object, or merges it with the one that it names.
    mutating func absorb(
        _ generated: KustomizeResource, _ behavior: Kustomization.GeneratorRule.Behavior
    ) throws(RenderError) {
        let matches = indices(withAnyID: generated.id)
        guard matches.count <= 1 else {
            throw conflict(generated, "\(generated.id) fits several objects; give the generator another name")
        }
        guard let index = matches.first else {
            guard behavior == .create else {
                throw conflict(
                    generated,
                    "\(generated.id) does not exist, so it cannot be changed with behavior \(behavior.rawValue)")
            }
            return try append(generated)
        }
        guard behavior != .create else {
            throw conflict(generated, "\(generated.id) exists already; set behavior to merge or replace")
        }
        var merged = generated.object
        let old = resources[index]
        for field in ["labels", "annotations"] {
            let values = (old.object["metadata"]?[field]?.objectValue ?? [:])
                .merging(generated.object["metadata"]?[field]?.objectValue ?? [:]) { $1 }
            merged.set(values.isEmpty ? nil : .object(values), at: "metadata", field)
        }
        merged.set(.string(old.id.name), at: "metadata", "name")
        merged.set(old.id.namespace.isEmpty ? nil : .string(old.id.namespace), at: "metadata", "namespace")
        if behavior == .merge {
            for field in ["data", "binaryData"] {
                let values = (old.object[field]?.objectValue ?? [:]).merging(merged[field]?.objectValue ?? [:]) { $1 }
                merged[field] = values.isEmpty ? nil : .object(values)
            }
        }
        resources[index].object = merged
        // A hash stays away where either side does not want it.
        if !generated.needsHash { resources[index].needsHash = false }
        resources[index].provenance = generated.provenance
    }

    private func conflict(_ generated: KustomizeResource, _ reason: String) -> RenderError {
        RenderError(.conflict, path: generated.provenance.file, reason: "\(generated.provenance.generator): \(reason)")
    }
}
