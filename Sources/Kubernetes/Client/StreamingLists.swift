import Manifest

/// Which servers do not answer a watch with what exists.
///
/// An aggregated API server has features of its own, so it is remembered for each group, until the process ends.
final class StreamingLists: Sendable {
    /// How long a streaming list may show nothing new before its end.
    let patience: Duration
    private let refusals = Lock<[String: KubernetesError]>([:])

    init(patience: Duration) { self.patience = patience }

    /// What the group's server said when it was asked.
    func refusal(of group: String) -> KubernetesError? { refusals.withLock { $0[group] } }

    func refused(_ error: KubernetesError, by group: String) { refusals.withLock { $0[group] = error } }
}
