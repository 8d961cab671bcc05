import Manifest

extension RolloutStatus {
    /// Sets a condition; times move only with status or reason, and the message always follows.
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
            if before.reason == reason, !isFresh { new.lastUpdateTime = before.lastUpdateTime }
        }
        conditions[index] = new
    }

    mutating func remove(_ type: RolloutCondition.Kind) { conditions.removeAll { $0.type == type.rawValue } }
}
