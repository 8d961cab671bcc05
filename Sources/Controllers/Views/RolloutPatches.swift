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
    /// Of an AnalysisRun or Experiment.
    package static let terminate = RolloutPatch(["spec": ["terminate": true]], isStatus: false)
    /// Has an Experiment begin again; its kind has no status subresource.
    package static let retryExperiment = RolloutPatch(["status": .null], isStatus: false)

    /// Has every pod that is older than `time` replaced.
    package static func restart(at time: Timestamp) -> RolloutPatch {
        RolloutPatch(["spec": ["restartAt": .string(time.wholeSeconds.rfc3339)]], isStatus: false)
    }
}
