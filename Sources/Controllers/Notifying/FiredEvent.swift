import Manifest
import Notifications

/// An event on its way to those who subscribed to it, with what the Rollout was when it fired.
struct FiredEvent: Sendable {
    var trigger: String
    /// What the Event says.
    var message: String
    /// The Rollout as the event's decision left it; `nil` where it wrote nothing, until it is read.
    var state: JSON?

    /// - Parameter stepIndex: Where the status stood after the event, if the decision went further.
    init(trigger: String, message: String, state: JSON?, stepIndex: Int?) {
        self.trigger = trigger
        self.message = message
        self.state = state
        if let stepIndex, state != nil { self.state?.set(JSON(stepIndex), at: "status", "currentStepIndex") }
    }

    /// The name of what happened; see ``FactIdentity``.
    func fact(in live: JSON) -> String {
        let name = FactIdentity.of(trigger, state ?? live)
        // Of one version of the object there may be several, which only their texts tell apart; so are runs that the status
        // no longer names.
        return FactIdentity.isLasting(trigger) && FactIdentity.isNamed(trigger, in: state ?? live)
            ? name : "\(name)\(message.utf8.count):\(message)"
    }
}
