import Kubernetes
import Logging
import Manifest
import Notifications
import RolloutEngine

extension NotificationController {
    /// Reads the Rollout, sends what is due, and records it.
    func settle(
        _ cached: Rollout, _ pending: Set<String>, _ subscribed: Set<String>, _ config: NotificationConfig
    ) async throws -> Duration? {
        let key = cached.key
        guard let live = try await api.get(.rollouts, key, subresource: nil), live.uid == cached.uid else { return nil }
        let before = NotificationRecord(annotations: live.annotations)
        var round = Round(record: before)
        let implied = Set(FactIdentity.implied(by: live))
        var runs: [JSON]?

        round.record.keepTriggers(subscribed)
        for trigger in subscribed.sorted() {
            let fact = FactIdentity.of(trigger, live)
            let isDue = pending.contains(trigger) || (implied.contains(trigger) && round.record.facts[trigger] != nil)
            guard isDue else {
                // Looked at for the first time: what happened before somebody subscribed is not news.
                if round.record.facts[trigger] == nil {
                    round.record.noteTold(implied.contains(trigger) ? fact : nil, of: trigger)
                }
                continue
            }
            guard !round.record.isTold(fact, of: trigger) else { continue }
            if runs == nil { runs = try await analysisRuns(of: live) }
            let plan = DeliveryPlan.event(
                trigger, fact: fact, rollout: live, analysisRuns: runs ?? [], config,
                isRecorded: { round.record.isDelivered($0) },
                when: isTrue)
            note(plan.problems, live)
            let isDone = await deliver(plan.deliveries, &round) { id, round in round.record.noteDelivered(id) }
            if isDone {
                round.record.noteTold(fact, of: trigger, deliveries: plan.deliveries.map(\.id))
            } else {
                round.open.insert(trigger)
            }
        }
        try await settleState(live, subscribed, config, &runs, &round)
        if round.record != before { try await write(round.record, live) }
        noteRecorded(key)
        putBack(round.open, for: key)
        return round.again
    }

    /// What one look at a Rollout has done so far.
    struct Round {
        var record: NotificationRecord
        /// Triggers of which someone is still to be told.
        var open: Set<String> = []
        /// When to try again.
        var again: Duration?
    }

    private func settleState(
        _ live: JSON, _ subscribed: Set<String>, _ config: NotificationConfig, _ runs: inout [JSON]?,
        _ round: inout Round
    ) async throws {
        guard subscribed.contains(where: { config.triggers[$0]?.contains { $0.when != nil } ?? false }) else { return }
        if runs == nil { runs = try await analysisRuns(of: live) }
        var plan = DeliveryPlan.state(
            rollout: live, analysisRuns: runs ?? [], config, edges: round.record.edges, now: clock.now(), when: isTrue)
        note(plan.problems, live)
        let now = clock.now()
        let isDone = await deliver(plan.deliveries, &round) { id, _ in plan.noteDelivered(id, at: now) }
        round.record.edges = plan.edges
        if isDone { noteEvaluated(live.objectKey, live.resourceVersion) }
    }

    /// Hands deliveries over, one after the other.
    /// - Returns: Whether none is left to try again.
    private func deliver(
        _ deliveries: [Delivery], _ round: inout Round, delivered: (String, inout Round) -> Void
    ) async -> Bool {
        var isDone = true
        for delivery in deliveries {
            guard !wasSent(delivery.id, of: delivery.object) else {
                delivered(delivery.id, &round)
                continue
            }
            do throws(DeliveryError) {
                try await courier.deliver(delivery)
                noteSent(delivery.id, of: delivery.object)
                forgetFailures(of: delivery.id)
                delivered(delivery.id, &round)
                count("notification_send_success", delivery)
                logger.info(
                    "notification delivered",
                    metadata: [
                        "rollout": "\(delivery.object)", "trigger": "\(delivery.trigger)",
                        "service": "\(delivery.service)", "delivery": "\(delivery.id)",
                    ])
            } catch {
                count("notification_send_error", delivery)
                let failures = noteFailure(of: delivery.id)
                let delay = backoff.delay(after: failures, of: delivery.id, error)
                logger.warning(
                    delay == nil ? "notification given up" : "notification failed",
                    metadata: [
                        "rollout": "\(delivery.object)", "trigger": "\(delivery.trigger)", "delivery": "\(delivery.id)",
                        "tries": "\(failures)",
                        "error": "\(error)",
                    ])
                if let delay {
                    round.again = min(round.again ?? delay, delay)
                    isDone = false
                } else {
                    // Recorded as if it had arrived, or the next start would begin anew.
                    forgetFailures(of: delivery.id)
                    delivered(delivery.id, &round)
                    recorder?.record(
                        .warning, "NotificationFailed",
                        "\(error) (trigger \(delivery.trigger), given up after \(failures) tries)",
                        regarding: ObjectEvent.Target(
                            apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", key: delivery.object))
                }
            }
        }
        return isDone
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

    private func count(_ metric: String, _ delivery: Delivery) {
        metrics?.increment(
            metric, of: delivery.object, [("type", delivery.service), ("reason", delivery.trigger)])
    }

    /// The runs of the Rollout's current hash, newest first; at most 20.
    private func analysisRuns(of live: JSON) async throws -> [JSON] {
        guard let hash = live.at("status", "currentPodHash")?.stringValue, !hash.isEmpty else { return [] }
        let resource = Resource(group: "argoproj.io", version: "v1alpha1", plural: "analysisruns", kind: "AnalysisRun")
        let found = Lock<[JSON]>([])
        let options = ListOptions(
            namespace: live.objectKey.namespace, labelSelector: "rollouts-pod-template-hash=\(hash)")
        do throws(KubernetesError) {
            _ = try await api.list(resource, options) { bytes in
                let run = try JSON(parsing: bytes)
                let owners = run.at("metadata", "ownerReferences")?.arrayValue ?? []
                guard owners.contains(where: { $0["uid"]?.stringValue == live.uid }) else { return }
                found.withLock { $0.append(run) }
            }
        } catch {
            guard error.isNotFound else { throw error }
            return []
        }
        func created(_ run: JSON) -> String { run.at("metadata", "creationTimestamp")?.stringValue ?? "" }
        return Array(
            found.withLock { $0 }.sorted { (created($0), $0.objectKey.name) > (created($1), $1.objectKey.name) }.prefix(
                20))
    }
}
