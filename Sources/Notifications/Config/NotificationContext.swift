package import Manifest

/// What triggers and templates see of a Rollout.
package struct NotificationContext: Sendable {
    /// With the template and selector of the workload that it refers to.
    package var rollout: JSON
    /// Runs of the current pods and revision, newest first.
    package var analysisRuns: [JSON]
    package var now: Timestamp

    package init(rollout: JSON, analysisRuns: [JSON] = [], now: Timestamp) {
        self.rollout = rollout
        self.analysisRuns = analysisRuns
        self.now = now
    }

    /// The variables of a trigger's conditions.
    var condition: JSON { ["rollout": rollout, "analysisRuns": .array(analysisRuns)] }

    /// The variables of a template; `time` is added when it is filled in.
    func template(
        _ subscription: Subscription, _ kind: NotificationService.Kind, deliveryID: String, secrets: [String: String]
    ) -> JSON {
        [
            "rollout": rollout, "analysisRuns": .array(analysisRuns), "recipient": .string(subscription.recipient),
            "serviceType": .string(kind.rawValue), "trigger": .string(subscription.trigger),
            "deliveryID": .string(deliveryID), "secrets": JSON(secrets),
        ]
    }
}
