/// What an informer does next: list or watch, from where, and after which pause.
///
/// No I/O, no clock.
package struct ReflectorRules {
    package enum Phase: Hashable {
        /// Watch, with what exists first: no older than a version where one is given, else the most recent state.
        case stream(resourceVersion: String?)
        /// List; from the server's cache where a version is given, else the most recent state.
        case list(resourceVersion: String?)
        case watch(from: String)
    }

    /// After so many failures in a row a watch is given up and the collection listed again.
    private static let relistAfter = 5

    package private(set) var phase = Phase.stream(resourceVersion: "0")
    /// Failures in a row.
    package private(set) var failures = 0
    /// Whether the kind does not exist on the server.
    package private(set) var isMissing = false
    private var version: String?

    package init() {}

    package mutating func listed(_ resourceVersion: String) {
        version = resourceVersion
        isMissing = false
        failures = 0
        phase = .watch(from: resourceVersion)
    }

    /// An event or a bookmark came.
    package mutating func seen(_ resourceVersion: String) {
        guard !resourceVersion.isEmpty else { return }
        version = resourceVersion
        failures = 0
        phase = .watch(from: resourceVersion)
    }

    /// The watch ended without an error.
    ///
    /// A server that closes at once without an event is not healthy, though it says so; nor is one that closes before it
    /// has sent all that exists.
    package mutating func closed(after duration: Duration, events: Int) {
        if case .watch = phase, duration >= .seconds(1) || events > 0 { failures = 0 } else { failures += 1 }
        giveUpWatch()
    }

    /// - Returns: `false` where the server has only refused to stream its list: that is no failure, and the list that
    ///   follows needs no pause.
    @discardableResult
    package mutating func failed(_ error: KubernetesError) -> Bool {
        if case .stream(let version) = phase, error.code == 400 || error.code == 422 {
            // The client remembers it for some time, and asks the server no more meanwhile. So it says nothing of how
            // the server does: what has failed before stays counted until something works.
            phase = .list(resourceVersion: version)
            return false
        }
        failures += 1
        if case .stream(let version) = phase, error.reason == KubernetesError.unanswered {
            // Each such try is long: the next is a list.
            phase = .list(resourceVersion: version)
        } else if error.isExpired || error.causes.contains(where: { $0.reason == "ResourceVersionTooLarge" }) {
            readAll(nil)
        } else if error.isNotFound {
            isMissing = true
            version = nil
            readAll(nil)
        } else {
            giveUpWatch()
        }
        return true
    }

    /// An event could not be read at all: what the cache holds is not known any more.
    ///
    /// A list leaves out what cannot be read, where a stream would end at it again.
    package mutating func lostTrack() {
        failures += 1
        phase = .list(resourceVersion: version)
    }

    private mutating func readAll(_ version: String?) { phase = .stream(resourceVersion: version) }

    private mutating func giveUpWatch() {
        guard failures >= Self.relistAfter else { return }
        switch phase {
        case .watch: readAll(version)
        case .stream(let version): phase = .list(resourceVersion: version)
        case .list: break
        }
    }
}
