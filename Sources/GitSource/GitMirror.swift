import CGit2
import Glibc
package import SyncEngine

/// A bare mirror of one repository in a folder, and the way to its server.
///
/// Objects are read straight from its database; nothing is checked out. Fetches and pushes of one mirror follow each
/// other, reads run beside them. Each call opens a repository handle of its own on a thread of its own.
package struct GitMirror: Repository {
    package let url: RepositoryURL
    /// The mirror's folder, used by this process alone.
    package let path: String
    package let limits: GitLimits
    /// Asked before each connection, so that a rotated Secret is used at once.
    private let credentials: @Sendable () async throws(SourceError) -> GitCredentials
    private let gate = FetchGate()

    /// - Parameter path: Made at the first fetch; its parent folder must exist.
    package init(
        url: RepositoryURL, path: String, limits: GitLimits = GitLimits(),
        credentials: @escaping @Sendable () async throws(SourceError) -> GitCredentials = { () throws(SourceError) in
            GitCredentials()
        }
    ) {
        self.url = url
        self.path = path
        self.limits = limits
        self.credentials = credentials
    }

    package func fetch() async throws(SourceError) {
        let ticket = gate.ticket()
        await gate.enter()
        // Another caller's fetch may have begun and ended while this one waited.
        if gate.isServed(ticket) { return gate.leave(served: nil) }
        let number = gate.begin()
        do throws(SourceError) {
            try await fetchNow()
        } catch {
            gate.leave(served: nil)
            throw error
        }
        gate.leave(served: number)
    }

    package func resolve(_ revision: String) async throws(SourceError) -> String {
        let operation = operation("resolve revision", revision.isEmpty ? "HEAD" : revision)
        return try await read(operation) { repository throws(SourceError) in
            try repository.resolve(revision, operation)
        }
    }

    package func tree(at commit: String) async throws(SourceError) -> GitTree {
        let operation = operation("read files", commit)
        let (path, limits) = (path, limits)
        return try await onGitThread(operation) { () throws(SourceError) in
            try GitTree(mirror: path, commit: commit, limits: limits, operation)
        }
    }

    package func commit(_ id: String) async throws(SourceError) -> CommitInfo {
        let operation = operation("read commit", id)
        return try await read(operation) { repository throws(SourceError) in
            let commit = try repository.commit(id: id, operation)
            return repository.info(commit)
        }
    }

    package func commits(after base: String?, upTo head: String, limit: Int) async throws(SourceError) -> [CommitInfo] {
        let operation = operation("read history", head)
        return try await read(operation) { repository throws(SourceError) in
            try repository.history(after: base, upTo: head, limit: limit, operation) { _ in false }
        }
    }

    package func revertAndPush(_ request: RevertRequest) async throws(SourceError) -> RevertOutcome {
        await gate.enter()
        defer { gate.leave(served: nil) }
        var lost: SourceError?
        // Whoever pushes in between wins; three rounds outlast anything but a flood.
        for _ in 0..<3 {
            try await fetchNow()
            do throws(SourceError) {
                return try await revertOnce(request)
            } catch {
                guard error.code == .nonFastForward else { throw error }
                lost = error
            }
        }
        throw lost
            ?? operation("push revert", request.pushTo).error(.nonFastForward, "someone else pushed first, three times")
    }

    // MARK: -

    func operation(_ what: String, _ revision: String? = nil) -> GitOperation {
        let place = revision.map { "\(url.text) at \($0.singleLine)" } ?? url.text
        return GitOperation(what: what, place: place, timeout: limits.timeout)
    }

    private func read<Value: Sendable>(
        _ operation: GitOperation,
        _ body: @escaping @Sendable (borrowing GitRepositoryHandle) throws(SourceError) -> Value
    ) async throws(SourceError) -> Value {
        let path = path
        return try await onGitThread(operation) { () throws(SourceError) in
            let repository = try GitRepositoryHandle(openAt: path, operation)
            return try body(repository)
        }
    }

    private func fetchNow() async throws(SourceError) {
        let operation = operation("fetch repository")
        let credentials = try await credentials()
        let (url, path, limits) = (url, path, limits)
        try await onGitThread(operation) { () throws(SourceError) in
            do throws(SourceError) {
                try fetchMirror(url, path, credentials, limits, operation)
            } catch {
                // A mirror is a copy: one that a crash left broken is made anew. Trees in use keep what they mapped.
                guard error.code == .storage, access(path, F_OK) == 0 else { throw error }
                removeFolder(path)
                try fetchMirror(url, path, credentials, limits, operation)
            }
        }
    }

    private func revertOnce(_ request: RevertRequest) async throws(SourceError) -> RevertOutcome {
        let operation = operation("revert and push", request.pushTo)
        let credentials = try await credentials()
        let (url, path, limits) = (url, path, limits)
        return try await onGitThread(operation) { () throws(SourceError) in
            let repository = try GitRepositoryHandle(openAt: path, operation)
            let session = try RemoteSession(operation, url: url, credentials: credentials, limits: limits)
            return try repository.revertAndPush(request, session, limits)
        }
    }
}
