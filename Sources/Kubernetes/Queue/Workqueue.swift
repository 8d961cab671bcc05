import Manifest

/// Hands keys to workers: each key to one worker at a time, additions coalesced, failures backed off.
package final class Workqueue<Key: Hashable & Sendable>: Sendable {
    /// Counters and gauges of a queue, as the metrics page shows them.
    package struct Statistics: Sendable {
        package var depth = 0
        package var adds: UInt64 = 0
        package var retries: UInt64 = 0
        /// Summed and longest time of what is being processed.
        package var unfinished: Duration = .zero
        package var longestRunning: Duration = .zero
    }

    private struct State {
        var rules: WorkqueueRules<Key>
        var waiters: [(id: UInt64, continuation: CheckedContinuation<(Key, Duration)?, Never>)] = []
        var nextID: UInt64 = 0
        var timer: (due: ContinuousClock.Instant, task: Task<Void, Never>)?
        /// Waiters that were cancelled before they came to wait.
        var cancelled: Set<UInt64> = []
    }

    package let name: String
    private let state: Lock<State>
    private let clock = ContinuousClock()

    package init(_ name: String, backoff: Backoff = .reconcile) {
        self.name = name
        state = Lock(State(rules: WorkqueueRules(backoff: backoff)))
    }

    deinit { state.withLock { $0.timer?.task.cancel() } }

    /// Adds a key; one that already waits is not added twice.
    /// - Parameter isPatient: Others go ahead of it, though not for ever: first lists and resyncs.
    package func add(_ key: Key, isPatient: Bool = false) {
        change { rules, now in rules.add(key, isPatient: isPatient, now: now) }
    }

    /// Adds a key later; an earlier due time replaces a later one.
    package func add(_ key: Key, after delay: Duration) {
        change { rules, now in rules.add(key, at: now + delay, now: now) }
    }

    /// Adds a key after its back-off.
    package func addRateLimited(_ key: Key) {
        change { rules, now in
            var random = SystemRandomNumberGenerator()
            rules.addRateLimited(key, now: now, using: &random)
        }
    }

    /// Ends the back-off of a key that did well.
    package func forget(_ key: Key) { state.withLock { $0.rules.forget(key) } }

    /// How often in a row the key has failed.
    package func failureCount(_ key: Key) -> Int { state.withLock { $0.rules.failureCount(key) } }

    /// Tells that a key from `next()` has been processed.
    package func done(_ key: Key) { change { rules, _ in rules.done(key) } }

    /// Takes no more additions; `next()` gives `nil` from now on, and what is processed goes on.
    package func shutDown() { change { rules, _ in rules.shutDown() } }

    package var isShutDown: Bool { state.withLock { $0.rules.isShutDown } }
    /// Whether nothing waits and nothing is processed; later due times do not count.
    package var isIdle: Bool { state.withLock { $0.rules.isIdle } }
    package var depth: Int { state.withLock { $0.rules.depth } }

    package var statistics: Statistics {
        let now = clock.now
        return state.withLock { state in
            let running = state.rules.processingSince.map { now - $0 }
            return Statistics(
                depth: state.rules.depth, adds: state.rules.adds, retries: state.rules.retries,
                unfinished: running.reduce(.zero, +), longestRunning: running.max() ?? .zero)
        }
    }

    /// Waits for a key; `nil` after shutdown or when the calling task is cancelled.
    ///
    /// Call `done` with each.
    package func next() async -> Key? { await nextTimed()?.key }

    /// As `next()`, with the time that the key has waited.
    package func nextTimed() async -> (key: Key, waited: Duration)? {
        let id = state.withLock { state in
            state.nextID &+= 1
            return state.nextID
        }
        let taken = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<(Key, Duration)?, Never>) in
                let now = clock.now
                let answer: (Key, Duration)?? = state.withLock { state in
                    if state.cancelled.remove(id) != nil || state.rules.isShutDown { return .some(nil) }
                    if let (key, waited) = state.rules.take(now: now) { return .some((key, waited)) }
                    state.waiters.append((id, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> CheckedContinuation<(Key, Duration)?, Never>? in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiters.remove(at: index).continuation
            }
            waiter?.resume(returning: nil)
        }
        _ = state.withLock { $0.cancelled.remove(id) }
        return taken.map { (key: $0.0, waited: $0.1) }
    }

    /// Changes the rules' state, then hands out what has become ready and sets the timer.
    private func change(_ body: (inout WorkqueueRules<Key>, ContinuousClock.Instant) -> Void) {
        let now = clock.now
        var served: [(CheckedContinuation<(Key, Duration)?, Never>, (Key, Duration)?)] = []
        state.withLock { state in
            body(&state.rules, now)
            state.rules.fire(now: now)
            while !state.waiters.isEmpty {
                if state.rules.isShutDown {
                    served.append((state.waiters.removeFirst().continuation, nil))
                } else if let (key, waited) = state.rules.take(now: now) {
                    served.append((state.waiters.removeFirst().continuation, (key, waited)))
                } else {
                    break
                }
            }
            arm(&state)
        }
        for (continuation, answer) in served { continuation.resume(returning: answer) }
    }

    /// Keeps one sleeping task for the earliest due time of all keys.
    private func arm(_ state: inout State) {
        guard let due = state.rules.nextDue() else {
            state.timer?.task.cancel()
            state.timer = nil
            return
        }
        if let timer = state.timer, timer.due <= due { return }
        state.timer?.task.cancel()
        let task = Task { [weak self, clock] in
            do { try await clock.sleep(until: due) } catch { return }
            self?.timerFired(due)
        }
        state.timer = (due, task)
    }

    private func timerFired(_ due: ContinuousClock.Instant) {
        state.withLock { state in
            if state.timer?.due == due { state.timer = nil }
        }
        change { _, _ in }
    }
}
