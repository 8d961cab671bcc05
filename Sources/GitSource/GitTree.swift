import CGit2
import Manifest
package import SyncEngine

/// The files of one commit, read from the object database when they are asked for.
///
/// Reads block for microseconds on the mirror's pack files; renderings run on `@concurrent` functions anyway.
package final class GitTree: Sendable {
    /// One name in a folder.
    package struct Entry: Hashable, Sendable {
        package enum Kind: String, Hashable, Sendable {
            case file, executable, folder, symlink
            /// A commit of another repository; its files are not here.
            case submodule
        }

        package var name: String
        package var kind: Kind
        /// 40 hex digits; equal contents have equal ids.
        package var id: String
    }

    /// 40 hex digits.
    package let commit: String
    /// The root tree's id.
    package let treeID: String
    private let limits: GitLimits
    private let place: String
    private let database: Lock<Database>

    /// What libgit2 lets one thread at a time use.
    private final class Database {
        let repository: GitRepositoryHandle
        let root: GitObjectHandle

        init(_ repository: consuming GitRepositoryHandle, _ root: consuming GitObjectHandle) {
            self.repository = repository
            self.root = root
        }
    }

    init(mirror path: String, commit id: String, limits: GitLimits, _ operation: GitOperation) throws(SourceError) {
        let repository = try GitRepositoryHandle(openAt: path, operation)
        let commit = try repository.commit(id: id, operation)
        var root: OpaquePointer?
        try operation.check(git_object_peel(&root, commit.raw, GIT_OBJECT_TREE), "read the root folder")
        guard let root else { throw operation.error(.storage, "the commit has no tree") }
        self.commit = id
        treeID = hex(git_object_id(root))
        self.limits = limits
        place = operation.place
        database = Lock(Database(repository, GitObjectHandle(root)))
    }

    /// The entry at a path; the root for an empty path, `nil` where there is none.
    package func entry(at path: String) throws(SourceError) -> Entry? {
        let path = try normalized(path)
        if path.isEmpty { return Entry(name: "", kind: .folder, id: treeID) }
        return database.withLock { database in
            var found: OpaquePointer?
            guard git_tree_entry_bypath(&found, database.root.raw, path) == 0, let found else { return nil }
            defer { git_tree_entry_free(found) }
            return GitTree.entry(found)
        }
    }

    /// The names in a folder, in Git's order; `nil` where there is no folder.
    package func entries(of folder: String) throws(SourceError) -> [Entry]? {
        guard let entry = try entry(at: folder), entry.kind == .folder else { return nil }
        let (limit, error) = (limits.treeEntries, error(folder))
        return try database.withLock { database throws(SourceError) in
            let tree = try GitTree.lookup(entry.id, GIT_OBJECT_TREE, database.repository, error)
            let count = git_tree_entrycount(tree.raw)
            guard count <= limit else {
                throw error(.tooLarge, "the folder has \(count) entries, more than \(limit)")
            }
            var entries: [Entry] = []
            entries.reserveCapacity(count)
            for index in 0..<count {
                guard let raw = git_tree_entry_byindex(tree.raw, index) else { continue }
                guard let entry = GitTree.entry(raw) else {
                    throw error(.invalidSource, "a file name in the folder is not UTF-8")
                }
                entries.append(entry)
            }
            return entries
        }
    }

    /// A file's bytes, or the target of a symbolic link.
    ///
    /// `nil` where there is neither.
    /// - Throws: `TooLarge` before anything of a file over the limit is read.
    package func bytes(at path: String, limit: Int? = nil) throws(SourceError) -> [UInt8]? {
        guard let entry = try entry(at: path), entry.kind != .folder, entry.kind != .submodule else { return nil }
        let (limit, error) = (min(limit ?? .max, limits.blobBytes), error(path))
        return try database.withLock { database throws(SourceError) in
            var (id, odb) = (git_oid(), OpaquePointer?.none)
            guard git_oid_fromstr(&id, entry.id) == 0, git_repository_odb(&odb, database.repository.raw) == 0 else {
                throw error(.storage, "the object database cannot be read")
            }
            defer { git_odb_free(odb) }
            var (size, kind) = (0, GIT_OBJECT_ANY)
            guard git_odb_read_header(&size, &kind, odb, &id) == 0 else {
                throw error(.storage, "object \(entry.id) is missing")
            }
            guard size <= limit else { throw error(.tooLarge, "the file has \(size) bytes, more than \(limit)") }
            let blob = try GitTree.lookup(entry.id, GIT_OBJECT_BLOB, database.repository, error)
            return [UInt8](
                UnsafeRawBufferPointer(
                    start: git_blob_rawcontent(blob.raw), count: Int(clamping: git_blob_rawsize(blob.raw))))
        }
    }

    // MARK: -

    /// A path without empty and `.` parts; one that leaves the repository is refused, never resolved.
    private func normalized(_ path: String) throws(SourceError) -> String {
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard path.utf8.count <= 4096, parts.count <= limits.depth, !parts.contains(".."), !path.utf8.contains(0) else {
            throw error(path)(.invalidSource, "the path leaves the repository, or is too long or too deep")
        }
        return parts.joined(separator: "/")
    }

    private func error(_ path: String) -> @Sendable (SourceError.Code, String) -> SourceError {
        let place = place
        return { code, why in
            SourceError(
                code, what: "read \(path.isEmpty ? "the root folder" : path.singleLine)", place: place, why: why)
        }
    }

    private static func lookup(
        _ text: String, _ kind: git_object_t, _ repository: borrowing GitRepositoryHandle,
        _ error: (SourceError.Code, String) -> SourceError
    ) throws(SourceError) -> GitObjectHandle {
        var (id, object) = (git_oid(), OpaquePointer?.none)
        guard git_oid_fromstr(&id, text) == 0, git_object_lookup(&object, repository.raw, &id, kind) == 0, let object
        else {
            throw error(.storage, "object \(text) is missing")
        }
        return GitObjectHandle(object)
    }

    private static func entry(_ raw: OpaquePointer) -> Entry? {
        guard let text = git_tree_entry_name(raw), let name = String(validatingCString: text) else { return nil }
        let kind: Entry.Kind =
            switch git_tree_entry_filemode(raw) {
            case GIT_FILEMODE_TREE: .folder
            case GIT_FILEMODE_LINK: .symlink
            case GIT_FILEMODE_COMMIT: .submodule
            case GIT_FILEMODE_BLOB_EXECUTABLE: .executable
            default: .file
            }
        return Entry(name: name, kind: kind, id: hex(git_tree_entry_id(raw)))
    }
}
