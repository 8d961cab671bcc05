import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

/// A cluster whose workloads move only when a test says so.
struct TestWorkloads {
    let test = TestCluster()
    let runtime: WorkloadRuntime

    init() { runtime = WorkloadRuntime(test.cluster) }

    /// Lets time pass and everything settle.
    func pass(_ length: Duration = .seconds(1)) {
        runtime.settle()
        test.clock.advance(by: length)
        runtime.settle()
    }

    func pods(_ labels: String? = nil) async throws -> [JSON] {
        try await test.list(.pods, ListOptions(namespace: "default", labelSelector: labels))
    }

    func ready(_ pods: [JSON]) -> Int {
        pods.count { pod in
            pod.at("status", "conditions")?.arrayValue?.contains { $0["type"] == "Ready" && $0["status"] == "True" }
                == true
        }
    }
}

@Suite("Workloads of the embedded cluster") struct WorkloadTests {
    @Test("A Deployment gets its pods, and they become ready") func deployment() async throws {
        let it = TestWorkloads()
        try await it.test.create(.deployments, Samples.deployment("web", replicas: 3))
        it.runtime.settle()
        #expect(it.ready(try await it.pods()) == 0)
        it.pass()
        #expect(it.ready(try await it.pods()) == 3)
        let status = try await it.test.get(.deployments, "web")?["status"]
        #expect(status?["availableReplicas"] == 3)
        #expect(
            status?["conditions"]?.arrayValue?.compactMap { $0["reason"]?.stringValue }.sorted() == [
                "MinimumReplicasAvailable", "NewReplicaSetAvailable",
            ])
    }

    @Test("An eviction is refused while a disruption budget has none to spare", arguments: ["2", "100%", "51%", "1"])
    func budget(minAvailable: String) async throws {
        let it = TestWorkloads()
        try await it.test.create(.deployments, Samples.deployment("web", replicas: 2))
        it.pass()
        let budgets = Resource(
            group: "policy", version: "v1", plural: "poddisruptionbudgets", kind: "PodDisruptionBudget")
        try await it.test.create(
            budgets,
            [
                "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": ["name": "web"],
                "spec": [
                    "minAvailable": Int64(minAvailable).map { .int($0) } ?? .string(minAvailable),
                    "selector": ["matchLabels": ["app": "web"]],
                ],
            ])
        let pod = try #require(try await it.pods().first)
        let eviction: JSON = [
            "apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": .string(pod.objectKey.name)],
        ]
        func evict() async -> KubernetesError? {
            await refusal {
                _ = try await it.test.api.create(
                    .pods, namespace: "default", eviction, subresource: (name: "eviction", of: pod.objectKey.name),
                    WriteOptions())
            }
        }
        #expect(await evict()?.code == (minAvailable == "1" ? nil : 429))
        try await it.test.api.delete(budgets, ObjectKey(namespace: "default", name: "web"), DeleteOptions())
        if minAvailable != "1" { #expect(await evict() == nil) }
    }

    @Test("A new template rolls, and never below what is allowed") func rolls() async throws {
        let it = TestWorkloads()
        try await it.test.create(.deployments, Samples.deployment("web", replicas: 4))
        it.pass()
        let patch: JSON = ["spec": ["template": ["spec": ["containers": [["name": "web", "image": "shop:green"]]]]]]
        try await it.test.patch(.deployments, "web", .strategicMerge, patch)
        for _ in 0..<8 {
            it.pass()
            let pods = try await it.pods()
            let active = pods.filter { $0.at("metadata", "deletionTimestamp") == nil }
            #expect(it.ready(active) >= 3 && active.count <= 5)
        }
        let images = try await it.pods().compactMap { $0.at("spec", "containers")?[0]?["image"]?.stringValue }
        #expect(images == ["shop:green", "shop:green", "shop:green", "shop:green"])
        let sets = try await it.test.list(.replicaSets)
        #expect(sets.count == 2)
        #expect(try await it.test.get(.deployments, "web")?.annotations["deployment.kubernetes.io/revision"] == "2")
        try await it.test.api.delete(.deployments, ObjectKey(namespace: "default", name: "web"), DeleteOptions())
        it.pass(.seconds(40))
        #expect(try await it.test.list(.replicaSets).isEmpty)
        #expect(try await it.pods().isEmpty)
    }

    @Test(
        "A pod that cannot serve says why",
        arguments: [
            ("shop:bad-image", [:], "ImagePullBackOff"), ("shop:blue", ["kube-sim/ready": "false"], ""),
        ] as [(String, [String: String], String)])
    func notReady(image: String, annotations: [String: String], reason: String) async throws {
        let it = TestWorkloads()
        try await it.test.create(
            .pods,
            [
                "metadata": ["name": "p", "annotations": JSON(annotations)],
                "spec": ["containers": [["name": "c", "image": .string(image)]]],
            ])
        it.pass(.seconds(60))
        let pod = try await it.test.get(.pods, "p")
        #expect(it.ready([pod ?? .null]) == 0)
        #expect(
            pod?.at("status", "containerStatuses")?[0]?.at("state", "waiting", "reason")?.stringValue ?? "" == reason)
    }

    @Test("A Job completes, or fails after its retries") func jobs() async throws {
        let it = TestWorkloads()
        func job(_ name: String, _ command: String) -> JSON {
            [
                "metadata": ["name": .string(name)],
                "spec": [
                    "backoffLimit": 1,
                    "template": [
                        "spec": [
                            "restartPolicy": "Never",
                            "containers": [
                                ["name": "c", "image": "busybox:1", "command": ["sh", "-c", .string(command)]]
                            ],
                        ]
                    ],
                ],
            ]
        }
        try await it.test.create(.jobs, job("good", "sleep 2"))
        try await it.test.create(.jobs, job("bad", "sleep 1; exit 3"))
        it.pass()
        #expect(try await it.test.get(.jobs, "good")?.at("status", "active") == 1)
        for _ in 0..<8 { it.pass(.seconds(2)) }
        #expect(try await it.test.get(.jobs, "good")?.at("status", "succeeded") == 1)
        let conditions = try await it.test.get(.jobs, "bad")?.at("status", "conditions")?.arrayValue
        #expect(conditions?.first?["type"] == "Failed")
        #expect(conditions?.first?["reason"] == "BackoffLimitExceeded")
        #expect(try await it.test.get(.jobs, "bad")?.at("status", "failed") == 2)
    }

    @Test("A Job that is looked at after its deadline has failed, though its pod has succeeded") func lateJob()
        async throws
    {
        let it = TestWorkloads()
        try await it.test.create(
            .jobs,
            [
                "metadata": ["name": "late"],
                "spec": [
                    "activeDeadlineSeconds": 5,
                    "template": [
                        "spec": [
                            "restartPolicy": "Never",
                            "containers": [["name": "c", "image": "busybox:1", "command": ["sh", "-c", "sleep 2"]]],
                        ]
                    ],
                ],
            ])
        it.runtime.settle()
        it.test.clock.advance(by: .seconds(3))
        // Its controller looks before the pods are looked after, and once only.
        it.runtime.settle(rounds: 1)
        #expect(try await it.pods().map { $0.at("status", "phase") } == ["Succeeded"])
        it.test.clock.advance(by: .seconds(10))
        it.runtime.settle()
        let status = try await it.test.get(.jobs, "late")?["status"]
        #expect(status?["conditions"]?[0]?["type"] == "Failed")
        #expect(status?["conditions"]?[0]?["reason"] == "DeadlineExceeded")
    }

    @Test("Endpoints are the ready pods of the selector") func endpoints() async throws {
        let it = TestWorkloads()
        try await it.test.create(
            .services,
            [
                "metadata": ["name": "web"],
                "spec": ["selector": ["app": "web"], "ports": [["port": 80, "targetPort": 8080]]],
            ])
        try await it.test.create(.deployments, Samples.deployment("web", replicas: 2))
        it.pass()
        let endpoints = Resource(group: "", version: "v1", plural: "endpoints", kind: "Endpoints")
        let subset = try await it.test.get(endpoints, "web")?["subsets"]?[0]
        #expect(subset?["addresses"]?.arrayValue?.count == 2)
        #expect(subset?["ports"] == [["port": 8080, "protocol": "TCP"]])
    }

    @Test("A pod whose ConfigMap is missing does not start until it is there") func configMaps() async throws {
        let it = TestWorkloads()
        try await it.test.create(
            .pods,
            [
                "metadata": ["name": "p"],
                "spec": [
                    "containers": [
                        ["name": "c", "image": "shop:blue", "envFrom": [["configMapRef": ["name": "settings"]]]]
                    ]
                ],
            ])
        it.pass()
        #expect(
            try await it.test.get(.pods, "p")?.at("status", "containerStatuses")?[0]?.at("state", "waiting", "reason")
                == "CreateContainerConfigError")
        try await it.test.create(.configMaps, Samples.configMap("settings", ["VERSION": "gold"]))
        it.pass()
        it.pass()
        #expect(it.ready([try await it.test.get(.pods, "p") ?? .null]) == 1)
    }
}

@Suite("The embedded cluster's gateway") struct GatewayTests {
    private let virtualServices = Resource(
        group: "networking.istio.io", version: "v1alpha3", plural: "virtualservices", kind: "VirtualService")

    private func cluster() async throws -> (TestWorkloads, MeshGateway) {
        let it = TestWorkloads()
        for line in BundledKinds.mesh.split(separator: "\n") {
            try await it.test.create(.definitions, JSON(parsing: String(line)), namespace: "")
        }
        for (name, image) in [("stable", "shop:blue"), ("canary", "shop:green")] {
            try await it.test.create(.deployments, Samples.deployment(name, replicas: 2, image: image))
            try await it.test.create(
                .services,
                [
                    "metadata": ["name": .string(name)],
                    "spec": ["selector": ["app": .string(name)], "ports": [["port": 80]]],
                ])
        }
        it.pass()
        return (it, MeshGateway(it.test.cluster, pods: it.runtime))
    }

    private func virtualService(_ weights: [Int]) -> JSON {
        [
            "apiVersion": "networking.istio.io/v1alpha3", "kind": "VirtualService", "metadata": ["name": "shop"],
            "spec": [
                "hosts": ["shop.example"],
                "http": [
                    [
                        "route": [
                            ["destination": ["host": "stable"], "weight": JSON(weights[0])],
                            ["destination": ["host": "canary"], "weight": JSON(weights[1])],
                        ]
                    ]
                ],
            ],
        ]
    }

    private func share(_ gateway: MeshGateway, _ count: Int) async -> [String: Int] {
        var versions: [String: Int] = [:]
        for _ in 0..<count { versions[await gateway.send(host: "shop.example").version, default: 0] += 1 }
        return versions
    }

    @Test("Requests follow the live weights exactly") func weights() async throws {
        let (it, gateway) = try await cluster()
        try await it.test.create(virtualServices, virtualService([90, 10]))
        #expect(await share(gateway, 100) == ["blue": 90, "green": 10])
        try await it.test.patch(virtualServices, "shop", .merge, ["spec": virtualService([0, 100])["spec"] ?? .null])
        #expect(await share(gateway, 20) == ["green": 20])
        #expect(await gateway.send(host: "nobody.example").code == 404)
        let text = gateway.metricsText
        #expect(text.contains("destination_service_name=\"stable\""))
        #expect(text.contains("response_code=\"200\""))
        #expect(text.contains("le=\"+Inf\"}"))
    }

    @Test("Requests that fit a match go where it says, and all others by the weights") func matches() async throws {
        let (it, gateway) = try await cluster()
        var service = virtualService([100, 0])
        let routes = service.at("spec", "http")?.arrayValue ?? []
        let beta: JSON = [
            "name": "beta",
            "match": [
                ["headers": ["X-Team": ["exact": "qa"], "user-agent": ["regex": ".*Phone.*"]]],
                ["uri": ["prefix": "/beta"], "method": ["exact": "POST"]],
            ], "route": [["destination": ["host": "canary"], "weight": 100]],
        ]
        service.set(.array([beta] + routes), at: "spec", "http")
        try await it.test.create(virtualServices, service)
        func version(_ path: String, _ method: String = "GET", _ headers: [String: String] = [:]) async -> String {
            await gateway.send(host: "shop.example", path: path, method: method, headers: headers).version
        }
        #expect(await version("/", "GET", ["x-team": "qa", "user-agent": "a Phone 3"]) == "green")
        #expect(await version("/beta/1", "POST") == "green")
        #expect(await version("/", "GET", ["x-team": "qa"]) == "blue")
        #expect(await version("/", "GET", ["x-team": "qa2", "user-agent": "Phone"]) == "blue")
        #expect(await version("/beta/1") == "blue")
    }

    @Test("A pod that is told to fails its share of requests") func errors() async throws {
        let (it, gateway) = try await cluster()
        try await it.test.create(virtualServices, virtualService([0, 100]))
        let patch: JSON = [
            "spec": [
                "template": [
                    "spec": ["containers": [["name": "web", "env": [["name": "ERROR_PERCENT", "value": "10"]]]]]
                ]
            ]
        ]
        try await it.test.patch(.deployments, "canary", .strategicMerge, patch)
        for _ in 0..<6 { it.pass() }
        it.pass(.seconds(40))
        var failed = 0
        for _ in 0..<200 where await gateway.send(host: "shop.example").code == 500 { failed += 1 }
        #expect(failed == 20)
    }

    @Test("A destination without ready pods answers 503") func noPods() async throws {
        let (it, gateway) = try await cluster()
        try await it.test.create(virtualServices, virtualService([0, 100]))
        try await it.test.patch(.deployments, "canary", .merge, ["spec": ["replicas": 0]])
        it.pass(.seconds(40))
        #expect(await gateway.send(host: "shop.example").code == 503)
    }

    @Test("A canary Ingress takes its weight") func ingress() async throws {
        let (it, gateway) = try await cluster()
        let ingresses = Resource(group: "networking.k8s.io", version: "v1", plural: "ingresses", kind: "Ingress")
        func ingress(_ name: String, _ annotations: [String: String]) -> JSON {
            let path: JSON = [
                "path": "/", "pathType": "Prefix",
                "backend": ["service": ["name": .string(name), "port": ["number": 80]]],
            ]
            return [
                "metadata": ["name": .string(name), "annotations": JSON(annotations)],
                "spec": ["rules": [["host": "shop.example", "http": ["paths": [path]]]]],
            ]
        }
        try await it.test.create(ingresses, ingress("stable", [:]))
        try await it.test.create(
            ingresses,
            ingress(
                "canary",
                ["nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "25"]))
        #expect(await share(gateway, 40) == ["blue": 30, "green": 10])
    }
}
