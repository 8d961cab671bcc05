package import Kubernetes
package import Logging
package import Manifest
package import Notifications
package import RolloutEngine

/// Tells people what happens to Rollouts; works beside the reconcilers and never makes them wait.
///
/// Live events come through ``notify(_:_:)``. What a crash between a status write and its notification swallowed is found
/// again by comparing the facts that a Rollout's state stands for with the record in its annotations. A delivery is
/// recorded after it was made, so it may come twice with the same id, and never once it is recorded.
package final class NotificationController: Sendable {
    /// The manager of the two annotations.
    package static let fieldManager = "sluice-notifications"
    /// Keys whose events wait; more are dropped and counted.
    static let maxPending = 10_000

    let api: any KubernetesAPI
    let rollouts: Informer<Rollout>
    let settings: NotificationSettings
    let courier: any Courier
    let recorder: EventRecorder?
    let metrics: MetricsRegistry?
    let clock: any WallClock
    let logger: Logger
    let backoff: DeliveryBackoff
    let gate = DeliveryGate()
    private let queue = Workqueue<ObjectKey>("Notifications")
    private let state = Lock(State())

    private struct State {
        /// Triggers of live events, by Rollout.
        var pending: [ObjectKey: Set<String>] = [:]
        var dropped = 0
        /// The version for which conditions were evaluated last.
        var evaluated: [ObjectKey: String] = [:]
        /// Failed tries by delivery.
        var failures: [String: Int] = [:]
        /// Names of facts that the next version of the object would name otherwise, while someone is still to be told.
        var open: [ObjectKey: [String: String]] = [:]
        /// Deliveries that were made and whose record is not written yet.
        var unrecorded: [ObjectKey: Set<String>] = [:]
    }

    package init(
        api: any KubernetesAPI, rollouts: Informer<Rollout>, settings: NotificationSettings, courier: any Courier,
        recorder: EventRecorder? = nil, metrics: MetricsRegistry? = nil, backoff: DeliveryBackoff = DeliveryBackoff(),
        clock: any WallClock = SystemClock(), logger: Logger
    ) {
        self.api = api
        self.rollouts = rollouts
        self.settings = settings
        self.courier = courier
        self.recorder = recorder
        self.metrics = metrics
        self.backoff = backoff
        self.clock = clock
        var logger = logger
        logger[metadataKey: "controller"] = "Notifications"
        self.logger = logger
    }

    /// Watches Rollouts for facts; call before their informer runs.
    package func register() {
        rollouts.onChange { [weak self] key, _, new in
            if new == nil { self?.forget(key) } else { self?.enqueue(key) }
        }
        settings.onChange { [weak self] in
            guard let self else { return }
            state.withLock { $0.evaluated = [:] }
            for rollout in rollouts.store.all { queue.add(rollout.key, isPatient: true) }
        }
    }

    /// Takes an event note; returns at once, and drops it when ten thousand Rollouts wait already.
    package func notify(_ rollout: Rollout, _ event: RolloutEvent) {
        let trigger = Subscription.trigger(ofReason: event.reason)
        let isKnown = settings.scopes(for: rollout.key.namespace).contains { $0.config.triggers[trigger] != nil }
        guard !settings.isReady || isKnown else { return }
        let isTaken = state.withLock { state in
            guard state.pending[rollout.key] != nil || state.pending.count < NotificationController.maxPending else {
                state.dropped += 1
                return false
            }
            state.pending[rollout.key, default: []].insert(trigger)
            return true
        }
        if isTaken { queue.add(rollout.key) }
    }

    /// Events that were dropped because too many waited.
    package var dropped: Int { state.withLock { $0.dropped } }

    /// Works until cancelled; finishes the deliveries in hand.
    package func run(workers: Int = 16) async {
        let loop = ControllerLoop(queue, workers: workers, logger: logger) { [self] key in try await reconcile(key) }
        await withTaskCancellationHandler {
            await loop.run()
        } onCancel: {
            queue.shutDown()
        }
    }

    /// Takes no more Rollouts; ``run(workers:)`` ends after the deliveries in hand.
    package func shutDown() { queue.shutDown() }

    private func enqueue(_ key: ObjectKey) {
        // Before the settings are read nothing is known to be unwanted; they enqueue all again.
        guard settings.isReady else { return }
        if settings.scopes(for: key.namespace).contains(where: { !$0.config.services.isEmpty }) { queue.add(key) }
    }

    private func forget(_ key: ObjectKey) {
        state.withLock { state in
            state.pending[key] = nil
            state.evaluated[key] = nil
            state.open[key] = nil
            state.unrecorded[key] = nil
        }
    }

    /// Sends what is due for one Rollout.
    /// - Returns: When to try failed deliveries again.
    package func reconcile(_ key: ObjectKey) async throws -> Duration? {
        guard settings.isReady else { return nil }
        guard let rollout = rollouts.store.get(key) else {
            forget(key)
            return nil
        }
        let scopes = settings.scopes(for: key.namespace)
        let facts = rollout.notificationFacts
        var subscribed = Set<String>()
        for scope in scopes {
            let triggers = Subscription.all(of: facts, scope.config).subscriptions.map(\.trigger)
            subscribed.formUnion(triggers.filter { scope.config.triggers[$0] != nil })
        }
        let pending = state.withLock { $0.pending.removeValue(forKey: key) ?? [] }.intersection(subscribed)
        guard !subscribed.isEmpty else { return nil }
        do {
            guard pending.isEmpty, !mayOwe(rollout, facts, subscribed, scopes) else {
                return try await settle(rollout, pending, subscribed, scopes)
            }
            return nil
        } catch {
            putBack(pending, for: key)
            throw error
        }
    }

    /// Whether the cached state leaves anything to tell or to record; makes no request.
    private func mayOwe(
        _ rollout: Rollout, _ facts: JSON, _ subscribed: Set<String>, _ scopes: [NotificationScope]
    ) -> Bool {
        let record = NotificationRecord(annotations: rollout.annotations)
        let implied = Set(FactIdentity.implied(by: facts))
        for trigger in subscribed {
            guard record.facts[trigger] != nil else { return true }
            if implied.contains(trigger), !record.isTold(FactIdentity.of(trigger, facts), of: trigger) { return true }
        }
        return hasConditions(subscribed, scopes)
            && state.withLock { $0.evaluated[rollout.key] != rollout.resourceVersion }
    }

    /// Whether anything is to be sent when a condition becomes true.
    func hasConditions(_ subscribed: Set<String>, _ scopes: [NotificationScope]) -> Bool {
        scopes.contains { scope in
            subscribed.contains { scope.config.triggers[$0]?.contains { $0.when != nil } ?? false }
        }
    }

    func putBack(_ triggers: Set<String>, for key: ObjectKey) {
        guard !triggers.isEmpty else { return }
        state.withLock { $0.pending[key, default: []].formUnion(triggers) }
    }

    /// The name of a fact, the same at each try.
    func fact(_ trigger: String, _ live: JSON) -> String {
        let known = state.withLock { $0.open[live.objectKey]?[trigger] }
        return known ?? FactIdentity.of(trigger, live)
    }

    /// Keeps names of facts for the next try, and forgets all others.
    func keepOpen(_ facts: [String: String], for key: ObjectKey) {
        let momentary = facts.filter { !FactIdentity.isLasting($0.key) }
        state.withLock { $0.open[key] = momentary.isEmpty ? nil : momentary }
    }

    func noteEvaluated(_ key: ObjectKey, _ version: String) { state.withLock { $0.evaluated[key] = version } }

    /// Counts a failed try.
    func noteFailure(of id: String) -> Int {
        state.withLock { state in
            // Bounded: a restart forgets the counts as well.
            if state.failures.count > NotificationController.maxPending { state.failures = [:] }
            state.failures[id, default: 0] += 1
            return state.failures[id] ?? 1
        }
    }

    /// Remembers a delivery until its record is written, or a failed write would send it again.
    func noteSent(_ id: String, of key: ObjectKey) { state.withLock { _ = $0.unrecorded[key, default: []].insert(id) } }
    func wasSent(_ id: String, of key: ObjectKey) -> Bool {
        state.withLock { $0.unrecorded[key]?.contains(id) ?? false }
    }
    func noteRecorded(_ key: ObjectKey) { state.withLock { $0.unrecorded[key] = nil } }

    func forgetFailures(of id: String) { state.withLock { _ = $0.failures.removeValue(forKey: id) } }
}
