import CGit2
import Manifest
import SyncEngine

extension GitRepositoryHandle {
    /// The commit that a revision names.
    ///
    /// Branches come before tags of the same name, as they do in a server's list of references.
    borrowing func resolve(_ revision: String, _ operation: GitOperation) throws(SourceError) -> String {
        guard revision.utf8.count <= 1024, revision.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw operation.error(.invalidSource, "the revision is longer than 1024 bytes or holds control characters")
        }
        if revision.isEmpty || revision == "HEAD" {
            guard let commit = commit("HEAD") else {
                throw operation.error(
                    .referenceNotFound, "the repository has no default branch", fix: "name a branch in targetRevision")
            }
            return commit.id
        }
        for name in ["refs/heads/\(revision)", "refs/tags/\(revision)", revision] where name.hasPrefix("refs/") {
            if let id = target(of: name) { return id }
        }
        let isHex = revision.utf8.allSatisfy { byte in
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte | 0x20
        }
        if isHex, 7...40 ~= revision.utf8.count, let commit = commit(revision) { return commit.id }
        if revision.contains(where: { "*xX<>=^~|, ".contains($0) }), let range = VersionRange(revision) {
            return try resolve(range, revision, operation)
        }
        throw operation.error(
            .referenceNotFound, "there is no branch, tag or commit of that name", fix: "check targetRevision")
    }

    /// The commit of a full reference name, never of an expression like `main~2`.
    private borrowing func target(of name: String) -> String? {
        var reference: OpaquePointer?
        guard git_reference_lookup(&reference, raw, name) == 0 else { return nil }
        defer { git_reference_free(reference) }
        var object: OpaquePointer?
        guard git_reference_peel(&object, reference, GIT_OBJECT_COMMIT) == 0, let object else { return nil }
        return GitObjectHandle(object).id
    }

    private borrowing func resolve(
        _ range: VersionRange, _ text: String, _ operation: GitOperation
    ) throws(SourceError) -> String {
        let prefix = "refs/tags/"
        var best: (version: SemanticVersion, name: String)?
        for name in try references(below: prefix, operation) {
            guard let version = SemanticVersion(String(name.dropFirst(prefix.count))), range.contains(version) else {
                continue
            }
            if let best, version <= best.version { continue }
            best = (version, name)
        }
        guard let best, let id = target(of: best.name) else {
            throw operation.error(.referenceNotFound, "no tag is a version within \(text)", fix: "check targetRevision")
        }
        return id
    }

    /// Commits from `head` back to `base`, newest first; ends early after the one for which `isLast` is true.
    borrowing func history(
        after base: String?, upTo head: String, limit: Int, _ operation: GitOperation, isLast: (CommitInfo) -> Bool
    ) throws(SourceError) -> [CommitInfo] {
        var walk: OpaquePointer?
        try operation.check(git_revwalk_new(&walk, raw), "read the history")
        defer { git_revwalk_free(walk) }
        git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL.rawValue | GIT_SORT_TIME.rawValue)
        var id = git_oid()
        let newest = try commit(id: head, operation)
        try operation.check(git_revwalk_push(walk, git_object_id(newest.raw)), "read the history")
        if let base {
            let oldest = try commit(id: base, operation)
            try operation.check(git_revwalk_hide(walk, git_object_id(oldest.raw)), "read the history")
        }
        var found: [CommitInfo] = []
        while found.count < limit, git_revwalk_next(&id, walk) == 0 {
            if let interruption = operation.interruption { throw interruption }
            let info = info(try commit(id: hex(&id), operation))
            found.append(info)
            if isLast(info) { break }
        }
        return found
    }
}
