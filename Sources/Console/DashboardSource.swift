package import Manifest

/// Where the dashboard and the JSON API get what they show; `Controllers`' stores behind it.
package protocol DashboardSource: Sendable {
    /// A short line about every rollout: namespace, name, phase, message, strategy, step, weights, replicas.
    func rollouts() -> [JSON]

    /// Everything about one rollout: steps, revisions with pods, analysis, verdict, what it waits for; `nil` where there
    /// is none.
    func rollout(_ key: ObjectKey) async throws -> JSON?

    /// The latest decisions about a rollout as a recording; `nil` where there are none.
    func recording(_ key: ObjectKey) -> String?

    /// Whether this process decides, and who does.
    var leadership: Leadership { get }

    /// Keys of rollouts whose picture has changed; bounded, the oldest are dropped for a slow reader.
    func changes() -> AsyncStream<ObjectKey>

    /// Does what a person asked for.
    func act(_ action: DashboardAction, on key: ObjectKey) async throws
}

/// Who of several processes decides.
package struct Leadership: Hashable, Sendable {
    /// Whether it is this one.
    package var isHere: Bool
    /// The Lease's holder as far as it is known, `<hostname>_<random>`; empty where nobody holds it.
    package var holder: String

    package init(isHere: Bool, holder: String) { (self.isHere, self.holder) = (isHere, holder) }
}

/// What a person may ask for on the dashboard.
package enum DashboardAction: String, Sendable {
    case promote, promoteFull, abort, retry, restart
}

/// A push that a Git host told us of.
package struct GitPush: Hashable, Sendable {
    /// URLs of the repository as the host writes them.
    package var urls: [String]
    /// `refs/heads/main`.
    package var ref: String
    /// Paths that the push touched; empty where the host does not say.
    package var files: [String]

    package init(urls: [String], ref: String, files: [String]) {
        self.urls = urls
        self.ref = ref
        self.files = files
    }
}
