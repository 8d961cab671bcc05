import Manifest

/// Lets one fetch or push at a time at a mirror, and spares those that another one has done meanwhile.
final class FetchGate: Sendable {
    private struct State {
        var isBusy = false
        /// Counts starts of successful fetches.
        var started: UInt64 = 0
        var finished: UInt64 = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Lock(State())

    /// A mark from which on a fetch counts as new.
    func ticket() -> UInt64 { state.withLock { $0.started } }

    /// Whether a fetch that began after the ticket has succeeded.
    func isServed(_ ticket: UInt64) -> Bool { state.withLock { $0.finished > ticket } }

    func enter() async {
        await withCheckedContinuation { continuation in
            let goes = state.withLock { state in
                if state.isBusy {
                    state.waiting.append(continuation)
                    return false
                }
                state.isBusy = true
                return true
            }
            if goes { continuation.resume() }
        }
    }

    /// Numbers a fetch that begins now; hand it to ``leave(served:)`` when it succeeded.
    func begin() -> UInt64 {
        state.withLock { state in
            state.started += 1
            return state.started
        }
    }

    func leave(served: UInt64?) {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if let served { state.finished = max(state.finished, served) }
            guard !state.waiting.isEmpty else {
                state.isBusy = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
