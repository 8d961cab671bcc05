package import Manifest

/// A merge patch that a command sends.
package struct RolloutPatch: Hashable, Sendable {
    package var body: JSON
    /// Goes to the status subresource; to the object where that does not exist.
    package var isStatus: Bool

    package init(_ body: JSON, isStatus: Bool) {
        self.body = body
        self.isStatus = isStatus
    }

    package static let abort = RolloutPatch(["status": ["abort": true]], isStatus: true)
    package static let retry = RolloutPatch(["status": ["abort": false]], isStatus: true)
    package static let pause = RolloutPatch(["spec": ["paused": true]], isStatus: false)
    package static let unpause = RolloutPatch(["spec": ["paused": false]], isStatus: false)
}

/// How far `promote` goes.
package enum Promotion: Hashable, Sendable {
    /// Past the pause that it stands at, or one step further.
    case next
    case skipStep
    case skipAllSteps
    /// To the end, without steps, pauses and analysis.
    case full

    /// The patches to send, status first; none when there is nothing to promote.
    /// - Throws: A sentence for the user, when the Rollout cannot be promoted so.
    package func patches(for rollout: JSON) throws(PromotionError) -> [RolloutPatch] {
        let facts = RolloutFacts(rollout)
        let unpause: [RolloutPatch] = facts.isPaused ? [.unpause] : []
        let count = Int64(facts.steps.count)
        let next = JSON.int(min(facts.stepIndex + 1, count))
        func status(_ body: JSON) -> RolloutPatch { RolloutPatch(["status": body], isStatus: true) }
        switch self {
        case .skipStep, .skipAllSteps:
            guard facts.isCanary else {
                throw PromotionError("cannot skip steps of a blue-green Rollout; promote it without the option")
            }
            guard count > 0 else {
                throw PromotionError("cannot skip steps: the Rollout has none; promote it without the option")
            }
            return [status(["currentStepIndex": self == .skipStep ? next : .int(count)])]
        case .full:
            return (facts.currentHash != facts.stableHash ? [status(["promoteFull": true])] : []) + unpause
        case .next:
            if facts.isCanary, facts.isStepInconclusive, facts.hasPauseConditions, facts.hasControllerPause {
                return [status(["pauseConditions": .null, "controllerPause": false, "currentStepIndex": next])]
                    + unpause
            }
            if facts.hasPauseConditions { return [status(["pauseConditions": .null])] + unpause }
            if facts.isCanary, count > 0 {
                return [status(["pauseConditions": .null, "currentStepIndex": next])] + unpause
            }
            return unpause
        }
    }
}

/// Why a promotion makes no sense.
package struct PromotionError: Error, Hashable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
