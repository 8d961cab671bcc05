import Kubernetes
import Logging
import Manifest
import Notifications
import RolloutEngine

extension NotificationController {
    /// Reads the Rollout, puts in line what is due, and records what was delivered.
    /// - Parameter fired: Events that nobody has looked at; each gets the state that it is told with.
    func settle(
        _ cached: Rollout, _ fired: inout [FiredEvent], _ subscribed: Set<String>, _ scopes: [NotificationScope]
    ) async throws {
        let key = cached.key
        guard let live = try await api.get(.rollouts, key, subresource: nil), live.uid == cached.uid else { return }
        // Those of the state that was just read, in their order.
        fired += takeFired(key).filter { subscribed.contains($0.trigger) }
        for index in fired.indices where fired[index].state == nil { fired[index].state = live }
        let before = NotificationRecord(annotations: live.annotations)
        let memory = memory(of: key)
        var round = Round(live: live, scopes: scopes, record: before)
        memory.fold(into: &round.record)
        round.record.keepTriggers(subscribed)
        for event in fired {
            let fact = event.fact(in: live)
            let isOld = round.record.isTold(fact, of: event.trigger) && !memory.assumed.contains(fact)
            if !isOld { try await tell(event.trigger, fact, event.state ?? live, &round) }
        }
        let implied = Set(FactIdentity.implied(by: live))
        for trigger in subscribed.sorted() {
            let fact = FactIdentity.of(trigger, live)
            if round.record.facts[trigger] == nil {
                // Looked at for the first time: what happened before somebody subscribed is not news, unless its event
                // is among those that fire.
                let isNews = self.memory(of: key).isOpen(fact)
                let old = implied.contains(trigger) && !isNews ? fact : nil
                round.record.noteTold(old, of: trigger)
                if let old { change(key) { $0.assumed.insert(old) } }
            } else if implied.contains(trigger), memory.proves(trigger), !round.record.isTold(fact, of: trigger) {
                try await tell(trigger, fact, live, &round)
            }
        }
        try await settleState(subscribed, &round)
        if round.record != before { try await write(round.record, live) }
        change(key) { $0.noteRecorded(memory.unrecorded) }
    }

    /// What one look at a Rollout has done so far.
    struct Round {
        var live: JSON
        var scopes: [NotificationScope]
        var record: NotificationRecord
        /// By version; read only if somebody is to be told.
        var contexts: [String: NotificationContext] = [:]
    }

    private func context(of state: JSON, _ round: inout Round) async throws -> NotificationContext {
        // Several steps of one decision share the version, but not the index.
        let index = state.at("status", "currentStepIndex")?.description ?? ""
        let name = "\(state.resourceVersion) \(index)"
        if let known = round.contexts[name] { return known }
        let context = try await NotificationContext.read(state, api, now: clock.now())
        round.contexts[name] = context
        return context
    }

    /// Puts the messages of one fact in line.
    private func tell(_ trigger: String, _ fact: String, _ state: JSON, _ round: inout Round) async throws {
        let key = round.live.objectKey
        guard !memory(of: key).isOpen(fact) else { return }
        let context = try await context(of: state, &round)
        let record = round.record
        let plans = round.scopes.map { scope in
            DeliveryPlan.event(trigger, fact: fact, context, scope, isRecorded: { record.isDelivered($0) })
        }
        for plan in plans { note(plan.problems, round.live) }
        let deliveries = plans.flatMap(\.deliveries)
        change(key) { $0.assumed.remove(fact) }
        guard !deliveries.isEmpty else { return round.record.noteTold(fact, of: trigger) }
        change(key) {
            $0.noteOpen(
                NotificationMemory.OpenFact(trigger: trigger, name: fact, deliveries: deliveries.map(\.id)))
        }
        queueUp(deliveries)
    }

    private func settleState(_ subscribed: Set<String>, _ round: inout Round) async throws {
        guard hasConditions(subscribed, round.scopes) else { return }
        let live = round.live
        let key = live.objectKey
        let context = try await context(of: live, &round)
        let now = clock.now()
        for scope in round.scopes {
            let underWay = memory(of: key).edges
            let known = round.record.edges.merging(underWay.mapValues { _ in now.seconds }) { recorded, _ in recorded }
            let plan = DeliveryPlan.state(context, scope, edges: known)
            note(plan.problems, live)
            // What fell is armed again, also where the message about it is still under way.
            round.record.edges = round.record.edges.filter { plan.edges[$0.key] != nil }
            change(key) { memory in
                memory.edges = memory.edges.filter { plan.edges[$0.key] != nil }
                for delivery in plan.deliveries {
                    if let edge = plan.edgeOfDelivery[delivery.id] { memory.edges[edge] = delivery.id }
                }
            }
            queueUp(plan.deliveries)
        }
        change(key) { $0.evaluated = live.resourceVersion }
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
        change(live.objectKey) { $0.evaluated = written.resourceVersion }
    }

    private func note(_ problems: [String], _ live: JSON) {
        for problem in problems {
            logger.warning(
                "notification left out", metadata: ["rollout": "\(live.objectKey)", "problem": "\(problem)"])
            recorder?.record(.warning, "NotificationInvalid", problem, regarding: ObjectEvent.Target(live))
        }
    }
}
