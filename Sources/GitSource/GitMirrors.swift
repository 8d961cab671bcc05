import CGit2
import Manifest
package import SyncEngine

/// All mirrors of a process, one for each repository, below one folder.
package final class GitMirrors: Sendable {
    /// Where a repository's credentials come from; asked before each connection.
    package typealias CredentialSource = @Sendable () async throws(SourceError) -> GitCredentials

    private let root: String
    private let limits: GitLimits
    private let allowsFiles: Bool
    private let mirrors = Lock<[String: GitMirror]>([:])

    /// - Parameters:
    ///   - root: An existing folder that no other process uses.
    ///   - allowsFiles: Whether `file://` and plain paths may be read; off, or an Application could read this machine.
    package init(root: String, limits: GitLimits = GitLimits(), allowsFiles: Bool = false) {
        self.root = root
        self.limits = limits
        self.allowsFiles = allowsFiles
    }

    /// The mirror of a repository; callers with the same URL share one, and the first one's credential source.
    package func repository(
        _ url: String, credentials: @escaping CredentialSource = { () throws(SourceError) in GitCredentials() }
    ) throws(SourceError) -> GitMirror {
        let parsed = try RepositoryURL(url)
        if case .file = parsed.kind, !allowsFiles {
            throw SourceError(
                .invalidSource, what: "use repository URL", place: parsed.text,
                why: "local repositories are not allowed here",
                fix: "serve it over https or ssh")
        }
        guard libgit2IsReady else {
            throw SourceError(
                .storage, what: "use repository URL", place: parsed.text, why: "libgit2 could not be started")
        }
        // A URL with other credentials in it is another repository: what one user may read, another may not.
        let identity = "\(parsed.text) \(parsed.user ?? "") \(parsed.password ?? "")"
        var id = git_oid()
        let bytes = [UInt8](identity.utf8)
        guard git_odb_hash(&id, bytes, bytes.count, GIT_OBJECT_BLOB) == 0 else {
            throw SourceError(
                .storage, what: "use repository URL", place: parsed.text, why: "its name could not be hashed")
        }
        let name = hex(&id)
        return mirrors.withLock { mirrors in
            if let known = mirrors[name] { return known }
            let made = GitMirror(url: parsed, path: "\(root)/\(name).git", limits: limits, credentials: credentials)
            mirrors[name] = made
            return made
        }
    }
}
