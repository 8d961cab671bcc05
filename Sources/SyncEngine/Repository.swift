package import Manifest

/// One commit, as people and the ledger see it.
package struct CommitInfo: Hashable, Sendable {
    /// 40 hex digits.
    package var id: String
    /// 40 hex digits of its root tree: equal trees have equal ids.
    package var treeID: String
    package var parents: [String]
    /// `Ada <ada@example.org>`.
    package var author: String
    package var authoredAt: Timestamp
    package var committedAt: Timestamp
    /// The whole message, cut at 64 KiB.
    package var message: String
    /// Trailers of the message's last paragraph in their order: `Sluice-Reverts: 1f3c…`.
    package var trailers: [CommitTrailer]

    package init(
        id: String, treeID: String, parents: [String] = [], author: String, authoredAt: Timestamp,
        committedAt: Timestamp,
        message: String, trailers: [CommitTrailer] = []
    ) {
        self.id = id
        self.treeID = treeID
        self.parents = parents
        self.author = author
        self.authoredAt = authoredAt
        self.committedAt = committedAt
        self.message = message
        self.trailers = trailers
    }

    /// The message's first line.
    package var subject: String { String(message.prefix { $0 != "\n" && $0 != "\r\n" }) }

    /// Values of a trailer; names are compared without case, as Git does.
    package func values(of trailer: String) -> [String] {
        trailers.filter { $0.name.lowercased() == trailer.lowercased() }.map(\.value)
    }

    /// The commits that this one undoes, when Sluice made it.
    package var sluiceReverts: [String] { values(of: CommitTrailer.reverts) }
}

/// A `Name: value` line that ends a commit message.
package struct CommitTrailer: Hashable, Sendable {
    /// Names the Release whose rejection led to the commit: `shop/web-1f3c9a2`.
    package static let release = "Sluice-Release"
    /// Names a commit that this one undoes.
    package static let reverts = "Sluice-Reverts"

    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// A commit to undo on a branch.
package struct RevertRequest: Hashable, Sendable {
    /// The commits to undo, newest first; usually one.
    package var commits: [String]
    /// The branch that holds them: `main`.
    package var branch: String
    /// Where the revert goes; another branch than `branch` is made for review.
    package var pushTo: String
    /// The Release that was rejected.
    package var release: String
    /// Why, in one line; becomes the message's body.
    package var reason: String
    package var authorName: String
    package var authorEmail: String
    /// The commit's time.
    package var now: Timestamp

    package init(
        commits: [String], branch: String, pushTo: String? = nil, release: String, reason: String,
        authorName: String = "Sluice", authorEmail: String = "sluice@localhost", now: Timestamp
    ) {
        self.commits = commits
        self.branch = branch
        self.pushTo = pushTo ?? branch
        self.release = release
        self.reason = reason
        self.authorName = authorName
        self.authorEmail = authorEmail
        self.now = now
    }
}

/// What became of a revert.
package enum RevertOutcome: Hashable, Sendable {
    /// This call made and pushed the commit.
    case pushed(String)
    /// A commit with the same `Sluice-Reverts` trailer is on the branch already.
    case alreadyReverted(String)
    /// The branch's content does not hold the change any more: someone undid it by hand.
    case nothingToRevert
}

/// One Git repository as the sync engine uses it.
///
/// Reads answer from the mirror, which `fetch` brings up to date; all calls are idempotent and may be cancelled, and those
/// that reach the network end by a deadline.
package protocol Repository<Tree>: Sendable {
    /// A commit's files; what `Rendering` reads.
    associatedtype Tree: Sendable

    /// Brings the mirror up to date with all branches and tags; what the server deleted is deleted.
    func fetch() async throws(SourceError)

    /// The commit that a branch, tag, commit id (7 or more digits), full reference, `HEAD`, empty text or range of
    /// semantic versions over the tags names, as 40 hex digits.
    func resolve(_ revision: String) async throws(SourceError) -> String

    /// The files of a commit, read on demand.
    func tree(at commit: String) async throws(SourceError) -> Tree

    /// Author, message, times and trailers of a commit.
    func commit(_ id: String) async throws(SourceError) -> CommitInfo

    /// Commits reachable from `head` and not from `base`, newest first, at most `limit`; without `base` the history.
    func commits(after base: String?, upTo head: String, limit: Int) async throws(SourceError) -> [CommitInfo]

    /// Undoes commits by a new commit and pushes it; made once, however often it is called or crashes in between.
    func revertAndPush(_ request: RevertRequest) async throws(SourceError) -> RevertOutcome
}
