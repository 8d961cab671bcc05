import CGit2
import SyncEngine

/// Owns one `git_remote *` that only lives in memory.
struct GitRemoteHandle: ~Copyable {
    let raw: OpaquePointer

    /// Connects nothing yet.
    ///
    /// URLs are never rewritten by a configuration: nobody asked for it here, and the matching behind it leaks 20 KB for each
    /// setting that is no rule (libgit2 1.5 does not free the match data of what does not match).
    init(_ repository: OpaquePointer, _ session: RemoteSession) throws(SourceError) {
        var options = git_remote_create_options()
        git_remote_create_options_init(&options, UInt32(GIT_REMOTE_CREATE_OPTIONS_VERSION))
        options.repository = repository
        options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF.rawValue | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC.rawValue
        var raw: OpaquePointer?
        try session.check(git_remote_create_with_opts(&raw, session.address, &options), "use the URL")
        guard let raw else { throw session.operation.error(.storage, "the remote could not be made") }
        self.raw = raw
    }

    deinit { git_remote_free(raw) }
}
