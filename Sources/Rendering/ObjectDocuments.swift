import Manifest

/// Objects of one file, lists flattened.
enum ObjectDocuments {
    struct Entry {
        var object: JSON
        var document: Int
        var line: Int
    }

    /// Reads a manifest file as Kustomize does: each document is an object with a kind.
    static func parse(_ bytes: [UInt8], path: String, dialect: YAML.Dialect) throws(RenderError) -> [Entry] {
        let documents: [YAML.Document]
        do {
            documents = try YAML.parseWithPositions(bytes, dialect: dialect)
        } catch {
            throw RenderError(.malformed, path: path, line: error.line, reason: error.reason)
        }
        var entries: [Entry] = []
        for (index, document) in documents.enumerated() {
            guard case .object = document.value else {
                throw RenderError(
                    .malformed, path: path, line: document.line,
                    reason: "a manifest must be an object with kind and metadata, found \(document.value.typeName)")
            }
            let entry = Entry(object: document.value, document: index, line: document.line)
            try flatten(entry, path: path, depth: 0, into: &entries)
        }
        return entries
    }

    /// Appends the object, or the items of a `List` of objects.
    static func flatten(_ entry: Entry, path: String, depth: Int, into entries: inout [Entry]) throws(RenderError) {
        guard let kind = entry.object["kind"]?.stringValue, !kind.isEmpty else {
            throw RenderError(
                .malformed, path: path, line: entry.line,
                reason: "an object has no kind; add apiVersion and kind, or leave the file out")
        }
        guard kind.hasSuffix("List"), let items = entry.object["items"] else {
            entries.append(entry)
            return
        }
        if items == .null { return }
        guard case .array(let objects) = items else {
            throw RenderError(
                .malformed, path: path, line: entry.line,
                reason: "items of a \(kind) must be a list, found \(items.typeName)")
        }
        guard depth < 8 else {
            throw RenderError(
                .tooLarge, path: path, line: entry.line, reason: "lists inside lists more than 8 levels deep")
        }
        for object in objects {
            guard case .object = object else {
                throw RenderError(
                    .malformed, path: path, line: entry.line,
                    reason: "items of a \(kind) must be objects, found \(object.typeName)")
            }
            try flatten(
                Entry(object: object, document: entry.document, line: entry.line), path: path, depth: depth + 1,
                into: &entries)
        }
    }
}
