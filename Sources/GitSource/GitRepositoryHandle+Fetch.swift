import CGit2
import Glibc
import SyncEngine

/// Brings the mirror at `path` up to date; makes it first where it is missing.
func fetchMirror(
    _ url: RepositoryURL, _ path: String, _ credentials: GitCredentials, _ limits: GitLimits, _ operation: GitOperation
) throws(SourceError) {
    if case .file(let source) = url.kind, access(source, R_OK) != 0 {
        throw operation.error(.repositoryNotFound, "there is no readable folder at this path", fix: "check repoURL")
    }
    let exists = access(path + "/HEAD", F_OK) == 0
    if exists { removeStaleLocks(path) }
    let repository =
        exists
        ? try GitRepositoryHandle(openAt: path, operation) : try GitRepositoryHandle(createAt: path, operation)
    let session = try RemoteSession(operation, url: url, credentials: credentials, limits: limits)
    try repository.fetch(session)
    repository.compact(at: path, ifMoreThan: limits.packs, after: operation, timeout: limits.timeout * 5)
}

extension GitRepositoryHandle {
    borrowing func fetch(_ session: RemoteSession) throws(SourceError) {
        let remote = try GitRemoteHandle(raw, session)
        var connection = git_remote_connect_options()
        git_remote_connect_options_init(&connection, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION))
        connection.callbacks = session.callbacks()
        try session.check(git_remote_connect_ext(remote.raw, GIT_DIRECTION_FETCH, &connection), "connect")
        defer { git_remote_disconnect(remote.raw) }

        var buffer = git_buf()
        var head: String?
        // An empty repository has no default branch; that is no failure here.
        if git_remote_default_branch(&buffer, remote.raw) == 0, let text = buffer.ptr { head = String(cString: text) }
        git_buf_dispose(&buffer)

        var options = git_fetch_options()
        git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION))
        options.callbacks = session.callbacks()
        options.prune = GIT_FETCH_PRUNE
        options.update_fetchhead = 0
        options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
        let code = withStringArray(["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]) { specs in
            git_remote_fetch(remote.raw, &specs, &options, nil)
        }
        try session.check(code, "fetch")
        withExtendedLifetime(session) {}
        if let head { try session.check(git_repository_set_head(raw, head), "set the default branch") }
    }
}

/// Calls `body` with a `git_strarray` of the strings.
func withStringArray<Value>(_ strings: [String], _ body: (inout git_strarray) -> Value) -> Value {
    var copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return copies.withUnsafeMutableBufferPointer { buffer in
        var array = git_strarray(strings: buffer.baseAddress, count: buffer.count)
        return body(&array)
    }
}

/// Removes the locks that a killed process left; the folder is ours alone, and the gate lets one writer in.
private func removeStaleLocks(_ path: String) {
    for name in ["HEAD.lock", "config.lock", "packed-refs.lock"] { unlink("\(path)/\(name)") }
    walk("\(path)/refs") { file, isFolder in
        if !isFolder, file.hasSuffix(".lock") { unlink(file) }
    }
}

/// Removes a folder and everything in it; links are removed, not followed.
func removeFolder(_ path: String) {
    walk(path) { file, isFolder in
        if isFolder { rmdir(file) } else { unlink(file) }
    }
    rmdir(path)
}

/// Visits what is below a folder, contents before folders, without following links.
private func walk(_ path: String, depth: Int = 0, _ visit: (_ path: String, _ isFolder: Bool) -> Void) {
    guard depth < 64, let folder = opendir(path) else { return }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if name == "." || name == ".." { continue }
        let child = "\(path)/\(name)"
        var status = stat()
        guard lstat(child, &status) == 0 else { continue }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        if isFolder { walk(child, depth: depth + 1, visit) }
        visit(child, isFolder)
    }
}
