import Kubernetes
import Logging
import Manifest
import Notifications

/// The ConfigMaps and Secrets with notification settings, of one namespace or of all.
final class NotificationObjects: Sendable {
    /// What stands in one namespace.
    struct Pair {
        var configMap: JSON?
        var secret: JSON?

        /// Changes when one of the two does.
        var version: String { "\(configMap?.resourceVersion ?? "") \(secret?.resourceVersion ?? "")" }

        var config: NotificationConfig {
            var data: [String: String] = [:]
            for (key, value) in secret?["data"]?.stringMap ?? [:] {
                guard let bytes = Base64.decode(value) else { continue }
                data[key] = String(decoding: bytes, as: UTF8.self)
            }
            return NotificationConfig(data: configMap?["data"]?.stringMap ?? [:], secret: data)
        }
    }

    private let configMaps: Informer<UntypedObject>
    private let secrets: Informer<UntypedObject>

    init(_ api: any KubernetesAPI, namespace: String?, logger: Logger) {
        func only(_ name: String) -> ListOptions {
            ListOptions(namespace: namespace, fieldSelector: "metadata.name=\(name)")
        }
        configMaps = Informer(
            api, Resource(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap"),
            only(NotificationSettings.configMapName), logger: logger)
        secrets = Informer(
            api, Resource(group: "", version: "v1", plural: "secrets", kind: "Secret"),
            only(NotificationSettings.secretName), logger: logger)
    }

    /// By namespace.
    var all: [String: Pair] {
        var pairs: [String: Pair] = [:]
        for object in configMaps.store.all {
            pairs[object.json.objectKey.namespace, default: Pair()].configMap = object.json
        }
        for object in secrets.store.all { pairs[object.json.objectKey.namespace, default: Pair()].secret = object.json }
        return pairs
    }

    var hasSynced: Bool { configMaps.hasSynced && secrets.hasSynced }

    func onChange(_ listener: @escaping @Sendable () -> Void) {
        configMaps.onChange { _, _, _ in listener() }
        secrets.onChange { _, _, _ in listener() }
    }

    func waitUntilSynced() async -> Bool {
        guard await configMaps.waitUntilSynced() else { return false }
        return await secrets.waitUntilSynced()
    }

    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [configMaps] in await configMaps.run() }
            group.addTask { [secrets] in await secrets.run() }
        }
    }
}
