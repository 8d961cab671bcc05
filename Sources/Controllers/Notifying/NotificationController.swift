package import Kubernetes
package import Logging
package import Manifest
package import Notifications
package import RolloutEngine

/// Tells people what happens to Rollouts; works beside the reconcilers and never makes them wait.
///
/// Live events come through ``notify(_:_:in:)``, with the Rollout as it then was. What a crash between a status write and
/// its notification swallowed is found again by comparing the facts that a Rollout's state stands for with the record in
/// its annotations. Each Rollout has a line of deliveries to each service, and no line waits for another. A delivery is
/// recorded after it was made, so it may come twice with the same id, and never once it is recorded.
package final class NotificationController: Sendable {
    /// The manager of the two annotations.
    package static let fieldManager = "sluice-notifications"
    /// Events that wait; more are dropped and counted.
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
    let queue = Workqueue<ObjectKey>("Notifications")
    let lineQueue = Workqueue<DeliveryLine>("Deliveries")
    let state = Lock(State())

    struct State {
        var memories: [ObjectKey: NotificationMemory] = [:]
        var lines = DeliveryLines()
        /// Events that wait, of all Rollouts.
        var fired = 0
        var dropped = 0
        /// Failed tries by delivery.
        var failures: [String: Int] = [:]
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
            state.withLock { state in for key in state.memories.keys { state.memories[key]?.evaluated = nil } }
            for rollout in rollouts.store.all { queue.add(rollout.key, isPatient: true) }
        }
    }

    /// Works until cancelled; finishes the deliveries in hand.
    /// - Parameters:
    ///   - workers: Rollouts that are looked at at the same time.
    ///   - carriers: Deliveries under way at the same time.
    package func run(workers: Int = 16, carriers: Int = DeliveryGate.maxInFlight) async {
        let looks = ControllerLoop(queue, workers: workers, logger: logger) { [self] key in try await reconcile(key) }
        let lines = ControllerLoop(lineQueue, workers: carriers, logger: logger) { [self] line in await carry(line) }
        await withTaskCancellationHandler {
            await withTaskGroup { group in
                group.addTask { await looks.run() }
                group.addTask { await lines.run() }
            }
            await recordLast()
        } onCancel: {
            shutDown()
        }
    }

    /// Takes no more Rollouts; ``run(workers:carriers:)`` ends after the deliveries in hand.
    package func shutDown() {
        queue.shutDown()
        lineQueue.shutDown()
    }

    /// Writes down what the last deliveries left unrecorded, or the next process would make them again.
    private func recordLast() async {
        guard !Task.isCancelled else { return }
        let keys = state.withLock { $0.memories.filter { !$0.value.unrecorded.isEmpty }.map(\.key) }
        for key in keys {
            do {
                _ = try await reconcile(key)
            } catch {
                logger.warning(
                    "cannot record the last notifications", metadata: ["rollout": "\(key)", "error": "\(error)"])
            }
        }
    }

    private func enqueue(_ key: ObjectKey) {
        // Before the settings are read nothing is known to be unwanted; they enqueue all again.
        guard settings.isReady else { return }
        if settings.scopes(for: key.namespace).contains(where: { !$0.config.services.isEmpty }) { queue.add(key) }
    }

    private func forget(_ key: ObjectKey) {
        state.withLock { state in
            state.fired -= state.memories[key]?.fired.count ?? 0
            state.memories[key] = nil
        }
    }

    /// Looks at one Rollout: puts what is due in line, and records what was delivered.
    /// - Returns: `nil`: the next event is enough.
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
        guard !subscribed.isEmpty else {
            forget(key)
            return nil
        }
        var fired = takeFired(key).filter { subscribed.contains($0.trigger) }
        do {
            if !fired.isEmpty || mayOwe(rollout, facts, subscribed, scopes) {
                try await settle(rollout, &fired, subscribed, scopes)
            }
            change(key) { $0.hasLooked = true }
            return nil
        } catch {
            putBack(fired, for: key)
            throw error
        }
    }

    /// Whether the cached state leaves anything to tell or to record; makes no request.
    private func mayOwe(
        _ rollout: Rollout, _ facts: JSON, _ subscribed: Set<String>, _ scopes: [NotificationScope]
    ) -> Bool {
        let record = NotificationRecord(annotations: rollout.annotations)
        let implied = Set(FactIdentity.implied(by: facts))
        let memory = state.withLock { $0.memories[rollout.key] } ?? NotificationMemory()
        if !memory.unrecorded.isEmpty { return true }
        for trigger in subscribed {
            guard record.facts[trigger] != nil else { return true }
            guard implied.contains(trigger), memory.proves(trigger) else { continue }
            let fact = FactIdentity.of(trigger, facts)
            if !record.isTold(fact, of: trigger), !memory.isOpen(fact) { return true }
        }
        return hasConditions(subscribed, scopes) && memory.evaluated != rollout.resourceVersion
    }

    /// Whether anything is to be sent when a condition becomes true.
    func hasConditions(_ subscribed: Set<String>, _ scopes: [NotificationScope]) -> Bool {
        scopes.contains { scope in
            subscribed.contains { scope.config.triggers[$0]?.contains { $0.when != nil } ?? false }
        }
    }

    func memory(of key: ObjectKey) -> NotificationMemory { state.withLock { $0.memories[key] } ?? NotificationMemory() }

    func change(_ key: ObjectKey, _ body: (inout NotificationMemory) -> Void) {
        state.withLock { state in
            var memory = state.memories[key] ?? NotificationMemory()
            body(&memory)
            state.memories[key] = memory.isEmpty ? nil : memory
        }
    }
}
