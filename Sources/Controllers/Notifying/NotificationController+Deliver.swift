import Kubernetes
import Logging
import Manifest
import Notifications

extension NotificationController {
    /// Hands deliveries over: to one service one after the other, to different services at the same time.
    /// - Returns: Whether none is left to try again.
    func deliver(
        _ deliveries: [Delivery], _ round: inout Round, delivered: (String, inout Round) -> Void
    ) async -> Bool {
        let services = Dictionary(grouping: deliveries) { DeliveryTarget($0) }
        let outcomes = await withTaskGroup(of: [(String, Outcome)].self) { group in
            for deliveries in services.values {
                group.addTask {
                    var outcomes: [(String, Outcome)] = []
                    for delivery in deliveries { outcomes.append((delivery.id, await self.attempt(delivery))) }
                    return outcomes
                }
            }
            var outcomes: [(String, Outcome)] = []
            for await some in group { outcomes += some }
            return outcomes
        }
        var isDone = true
        for (id, outcome) in outcomes {
            switch outcome {
            case .done: delivered(id, &round)
            case .again(let delay):
                round.again = min(round.again ?? delay, delay)
                isDone = false
            }
        }
        return isDone
    }

    private enum Outcome: Sendable {
        /// Delivered, or given up for good.
        case done
        case again(Duration)
    }

    private func attempt(_ delivery: Delivery) async -> Outcome {
        guard !wasSent(delivery.id, of: delivery.object) else { return .done }
        let service = DeliveryTarget(delivery).description
        if case .wait(let delay) = gate.enter(service) {
            // Spread, so that not all that wait come back at once.
            let spread = delivery.id.utf8.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) } % 4_000
            return .again(delay + .milliseconds(Int(spread)))
        }
        let start = ContinuousClock.now
        do throws(DeliveryError) {
            try await courier.deliver(delivery)
            gate.leave(service, isTimeout: false)
            measure(delivery, since: start)
            noteSent(delivery.id, of: delivery.object)
            forgetFailures(of: delivery.id)
            count("notification_send_success", delivery)
            logger.info(
                "notification delivered",
                metadata: [
                    "rollout": "\(delivery.object)", "trigger": "\(delivery.trigger)",
                    "service": "\(delivery.service)", "delivery": "\(delivery.id)",
                ])
            return .done
        } catch {
            gate.leave(service, isTimeout: error.isTimeout)
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
        forgetFailures(of: delivery.id)
        recorder?.record(
            .warning, "NotificationFailed",
            "\(why) (trigger \(delivery.trigger), given up after \(failures) tries)",
            regarding: ObjectEvent.Target(apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", key: delivery.object))
        return .done
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

/// A service, as the gate tells it from others.
private struct DeliveryTarget: Hashable, CustomStringConvertible {
    var namespace: String?
    var service: String

    init(_ delivery: Delivery) {
        namespace = delivery.namespace
        service = delivery.service
    }

    var description: String { "\(namespace ?? "")/\(service)" }
}
