import Kubernetes
import Logging
package import Manifest
import Notifications

extension NotificationController {
    /// Puts deliveries in their lines.
    func queueUp(_ deliveries: [Delivery]) {
        for delivery in deliveries {
            if let dropped = state.withLock({ $0.lines.add(delivery) }) { drop(dropped) }
            lineQueue.add(DeliveryLine(delivery))
        }
    }

    /// Lines in which something waits, of one Rollout.
    package func lines(of key: ObjectKey) -> [DeliveryLine] { state.withLock { $0.lines.all(of: key) } }

    /// Hands the deliveries of one line over, one after the other, as far as they are due.
    /// - Returns: When to go on; `nil` when none is left.
    package func carry(_ line: DeliveryLine) async -> Duration? {
        while !Task.isCancelled, !lineQueue.isShutDown {
            let delivery: Delivery
            switch state.withLock({ $0.lines.next(line, at: .now) }) {
            case .nothing: return nil
            case .wait(let due): return max(.zero, due - .now)
            case .deliver(let next): delivery = next
            }
            switch await attempt(delivery, line) {
            case .done: finish(delivery)
            case .again(let delay):
                state.withLock { $0.lines.postpone(delivery.id, in: line, until: .now + delay) }
            case .closed(let delay):
                state.withLock { $0.lines.postpone(delivery.id, in: line, until: .now) }
                return delay
            }
        }
        return nil
    }

    /// Takes a delivery off its line, and has it recorded.
    private func finish(_ delivery: Delivery) {
        let now = clock.now()
        let isAwaited = state.withLock { state in
            state.lines.remove(delivery.id, from: DeliveryLine(delivery))
            state.failures[delivery.id] = nil
            return state.memories[delivery.object]?.noteMade(delivery.id, at: now) ?? false
        }
        if isAwaited { queue.add(delivery.object) }
    }

    /// A message had to go for a newer one; recorded as if it had arrived, or it would come back.
    private func drop(_ delivery: Delivery) {
        state.withLock { $0.dropped += 1 }
        metrics?.increment("sluice_notifications_dropped_total", [("reason", "line")])
        logger.warning(
            "notification dropped: too many messages wait for the service",
            metadata: [
                "rollout": "\(delivery.object)", "trigger": "\(delivery.trigger)", "service": "\(delivery.service)",
                "delivery": "\(delivery.id)",
            ])
        finish(delivery)
    }

    private enum Outcome: Sendable {
        /// Delivered, or given up for good.
        case done
        case again(Duration)
        /// The service takes none for now.
        case closed(Duration)
    }

    private func attempt(_ delivery: Delivery, _ line: DeliveryLine) async -> Outcome {
        if case .wait(let delay) = gate.enter(line.gate) {
            // Spread, so that not all that wait come back at once.
            let spread = delivery.id.utf8.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) } % 4_000
            return .closed(delay + .milliseconds(Int(spread)))
        }
        let start = ContinuousClock.now
        do throws(DeliveryError) {
            try await courier.deliver(delivery)
            gate.leave(line.gate, isTimeout: false)
            measure(delivery, since: start)
            count("notification_send_success", delivery)
            logger.info(
                "notification delivered",
                metadata: [
                    "rollout": "\(delivery.object)", "trigger": "\(delivery.trigger)",
                    "service": "\(delivery.service)", "delivery": "\(delivery.id)",
                ])
            return .done
        } catch {
            gate.leave(line.gate, isTimeout: error.isTimeout)
            measure(delivery, since: start)
            return failed(delivery, error)
        }
    }

    private func failed(_ delivery: Delivery, _ error: DeliveryError) -> Outcome {
        count("notification_send_error", delivery)
        let failures = noteFailure(of: delivery.id)
        let delay = backoff.delay(after: failures, of: delivery.id, error)
        let why = settings.redacted(error.description, of: delivery.namespace)
        logger.warning(
            delay == nil ? "notification given up" : "notification failed",
            metadata: [
                "rollout": "\(delivery.object)", "trigger": "\(delivery.trigger)", "delivery": "\(delivery.id)",
                "tries": "\(failures)", "error": "\(why)",
            ])
        if let delay { return .again(delay) }
        // Recorded as if it had arrived, or the next start would begin anew.
        recorder?.record(
            .warning, "NotificationFailed",
            "\(why) (trigger \(delivery.trigger), given up after \(failures) tries)",
            regarding: ObjectEvent.Target(apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", key: delivery.object))
        return .done
    }

    /// Counts a failed try.
    private func noteFailure(of id: String) -> Int {
        state.withLock { state in
            // Bounded: a restart forgets the counts as well.
            if state.failures.count > NotificationController.maxPending { state.failures = [:] }
            state.failures[id, default: 0] += 1
            return state.failures[id] ?? 1
        }
    }

    private func count(_ metric: String, _ delivery: Delivery) {
        metrics?.increment(
            metric, of: delivery.object, [("type", delivery.service), ("reason", delivery.trigger)])
    }

    private func measure(_ delivery: Delivery, since start: ContinuousClock.Instant) {
        metrics?.observe(
            "notification_send", of: delivery.object, (ContinuousClock.now - start).inSeconds)
    }
}
