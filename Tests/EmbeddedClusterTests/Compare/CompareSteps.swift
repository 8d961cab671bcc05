import Kubernetes
import Manifest

/// The requests of the comparison, in order; later ones build on earlier ones.
enum CompareSteps {
    static func prepare(_ api: any KubernetesAPI, _ namespace: String) async throws {
        _ = try await api.create(
            .namespaces, namespace: "", ["metadata": ["name": .string(namespace)]], subresource: nil, WriteOptions())
        _ = try? await api.create(
            .definitions, namespace: "", Samples.widgetDefinition, subresource: nil, WriteOptions())
        // The kind is served a moment later, and a namespace's account comes a moment later too.
        for _ in 0..<100 {
            let key = ObjectKey(namespace: namespace, name: "default")
            let accounts = Resource(group: "", version: "v1", plural: "serviceaccounts", kind: "ServiceAccount")
            let hasAccount = (try? await api.get(accounts, key, subresource: nil)) != nil
            if hasAccount, (try? await api.list(.widgets, ListOptions(namespace: namespace)) { _ in }) != nil { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    static func clean(_ api: any KubernetesAPI, _ namespace: String) async {
        _ = try? await api.delete(.namespaces, ObjectKey(name: namespace), DeleteOptions())
    }

    private static func create(_ name: String, _ resource: Resource, _ object: JSON, strict: Bool = false)
        -> CompareStep
    {
        CompareStep(name: name) { api, namespace in
            try await api.create(
                resource, namespace: resource.isNamespaced ? namespace : "", object, subresource: nil,
                WriteOptions(fieldManager: "compare", fieldValidation: strict ? "Strict" : nil))
        }
    }

    private static func patch(
        _ name: String, _ resource: Resource, _ target: String, _ type: PatchType, _ body: JSON,
        manager: String = "compare",
        force: Bool = false, subresource: String? = nil, dryRun: Bool = false
    ) -> CompareStep {
        CompareStep(name: name) { api, namespace in
            try await api.patch(
                resource, ObjectKey(namespace: namespace, name: target), type, body, subresource: subresource,
                WriteOptions(fieldManager: manager, force: force, dryRun: dryRun))
        }
    }

    private static func get(_ name: String, _ resource: Resource, _ target: String, subresource: String? = nil)
        -> CompareStep
    {
        CompareStep(name: name) { api, namespace in
            try await api.get(resource, ObjectKey(namespace: namespace, name: target), subresource: subresource)
                ?? .null
        }
    }

    private static func list(_ name: String, _ resource: Resource, labels: String? = nil, fields: String? = nil)
        -> CompareStep
    {
        CompareStep(name: name) { api, namespace in
            let names = Lock<[String]>([])
            let options = ListOptions(namespace: namespace, labelSelector: labels, fieldSelector: fields)
            _ = try await api.list(resource, options) { bytes in
                let name = try JSON(parsing: bytes).objectKey.name
                if name != "kube-root-ca.crt" { names.withLock { $0.append(name) } }
            }
            return JSON(names.withLock { $0 })
        }
    }

    private static func delete(
        _ name: String, _ resource: Resource, _ target: String, _ options: DeleteOptions = .init()
    ) -> CompareStep {
        CompareStep(name: name) { api, namespace in
            .bool(try await api.delete(resource, ObjectKey(namespace: namespace, name: target), options))
        }
    }

    private static func map(_ data: [String: String]) -> JSON {
        var map: JSON = ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "applied"]]
        if !data.isEmpty { map["data"] = JSON(data) }
        return map
    }

    private static func container(_ fields: JSON) -> JSON { ["spec": ["template": ["spec": ["containers": [fields]]]]] }

    private static let ingresses = Resource(
        group: "networking.k8s.io", version: "v1", plural: "ingresses", kind: "Ingress")
    private static let leases = Resource(group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease")
    private static let bindings = Resource(
        group: "rbac.authorization.k8s.io", version: "v1", plural: "rolebindings", kind: "RoleBinding")

    static let all: [CompareStep] = configMaps + workloads + applies + customResources + refusals

    private static let configMaps = [
        create("create", .configMaps, Samples.configMap("a", ["k": "v"], labels: ["tier": "web"])),
        create("create again", .configMaps, Samples.configMap("a")),
        create("create b", .configMaps, Samples.configMap("b", labels: ["tier": "db"])),
        get("get", .configMaps, "a"),
        get("get none", .configMaps, "none"),
        patch("merge", .configMaps, "a", .merge, ["data": ["x": "y", "k": .null]]),
        patch("merge of nothing", .configMaps, "none", .merge, ["data": [:]]),
        patch("merge with another uid", .configMaps, "a", .merge, ["metadata": ["uid": "other"]]),
        patch("json", .configMaps, "a", .json, [["op": "add", "path": "/data/j", "value": "1"]]),
        patch("json test fails", .configMaps, "a", .json, [["op": "test", "path": "/data/j", "value": "2"]]),
        patch("json removes nothing", .configMaps, "a", .json, [["op": "remove", "path": "/data/none"]]),
        patch("strategic", .configMaps, "a", .strategicMerge, ["data": ["s": "1"]]),
        patch("dry run", .configMaps, "a", .merge, ["data": ["d": "1"]], dryRun: true),
        patch("other manager", .configMaps, "a", .merge, ["data": ["s": "2"]], manager: "other"),
        get("after patches", .configMaps, "a"),
        list("all", .configMaps),
        list("label", .configMaps, labels: "tier=web"),
        list("labels", .configMaps, labels: "tier in (web,db),tier!=web"),
        list("no label", .configMaps, labels: "!tier"),
        list("field", .configMaps, fields: "metadata.name=b"),
        list("unknown field", .configMaps, fields: "data.k=v"),
        list("bad label", .configMaps, labels: "tier in web"),
        delete("delete with another uid", .configMaps, "b", DeleteOptions(uid: "00000000-0000-0000-0000-000000000000")),
        delete("delete", .configMaps, "b"),
        delete("delete again", .configMaps, "b"),
        patch("finalizer", .configMaps, "a", .merge, ["metadata": ["finalizers": ["example.com/hold"]]]),
        delete("delete held", .configMaps, "a"),
        patch(
            "new finalizer", .configMaps, "a", .merge,
            ["metadata": ["finalizers": ["example.com/hold", "example.com/more"]]]),
        patch("last finalizer", .configMaps, "a", .merge, ["metadata": ["finalizers": .null]]),
        get("gone", .configMaps, "a"),
    ]

    private static let workloads = [
        create("deployment", .deployments, MergePatch.apply(["spec": ["replicas": 0]], to: Samples.deployment("web"))),
        patch("image", .deployments, "web", .strategicMerge, container(["name": "web", "image": "shop:green"])),
        patch("second container", .deployments, "web", .strategicMerge, container(["name": "side", "image": "side"])),
        patch(
            "remove container", .deployments, "web", .strategicMerge, container(["name": "side", "$patch": "delete"])),
        patch(
            "probe", .deployments, "web", .strategicMerge,
            container([
                "name": "web", "readinessProbe": ["httpGet": ["port": 8080]], "env": [["name": "A", "value": "1"]],
            ])),
        patch(
            "strategy", .deployments, "web", .merge,
            ["spec": ["strategy": ["type": "Recreate", "rollingUpdate": .null]]]),
        get("scale", .deployments, "web", subresource: "scale"),
        patch("scale up", .deployments, "web", .merge, ["spec": ["replicas": 1]], subresource: "scale"),
        patch("scale below zero", .deployments, "web", .merge, ["spec": ["replicas": -1]], subresource: "scale"),
        create("secret", .secrets, ["metadata": ["name": "s"], "stringData": ["a": "hello"]]),
        patch("secret type", .secrets, "s", .merge, ["type": "other"]),
        create(
            "service", .services,
            ["metadata": ["name": "web"], "spec": ["selector": ["app": "web"], "ports": [["port": 80]]]]),
        patch(
            "service port", .services, "web", .strategicMerge,
            ["spec": ["ports": [["port": 80, "name": "http"], ["port": 90, "name": "more"]]]]),
        create(
            "ingress", ingresses,
            [
                "metadata": ["name": "web"],
                "spec": [
                    "rules": [
                        [
                            "host": "shop.example",
                            "http": [
                                "paths": [
                                    [
                                        "path": "/", "pathType": "Prefix",
                                        "backend": ["service": ["name": "web", "port": ["number": 80]]],
                                    ]
                                ]
                            ],
                        ]
                    ]
                ],
            ]),
        create(
            "lease", leases, ["metadata": ["name": "l"], "spec": ["holderIdentity": "me", "leaseDurationSeconds": 15]]),
        create(
            "binding", bindings,
            [
                "metadata": ["name": "b"], "roleRef": ["kind": "ClusterRole", "name": "view"],
                "subjects": [
                    ["kind": "User", "name": "ann"], ["kind": "ServiceAccount", "name": "x", "namespace": "default"],
                ],
            ]),
        patch("binding role", bindings, "b", .merge, ["roleRef": ["name": "edit"]]),
        create(
            "pod", .pods,
            [
                "metadata": ["name": "p"],
                "spec": ["containers": [["name": "c", "image": "shop:blue", "resources": ["limits": ["cpu": "1"]]]]],
            ]),
        create(
            "job", .jobs,
            [
                "metadata": ["name": "j"],
                "spec": [
                    "template": [
                        "spec": ["restartPolicy": "Never", "containers": [["name": "c", "image": "busybox:1"]]]
                    ]
                ],
            ]),
    ]

    private static let applies = [
        patch("apply creates", .configMaps, "applied", .apply, map(["a": "1", "b": "2"]), manager: "git"),
        patch("apply again", .configMaps, "applied", .apply, map(["a": "1", "b": "2"]), manager: "git"),
        patch("apply shares", .configMaps, "applied", .apply, map(["b": "2", "c": "3"]), manager: "team"),
        patch("apply conflicts", .configMaps, "applied", .apply, map(["a": "9"]), manager: "third"),
        patch("apply by force", .configMaps, "applied", .apply, map(["a": "9"]), manager: "third", force: true),
        patch("apply less", .configMaps, "applied", .apply, map([:]), manager: "git"),
        patch(
            "apply deployment", .deployments, "applied", .apply,
            MergePatch.apply(["spec": ["replicas": 0]], to: Samples.deployment("applied")), manager: "git"),
        patch(
            "apply port", .deployments, "applied", .apply,
            [
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "applied"],
                "spec": ["template": ["spec": ["containers": [["name": "web", "ports": [["containerPort": 9090]]]]]]],
            ], manager: "team"),
        patch("scale applied", .deployments, "applied", .merge, ["spec": ["replicas": 0]], manager: "hpa"),
        patch(
            "apply with managedFields", .configMaps, "applied", .apply,
            MergePatch.apply(["metadata": ["managedFields": [["manager": "x"]]]], to: map([:])), manager: "git"),
    ]

    private static let customResources = [
        create(
            "widget", .widgets,
            Samples.widget(
                "w", ["size": 3, "odd": 1, "free": ["x": 1], "items": [["name": "n", "odd": 1]], "limits": [:]])),
        patch("widget merge", .widgets, "w", .merge, ["spec": ["size": 4]]),
        patch("widget strategic", .widgets, "w", .strategicMerge, ["spec": ["size": 4]]),
        patch(
            "widget status", .widgets, "w", .merge, ["status": ["phase": "Done"], "spec": ["size": 50]],
            subresource: "status"),
        patch("widget scale", .widgets, "w", .merge, ["spec": ["replicas": 7]], subresource: "scale"),
        get("widget", .widgets, "w"),
        patch("widget too large", .widgets, "w", .merge, ["spec": ["size": 101]]),
        patch("widget wrong type", .widgets, "w", .merge, ["spec": ["size": "4"]]),
        patch("widget wrong colour", .widgets, "w", .merge, ["spec": ["colour": "blue"]]),
        patch("widget without size", .widgets, "w", .merge, ["spec": ["size": .null]]),
        patch("widget duplicate", .widgets, "w", .merge, ["spec": ["items": [["name": "a"], ["name": "a"]]]]),
        patch(
            "widget apply item", .widgets, "w", .apply,
            Samples.widget("w", ["size": 4, "items": [["name": "m", "value": "1"]]]),
            manager: "git", force: true),
    ]

    private static let refusals =
        WriteTests.bad.map { create("bad: \($0.why)", $0.resource, $0.object) } + [
            patch(
                "immutable selector", .deployments, "web", .merge,
                ["spec": ["selector": ["matchLabels": ["x": "y"]], "template": ["metadata": ["labels": ["x": "y"]]]]]),
            create("namespace name", .namespaces, ["metadata": ["name": "Bad_Name"]]),
            create("service without ports", .services, ["metadata": ["name": "x"], "spec": ["selector": ["a": "b"]]]),
            create("config key", .configMaps, Samples.configMap("x", ["bad key": "v"])),
            create(
                "two controllers", .configMaps,
                [
                    "metadata": [
                        "name": "x",
                        "ownerReferences": [
                            ["apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "1", "controller": true],
                            ["apiVersion": "v1", "kind": "ConfigMap", "name": "b", "uid": "2", "controller": true],
                        ],
                    ]
                ]),
            get("no such subresource", .configMaps, "applied", subresource: "scale"),
        ]
}
