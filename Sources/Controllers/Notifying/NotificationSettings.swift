package import Kubernetes
package import Logging
import Manifest
package import Notifications

/// Keeps the notification configuration equal to its ConfigMap and Secret: the controller's own, and with self-service those
/// of the same names in each namespace.
package final class NotificationSettings: Sendable {
    package static let configMapName = "argo-rollouts-notification-configmap"
    package static let secretName = "argo-rollouts-notification-secret"

    private let namespace: String
    private let own: NotificationObjects
    /// Those of all namespaces that are watched; `nil` without self-service.
    private let others: NotificationObjects?
    private let recorder: EventRecorder?
    private let logger: Logger
    private let current = Lock<State?>(nil)
    private let listeners = Lock<[@Sendable () -> Void]>([])

    private struct State {
        var config: NotificationConfig
        /// Self-service settings by namespace, with the versions that they were read from.
        var namespaces: [String: (version: String, config: NotificationConfig)] = [:]
    }

    /// - Parameters:
    ///   - namespace: Where the controller's own two objects stand.
    ///   - selfService: Whether those in the namespaces of Rollouts count, too.
    ///   - watched: The only namespace of Rollouts; `nil` is all.
    package init(
        _ api: any KubernetesAPI, namespace: String, selfService: Bool = false, watched: String? = nil,
        recorder: EventRecorder? = nil, logger: Logger
    ) {
        self.namespace = namespace
        own = NotificationObjects(api, namespace: namespace, logger: logger)
        others = selfService ? NotificationObjects(api, namespace: watched, logger: logger) : nil
        self.recorder = recorder
        self.logger = logger
    }

    /// The controller's own configuration as it is now.
    package var config: NotificationConfig { current.withLock { $0?.config } ?? NotificationConfig() }

    /// The configurations that count for Rollouts of a namespace: the controller's own, then the namespace's.
    package func scopes(for namespace: String) -> [NotificationScope] {
        current.withLock { state in
            guard let state else { return [] }
            let own = NotificationScope(state.config)
            guard let config = state.namespaces[namespace]?.config else { return [own] }
            return [own, NotificationScope(namespace: namespace, config)]
        }
    }

    /// The service that a delivery goes to, as it is configured now.
    package func service(of delivery: Delivery) -> NotificationService? {
        config(of: delivery.namespace)?.services[delivery.service]
    }

    /// A text for people, in which nothing of the settings' Secret stands.
    func redacted(_ text: String, of namespace: String?) -> String { config(of: namespace)?.redacted(text) ?? text }

    private func config(of namespace: String?) -> NotificationConfig? {
        current.withLock { state in
            guard let namespace else { return state?.config }
            return state?.namespaces[namespace]?.config
        }
    }

    /// Whether all objects were read once.
    package var isReady: Bool { current.withLock { $0 } != nil }

    /// Adds a listener for changes, which must not block.
    ///
    /// Register before ``run()``.
    package func onChange(_ listener: @escaping @Sendable () -> Void) { listeners.withLock { $0.append(listener) } }

    /// Watches the objects until cancelled.
    package func run() async {
        let all = [own, others].compactMap(\.self)
        for objects in all { objects.onChange { [weak self] in self?.refresh() } }
        await withDiscardingTaskGroup { group in
            for objects in all { group.addTask { await objects.run() } }
            group.addTask { [self] in
                for objects in all { guard await objects.waitUntilSynced() else { return } }
                refresh()
            }
        }
    }

    private func refresh() {
        // Without the Secret each `$key` would look missing, and be reported.
        guard own.hasSynced, others?.hasSynced ?? true else { return }
        let own = own.all[namespace] ?? NotificationObjects.Pair()
        let others = (others?.all ?? [:]).filter { $0.key != namespace && $0.value.configMap != nil }
        // Under the lock: two changes at once must not leave the older state.
        let (before, after) = current.withLock { current in
            let before = current
            var state = State(config: own.config)
            for (name, objects) in others {
                let known = before?.namespaces[name]
                state.namespaces[name] =
                    known?.version == objects.version ? known : (objects.version, objects.config)
            }
            current = state
            return (before, state)
        }
        report(after.config.problems, known: before?.config.problems ?? [], own)
        for (name, settings) in after.namespaces {
            report(
                settings.config.problems, known: before?.namespaces[name]?.config.problems ?? [],
                others[name] ?? NotificationObjects.Pair())
        }
        for listener in listeners.withLock({ $0 }) { listener() }
    }

    private func report(_ problems: [String], known: [String], _ objects: NotificationObjects.Pair) {
        for problem in problems where !known.contains(problem) {
            logger.warning(
                "notification setting is left out",
                metadata: ["namespace": "\(objects.configMap?.objectKey.namespace ?? "")", "problem": "\(problem)"])
            if let configMap = objects.configMap {
                recorder?.record(
                    .warning, "NotificationConfigInvalid", problem, regarding: ObjectEvent.Target(configMap))
            }
        }
    }
}
