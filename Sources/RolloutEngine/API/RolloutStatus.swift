package import Manifest

/// `status` of a Rollout.
package struct RolloutStatus: Hashable, Sendable {
    package struct PauseCondition: Hashable, Sendable {
        package var reason: String
        package var startTime: Timestamp

        package init(reason: String, startTime: Timestamp) { (self.reason, self.startTime) = (reason, startTime) }
    }

    package struct AnalysisRunStatus: Hashable, Sendable {
        package var name: String
        package var status: String
        package var message: String

        package init(name: String, status: String, message: String = "") {
            (self.name, self.status, self.message) = (name, status, message)
        }
    }

    package var abort = false
    package var abortedAt: Timestamp?
    package var pauseConditions: [PauseCondition] = []
    package var controllerPause = false
    package var currentPodHash = ""
    package var currentStepHash = ""
    package var currentStepIndex: Int?
    package var replicas = 0
    package var updatedReplicas = 0
    package var readyReplicas = 0
    package var availableReplicas = 0
    package var hpaReplicas = 0
    package var selector = ""
    package var collisionCount: Int?
    package var observedGeneration = ""
    package var conditions: [RolloutCondition] = []
    package var phase = ""
    package var message = ""
    package var stableRS = ""
    package var promoteFull = false
    package var stepAnalysis: AnalysisRunStatus?
    package var backgroundAnalysis: AnalysisRunStatus?
    package var weights: TrafficWeights?
    /// `canary.stablePingPong`: `ping` or `pong`; empty counts as pong.
    package var stablePingPong = ""
    /// `blueGreen.previewSelector`: the hash that the preview Service selects.
    package var previewSelector = ""
    /// `blueGreen.activeSelector`: the hash that the active Service selects.
    package var activeSelector = ""
    /// `blueGreen.scaleUpPreviewCheckPoint`.
    package var scaleUpPreviewCheckPoint = false
    package var prePromotionAnalysis: AnalysisRunStatus?
    package var postPromotionAnalysis: AnalysisRunStatus?
    package var restartedAt: Timestamp?
    package var workloadObservedGeneration = ""
    package var duration: RolloutDuration?

    package init() {}

    package func condition(_ type: RolloutCondition.Kind) -> RolloutCondition? {
        conditions.first { $0.type == type.rawValue }
    }

    /// `stableRS` equals the current hash, also while both are empty.
    package var isFullyPromoted: Bool { stableRS == currentPodHash }

    func hasPause(_ reason: String) -> Bool { pauseConditions.contains { $0.reason == reason } }
}

/// `status.canary.weights`: what the router was last told.
package struct TrafficWeights: Hashable, Sendable {
    package struct Destination: Hashable, Sendable {
        package var weight: Int
        package var serviceName: String
        package var podTemplateHash: String

        package init(weight: Int, serviceName: String, podTemplateHash: String) {
            (self.weight, self.serviceName, self.podTemplateHash) = (weight, serviceName, podTemplateHash)
        }
    }

    package var canary: Destination
    package var stable: Destination
    /// `nil` where the router cannot tell.
    package var verified: Bool?

    package init(canary: Destination, stable: Destination, verified: Bool? = nil) {
        (self.canary, self.stable, self.verified) = (canary, stable, verified)
    }
}

/// One entry of `status.conditions`.
package struct RolloutCondition: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case invalidSpec = "InvalidSpec"
        case available = "Available"
        case progressing = "Progressing"
        case paused = "Paused"
        case completed = "Completed"
        case healthy = "Healthy"
        case replicaFailure = "ReplicaFailure"
    }

    package var type: String
    package var status: String
    package var reason: String
    package var message: String
    package var lastUpdateTime: Timestamp
    package var lastTransitionTime: Timestamp

    package init(
        type: String, status: String, reason: String, message: String, lastUpdateTime: Timestamp,
        lastTransitionTime: Timestamp
    ) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.lastUpdateTime = lastUpdateTime
        self.lastTransitionTime = lastTransitionTime
    }
}

/// `status.duration`: how long the update took, and how much of it people paused.
package struct RolloutDuration: Hashable, Sendable {
    package var rolloutStartedAt: Timestamp?
    package var manualPauseStartedAt: Timestamp?
    /// `nil` where nobody paused it; a pause of less than a second counts as 0.
    package var totalManualPauseDurationSeconds: Int64?
    package var finishedAt: Timestamp?
    package var completionStatus = ""

    package init(rolloutStartedAt: Timestamp? = nil) { self.rolloutStartedAt = rolloutStartedAt }
}
