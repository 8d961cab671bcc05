import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@Suite("Writes to the embedded cluster") struct WriteTests {
    @Test("A created object gets uid, time and version") func creates() async throws {
        let test = TestCluster()
        let made = try await test.create(.configMaps, Samples.configMap("a", ["k": "v"]))
        #expect(made.uid.count == 36)
        #expect(made.resourceVersion.isEmpty == false)
        #expect(made.at("metadata", "creationTimestamp")?.stringValue == test.clock.now().rfc3339)
        #expect(try await test.get(.configMaps, "a") == made)
        let again = await refusal { try await test.create(.configMaps, Samples.configMap("a")) }
        #expect(again?.isAlreadyExists == true)
        #expect(again?.message == "configmaps \"a\" already exists")
    }

    @Test("A generated name ends in five letters") func generatesNames() async throws {
        let test = TestCluster()
        let made = try await test.create(.configMaps, ["metadata": ["generateName": "web-"]])
        #expect(made.objectKey.name.hasPrefix("web-"))
        #expect(made.objectKey.name.count == 9)
    }

    @Test("An update that changes nothing keeps the version") func noOpKeepsVersion() async throws {
        let test = TestCluster()
        let made = try await test.create(.configMaps, Samples.configMap("a", ["k": "v"]))
        let same = try await test.api.update(.configMaps, made.objectKey, made, subresource: nil, WriteOptions())
        #expect(same.resourceVersion == made.resourceVersion)
        let patched = try await test.patch(.configMaps, "a", .merge, ["data": ["k": "v"]])
        #expect(patched.resourceVersion == made.resourceVersion)
    }

    @Test("A stale version is a conflict") func conflicts() async throws {
        let test = TestCluster()
        var made = try await test.create(.configMaps, Samples.configMap("a"))
        try await test.patch(.configMaps, "a", .merge, ["data": ["k": "2"]])
        made["data"] = ["k": "3"]
        let stale = made
        let error = await refusal {
            _ = try await test.api.update(.configMaps, stale.objectKey, stale, subresource: nil, WriteOptions())
        }
        #expect(error?.isConflict == true)
        let patch = await refusal {
            try await test.patch(
                .configMaps, "a", .merge,
                ["metadata": ["resourceVersion": .string(stale.resourceVersion)], "data": ["k": "4"]])
        }
        #expect(patch?.isConflict == true)
    }

    @Test("A dry run stores nothing") func dryRun() async throws {
        let test = TestCluster()
        _ = try await test.api.create(
            .configMaps, namespace: "default", Samples.configMap("a"), subresource: nil, WriteOptions(dryRun: true))
        #expect(try await test.get(.configMaps, "a") == nil)
    }

    @Test("The generation counts changes of the spec alone") func generation() async throws {
        let test = TestCluster()
        func generation(_ object: JSON) -> Int64? { object.at("metadata", "generation")?.intValue }
        #expect(generation(try await test.create(.deployments, Samples.deployment("web"))) == 1)
        #expect(
            generation(try await test.patch(.deployments, "web", .merge, ["metadata": ["labels": ["a": "b"]]])) == 1)
        #expect(generation(try await test.patch(.deployments, "web", .merge, ["spec": ["replicas": 5]])) == 2)
        let status = try await test.patch(
            .deployments, "web", .merge, ["status": ["replicas": 5], "spec": ["replicas": 9]], subresource: "status")
        #expect(generation(status) == 2)
        #expect(status.at("status", "replicas") == 5)
        #expect(status.at("spec", "replicas") == 5)
        let main = try await test.patch(.deployments, "web", .merge, ["status": ["replicas": 7]])
        #expect(main.at("status", "replicas") == 5)
    }

    @Test("A strategic merge joins containers by name") func strategicMerge() async throws {
        let test = TestCluster()
        try await test.create(.deployments, Samples.deployment("web"))
        let patch: JSON = [
            "spec": [
                "template": [
                    "spec": [
                        "containers": [["name": "side", "image": "side:1"], ["name": "web", "image": "shop:green"]]
                    ]
                ]
            ]
        ]
        let made = try await test.patch(.deployments, "web", .strategicMerge, patch)
        let containers = made.at("spec", "template", "spec", "containers")?.arrayValue ?? []
        #expect(Set(containers.compactMap { $0["image"]?.stringValue }) == ["side:1", "shop:green"])
        #expect(containers.first { $0["name"] == "web" }?["ports"]?[0]?["containerPort"] == 8080)
    }

    @Test("Scale reads and writes the replicas") func scale() async throws {
        let test = TestCluster()
        try await test.create(.deployments, Samples.deployment("web"))
        let key = ObjectKey(namespace: "default", name: "web")
        let scale = try await test.api.get(.deployments, key, subresource: "scale")
        #expect(scale?.at("spec", "replicas") == 2)
        #expect(scale?.at("status", "selector") == "app=web")
        let patched = try await test.patch(.deployments, "web", .merge, ["spec": ["replicas": 7]], subresource: "scale")
        #expect(patched.at("spec", "replicas") == 7)
        #expect(try await test.get(.deployments, "web")?.at("spec", "replicas") == 7)
    }

    @Test("Built-in kinds are defaulted as controllers expect") func defaults() async throws {
        let test = TestCluster()
        let made = try await test.create(
            .deployments,
            [
                "metadata": ["name": "web"],
                "spec": [
                    "selector": ["matchLabels": ["app": "web"]],
                    "template": [
                        "metadata": ["labels": ["app": "web"]],
                        "spec": ["containers": [["name": "web", "image": "shop"]]],
                    ],
                ],
            ])
        #expect(made.at("spec", "replicas") == 1)
        #expect(
            made.at("spec", "strategy") == [
                "type": "RollingUpdate", "rollingUpdate": ["maxSurge": "25%", "maxUnavailable": "25%"],
            ])
        let pod = made.at("spec", "template", "spec")
        #expect(pod?["restartPolicy"] == "Always")
        #expect(pod?["containers"]?[0]?["imagePullPolicy"] == "Always")
        let service = try await test.create(
            .services, ["metadata": ["name": "web"], "spec": ["ports": [["port": 80]], "selector": ["app": "web"]]])
        #expect(service.at("spec", "type") == "ClusterIP")
        #expect(service.at("spec", "ports")?[0] == ["port": 80, "protocol": "TCP", "targetPort": 80])
        let secret = try await test.create(.secrets, ["metadata": ["name": "s"], "stringData": ["a": "hello"]])
        #expect(secret["data"] == ["a": "aGVsbG8="])
        #expect(secret["type"] == "Opaque")
    }

    struct Bad: Sendable {
        var why: String
        var resource: Resource
        var object: JSON
        var code: Int
        var text: String
    }

    static let bad: [Bad] = [
        Bad(
            why: "selector and labels differ", resource: .deployments,
            object: MergePatch.apply(
                ["spec": ["selector": ["matchLabels": ["app": "other"]]]], to: Samples.deployment("web")),
            code: 422, text: "`selector` does not match template `labels`"),
        Bad(
            why: "wrong type", resource: .deployments,
            object: MergePatch.apply(["spec": ["replicas": "two"]], to: Samples.deployment("web")), code: 400,
            text: "spec.replicas"),
        Bad(
            why: "no image", resource: .pods,
            object: ["metadata": ["name": "p"], "spec": ["containers": [["name": "c"]]]], code: 422,
            text: "spec.containers[0].image: Required value"),
        Bad(
            why: "upper case name", resource: .configMaps, object: ["metadata": ["name": "Web"]], code: 422,
            text: "metadata.name"),
        Bad(why: "no name", resource: .configMaps, object: [:], code: 422, text: "name or generateName is required"),
        Bad(
            why: "bad label", resource: .configMaps,
            object: ["metadata": ["name": "a", "labels": ["a": "not a label"]]], code: 422, text: "metadata.labels"),
        Bad(
            why: "too many annotations", resource: .configMaps,
            object: ["metadata": ["name": "a", "annotations": ["a": .string(String(repeating: "x", count: 300_000))]]],
            code: 422, text: "Too long"),
        Bad(
            why: "kind of the data", resource: .configMaps, object: ["kind": "Secret", "metadata": ["name": "a"]],
            code: 400, text: "does not match the expected kind"),
        Bad(
            why: "namespace of the data", resource: .configMaps,
            object: ["metadata": ["name": "a", "namespace": "other"]],
            code: 400, text: "does not match the namespace sent on the request"),
    ]

    @Test("A bad object is refused with code and field", arguments: bad) func refusals(_ row: Bad) async throws {
        let test = TestCluster()
        let error = await refusal { try await test.create(row.resource, row.object) }
        #expect(error?.code == row.code, "\(row.why): \(error?.description ?? "accepted")")
        #expect(error?.message.contains(row.text) == true, "\(row.why): \(error?.message ?? "")")
    }

    @Test("Unknown fields are dropped, or refused in strict mode") func unknownFields() async throws {
        let test = TestCluster()
        let object = MergePatch.apply(["spec": ["colour": "red"]], to: Samples.deployment("web"))
        let error = await refusal {
            _ = try await test.api.create(
                .deployments, namespace: "default", object, subresource: nil, WriteOptions(fieldValidation: "Strict"))
        }
        #expect(error?.message == "strict decoding error: unknown field \"spec.colour\"")
        #expect(try await test.create(.deployments, object).at("spec", "colour") == nil)
    }

    @Test("A selector cannot change") func immutableSelector() async throws {
        let test = TestCluster()
        try await test.create(.deployments, Samples.deployment("web"))
        let error = await refusal {
            try await test.patch(
                .deployments, "web", .merge,
                ["spec": ["selector": ["matchLabels": ["b": "c"]], "template": ["metadata": ["labels": ["b": "c"]]]]])
        }
        #expect(error?.causes.first?.message.contains("field is immutable") == true)
    }

    @Test("One event has two forms") func events() async throws {
        let test = TestCluster()
        try await test.create(
            .newEvents,
            [
                "metadata": ["name": "e"], "eventTime": "2026-01-01T00:00:00.000000Z",
                "regarding": ["kind": "Pod", "name": "p"], "note": "hello", "reason": "Why", "type": "Normal",
            ])
        let core = try await test.get(.events, "e")
        #expect(core?["message"] == "hello")
        #expect(core?.at("involvedObject", "name") == "p")
        #expect(core?["apiVersion"] == "v1")
    }
}
