import CGit2
import Glibc
import Manifest
import SyncEngine

/// Owns one `git_repository *`.
///
/// Not `Copyable`, so it is freed exactly once; libgit2 objects belong to one thread at a time.
struct GitRepositoryHandle: ~Copyable {
    let raw: OpaquePointer

    init(openAt path: String, _ operation: GitOperation) throws(SourceError) {
        var raw: OpaquePointer?
        try operation.check(git_repository_open_bare(&raw, path), "open the mirror")
        guard let raw else { throw operation.error(.storage, "the mirror could not be opened") }
        self.raw = raw
    }

    /// Makes an empty bare repository.
    init(createAt path: String, _ operation: GitOperation) throws(SourceError) {
        var raw: OpaquePointer?
        try operation.check(git_repository_init(&raw, path, 1), "make the mirror")
        guard let raw else { throw operation.error(.storage, "the mirror could not be made") }
        self.raw = raw
    }

    deinit { git_repository_free(raw) }
}

/// Owns one object of the database: a commit, tree, blob or tag.
struct GitObjectHandle: ~Copyable {
    let raw: OpaquePointer

    init(_ raw: OpaquePointer) { self.raw = raw }

    deinit { git_object_free(raw) }

    var id: String { hex(git_object_id(raw)) }
}

/// Owns one `git_index *` that lives in memory alone.
struct GitIndexHandle: ~Copyable {
    let raw: OpaquePointer

    init(_ raw: OpaquePointer) { self.raw = raw }

    deinit { git_index_free(raw) }
}

/// 40 hex digits; empty for no id.
func hex(_ id: UnsafePointer<git_oid>?) -> String {
    guard let id else { return "" }
    var text = [UInt8](repeating: 0, count: 40)
    text.withUnsafeMutableBytes { buffer in
        _ = git_oid_fmt(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), id)
    }
    return String(decoding: text, as: UTF8.self)
}

extension GitRepositoryHandle {
    /// The commit that an expression of Git's names, after peeling tags; `nil` where there is none.
    borrowing func commit(_ expression: String) -> GitObjectHandle? {
        var object: OpaquePointer?
        guard git_revparse_single(&object, raw, expression) == 0, let object else { return nil }
        let first = GitObjectHandle(object)
        var peeled: OpaquePointer?
        guard git_object_peel(&peeled, first.raw, GIT_OBJECT_COMMIT) == 0, let peeled else { return nil }
        return GitObjectHandle(peeled)
    }

    /// The commit with exactly this id.
    borrowing func commit(id: String, _ operation: GitOperation) throws(SourceError) -> GitObjectHandle {
        var oid = git_oid()
        var object: OpaquePointer?
        guard id.utf8.count == 40, git_oid_fromstr(&oid, id) == 0 else {
            throw operation.error(.invalidSource, "\(id.singleLine) is not a commit id")
        }
        guard git_object_lookup(&object, raw, &oid, GIT_OBJECT_COMMIT) == 0, let object else {
            throw operation.error(
                .referenceNotFound, "the mirror has no commit \(id)", fix: "check that it was pushed to a branch or tag"
            )
        }
        return GitObjectHandle(object)
    }

    /// What is known about a commit.
    borrowing func info(_ commit: borrowing GitObjectHandle) -> CommitInfo {
        func person(_ signature: UnsafePointer<git_signature>?) -> (String, Timestamp) {
            guard let signature else { return ("", Timestamp(seconds: 0)) }
            let name = signature.pointee.name.map { String(cString: $0) } ?? ""
            let email = signature.pointee.email.map { String(cString: $0) } ?? ""
            return ("\(name) <\(email)>".singleLine, Timestamp(seconds: signature.pointee.when.time))
        }
        let (author, authoredAt) = person(git_commit_author(commit.raw))
        let (_, committedAt) = person(git_commit_committer(commit.raw))
        let message =
            git_commit_message(commit.raw).map { text in
                String(decoding: UnsafeRawBufferPointer(start: text, count: strnlen(text, 64 << 10)), as: UTF8.self)
            } ?? ""
        let parents = (0..<min(git_commit_parentcount(commit.raw), 64)).map {
            hex(git_commit_parent_id(commit.raw, $0))
        }
        return CommitInfo(
            id: commit.id, treeID: hex(git_commit_tree_id(commit.raw)), parents: parents, author: author,
            authoredAt: authoredAt, committedAt: committedAt, message: message, trailers: CommitTrailer.parse(message))
    }

    /// Names and targets of all references below a prefix.
    borrowing func references(below prefix: String, _ operation: GitOperation) throws(SourceError) -> [String] {
        var iterator: OpaquePointer?
        try operation.check(git_reference_iterator_glob_new(&iterator, raw, prefix + "*"), "read references")
        defer { git_reference_iterator_free(iterator) }
        var names: [String] = []
        var name: UnsafePointer<CChar>?
        while git_reference_next_name(&name, iterator) == 0, let found = name {
            names.append(String(cString: found))
            if names.count > 200_000 {
                throw operation.error(.tooLarge, "the repository has more than 200000 references")
            }
        }
        return names.sorted(by: utf8Order)
    }
}
