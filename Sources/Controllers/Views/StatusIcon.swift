/// The sign before a status, and its colour.
package enum StatusIcon: String, Hashable, Sendable {
    case ok = "✔"
    case bad = "✖"
    case warning = "⚠"
    case progressing = "◌"
    case waiting = "◷"
    case unknown = "?"
    case paused = "॥"
    case neutral = "•"

    package var color: TextStyle.Color? {
        switch self {
        case .ok: .green
        case .bad, .warning: .red
        case .progressing: .brightBlue
        case .waiting, .unknown: .yellow
        case .paused, .neutral: nil
        }
    }

    package static func rollout(_ phase: String) -> StatusIcon {
        switch phase {
        case "Healthy": .ok
        case "Degraded": .bad
        case "Paused": .paused
        case "Progressing": .progressing
        default: .unknown
        }
    }

    package static func replicaSet(_ status: String) -> StatusIcon {
        switch status {
        case "Healthy": .ok
        case "ReplicaFailure": .bad
        case "ScaledDown": .neutral
        case "Progressing": .progressing
        default: .unknown
        }
    }

    package static func pod(_ status: String) -> StatusIcon {
        if status.hasPrefix("Init:") {
            return status.hasSuffix("BackOff") || status.contains("Err") ? .warning : .progressing
        }
        return switch status {
        case "Pending", "Terminating", "ContainerCreating", "PodInitializing", "SchedulingGated": .progressing
        case "Running", "Completed", "Succeeded": .ok
        case "ImagePullBackOff", "ErrImagePull", "RegistryUnavailable": .warning
        case "Failed", "Error", "CrashLoopBackOff", "InvalidImageName", "OOMKilled", "Evicted",
            "CreateContainerConfigError",
            "CreateContainerError", "RunContainerError":
            .bad
        case "NotReady": .waiting
        default: status.hasPrefix("ExitCode:") || status.hasPrefix("Signal:") ? .bad : .unknown
        }
    }

    /// Of an AnalysisRun, an Experiment or a measurement.
    package static func analysis(_ phase: String) -> StatusIcon {
        switch phase {
        case "Successful": .ok
        case "Failed": .bad
        case "Error": .warning
        case "Running": .progressing
        case "Pending": .waiting
        default: .unknown
        }
    }

    /// The sign and a text, the sign coloured.
    package func styled(_ text: String) -> StyledText { StyledText(rawValue, color) + StyledText(" " + text) }
}
