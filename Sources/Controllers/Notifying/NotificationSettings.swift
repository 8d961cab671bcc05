package import Kubernetes
package import Logging
import Manifest
package import Notifications

/// Keeps the notification configuration equal to its ConfigMap and Secret.
package final class NotificationSettings: Sendable {
    package static let configMapName = "argo-rollouts-notification-configmap"
    package static let secretName = "argo-rollouts-notification-secret"

    private let configMaps: Informer<UntypedObject>
    private let secrets: Informer<UntypedObject>
    private let recorder: EventRecorder?
    private let logger: Logger
    private let current = Lock<NotificationConfig?>(nil)
    private let listeners = Lock<[@Sendable () -> Void]>([])

    /// - Parameter namespace: Where the two objects stand.
    package init(
        _ api: any KubernetesAPI, namespace: String, recorder: EventRecorder? = nil, logger: Logger
    ) {
        func only(_ name: String) -> ListOptions {
            ListOptions(namespace: namespace, fieldSelector: "metadata.name=\(name)")
        }
        configMaps = Informer(
            api, Resource(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap"),
            only(NotificationSettings.configMapName),
            logger: logger)
        secrets = Informer(
            api, Resource(group: "", version: "v1", plural: "secrets", kind: "Secret"),
            only(NotificationSettings.secretName),
            logger: logger)
        self.recorder = recorder
        self.logger = logger
    }

    /// The configuration as it is now.
    package var config: NotificationConfig { current.withLock { $0 } ?? NotificationConfig() }

    /// Whether both objects were read once.
    package var isReady: Bool { current.withLock { $0 } != nil }

    /// Adds a listener for changes, which must not block.
    ///
    /// Register before ``run()``.
    package func onChange(_ listener: @escaping @Sendable () -> Void) { listeners.withLock { $0.append(listener) } }

    /// Watches both objects until cancelled.
    package func run() async {
        configMaps.onChange { [weak self] _, _, _ in self?.refresh() }
        secrets.onChange { [weak self] _, _, _ in self?.refresh() }
        await withDiscardingTaskGroup { group in
            group.addTask { [configMaps] in await configMaps.run() }
            group.addTask { [secrets] in await secrets.run() }
            group.addTask { [self] in
                guard await configMaps.waitUntilSynced(), await secrets.waitUntilSynced() else { return }
                refresh()
            }
        }
    }

    private func refresh() {
        // Without the Secret each `$key` would look missing, and be reported.
        guard configMaps.hasSynced, secrets.hasSynced else { return }
        let configMap = configMaps.store.all.first
        var secret: [String: String] = [:]
        for (key, value) in secrets.store.all.first?.json["data"]?.stringMap ?? [:] {
            guard let bytes = decodedBase64(value) else { continue }
            secret[key] = String(decoding: bytes, as: UTF8.self)
        }
        let config = NotificationConfig(data: configMap?.json["data"]?.stringMap ?? [:], secret: secret)
        let known = current.withLock { current in
            let known = current?.problems ?? []
            current = config
            return known
        }
        for problem in config.problems where !known.contains(problem) {
            logger.warning("notification setting is left out", metadata: ["problem": "\(problem)"])
            if let configMap {
                recorder?.record(
                    .warning, "NotificationConfigInvalid", problem, regarding: ObjectEvent.Target(configMap.json))
            }
        }
        for listener in listeners.withLock({ $0 }) { listener() }
    }
}
