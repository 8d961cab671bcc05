import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit

/// A cluster with a clock that stands still and uids that repeat.
struct TestCluster {
    let clock = ManualWallClock()
    let cluster: ClusterAPI
    let api: InMemoryKubernetes

    init(historyLimit: Int = 4096) {
        cluster = ClusterAPI(clock: clock, random: SeededGenerator(seed: 7), historyLimit: historyLimit)
        api = InMemoryKubernetes(cluster, userAgent: "test")
    }

    @discardableResult
    func create(_ resource: Resource, _ object: JSON, namespace: String = "default") async throws -> JSON {
        try await api.create(resource, namespace: namespace, object, subresource: nil, WriteOptions())
    }

    func get(_ resource: Resource, _ name: String, namespace: String = "default") async throws -> JSON? {
        try await api.get(
            resource, ObjectKey(namespace: resource.isNamespaced ? namespace : "", name: name), subresource: nil)
    }

    @discardableResult
    func patch(
        _ resource: Resource, _ name: String, _ type: PatchType, _ body: JSON, subresource: String? = nil,
        _ options: WriteOptions = WriteOptions()
    ) async throws -> JSON {
        try await api.patch(
            resource, ObjectKey(namespace: resource.isNamespaced ? "default" : "", name: name), type, body,
            subresource: subresource, options)
    }

    func list(_ resource: Resource, _ options: ListOptions = ListOptions()) async throws -> [JSON] {
        let items = Lock<[JSON]>([])
        _ = try await api.list(resource, options) { bytes in
            let object = try JSON(parsing: bytes)
            items.withLock { $0.append(object) }
        }
        return items.withLock { $0 }
    }

    func names(_ resource: Resource, _ options: ListOptions = ListOptions()) async throws -> [String] {
        try await list(resource, options).map(\.objectKey.name)
    }
}

/// The error that a call throws, or `nil`.
func refusal(_ body: () async throws -> Void) async -> KubernetesError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? KubernetesError ?? KubernetesError(code: -1, reason: "\(type(of: error))", message: "\(error)")
    }
}

extension Resource {
    static let namespaces = Resource(
        group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)
    static let configMaps = Resource(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap")
    static let secrets = Resource(group: "", version: "v1", plural: "secrets", kind: "Secret")
    static let services = Resource(group: "", version: "v1", plural: "services", kind: "Service")
    static let pods = Resource(group: "", version: "v1", plural: "pods", kind: "Pod")
    static let events = Resource(group: "", version: "v1", plural: "events", kind: "Event")
    static let newEvents = Resource(group: "events.k8s.io", version: "v1", plural: "events", kind: "Event")
    static let deployments = Resource(group: "apps", version: "v1", plural: "deployments", kind: "Deployment")
    static let replicaSets = Resource(group: "apps", version: "v1", plural: "replicasets", kind: "ReplicaSet")
    static let jobs = Resource(group: "batch", version: "v1", plural: "jobs", kind: "Job")
    static let definitions = Resource(
        group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
        kind: "CustomResourceDefinition", isNamespaced: false)
    static let widgets = Resource(group: "example.com", version: "v1", plural: "widgets", kind: "Widget")
}

enum Samples {
    static func configMap(_ name: String, _ data: [String: String] = [:], labels: [String: String] = [:]) -> JSON {
        [
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name), "labels": JSON(labels)],
            "data": JSON(data),
        ]
    }

    static func deployment(_ name: String, replicas: Int = 2, image: String = "shop:blue") -> JSON {
        [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": .string(name)],
            "spec": [
                "replicas": JSON(replicas), "selector": ["matchLabels": ["app": .string(name)]],
                "template": [
                    "metadata": ["labels": ["app": .string(name)]],
                    "spec": [
                        "containers": [["name": "web", "image": .string(image), "ports": [["containerPort": 8080]]]]
                    ],
                ],
            ],
        ]
    }

    static let widgetDefinition: JSON = [
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": ["name": "widgets.example.com"],
        "spec": [
            "group": "example.com", "scope": "Namespaced",
            "names": ["plural": "widgets", "kind": "Widget", "shortNames": ["wd"], "categories": ["all"]],
            "versions": [
                [
                    "name": "v1", "served": true, "storage": true,
                    "subresources": [
                        "status": [:],
                        "scale": [
                            "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas",
                            "labelSelectorPath": ".status.selector",
                        ],
                    ],
                    "additionalPrinterColumns": [
                        ["name": "Size", "type": "integer", "jsonPath": ".spec.size"],
                        [
                            "name": "Ready", "type": "string",
                            "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status",
                        ],
                    ],
                    "schema": [
                        "openAPIV3Schema": [
                            "type": "object",
                            "properties": [
                                "spec": [
                                    "type": "object", "required": ["size"],
                                    "properties": [
                                        "size": ["type": "integer", "minimum": 1, "maximum": 100],
                                        "replicas": ["type": "integer", "default": 1],
                                        "colour": ["type": "string", "enum": ["red", "green"], "default": "green"],
                                        "name": ["type": "string", "pattern": "^[a-z]+$"],
                                        "surge": ["x-kubernetes-int-or-string": true],
                                        "free": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
                                        "limits": [
                                            "type": "object",
                                            "properties": ["cpu": ["type": "string", "default": "1"]],
                                        ],
                                        "items": [
                                            "type": "array", "x-kubernetes-list-type": "map",
                                            "x-kubernetes-list-map-keys": ["name"],
                                            "items": [
                                                "type": "object", "required": ["name"],
                                                "properties": [
                                                    "name": ["type": "string"],
                                                    "value": ["type": "string", "default": "x"],
                                                ],
                                            ],
                                        ],
                                    ],
                                ],
                                "status": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
                            ],
                        ]
                    ],
                ]
            ],
        ],
    ]

    static func widget(_ name: String, _ spec: JSON = ["size": 3]) -> JSON {
        ["apiVersion": "example.com/v1", "kind": "Widget", "metadata": ["name": .string(name)], "spec": spec]
    }
}
