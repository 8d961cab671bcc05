import Crypto
import Manifest
import RolloutEngine

extension Rollout {
    /// The fields that say which facts a Rollout stands for, as the API writes them; made from the cache.
    var notificationFacts: JSON {
        var status: JSON = [
            "abort": .bool(self.status.abort), "promoteFull": .bool(self.status.promoteFull),
            "currentPodHash": .string(self.status.currentPodHash),
            "currentStepHash": .string(self.status.currentStepHash), "stableRS": .string(self.status.stableRS),
            "pauseConditions": .array(
                self.status.pauseConditions.map {
                    ["reason": .string($0.reason), "startTime": .string($0.startTime.rfc3339)]
                }),
        ]
        if let time = self.status.abortedAt { status["abortedAt"] = .string(time.rfc3339) }
        if let duration = self.status.duration {
            status.set(.string(duration.completionStatus), at: "duration", "completionStatus")
            if let time = duration.rolloutStartedAt {
                status.set(.string(time.rfc3339), at: "duration", "rolloutStartedAt")
            }
        }
        if let index = self.status.currentStepIndex { status["currentStepIndex"] = JSON(index) }
        for (strategy, field, run) in [
            ("canary", "currentStepAnalysisRunStatus", self.status.stepAnalysis),
            ("canary", "currentBackgroundAnalysisRunStatus", self.status.backgroundAnalysis),
            ("blueGreen", "prePromotionAnalysisRunStatus", self.status.prePromotionAnalysis),
            ("blueGreen", "postPromotionAnalysisRunStatus", self.status.postPromotionAnalysis),
        ] {
            if let run { status.set(["name": .string(run.name), "status": .string(run.status)], at: strategy, field) }
        }
        return [
            "metadata": [
                "namespace": .string(key.namespace), "name": .string(key.name), "uid": .string(uid),
                "resourceVersion": .string(resourceVersion), "labels": JSON(labels), "annotations": JSON(annotations),
            ],
            "status": status,
        ]
    }
}

/// SHA-256 in hex.
func factHash(_ text: String) -> String {
    let digits = [UInt8]("0123456789abcdef".utf8)
    let bytes = SHA256.hash(data: [UInt8](text.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: bytes, as: UTF8.self)
}
