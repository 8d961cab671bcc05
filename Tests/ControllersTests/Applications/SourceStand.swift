import Manifest
import Rendering
import SyncEngine

/// A repository in memory: one branch, whole trees, reverts that restore the parent's tree.
final class SourceStand: Repository {
    struct Commit: Sendable {
        var info: CommitInfo
        var files: [String: String]
    }

    private let state = Lock<(commits: [Commit], pushes: Int, isDown: Bool)>(([], 0, false))

    /// Commits all files anew, as the child of the head.
    @discardableResult
    func commit(_ digit: Character, _ files: [String: String], trailers: [CommitTrailer] = []) -> String {
        let id = String(repeating: digit, count: 40)
        state.withLock { state in
            let parents = state.commits.last.map { [$0.info.id] } ?? []
            let time = Timestamp(seconds: 1_800_000_000)
            state.commits.append(
                Commit(
                    info: CommitInfo(
                        id: id, treeID: id, parents: parents, author: "ada", authoredAt: time, committedAt: time,
                        message: "commit \(digit)", trailers: trailers), files: files))
        }
        return id
    }

    var head: String { state.withLock { $0.commits.last?.info.id ?? "" } }
    var pushes: Int { state.withLock { $0.pushes } }
    func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }

    private func missing(_ what: String) -> SourceError {
        SourceError(.referenceNotFound, what: "read", place: "memory", why: "there is no \(what)")
    }

    func fetch() async throws(SourceError) {
        if state.withLock({ $0.isDown }) {
            throw SourceError(.unreachable, what: "fetch", place: "memory", why: "the server does not answer")
        }
    }

    func resolve(_ revision: String) async throws(SourceError) -> String {
        let commits = state.withLock { $0.commits }
        if ["", "HEAD", "main"].contains(revision), let head = commits.last { return head.info.id }
        guard let commit = commits.first(where: { $0.info.id == revision }) else { throw missing(revision) }
        return commit.info.id
    }

    private func find(_ id: String) throws(SourceError) -> Commit {
        guard let commit = state.withLock({ $0.commits.first { $0.info.id == id } }) else { throw missing(id) }
        return commit
    }

    func tree(at commit: String) async throws(SourceError) -> InMemoryFileTree {
        InMemoryFileTree(files: try find(commit).files)
    }

    func commit(_ id: String) async throws(SourceError) -> CommitInfo { try find(id).info }

    func commits(after base: String?, upTo head: String, limit: Int) async throws(SourceError) -> [CommitInfo] {
        let all = state.withLock { $0.commits }.map(\.info)
        let end = (all.firstIndex { $0.id == head } ?? -1) + 1
        let start = base.flatMap { base in all.firstIndex { $0.id == base } }.map { $0 + 1 } ?? 0
        return start < end ? Array(all[start..<end].reversed().prefix(limit)) : []
    }

    func revertAndPush(_ request: RevertRequest) async throws(SourceError) -> RevertOutcome {
        guard let newest = request.commits.first, let oldest = request.commits.last else { return .nothingToRevert }
        let all = state.withLock { $0.commits }
        if let done = all.first(where: { $0.info.sluiceReverts.contains(newest) }) {
            return .alreadyReverted(done.info.id)
        }
        guard let parent = try find(oldest).info.parents.first else { return .nothingToRevert }
        let files = try find(parent).files
        state.withLock { $0.pushes += 1 }
        return .pushed(
            commit("f", files, trailers: [.init(name: CommitTrailer.reverts, value: newest)]))
    }
}
