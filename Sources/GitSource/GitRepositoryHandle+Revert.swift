import CGit2
import Manifest
import SyncEngine

extension GitRepositoryHandle {
    /// Looks for an earlier revert, makes one in memory otherwise, and pushes it.
    ///
    /// The mirror was fetched just before, so a revert that an earlier run pushed before it died is found here.
    borrowing func revertAndPush(
        _ request: RevertRequest, _ session: RemoteSession, _ limits: GitLimits
    ) throws(SourceError) -> RevertOutcome {
        let operation = session.operation
        guard let newest = request.commits.first, let oldest = request.commits.last, request.commits.count <= 1000
        else {
            throw operation.error(.invalidSource, "a revert needs from 1 to 1000 commits")
        }
        var request = request
        request.branch = try branchName(request.branch, operation)
        request.pushTo = try branchName(request.pushTo, operation)
        try checkBranchName(request.pushTo, operation)
        let head = try resolve("refs/heads/\(request.branch)", operation)
        if let made = try existingRevert(request, head, oldest, limits, operation) { return .alreadyReverted(made) }
        if request.pushTo != request.branch, let other = self.commit("refs/heads/\(request.pushTo)") {
            if let made = try existingRevert(request, other.id, oldest, limits, operation) {
                return .alreadyReverted(made)
            }
            throw operation.error(
                .pushRejected, "branch \(request.pushTo) exists and holds no revert of \(newest)",
                fix: "delete or merge that branch")
        }
        let parent = try commit(id: head, operation)
        guard let treeID = try treeWithout(request.commits, parent, operation) else { return .nothingToRevert }
        let subject = info(try commit(id: newest, operation)).subject
        let id = try makeCommit(treeID, [parent.id], message(request, subject), request, operation)
        try push(id, to: request.pushTo, session)
        return .pushed(id)
    }

    /// The server's default branch for `HEAD` and an empty name.
    private borrowing func branchName(_ name: String, _ operation: GitOperation) throws(SourceError) -> String {
        guard name.isEmpty || name == "HEAD" else { return name }
        var reference: OpaquePointer?
        guard git_repository_head(&reference, raw) == 0 else {
            throw operation.error(
                .referenceNotFound, "the repository has no default branch", fix: "name a branch in targetRevision")
        }
        defer { git_reference_free(reference) }
        var text: UnsafePointer<CChar>?
        try operation.check(git_branch_name(&text, reference), "read the default branch")
        return text.map { String(cString: $0) } ?? name
    }

    private borrowing func checkBranchName(_ name: String, _ operation: GitOperation) throws(SourceError) {
        var isValid: Int32 = 0
        guard git_branch_name_is_valid(&isValid, name) == 0, isValid == 1 else {
            throw operation.error(.invalidSource, "\(name.singleLine) is no name for a branch")
        }
    }

    private borrowing func existingRevert(
        _ request: RevertRequest, _ head: String, _ oldest: String, _ limits: GitLimits, _ operation: GitOperation
    ) throws(SourceError) -> String? {
        let wanted = Set(request.commits)
        // A revert is younger than what it reverts, so the search ends at the oldest of them.
        let younger = try history(after: nil, upTo: head, limit: limits.historyLength, operation) { $0.id == oldest }
        return younger.first { wanted.isSubset(of: $0.sluiceReverts) }?.id
    }

    /// The tree of `parent` with the commits undone; `nil` when that is `parent`'s own.
    private borrowing func treeWithout(
        _ commits: [String], _ parent: borrowing GitObjectHandle, _ operation: GitOperation
    ) throws(SourceError) -> String? {
        let before = hex(git_commit_tree_id(parent.raw))
        var tree = before
        var ours = parent.id
        for id in commits {
            if let interruption = operation.interruption { throw interruption }
            let undone = try commit(id: id, operation)
            let base = try commit(id: ours, operation)
            guard ours == id || git_graph_descendant_of(raw, git_object_id(base.raw), git_object_id(undone.raw)) == 1
            else {
                throw operation.error(.referenceNotFound, "commit \(id) is not on the branch")
            }
            var index: OpaquePointer?
            // Of a merge, what the branch had before it stays.
            let mainline: UInt32 = git_commit_parentcount(undone.raw) > 1 ? 1 : 0
            try operation.check(git_revert_commit(&index, raw, undone.raw, base.raw, mainline, nil), "revert \(id)")
            guard let index else { throw operation.error(.storage, "the revert has no index") }
            let reverted = GitIndexHandle(index)
            if git_index_has_conflicts(reverted.raw) != 0 {
                throw operation.error(
                    .revertConflict, "commit \(id) cannot be undone alone: \(conflicts(reverted)) changed again since",
                    fix: "revert it by hand and push")
            }
            var treeID = git_oid()
            try operation.check(git_index_write_tree_to(&treeID, reverted.raw, raw), "write the tree")
            tree = hex(&treeID)
            // The next revert applies to this state; a commit in the database alone, which nothing refers to.
            if id != commits.last { ours = try makeCommit(tree, [ours], "intermediate", nil, operation) }
        }
        return tree == before ? nil : tree
    }

    private func conflicts(_ index: borrowing GitIndexHandle) -> String {
        var iterator: OpaquePointer?
        guard git_index_conflict_iterator_new(&iterator, index.raw) == 0 else { return "files" }
        defer { git_index_conflict_iterator_free(iterator) }
        var paths: [String] = []
        var (base, ours, theirs):
            (UnsafePointer<git_index_entry>?, UnsafePointer<git_index_entry>?, UnsafePointer<git_index_entry>?)
        while git_index_conflict_next(&base, &ours, &theirs, iterator) == 0 {
            guard let path = (ours ?? theirs ?? base)?.pointee.path else { continue }
            paths.append(String(cString: path).singleLine)
        }
        return paths.prefix(3).joined(separator: ", ") + (paths.count > 3 ? " and \(paths.count - 3) more" : "")
    }

    private func message(_ request: RevertRequest, _ subject: String) -> String {
        let title =
            request.commits.count == 1
            ? "Revert \"\(subject.singleLine)\""
            : "Revert \(request.commits.count) commits up to \"\(subject.singleLine)\""
        let trailers =
            ["\(CommitTrailer.release): \(request.release.singleLine)"]
            + request.commits.map { "\(CommitTrailer.reverts): \($0)" }
        return "\(title)\n\n\(request.reason.singleLine)\n\n\(trailers.joined(separator: "\n"))\n"
    }

    private borrowing func makeCommit(
        _ tree: String, _ parents: [String], _ message: String, _ request: RevertRequest?, _ operation: GitOperation
    ) throws(SourceError) -> String {
        var signature: UnsafeMutablePointer<git_signature>?
        try operation.check(
            git_signature_new(
                &signature, request?.authorName ?? "Sluice", request?.authorEmail ?? "sluice@localhost",
                request?.now.seconds ?? 0, 0), "sign")
        defer { git_signature_free(signature) }
        var (treeID, treeObject) = (git_oid(), OpaquePointer?.none)
        try operation.check(git_oid_fromstr(&treeID, tree), "name the tree")
        try operation.check(git_object_lookup(&treeObject, raw, &treeID, GIT_OBJECT_TREE), "read the tree")
        guard let treeObject, let parentID = parents.first else {
            throw operation.error(.storage, "the revert has no tree")
        }
        let treeHandle = GitObjectHandle(treeObject)
        let parent = try commit(id: parentID, operation)
        var created = git_oid()
        var parentList: [OpaquePointer?] = [parent.raw]
        let code = parentList.withUnsafeMutableBufferPointer { list in
            git_commit_create(
                &created, raw, nil, signature, signature, nil, message, treeHandle.raw, list.count, list.baseAddress)
        }
        try operation.check(code, "commit")
        return hex(&created)
    }

    /// Moves a branch of the server from what the mirror knows of it to `id`, never by force.
    borrowing func push(_ id: String, to branch: String, _ session: RemoteSession) throws(SourceError) {
        let outgoing = "refs/sluice/outgoing"
        try point(outgoing, at: id, session.operation)
        let remote = try GitRemoteHandle(raw, session)
        var options = git_push_options()
        git_push_options_init(&options, UInt32(GIT_PUSH_OPTIONS_VERSION))
        options.callbacks = session.callbacks()
        let code = withStringArray(["\(outgoing):refs/heads/\(branch)"]) { specs in
            git_remote_push(remote.raw, &specs, &options)
        }
        withExtendedLifetime(session) {}
        if let rejection = session.rejections.first {
            let isRace = [
                "non-fast-forward", "fetch first", "stale", "failed to update ref", "cannot lock", "failed to lock",
                "old value",
            ]
            .contains { rejection.contains($0) }
            throw session.operation.error(
                isRace ? .nonFastForward : .pushRejected, "the server refused the push: \(rejection)",
                fix: isRace ? nil : "let the token push to the branch, or use on-rejection branch")
        }
        try session.check(code, "push")
        try point("refs/heads/\(branch)", at: id, session.operation)
    }

    private borrowing func point(_ name: String, at id: String, _ operation: GitOperation) throws(SourceError) {
        var (oid, reference) = (git_oid(), OpaquePointer?.none)
        try operation.check(git_oid_fromstr(&oid, id), "name the commit")
        try operation.check(git_reference_create(&reference, raw, name, &oid, 1, nil), "update \(name)")
        git_reference_free(reference)
    }
}
