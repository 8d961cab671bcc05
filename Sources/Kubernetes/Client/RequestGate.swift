import DequeModule
import Manifest

/// What a request is for; the first come first when requests must wait.
package enum RequestLane: Int, Sendable, CaseIterable {
    case lease, status, reconcile, bulk
}

/// How many requests are in flight.
///
/// No clock, no I/O.
///
/// The bound halves when the server says 429 and grows back by one for each full round of successes.
package struct GateRules {
    package let maximum: Int
    package private(set) var limit: Int
    package private(set) var inFlight = 0
    private var successes = 0
    private var waiting: [Deque<UInt64>] = RequestLane.allCases.map { _ in [] }

    package init(maximum: Int) {
        self.maximum = max(1, maximum)
        limit = self.maximum
    }

    /// `true` when the request may go; otherwise it waits under its id.
    package mutating func enter(_ id: UInt64, _ lane: RequestLane) -> Bool {
        // Leases never wait: a lost lease stops everything.
        if lane == .lease || inFlight < limit {
            inFlight += 1
            return true
        }
        waiting[lane.rawValue].append(id)
        return false
    }

    /// Takes a waiting request back; `false` when it is no longer waiting.
    package mutating func leave(_ id: UInt64) -> Bool {
        for lane in waiting.indices {
            guard let index = waiting[lane].firstIndex(of: id) else { continue }
            waiting[lane].remove(at: index)
            return true
        }
        return false
    }

    /// A request has ended; gives the ids that may go now.
    package mutating func done(wasThrottled: Bool) -> [UInt64] {
        inFlight -= 1
        if wasThrottled {
            limit = max(1, limit / 2)
            successes = 0
        } else if limit < maximum {
            successes += 1
            if successes >= limit { (limit, successes) = (limit + 1, 0) }
        }
        var admitted: [UInt64] = []
        while inFlight < limit, let lane = waiting.firstIndex(where: { !$0.isEmpty }) {
            guard let id = waiting[lane].popFirst() else { break }
            inFlight += 1
            admitted.append(id)
        }
        return admitted
    }
}

/// Bounds the requests in flight to one API server; watches are not counted.
final class RequestGate: Sendable {
    private struct State {
        var rules: GateRules
        var waiters: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        var cancelled: Set<UInt64> = []
        var nextID: UInt64 = 0
    }

    private let state: Lock<State>

    init(maximum: Int) { state = Lock(State(rules: GateRules(maximum: maximum))) }

    /// Waits for its turn; `false` when the calling task is cancelled meanwhile.
    func enter(_ lane: RequestLane) async -> Bool {
        let id = state.withLock { state in
            state.nextID &+= 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            let entered = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
                let answer: Bool? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return false }
                    if state.rules.enter(id, lane) { return true }
                    state.waiters[id] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
            _ = state.withLock { $0.cancelled.remove(id) }
            return entered
        } onCancel: {
            let waiter = state.withLock { state in
                if let waiter = state.waiters.removeValue(forKey: id) {
                    _ = state.rules.leave(id)
                    return Optional(waiter)
                }
                state.cancelled.insert(id)
                return nil
            }
            waiter?.resume(returning: false)
        }
    }

    func leave(wasThrottled: Bool) {
        let admitted = state.withLock { state in
            state.rules.done(wasThrottled: wasThrottled).compactMap { state.waiters.removeValue(forKey: $0) }
        }
        for waiter in admitted { waiter.resume(returning: true) }
    }

    /// The bound at this moment and what is in flight.
    var load: (limit: Int, inFlight: Int) { state.withLock { ($0.rules.limit, $0.rules.inFlight) } }
}
