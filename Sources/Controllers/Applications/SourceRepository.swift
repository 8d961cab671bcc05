package import Manifest
package import Rendering
package import SyncEngine

/// One repository with its renderer, whatever its files are read from.
package struct SourceRepository: Sendable {
    package var fetch: @Sendable () async throws(SourceError) -> Void
    package var resolve: @Sendable (_ revision: String) async throws(SourceError) -> String
    package var commit: @Sendable (_ id: String) async throws(SourceError) -> CommitInfo
    package var commits:
        @Sendable (_ base: String?, _ head: String, _ limit: Int) async throws(SourceError) -> [CommitInfo]
    package var revert: @Sendable (RevertRequest) async throws(SourceError) -> RevertOutcome
    /// Renders a commit; a result whose footprint still holds in the commit's tree is taken as it is.
    package var render:
        @Sendable (_ commit: String, RenderRequest, _ known: [RenderedManifests]) async throws(RenderProblem) ->
            RenderedManifests
    /// Whether a render would read the same from another commit.
    package var isSame: @Sendable (RenderFootprint, _ commit: String) async throws(SourceError) -> Bool

    package init<Source: Repository>(_ repository: Source) where Source.Tree: FileTree {
        fetch = { () async throws(SourceError) in try await repository.fetch() }
        resolve = { revision async throws(SourceError) in try await repository.resolve(revision) }
        commit = { id async throws(SourceError) in try await repository.commit(id) }
        commits = { base, head, limit async throws(SourceError) in
            try await repository.commits(after: base, upTo: head, limit: limit)
        }
        revert = { request async throws(SourceError) in try await repository.revertAndPush(request) }
        isSame = { footprint, commit async throws(SourceError) in
            footprint.isCurrent(in: try await repository.tree(at: commit))
        }
        self.render = { commit, request, known async throws(RenderProblem) in
            let tree: Source.Tree
            do throws(SourceError) { tree = try await repository.tree(at: commit) } catch { throw .source(error) }
            if let same = known.first(where: { $0.footprint.isCurrent(in: tree) }) { return same }
            do throws(RenderError) { return try Rendering.render(request, in: tree) } catch { throw .render(error) }
        }
    }
}

/// Why a commit could not be turned into manifests.
package enum RenderProblem: Error, CustomStringConvertible {
    case source(SourceError)
    case render(RenderError)

    package var description: String {
        switch self {
        case .source(let error): error.description
        case .render(let error): "cannot render the source: \(error)"
        }
    }

    /// Whether looking again soon can help.
    var isRetriable: Bool {
        if case .source(let error) = self { error.isRetriable } else { false }
    }
}

/// Finds repositories by URL, fetches them no more often than needed, and remembers what was rendered.
package final class ApplicationSources: Sendable {
    package typealias Finder = @Sendable (_ url: String) throws(SourceError) -> SourceRepository

    private struct Key: Hashable, Sendable {
        var url: String
        var request: RenderRequest
    }

    private struct Rendered: Sendable {
        var commit: String
        var manifests: RenderedManifests
    }

    private struct FetchState: Sendable {
        var fetchedAt: Timestamp?
        var failingSince: Timestamp?
        var error: SourceError?
    }

    private let find: Finder
    private let interval: Duration
    private let fetches = Lock<[String: FetchState]>([:])
    private let cache = Lock<[Key: [Rendered]]>([:])

    /// - Parameters:
    ///   - interval: How old what is known of a repository may be.
    ///   - find: Gives the repository of a URL with its credentials.
    package init(interval: Duration, find: @escaping Finder) {
        self.interval = interval
        self.find = find
    }

    package func repository(_ url: String) throws(SourceError) -> SourceRepository { try find(url) }

    /// Since when a repository cannot be reached, and why; `nil` while it can.
    package func problem(_ url: String) -> (since: Timestamp, error: SourceError)? {
        fetches.withLock { states in
            guard let state = states[url], let since = state.failingSince, let error = state.error else { return nil }
            return (since, error)
        }
    }

    /// When the repository is to be looked at again.
    func nextFetch(_ url: String) -> Timestamp? { fetches.withLock { $0[url]?.fetchedAt }.map { $0 + interval } }

    /// The commit that a revision names, as fresh as asked for.
    ///
    /// A server that does not answer leaves the mirror as it is: what is known stays in force, see ``problem(_:)``.
    func resolve(_ url: String, _ revision: String, isFresh: Bool, now: Timestamp) async throws(SourceError) -> String {
        let repository = try find(url)
        let isDue = nextFetch(url).map { $0 <= now } ?? true
        if isFresh || isDue {
            do throws(SourceError) {
                try await repository.fetch()
                fetches.withLock { $0[url] = FetchState(fetchedAt: now) }
            } catch {
                fetches.withLock { states in
                    var state = states[url] ?? FetchState()
                    state.fetchedAt = now
                    state.failingSince = state.failingSince ?? now
                    state.error = error
                    states[url] = state
                }
                guard let known = try? await repository.resolve(revision) else { throw error }
                return known
            }
        }
        return try await repository.resolve(revision)
    }

    /// The manifests of a commit.
    func render(_ url: String, _ commit: String, _ request: RenderRequest) async throws(RenderProblem)
        -> RenderedManifests
    {
        let key = Key(url: url, request: request)
        let known = cache.withLock { $0[key] ?? [] }
        if let same = known.first(where: { $0.commit == commit }) { return same.manifests }
        let repository: SourceRepository
        do { repository = try find(url) } catch { throw .source(error) }
        let manifests = try await repository.render(commit, request, known.map(\.manifests))
        cache.withLock { cache in
            if cache.count > 4_096 { cache.removeAll() }
            cache[key] = ([Rendered(commit: commit, manifests: manifests)] + known).prefix(6).map { $0 }
        }
        return manifests
    }
}
