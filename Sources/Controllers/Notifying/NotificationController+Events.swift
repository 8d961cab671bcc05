import Kubernetes
import Logging
package import Manifest
import Notifications
package import RolloutEngine

extension NotificationController {
    /// Takes an event note; returns at once, and drops it when ten thousand wait already.
    /// - Parameter written: The Rollout as the event's decision left it; `nil` where it wrote nothing.
    package func notify(_ rollout: Rollout, _ event: RolloutEvent, in written: JSON? = nil) {
        let trigger = Subscription.trigger(ofReason: event.reason)
        let isAnnotated = rollout.annotations.keys.contains { $0.hasPrefix(Subscription.prefix) }
        let isWanted = settings.scopes(for: rollout.key.namespace).contains { scope in
            scope.config.triggers[trigger] != nil && (isAnnotated || !scope.config.subscriptions.isEmpty)
        }
        guard !settings.isReady || isWanted else { return }
        // Until the settings are there nobody knows whether it is wanted, and whole Rollouts are much to keep for that.
        let fired = FiredEvent(
            trigger: trigger, message: event.message, state: settings.isReady ? written : nil,
            stepIndex: event.stepIndex)
        let lost = state.withLock { state -> String? in
            guard state.fired < NotificationController.maxPending else {
                state.dropped += 1
                return trigger
            }
            var memory = state.memories[rollout.key] ?? NotificationMemory()
            let oldest = memory.note(fired)
            state.memories[rollout.key] = memory
            if oldest == nil { state.fired += 1 } else { state.dropped += 1 }
            return oldest?.trigger
        }
        if let lost {
            metrics?.increment("sluice_notifications_dropped_total", [("reason", "events")])
            logger.warning(
                "notification dropped: too many events wait",
                metadata: ["rollout": "\(rollout.key)", "trigger": "\(lost)"])
        }
        queue.add(rollout.key)
    }

    /// Events and messages that were dropped because too many waited.
    package var dropped: Int { state.withLock { $0.dropped } }

    func takeFired(_ key: ObjectKey) -> [FiredEvent] {
        state.withLock { state in
            guard var memory = state.memories[key] else { return [] }
            let fired = memory.fired
            memory.fired = []
            state.fired -= fired.count
            state.memories[key] = memory.isEmpty ? nil : memory
            return fired
        }
    }

    func putBack(_ fired: [FiredEvent], for key: ObjectKey) {
        guard !fired.isEmpty else { return }
        state.withLock { state in
            state.memories[key, default: NotificationMemory()].fired.insert(contentsOf: fired, at: 0)
            state.fired += fired.count
        }
    }
}
