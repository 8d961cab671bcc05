import Kubernetes
import Logging
import Manifest
import Notifications
import RolloutEngine

extension NotificationController {
    /// Reads the Rollout, sends what is due, and records it.
    func settle(
        _ cached: Rollout, _ pending: Set<String>, _ subscribed: Set<String>, _ scopes: [NotificationScope]
    ) async throws -> Duration? {
        let key = cached.key
        guard let live = try await api.get(.rollouts, key, subresource: nil), live.uid == cached.uid else { return nil }
        let before = NotificationRecord(annotations: live.annotations)
        var round = Round(record: before)
        let implied = Set(FactIdentity.implied(by: live))

        round.record.keepTriggers(subscribed)
        for trigger in subscribed.sorted() {
            let fact = fact(trigger, live)
            let isDue = pending.contains(trigger) || (implied.contains(trigger) && round.record.facts[trigger] != nil)
            guard isDue else {
                // Looked at for the first time: what happened before somebody subscribed is not news.
                if round.record.facts[trigger] == nil {
                    round.record.noteTold(implied.contains(trigger) ? fact : nil, of: trigger)
                }
                continue
            }
            guard !round.record.isTold(fact, of: trigger) else { continue }
            let context = try await context(of: live, &round)
            let plans = scopes.map { scope in
                DeliveryPlan.event(
                    trigger, fact: fact, context, scope, isRecorded: { round.record.isDelivered($0) })
            }
            for plan in plans { note(plan.problems, live) }
            let deliveries = plans.flatMap(\.deliveries)
            let isDone = await deliver(deliveries, &round) { id, round in round.record.noteDelivered(id) }
            if isDone {
                round.record.noteTold(fact, of: trigger, deliveries: deliveries.map(\.id))
            } else {
                round.open[trigger] = fact
            }
        }
        try await settleState(live, subscribed, scopes, &round)
        if round.record != before { try await write(round.record, live) }
        noteRecorded(key)
        keepOpen(round.open, for: key)
        putBack(Set(round.open.keys), for: key)
        return round.again
    }

    /// What one look at a Rollout has done so far.
    struct Round {
        var record: NotificationRecord
        /// Triggers of which someone is still to be told, with the names of their facts.
        var open: [String: String] = [:]
        /// When to try again.
        var again: Duration?
        /// Read once, and only if somebody is to be told.
        var context: NotificationContext?
    }

    private func context(of live: JSON, _ round: inout Round) async throws -> NotificationContext {
        if let known = round.context { return known }
        let context = try await context(of: live)
        round.context = context
        return context
    }

    private func settleState(
        _ live: JSON, _ subscribed: Set<String>, _ scopes: [NotificationScope], _ round: inout Round
    ) async throws {
        guard hasConditions(subscribed, scopes) else { return }
        let context = try await context(of: live, &round)
        let now = clock.now()
        var isDone = true
        for scope in scopes {
            var plan = DeliveryPlan.state(context, scope, edges: round.record.edges)
            note(plan.problems, live)
            let deliveries = plan.deliveries
            let isSent = await deliver(deliveries, &round) { id, _ in plan.noteDelivered(id, at: now) }
            round.record.edges = plan.edges
            isDone = isDone && isSent
        }
        if isDone { noteEvaluated(live.objectKey, live.resourceVersion) }
    }

    private func write(_ record: NotificationRecord, _ live: JSON) async throws {
        var annotations: [String: JSON] = [:]
        for (name, value) in record.annotations where live.annotations[name] != value {
            annotations[name] = value.map { .string($0) } ?? .null
        }
        guard !annotations.isEmpty else { return }
        let patch: JSON = ["metadata": ["uid": .string(live.uid), "annotations": .object(annotations)]]
        let written = try await api.patch(
            .rollouts, live.objectKey, .merge, patch, subresource: nil,
            WriteOptions(fieldManager: NotificationController.fieldManager))
        // The write itself is no news for conditions.
        noteEvaluated(live.objectKey, written.resourceVersion)
    }

    private func note(_ problems: [String], _ live: JSON) {
        for problem in problems {
            logger.warning(
                "notification left out", metadata: ["rollout": "\(live.objectKey)", "problem": "\(problem)"])
            recorder?.record(.warning, "NotificationInvalid", problem, regarding: ObjectEvent.Target(live))
        }
    }
}
