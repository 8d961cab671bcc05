package import Manifest
package import RolloutEngine

/// The latest decisions of each Rollout that did something, kept for `sluice record`.
///
/// Holds values that the decisions were made from anyway; nothing is encoded before somebody asks. Bounded in entries for
/// each Rollout and in all; a Rollout that is busy drives out its own oldest first.
package final class DecisionLog: Sendable {
    private struct State {
        var entries: [ObjectKey: [RecordedDecision]] = [:]
        var count = 0
        /// Keys in the order of their latest entries, oldest first; one that came again stands in it more than once.
        var order: [ObjectKey] = []
    }

    private let perRollout: Int
    private let total: Int
    private let state = Lock(State())

    package init(perRollout: Int = 64, total: Int = 512) {
        self.perRollout = perRollout
        self.total = total
    }

    /// Keeps a decision that has effects, or the first of a series that has none and waits for something else.
    func note(_ seen: RolloutSnapshot, _ decision: RolloutDecision, now: Timestamp) {
        let key = seen.rollout.key
        state.withLock { state in
            var entries = state.entries[key] ?? []
            if decision.effects.isEmpty, entries.last?.decision.waiting?.message == decision.waiting?.message { return }
            if entries.count >= perRollout {
                entries.removeFirst()
                state.count -= 1
            }
            entries.append(RecordedDecision(now: now, seen: seen, decision: decision))
            state.count += 1
            state.entries[key] = entries
            state.order.append(key)
            while state.count > total, let oldest = state.order.first {
                state.order.removeFirst()
                guard var others = state.entries[oldest], !others.isEmpty else { continue }
                others.removeFirst()
                state.count -= 1
                state.entries[oldest] = others.isEmpty ? nil : others
            }
            if state.order.count > 4 * total { state.order.removeFirst(state.order.count - 2 * total) }
        }
    }

    package func decisions(of key: ObjectKey) -> [RecordedDecision] { state.withLock { $0.entries[key] ?? [] } }
}
