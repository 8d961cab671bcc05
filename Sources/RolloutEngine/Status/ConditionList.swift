import Manifest

extension RolloutStatus {
    /// Sets a condition; times move only with status or reason.
    ///
    /// A message that states facts of its own follows at once. Others say what status and reason say already: they stay as
    /// whoever wrote them worded them, so that taking over from another controller writes nothing.
    /// - Parameter isFresh: Moves `lastUpdateTime` in any case: the deadline counts from it.
    mutating func set(
        _ type: RolloutCondition.Kind, _ status: String, _ reason: String, _ message: String, now: Timestamp,
        isFresh: Bool = false
    ) {
        var new = RolloutCondition(
            type: type.rawValue, status: status, reason: reason, message: message, lastUpdateTime: now.wholeSeconds,
            lastTransitionTime: now.wholeSeconds)
        guard let index = conditions.firstIndex(where: { $0.type == type.rawValue }) else {
            conditions.append(new)
            return
        }
        let before = conditions[index]
        if before.status == status {
            new.lastTransitionTime = before.lastTransitionTime
            if before.reason == reason, !isFresh {
                new.lastUpdateTime = before.lastUpdateTime
                if !type.statesFacts, !ProgressReason.statingFacts.contains(reason) { new.message = before.message }
            }
        }
        conditions[index] = new
    }

    /// Says something else of a condition; its times stay.
    mutating func retell(_ type: RolloutCondition.Kind, _ message: String) {
        guard let index = conditions.firstIndex(where: { $0.type == type.rawValue }) else { return }
        conditions[index].message = message
    }

    mutating func remove(_ type: RolloutCondition.Kind) { conditions.removeAll { $0.type == type.rawValue } }
}

extension RolloutCondition.Kind {
    fileprivate var statesFacts: Bool { self == .invalidSpec || self == .replicaFailure }
}

extension ProgressReason {
    fileprivate static let statingFacts: Set<String> = [aborted, createError, deadlineExceeded]
}
