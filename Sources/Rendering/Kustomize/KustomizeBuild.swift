import Manifest

/// Builds a kustomization as `kubectl kustomize` does.
final class KustomizeBuild {
    static let fileNames = ["kustomization.yaml", "kustomization.yml", "Kustomization"]

    let reader: SourceReader
    let limits: RenderLimits
    /// Directories of the targets that are being built, outermost first.
    private var stack: [String] = []
    private var builds = 0
    private var warnings: [String] = []
    /// Grows by the rows of `configurations` files.
    private var referenceRows: [NameReferenceTable.Row] = []

    private init(_ reader: SourceReader, _ limits: RenderLimits) {
        self.reader = reader
        self.limits = limits
    }

    static func render(
        _ directory: String, _ request: RenderRequest, _ reader: SourceReader
    ) throws(RenderError) -> RenderedManifests {
        let build = KustomizeBuild(reader, request.limits)
        let root = try build.read(directory, isComponent: false, overrides: request.kustomize)
        var list = ResourceList()
        try build.build(root, in: directory, into: &list)
        try build.finish(&list, root)
        let objects = list.resources.map { RenderedObject(object: $0.object, provenance: $0.provenance) }
        return RenderedManifests(
            tool: .kustomize, objects: objects, footprint: reader.footprint, warnings: build.warnings)
    }

    /// Reads the kustomization file of a directory.
    private func read(
        _ directory: String, isComponent: Bool, overrides: KustomizeOverrides? = nil
    ) throws(RenderError) -> Kustomization {
        var found: [(path: String, bytes: [UInt8])] = []
        for name in Self.fileNames {
            let path = SourcePath.join(directory, name)
            if let file = try reader.file(path) { found.append((path, file.bytes)) }
        }
        guard let (path, bytes) = found.first else {
            throw RenderError(
                .notFound, path: directory,
                reason: "there is no kustomization.yaml in this directory; add one, or name its files")
        }
        guard found.count == 1 else {
            throw RenderError(
                .conflict, path: directory,
                reason:
                    "there are \(found.count) kustomization files; keep one of \(Self.fileNames.joined(separator: ", "))"
            )
        }
        let documents: [JSON]
        do {
            documents = try YAML.parse(bytes, dialect: .kustomize)
        } catch {
            throw RenderError(.malformed, path: path, line: error.line, reason: error.reason)
        }
        guard documents.count <= 1 else {
            throw RenderError(
                .malformed, path: path, reason: "a kustomization file holds one document, found \(documents.count)")
        }
        var kustomization = try Kustomization(documents.first ?? .emptyObject, file: path)
        guard kustomization.isComponent == isComponent else {
            throw RenderError(
                .malformed, path: path,
                reason: isComponent
                    ? "components need kind: Component; list a Kustomization under resources"
                    : "a Component cannot be listed under resources or rendered alone; list it under components")
        }
        if let overrides { try kustomization.apply(overrides) }
        return kustomization
    }

    /// Runs one target on what is there already: nothing for a base, its parent's objects for a component.
    private func build(_ target: Kustomization, in directory: String, into list: inout ResourceList) throws(RenderError)
    {
        builds += 1
        guard stack.count < limits.depth, builds <= limits.files else {
            throw RenderError(
                .tooLarge, path: target.file,
                reason:
                    "more than \(limits.depth) bases deep, or more than \(limits.files) in all; flatten the overlays")
        }
        stack.append(directory)
        defer { stack.removeLast() }
        for entry in target.resources { try accumulate(entry, target, directory, &list) }
        let tables = try configured(target, directory)
        for rule in target.generators { try generate(rule, target, directory, &list) }
        for entry in target.components {
            guard let place = SourcePath.resolve(entry, in: directory), let component = try reader.directory(place)
            else {
                throw missing(entry, "components", target, directory)
            }
            try checkCycle(component, entry, target)
            try build(try read(component, isComponent: true), in: component, into: &list)
        }
        try Transformers(target: target, directory: directory, build: self, tables: tables).run(on: &list)
    }

    private func accumulate(
        _ entry: String, _ target: Kustomization, _ directory: String, _ list: inout ResourceList
    ) throws(RenderError) {
        guard let place = SourcePath.resolve(entry, in: directory) else {
            throw missing(entry, "resources", target, directory)
        }
        if let file = try reader.file(place) {
            try checkInside(file.path, entry, "resources", target, directory)
            for object in try ObjectDocuments.parse(file.bytes, path: place, dialect: .kustomize) {
                let provenance = Provenance(file: place, document: object.document, line: object.line)
                try list.append(try resource(object.object, provenance))
                guard list.resources.count <= limits.objects else {
                    throw RenderError(
                        .tooLarge, path: place, reason: "more than \(limits.objects) objects; split the source")
                }
            }
        } else if let base = try reader.directory(place) {
            try checkCycle(base, entry, target)
            var objects = ResourceList()
            try build(try read(base, isComponent: false), in: base, into: &objects)
            for resource in objects.resources { try list.append(resource) }
            guard list.resources.count <= limits.objects else {
                throw RenderError(
                    .tooLarge, path: place, reason: "more than \(limits.objects) objects; split the source")
            }
        } else {
            throw missing(entry, "resources", target, directory)
        }
    }

    /// An object as it comes in: with a name, and with annotations that are strings.
    func resource(_ object: JSON, _ provenance: Provenance) throws(RenderError) -> KustomizeResource {
        var object = object
        guard object.at("metadata", "name")?.stringValue?.isEmpty == false else {
            throw RenderError(
                .malformed, path: provenance.file, line: provenance.line,
                reason: "a \(object["kind"]?.stringValue ?? "object") has no metadata.name; Kustomize needs one")
        }
        if case .object(let annotations) = object.at("metadata", "annotations") {
            let isPlain = !annotations.isEmpty && annotations.values.allSatisfy { $0.stringValue != nil }
            if !isPlain {
                let texts = annotations.mapValues { JSON.string($0.stringValue ?? $0.description) }
                object.set(texts.isEmpty ? nil : .object(texts), at: "metadata", "annotations")
            }
        }
        return KustomizeResource(object, provenance: provenance)
    }

    private func generate(
        _ rule: Kustomization.GeneratorRule, _ target: Kustomization, _ directory: String, _ list: inout ResourceList
    ) throws(RenderError) {
        let generator = Generators(rule: rule, file: target.file) { path, place throws(RenderError) in
            try self.contents(path, place, target, directory)
        }
        let kind = rule.isSecret ? "secretGenerator" : "configMapGenerator"
        let provenance = Provenance(file: target.file, generator: "\(kind) \(rule.name)")
        var resource = KustomizeResource(try generator.object(), provenance: provenance)
        resource.needsHash = !rule.options.disableNameSuffixHash
        try list.absorb(resource, rule.behavior)
    }

    /// The bytes of a file that a kustomization names, which must lie in its directory.
    func contents(
        _ path: String, _ place: String, _ target: Kustomization, _ directory: String
    ) throws(RenderError) -> [UInt8] {
        guard let resolved = SourcePath.resolve(path, in: directory), let file = try reader.file(resolved) else {
            throw missing(path, place, target, directory)
        }
        try checkInside(file.path, path, place, target, directory)
        return file.bytes
    }

    private func configured(_ target: Kustomization, _ directory: String) throws(RenderError) -> FieldSpecTables {
        var tables = FieldSpecTables.standard
        for entry in target.configurations {
            let bytes = try contents(entry, "configurations", target, directory)
            let file = SourcePath.resolve(entry, in: directory) ?? entry
            referenceRows += try tables.add(configuration: bytes, file: file)
        }
        return tables
    }

    /// What is done once, after the outermost target.
    private func finish(_ list: inout ResourceList, _ root: Kustomization) throws(RenderError) {
        for index in list.resources.indices where list.resources[index].needsHash {
            list.resources[index].rememberID()
            let name = list.resources[index].id.name
            let suffix = ContentHash.suffix(of: list.resources[index].object)
            list.resources[index].object.set(.string("\(name)-\(suffix)"), at: "metadata", "name")
        }
        try NameReferences.fix(&list, NameReferenceTable.standard.adding(referenceRows))
        list.resources.removeAll { resource in
            let local = resource.object.at("metadata", "annotations", "config.kubernetes.io/local-config")?.stringValue
            return local != nil && local != "false"
        }
        (root.sortOrder ?? .legacy).sort(&list.resources)
    }

    private func checkCycle(_ base: String, _ entry: String, _ target: Kustomization) throws(RenderError) {
        guard stack.contains(where: { SourcePath.isInside($0, base) }) else { return }
        throw RenderError(
            .conflict, path: target.file,
            reason: "\"\(entry)\" leads in a circle: it holds a directory that is being built; name other directories")
    }

    private func checkInside(
        _ path: String, _ entry: String, _ field: String, _ target: Kustomization, _ directory: String
    ) throws(RenderError) {
        guard !SourcePath.isInside(path, directory) else { return }
        throw RenderError(
            .outsideRoot, path: target.file,
            reason:
                "\(field): the file \"\(entry)\" lies outside the kustomization's directory; move it there, or make its directory a base"
        )
    }

    private func missing(
        _ entry: String, _ field: String, _ target: Kustomization, _ directory: String
    ) -> RenderError {
        let shown = "\(field): \"\(Self.withoutCredentials(entry).prefix(200))\""
        let isRemote = ["://", "git@", "git::", "github.com/", "?ref="].contains { entry.contains($0) }
        if isRemote {
            return RenderError(
                .unsupported, path: target.file, reason: "\(shown): remote bases are not supported yet; commit a copy")
        }
        if SourcePath.resolve(entry, in: directory) == nil {
            return RenderError(
                .outsideRoot, path: target.file, reason: "\(shown) leaves the source; use a path inside it")
        }
        return RenderError(
            .notFound, path: target.file,
            reason: "\(shown) is neither a file nor a directory here; add it or correct the path")
    }

    /// A URL without what stands before its host, which may be a password.
    private static func withoutCredentials(_ text: String) -> String {
        guard let scheme = text.firstRange(of: "://"), let at = text.lastIndex(of: "@"), at > scheme.upperBound else {
            return text
        }
        return String(text[..<scheme.upperBound] + text[text.index(after: at)...])
    }
}
