import Kubernetes
package import Manifest

/// The rules of an API server over a store: what a request may do, and what becomes of the object.
///
/// Synchronous and short: every operation reads, decides and writes with the read revision as its precondition.
/// `InMemoryKubernetes` offers it in process, `EmbeddedClusterServer` over HTTP.
package final class ClusterAPI: Sendable {
    let store: ClusterStore
    let clock: any WallClock
    package let faults = FaultPlan()
    private let registry: Lock<KindRegistry>
    private let generator: Lock<any RandomNumberGenerator & Sendable>

    /// - Parameter clock: Gives all timestamps of the server.
    /// - Parameter random: Gives uids and name suffixes; seeded, they repeat.
    /// - Parameter historyLimit: How many changes of each collection a watch can go back.
    package init(
        clock: any WallClock = SystemClock(),
        random: sending any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
        historyLimit: Int = 4096
    ) {
        self.clock = clock
        store = ClusterStore(historyLimit: historyLimit)
        generator = Lock(random)
        registry = Lock(KindRegistry(BuiltInKinds.all))
        makeFirstObjects()
    }

    var kinds: KindRegistry { registry.withLock { $0 } }

    func served(_ resource: Resource) throws(KubernetesError) -> ServedKind {
        guard
            let kind = registry.withLock({
                $0.served(group: resource.group, version: resource.version, plural: resource.plural)
            })
        else { throw .noSuchResource }
        return kind
    }

    func changeKinds(_ change: (inout KindRegistry) -> Void) { registry.withLock { change(&$0) } }

    /// A version 4 UUID.
    func newUID() -> String {
        var bytes = generator.withLock { generator in
            (0..<2).flatMap { _ in
                let word = generator.next()
                return (0..<8).map { UInt8(truncatingIfNeeded: word >> (UInt64($0) * 8)) }
            }
        }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef")
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append("-") }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }

    /// The random end of a generated name.
    func newSuffix() -> String {
        let letters = Array("bcdfghjklmnpqrstvwxz2456789")
        return generator.withLock { generator in
            String((0..<5).map { _ in letters[Int(generator.next() % UInt64(letters.count))] })
        }
    }

    /// Namespaces and objects that every cluster has from the start.
    private func makeFirstObjects() {
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            _ = try? create(
                "namespaces", namespace: "",
                ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]])
        }
        _ = try? create(
            "services", namespace: "default",
            [
                "apiVersion": "v1", "kind": "Service", "metadata": ["name": "kubernetes"],
                "spec": ["clusterIP": "10.96.0.1", "ports": [["name": "https", "port": 443, "targetPort": 6443]]],
            ])
        _ = try? create(
            "nodes", namespace: "",
            [
                "apiVersion": "v1", "kind": "Node",
                "metadata": [
                    "name": "embedded", "labels": ["kubernetes.io/hostname": "embedded", "kubernetes.io/os": "linux"],
                ],
            ])
        let ready: JSON = ["type": "Ready", "status": "True", "reason": "EmbeddedReady"]
        _ = try? patch(
            kind("nodes"), ObjectKey(name: "embedded"), .merge,
            ["status": ["conditions": [ready], "addresses": [["type": "InternalIP", "address": "127.0.0.1"]]]],
            subresource: "status", WriteOptions(fieldManager: "kubelet"))
    }

    /// The preferred version of a kind that must be there, by its name: `deployments.apps`.
    func kind(_ name: String) throws(KubernetesError) -> ServedKind {
        guard let definition = registry.withLock({ $0.definition(named: name) }),
            let version = definition.versions.first(where: \.isServed)
        else { throw .noSuchResource }
        return ServedKind(definition: definition, version: version)
    }

    /// Creates an object as the cluster itself.
    @discardableResult
    func create(_ kindName: String, namespace: String, _ object: JSON) throws(KubernetesError) -> JSON {
        try create(kind(kindName), namespace: namespace, object, WriteOptions(fieldManager: "kube-controller-manager"))
            .object
    }
}

/// What a write gave.
struct Written: Sendable {
    var object: JSON
    var wasCreated = false
    /// For `Warning` headers.
    var warnings: [String] = []
}
