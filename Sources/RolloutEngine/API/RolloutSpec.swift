package import Manifest

/// `spec` of a Rollout.
package struct RolloutSpec: Hashable, Sendable {
    /// `nil` until the default is written back.
    package var replicas: Int?
    package var selector: LabelSelector?
    /// Why the selector cannot be read, where it cannot.
    var selectorProblem: String?
    package var template: PodTemplate?
    package var minReadySeconds = 0
    package var revisionHistoryLimit = 10
    package var paused = false
    package var progressDeadlineSeconds = 600
    package var progressDeadlineAbort = false
    package var successfulRunHistoryLimit = 5
    package var unsuccessfulRunHistoryLimit = 5
    package var canary: CanaryStrategy?
    package var blueGreen: BlueGreenStrategy?
    package var workloadRef: WorkloadReference?
    /// `rollbackWindow.revisions`; 0 means no window.
    package var rollbackWindow = 0
    package var restartAt: Timestamp?
    /// Paths of fields that this version does not act on and therefore refuses.
    package var unsupported: [String] = []

    /// Desired pods, 1 when unset.
    package var desiredReplicas: Int { max(0, replicas ?? 1) }

    package init() {}

    init(_ reader: inout JSONReader) throws(JSONError) {
        var spec = RolloutSpec()
        try reader.readObject { reader, name throws(JSONError) in
            if try reader.readNull() { return }
            switch name {
            case "replicas": spec.replicas = try reader.readInt32()
            case "selector":
                let json = try reader.readJSON()
                do throws(JSONError) { spec.selector = try LabelSelector(json) } catch {
                    spec.selectorProblem = "\(error)"
                }
            case "template": spec.template = try PodTemplate(&reader)
            case "minReadySeconds": spec.minReadySeconds = try reader.readInt32()
            case "revisionHistoryLimit": spec.revisionHistoryLimit = try reader.readInt32()
            case "paused": spec.paused = try reader.readBool()
            case "progressDeadlineSeconds": spec.progressDeadlineSeconds = try reader.readInt32()
            case "progressDeadlineAbort": spec.progressDeadlineAbort = try reader.readBool()
            case "workloadRef": spec.workloadRef = try WorkloadReference(&reader)
            case "restartAt": spec.restartAt = try reader.readTime()?.wholeSeconds
            case "rollbackWindow":
                try reader.readObject { reader, name throws(JSONError) in
                    if name == "revisions" { spec.rollbackWindow = try reader.readOptionalInt32() ?? 0 }
                }
            case "analysis":
                try reader.readObject { reader, name throws(JSONError) in
                    if try reader.readNull() { return }
                    switch name {
                    case "successfulRunHistoryLimit": spec.successfulRunHistoryLimit = try reader.readInt32()
                    case "unsuccessfulRunHistoryLimit": spec.unsuccessfulRunHistoryLimit = try reader.readInt32()
                    default: break
                    }
                }
            case "strategy":
                try reader.readObject { reader, name throws(JSONError) in
                    if try reader.readNull() { return }
                    switch name {
                    case "canary": spec.canary = try CanaryStrategy(&reader)
                    case "blueGreen": spec.blueGreen = try BlueGreenStrategy(&reader)
                    default: break
                    }
                }
            default: break
            }
        }
        spec.unsupported += spec.canary?.unsupported ?? []
        self = spec
    }
}
