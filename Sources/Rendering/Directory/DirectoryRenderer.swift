import Manifest

/// Renders the manifests of a plain directory, as Argo CD's directory sources do.
enum DirectoryRenderer {
    private static let skipMarker = Array("+argocd:skip-file-rendering".utf8)

    static func render(
        _ directory: String, _ request: RenderRequest, _ reader: SourceReader
    ) throws(RenderError) -> RenderedManifests {
        let include = try pattern(request.directory.include, "include", directory)
        let exclude = try pattern(request.directory.exclude, "exclude", directory)
        var files: [String] = []
        try walk(directory, request, reader, depth: 0, into: &files)
        var objects: [RenderedObject] = []
        for file in files {
            let relative = directory.isEmpty ? file : String(file.dropFirst(directory.count + 1))
            if let include, !include.matches(relative) { continue }
            if let exclude, exclude.matches(relative) { continue }
            guard let (_, bytes) = try reader.file(file), !contains(bytes, skipMarker[...]) else { continue }
            for entry in try self.objects(of: bytes, path: file) {
                let provenance = Provenance(file: file, document: entry.document, line: entry.line)
                objects.append(RenderedObject(object: entry.object, provenance: provenance))
            }
            guard objects.count <= request.limits.objects else {
                throw RenderError(
                    .tooLarge, path: file, reason: "more than \(request.limits.objects) objects; split the source")
            }
        }
        return RenderedManifests(tool: .directory, objects: objects, footprint: reader.footprint)
    }

    private static func pattern(
        _ text: String, _ field: String, _ directory: String
    ) throws(RenderError) -> GlobPattern? {
        if text.isEmpty { return nil }
        guard let pattern = GlobPattern(text) else {
            throw RenderError(
                .malformed, path: directory,
                reason: "directory.\(field) \"\(text.prefix(100))\" is no glob; use such as *.yaml or {a,b}/**")
        }
        return pattern
    }

    private static func walk(
        _ directory: String, _ request: RenderRequest, _ reader: SourceReader, depth: Int, into files: inout [String]
    ) throws(RenderError) {
        guard depth <= request.limits.depth else {
            throw RenderError(
                .tooLarge, path: directory, reason: "directories nested more than \(request.limits.depth) levels deep")
        }
        guard let (_, names) = try reader.list(directory) else { return }
        for name in names {
            let path = SourcePath.join(directory, name)
            if isManifest(name) {
                // A symlink is followed to a file inside the source; one that leaves it is an error.
                files.append(path)
                guard files.count <= request.limits.files else {
                    throw RenderError(
                        .tooLarge, path: path,
                        reason: "more than \(request.limits.files) manifest files; split the source")
                }
            } else if request.directory.recurse {
                // Symlinked directories are not walked, as in a walk of a disk: they could lead in a circle.
                if let place = try reader.resolve(path), place.path == path, case .directory = place.content {
                    try walk(path, request, reader, depth: depth + 1, into: &files)
                }
            }
        }
    }

    private static func isManifest(_ name: String) -> Bool {
        [".yaml", ".yml", ".json", ".jsonnet"].contains { name.hasSuffix($0) }
    }

    private static func objects(of bytes: [UInt8], path: String) throws(RenderError) -> [ObjectDocuments.Entry] {
        if path.hasSuffix(".jsonnet") {
            throw RenderError(
                .unsupported, path: path, reason: "Jsonnet is not supported yet; exclude the file or commit its output")
        }
        var entries: [ObjectDocuments.Entry] = []
        if path.hasSuffix(".json") {
            let value: JSON
            do {
                value = try JSON(parsing: bytes)
            } catch {
                throw RenderError(.malformed, path: path, reason: "\(error); a .json file holds exactly one object")
            }
            if value["schemaVersion"] != nil, value["config"]?["mediaType"] != nil { return [] }
            try ObjectDocuments.flatten(
                .init(object: value, document: 0, line: 1), path: path, depth: 0, into: &entries)
            return entries
        }
        let isManifest = [["apiVersion:"], ["kind:"], ["metadata:"]].allSatisfy {
            contains(bytes, Array($0[0].utf8)[...])
        }
        let documents: [YAML.Document]
        do {
            documents = try YAML.parseWithPositions(bytes, dialect: .kubernetes)
        } catch {
            guard isManifest else { return [] }
            throw RenderError(.malformed, path: path, line: error.line, reason: error.reason)
        }
        for (index, document) in documents.enumerated() {
            guard document.value["kind"]?.stringValue?.isEmpty == false else {
                // A file that does not look like manifests at all is someone's values or notes.
                if index == 0, !isManifest { return [] }
                throw RenderError(
                    .malformed, path: path, line: document.line,
                    reason: "document \(index + 1) has no kind; add apiVersion and kind, or exclude the file")
            }
            try ObjectDocuments.flatten(
                .init(object: document.value, document: index, line: document.line), path: path, depth: 0,
                into: &entries)
        }
        return entries
    }

    private static func contains(_ bytes: [UInt8], _ needle: ArraySlice<UInt8>) -> Bool {
        guard let first = needle.first, bytes.count >= needle.count else { return false }
        var rest = bytes[...]
        while let start = rest.firstIndex(of: first) {
            rest = rest[start...]
            if rest.starts(with: needle) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}
