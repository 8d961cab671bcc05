package import Manifest

/// What `status` says about a Rollout, and whether there is more to come.
package struct RolloutStatusView: Hashable, Sendable {
    package var phase: String
    package var message: String

    package init(_ rollout: JSON) { (phase, message) = RolloutFacts(rollout).phase }

    /// `Healthy` alone; otherwise the phase with its message, where it has one.
    /// - Parameter isFinal: Without a watch, `Degraded` too stands alone.
    package func line(isFinal: Bool) -> String {
        if phase == "Healthy" || isFinal && phase == "Degraded" || message.isEmpty { return phase }
        return "\(phase) - \(message)"
    }

    /// The exit code with which a watch ends; `nil` while it goes on.
    package var exitCode: Int32? {
        switch phase {
        case "Healthy": 0
        case "Degraded": 1
        default: nil
        }
    }

    /// What a watch waits for that only a person can do; `nil` where it goes on by itself.
    /// - Parameter program: How a person calls it: `kubectl argo rollouts`.
    package func hint(_ name: String, program: String, namespace: String) -> String? {
        guard phase == "Paused" else { return nil }
        let reason = message.isEmpty ? "" : " (\(message))"
        return
            "waiting: rollout '\(name)' is paused\(reason); go on with `\(program) promote \(name) -n \(namespace)`, "
            + "or end waiting with --timeout or Ctrl-C"
    }
}
