/// What an informer does next: list or watch, from where, and after which pause.
///
/// No I/O, no clock.
package struct ReflectorRules {
    package enum Phase: Hashable {
        /// List; from the server's cache where a version is given, else the most recent state.
        case list(resourceVersion: String?)
        case watch(from: String)
    }

    /// After so many failures in a row a watch is given up and the collection listed again.
    private static let relistAfter = 5

    package private(set) var phase = Phase.list(resourceVersion: "0")
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
    /// A server that closes at once without an event is not healthy, though it says so.
    package mutating func closed(after duration: Duration, events: Int) {
        if duration < .seconds(1), events == 0 { failures += 1 } else { failures = 0 }
        giveUpWatch()
    }

    package mutating func failed(_ error: KubernetesError) {
        failures += 1
        if error.isExpired || error.causes.contains(where: { $0.reason == "ResourceVersionTooLarge" }) {
            phase = .list(resourceVersion: nil)
        } else if error.isNotFound {
            isMissing = true
            version = nil
            phase = .list(resourceVersion: nil)
        } else {
            giveUpWatch()
        }
    }

    /// An event could not be read at all: what the cache holds is not known any more.
    package mutating func lostTrack() {
        failures += 1
        phase = .list(resourceVersion: version)
    }

    private mutating func giveUpWatch() {
        if case .watch = phase, failures >= Self.relistAfter { phase = .list(resourceVersion: version) }
    }
}
