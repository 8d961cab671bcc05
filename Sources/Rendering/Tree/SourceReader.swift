/// Reads a source for one render: resolves symlinks inside its root, counts bytes, and notes what it has seen.
final class SourceReader {
    /// A place in the source, after all symlinks.
    struct Place {
        var path: String
        var content: FileTreeEntry.Content
    }

    private let tree: any FileTree
    private var bytesLeft: Int
    private let inputBytes: Int
    private(set) var footprint = RenderFootprint()
    private static let maxSymlinks = 40

    init(_ tree: any FileTree, inputBytes: Int) {
        self.tree = tree
        self.inputBytes = inputBytes
        bytesLeft = inputBytes
    }

    /// The bytes of a file; `nil` where there is nothing or no file.
    func file(_ path: String) throws(RenderError) -> (path: String, bytes: [UInt8])? {
        guard let place = try resolve(path), case .file(let bytes) = place.content else { return nil }
        bytesLeft -= bytes.count
        guard bytesLeft >= 0 else { throw tooLarge(path) }
        return (place.path, bytes)
    }

    /// The place of a directory after symlinks; `nil` where there is nothing or no directory.
    func directory(_ path: String) throws(RenderError) -> String? {
        guard let place = try resolve(path), case .directory = place.content else { return nil }
        return place.path
    }

    /// The sorted names in a directory, which make its listing part of the footprint.
    func list(_ path: String) throws(RenderError) -> (path: String, names: [String])? {
        guard let place = try resolve(path, listing: true), case .directory(let names) = place.content else {
            return nil
        }
        return (place.path, names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    /// Follows symlinks until something else stands there; `nil` where nothing does.
    func resolve(_ path: String, listing: Bool = false) throws(RenderError) -> Place? {
        var path = path
        for _ in 0..<Self.maxSymlinks {
            if let entry = try look(at: path, listing: listing) {
                guard case .symlink(let target) = entry.content else {
                    return Place(path: path, content: entry.content)
                }
                path = try follow(target, from: path)
            } else if let redirected = try redirect(path) {
                path = redirected
            } else {
                return nil
            }
        }
        throw RenderError(
            .malformed, path: path, reason: "more than \(Self.maxSymlinks) symlinks on the way; make it a file")
    }

    /// The path behind the first symlink among the directories on the way, if there is one.
    private func redirect(_ path: String) throws(RenderError) -> String? {
        let parts = path.split(separator: "/")
        for count in 1..<max(1, parts.count) {
            let prefix = parts.prefix(count).joined(separator: "/")
            guard let entry = try look(at: prefix, listing: false) else { return nil }
            switch entry.content {
            case .directory: continue
            case .file: return nil
            case .symlink(let target):
                return SourcePath.join(try follow(target, from: prefix), parts.dropFirst(count).joined(separator: "/"))
            }
        }
        return nil
    }

    private func follow(_ target: String, from path: String) throws(RenderError) -> String {
        guard let next = SourcePath.resolve(target, in: SourcePath.split(path).parent) else {
            throw RenderError(
                .outsideRoot, path: path,
                reason: "the symlink leaves the source; point it to a path inside, or commit the file")
        }
        return next
    }

    private func look(at path: String, listing: Bool) throws(RenderError) -> FileTreeEntry? {
        let entry: FileTreeEntry?
        do {
            entry = try tree.entry(at: path, maxBytes: bytesLeft)
        } catch  where error.code == .tooLarge {
            throw tooLarge(path)
        }
        footprint.note(path, entry, listing: listing)
        return entry
    }

    private func tooLarge(_ path: String) -> RenderError {
        RenderError(
            .tooLarge, path: path,
            reason: "the files of this render have more than \(inputBytes) bytes; split the source or leave files out")
    }
}
