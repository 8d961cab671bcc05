/// What stands at one path of a source.
package struct FileTreeEntry: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case file([UInt8])
        /// Names of what is in it, in any order.
        case directory([String])
        case symlink(String)
    }

    package var content: Content
    /// Changes whenever the content does, such as a Git object id; `nil` lets Rendering hash the content itself.
    package var identity: String?

    package init(_ content: Content, identity: String? = nil) {
        self.content = content
        self.identity = identity
    }
}

/// A read-only snapshot of a source: a Git tree, a folder of a disk, or a table in memory.
///
/// Paths are relative to the root, with single slashes and neither `.` nor `..`; the root itself is the empty path.
package protocol FileTree: Sendable {
    /// What stands at a path, or `nil` where nothing does.
    ///
    /// Never follows a symlink, neither at the end nor on the way: below a symlink there is nothing. Reading again gives
    /// the same answer.
    /// - Throws: `RenderError` with code `tooLarge` for a file of more than `maxBytes`, `unreadable` when reading fails.
    func entry(at path: String, maxBytes: Int) throws(RenderError) -> FileTreeEntry?

    /// The identity of what stands at a path, cheaply where the tree knows it; `nil` where nothing does.
    func identity(at path: String) throws(RenderError) -> String?
}

extension FileTree {
    package func identity(at path: String) throws(RenderError) -> String? {
        try entry(at: path, maxBytes: RenderLimits.standard.inputBytes).map { $0.identity ?? $0.contentIdentity }
    }
}

extension FileTreeEntry {
    /// A hash of the content, for trees that know no cheaper identity.
    var contentIdentity: String {
        switch content {
        case .file(let bytes): "file:" + ContentDigest.hex(of: bytes)
        case .directory(let names):
            "directory:" + ContentDigest.hex(of: Array(names.sorted().joined(separator: "/").utf8))
        case .symlink(let target): "symlink:" + target
        }
    }
}

/// A source held in memory.
package struct InMemoryFileTree: FileTree {
    private var entries: [String: FileTreeEntry] = ["": FileTreeEntry(.directory([]))]

    /// - Parameters:
    ///   - bytes: Contents by path; the directories on the way are made.
    ///   - symlinks: Targets by path.
    package init(bytes: [String: [UInt8]], symlinks: [String: String] = [:]) {
        var children: [String: Set<String>] = ["": []]
        for path in Array(bytes.keys) + Array(symlinks.keys) {
            var (parent, name) = SourcePath.split(path)
            children[parent, default: []].insert(name)
            while !parent.isEmpty {
                (parent, name) = SourcePath.split(parent)
                children[parent, default: []].insert(name)
            }
        }
        for (path, names) in children { entries[path] = FileTreeEntry(.directory(names.sorted())) }
        for (path, content) in bytes { entries[path] = FileTreeEntry(.file(content)) }
        for (path, target) in symlinks { entries[path] = FileTreeEntry(.symlink(target)) }
    }

    package init(files: [String: String], symlinks: [String: String] = [:]) {
        self.init(bytes: files.mapValues { Array($0.utf8) }, symlinks: symlinks)
    }

    package func entry(at path: String, maxBytes: Int) throws(RenderError) -> FileTreeEntry? {
        guard let entry = entries[path] else { return nil }
        if case .file(let bytes) = entry.content, bytes.count > maxBytes {
            throw RenderError(
                .tooLarge, path: path, reason: "\(bytes.count) bytes; at most \(maxBytes) may be read here")
        }
        return entry
    }
}
