import Manifest

/// Watches over a streaming list until the bookmark that ends it.
///
/// A server that does not know `sendInitialEvents` may refuse it, which is plain, or ignore it: it then sends other
/// bookmarks, or falls silent, and the end never comes.
final class InitialEvents: Sendable {
    private struct State {
        var hasEnded = false
        var hasBegun = false
        /// When something last came; `nil` until the server has accepted the watch.
        var lastSign: ContinuousClock.Instant?
    }

    private let resource: Resource
    private let acceptance: Duration
    private let patience: Duration
    private let state = Lock(State())

    /// - Parameters:
    ///   - acceptance: How long the server may take to accept the watch.
    ///   - patience: How long it may then show nothing new.
    init(_ resource: Resource, acceptance: Duration, patience: Duration) {
        self.resource = resource
        self.acceptance = acceptance
        self.patience = patience
    }

    /// Whether an object or the end has come, of a server that has not been found to ignore the request.
    var hasBegun: Bool { state.withLock { $0.hasBegun } }

    /// The server has accepted the watch: from now on its silence counts.
    func wereAccepted() { state.withLock { $0.lastSign = .now } }

    /// The event, with the mark of the end where it is one.
    func marked(_ event: WatchEvent) throws -> WatchEvent {
        let hasEnded = state.withLock { state in
            if event.kind == .added { (state.hasBegun, state.lastSign) = (true, .now) }
            return state.hasEnded
        }
        guard !hasEnded, event.kind == .bookmark else { return event }
        let annotations = try JSON(parsing: event.object).at("metadata", "annotations")
        guard annotations?["k8s.io/initial-events-end"]?.stringValue == "true" else { throw ignored() }
        state.withLock { ($0.hasBegun, $0.hasEnded) = (true, true) }
        var event = event
        event.endsInitialEvents = true
        return event
    }

    /// Runs a watch, and ends it when its initial events neither come nor end.
    func supervising(
        _ watch: @escaping @Sendable () async throws(KubernetesError) -> Void
    ) async throws(KubernetesError) {
        let result = await withTaskGroup(of: Result<Bool, KubernetesError>.self) { group in
            group.addTask {
                do throws(KubernetesError) {
                    try await watch()
                    return .success(true)
                } catch {
                    return .failure(error)
                }
            }
            group.addTask { await self.silence().map { .failure($0) } ?? .success(false) }
            defer { group.cancelAll() }
            for await result in group {
                // The end has come, and the watch goes on.
                if case .success(false) = result { continue }
                return result
            }
            return .success(true)
        }
        _ = try result.get()
    }

    /// What to make of it once nothing has come for too long; `nil` once the end has come.
    private func silence() async -> KubernetesError? {
        let start = ContinuousClock.now
        while !Task.isCancelled {
            let (hasEnded, lastSign) = state.withLock { ($0.hasEnded, $0.lastSign) }
            if hasEnded { return nil }
            let passed = ContinuousClock.now - (lastSign ?? start)
            let left = (lastSign == nil ? acceptance : patience) - passed
            if left <= .zero { return lastSign == nil ? unanswered() : ignored() }
            // The server may accept it meanwhile, and is watched for silence from then on.
            try? await Task.sleep(for: min(left, patience))
        }
        return nil
    }

    /// Who has not been accepted may have waited for a connection or for a busy server: that is no refusal.
    private func unanswered() -> KubernetesError {
        KubernetesError(
            code: 0, reason: KubernetesError.unanswered,
            message: "the server did not begin the streaming list of \(resource) in \(acceptance); it is listed instead"
        )
    }

    private func ignored() -> KubernetesError {
        state.withLock { $0.hasBegun = false }
        return KubernetesError(
            code: 422, reason: "Invalid",
            message: "the server does not end the streaming list of \(resource); it is listed in pages instead")
    }
}
