import Manifest

/// An entry of `images`: another name, tag or digest for an image.
struct ImageRule: Sendable {
    let name: String
    private let newName: String
    private let newTag: String
    private let digest: String
    private let tagSuffix: String
    /// `nil` where the name is plain text, which is compared faster.
    private let pattern: RegularExpression?

    init(name: String, newName: String = "", newTag: String = "", digest: String = "", tagSuffix: String = "")
        throws(RegularExpressionError)
    {
        self.name = name
        self.newName = newName
        self.newTag = newTag
        self.digest = digest
        self.tagSuffix = tagSuffix
        let isPlain = !name.contains { "\\+*?()|[]{}^$".contains($0) }
        pattern = isPlain ? nil : try RegularExpression("(?:\(name))(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?")
    }

    init(_ entry: StrictFields) throws(RenderError) {
        var entry = entry
        let name = try entry.string("name") ?? ""
        let newName = try entry.string("newName") ?? ""
        let newTag = try entry.string("newTag") ?? ""
        let digest = try entry.string("digest") ?? ""
        let tagSuffix = try entry.string("tagSuffix") ?? ""
        try entry.finish()
        guard !name.isEmpty else { throw entry.error("name", "is required") }
        do {
            try self.init(name: name, newName: newName, newTag: newTag, digest: digest, tagSuffix: tagSuffix)
        } catch {
            throw entry.error("name", "\"\(name.prefix(100))\" is no regular expression: \(error)")
        }
    }

    /// The image in its new form, or `nil` when the rule is about another one.
    func applied(to image: String) -> String? {
        let parts = Self.split(image)
        if let pattern {
            guard pattern.matchesEntirely(image) else { return nil }
        } else {
            guard Self.matches(name, parts.name) else { return nil }
        }
        var result = newName.isEmpty ? parts.name : newName
        var (tag, digest) = (parts.tag, parts.digest)
        if !newTag.isEmpty || !self.digest.isEmpty {
            tag = newTag
            digest = self.digest
        } else if !tagSuffix.isEmpty {
            tag += tagSuffix
            digest = ""
        }
        if !tag.isEmpty { result += ":" + tag }
        if !digest.isEmpty { result += "@" + digest }
        return result
    }

    /// A plain name as a pattern: its dots match any character.
    private static func matches(_ name: String, _ text: String) -> Bool {
        name == text
            || name.utf8.count == text.utf8.count && name.contains(".")
                && zip(name.utf8, text.utf8).allSatisfy { $0 == $1 || $0 == UInt8(ascii: ".") }
    }

    /// Name, tag and digest.
    ///
    /// What stands before the first slash is never searched: a registry's port is no tag.
    static func split(_ image: String) -> (name: String, tag: String, digest: String) {
        var searched = image[...]
        if let slash = image.firstIndex(of: "/") { searched = image[slash...] }
        let at = searched.firstIndex(of: "@") ?? image.endIndex
        let colon = searched[..<at].firstIndex(of: ":") ?? at
        return (
            String(image[..<colon]), String(image[colon..<at].dropFirst()), String(image[at...].dropFirst())
        )
    }
}

extension ImageRule {
    /// Reads Argo's short form: `name=newName:tag`, `name=newName@digest`, `name:tag` or `name@digest`.
    init(shortForm text: String) throws(RenderError) {
        let halves = text.split(separator: "=", maxSplits: 1)
        guard let first = halves.first, !text.hasPrefix("=") else { throw Self.malformed(text) }
        let parts = Self.split(String(halves.count > 1 ? halves[1] : first))
        let name = halves.count > 1 ? String(first) : parts.name
        do {
            try self.init(
                name: name, newName: halves.count > 1 ? parts.name : "", newTag: parts.tag, digest: parts.digest)
        } catch {
            throw Self.malformed(text)
        }
    }

    private static func malformed(_ text: String) -> RenderError {
        RenderError(
            .malformed, path: "spec.source.kustomize.images",
            reason: "\"\(text.prefix(100))\" is no image; use name=newName:tag, name@sha256:… or name:tag")
    }
}

extension JSON {
    /// Applies rules to the images of all `containers` and `initContainers`, wherever they are.
    mutating func replaceImages(_ rules: [ImageRule]) {
        switch self {
        case .array(var elements):
            self = .null
            for index in elements.indices { elements[index].replaceImages(rules) }
            self = .array(elements)
        case .object(var members):
            self = .null
            for index in members.indices {
                let name = members[index].key
                if name == "containers" || name == "initContainers" {
                    members.values[index].replaceContainerImages(rules)
                }
                members.values[index].replaceImages(rules)
            }
            self = .object(members)
        default: break
        }
    }

    private mutating func replaceContainerImages(_ rules: [ImageRule]) {
        guard case .array(var containers) = self else { return }
        self = .null
        for index in containers.indices {
            guard var image = containers[index]["image"]?.stringValue else { continue }
            let before = image
            for rule in rules { image = rule.applied(to: image) ?? image }
            if image != before { containers[index]["image"] = .string(image) }
        }
        self = .array(containers)
    }
}
