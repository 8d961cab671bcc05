import Manifest

/// Which servers do not answer a watch with what exists.
///
/// An aggregated API server has features of its own, so it is remembered for each group, and forgotten after some time: a
/// server may be another after an update, and one that was too slow once need not stay so.
final class StreamingLists: Sendable {
    private struct Refusal: Sendable {
        var error: KubernetesError
        var end: ContinuousClock.Instant
    }

    /// How long the server may take to accept a streaming list.
    let acceptance: Duration
    /// How long a streaming list may show nothing new before its end.
    let patience: Duration
    private let retryAfter: Duration
    private let refusals = Lock<[String: Refusal]>([:])

    init(acceptance: Duration, patience: Duration, retryAfter: Duration) {
        self.acceptance = acceptance
        self.patience = patience
        self.retryAfter = retryAfter
    }

    /// What the group's server said when it was asked lately.
    func refusal(of group: String) -> KubernetesError? {
        refusals.withLock { refusals in
            guard let refusal = refusals[group] else { return nil }
            if refusal.end <= .now {
                refusals[group] = nil
                return nil
            }
            return refusal.error
        }
    }

    func refused(_ error: KubernetesError, by group: String) {
        let end = ContinuousClock.now + retryAfter
        refusals.withLock { $0[group] = Refusal(error: error, end: end) }
    }
}
