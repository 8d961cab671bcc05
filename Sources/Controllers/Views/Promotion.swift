package import Manifest
import RolloutEngine

/// How far `promote` goes.
package enum Promotion: Hashable, Sendable {
    /// Past the pause that it stands at, or one step further.
    case next
    case skipStep
    case skipAllSteps
    /// To the end, without steps, pauses and analysis.
    case full
    /// Past an inconclusive analysis, whose run is kept and counts as successful; other pauses stay.
    case acceptInconclusive

    /// The patches to send to the Rollout, status first; none when there is nothing to promote.
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
        case .acceptInconclusive:
            let pauses = rollout.at("status", "pauseConditions")?.arrayValue ?? []
            let kept = pauses.filter { $0["reason"]?.stringValue != "InconclusiveAnalysisRun" }
            // Once its run is accepted only the pause tells of it.
            guard kept.count < pauses.count || !inconclusiveRuns(of: rollout).isEmpty else {
                throw PromotionError(
                    "no analysis of this Rollout is inconclusive; promote it without --accept-inconclusive")
            }
            return [
                status([
                    "pauseConditions": kept.isEmpty ? .null : .array(kept), "controllerPause": .bool(!kept.isEmpty),
                ])
            ]
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

    /// Names of the AnalysisRuns whose inconclusive result holds a Rollout.
    package func inconclusiveRuns(of rollout: JSON) -> [String] {
        let status = rollout["status"]
        let places = [
            status?.at("canary", "currentStepAnalysisRunStatus"),
            status?.at("canary", "currentBackgroundAnalysisRunStatus"),
            status?.at("blueGreen", "prePromotionAnalysisRunStatus"),
            status?.at("blueGreen", "postPromotionAnalysisRunStatus"),
        ]
        return places.compactMap { $0?["status"] == "Inconclusive" ? $0?["name"]?.stringValue : nil }
    }

    /// What marks an AnalysisRun as accepted; the controller then takes its result for successful.
    package static let acceptance = RolloutPatch(
        ["metadata": ["labels": [Keys.inconclusiveAccepted: "true"]]], isStatus: false)
}

/// What a promotion was decided on.
///
/// The controller writes status while analysis runs; as long as this stays equal, the same promotion is still meant.
package struct PromotionBasis: Hashable, Sendable {
    package var step: Int64
    private var pauses: [JSON]
    private var hasControllerPause: Bool
    private var isPaused: Bool
    private var isAborted: Bool
    private var currentHash: String
    private var stepCount: Int

    package init(_ rollout: JSON) {
        let facts = RolloutFacts(rollout)
        step = facts.stepIndex
        pauses = rollout.at("status", "pauseConditions")?.arrayValue ?? []
        hasControllerPause = facts.hasControllerPause
        isPaused = facts.isPaused
        isAborted = facts.isAborted
        currentHash = facts.currentHash
        stepCount = facts.steps.count
    }

    /// How `other` differs, for a person; `nil` where it does not.
    package func difference(to other: PromotionBasis) -> String? {
        if self == other { return nil }
        if currentHash != other.currentHash { return "another version has begun" }
        if isAborted != other.isAborted { return other.isAborted ? "it was aborted" : "it was retried" }
        if stepCount != other.stepCount { return "its steps were changed" }
        if step != other.step { return "it moved from step \(step) to step \(other.step)" }
        return "its pause changed"
    }
}

/// Why a promotion makes no sense.
package struct PromotionError: Error, Hashable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
