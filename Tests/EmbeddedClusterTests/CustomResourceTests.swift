import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@Suite("Custom resources of the embedded cluster") struct CustomResourceTests {
    private func cluster() async throws -> TestCluster {
        let test = TestCluster()
        let made = try await test.create(.definitions, Samples.widgetDefinition, namespace: "")
        #expect(made.at("status", "conditions")?.arrayValue?.count == 2)
        return test
    }

    @Test("Unknown fields are pruned, free ones kept, defaults filled") func prunesAndDefaults() async throws {
        let test = try await cluster()
        let made = try await test.create(
            .widgets,
            Samples.widget(
                "a",
                [
                    "size": 3, "unknown": 1, "free": ["x": ["y": 1]], "items": [["name": "n", "odd": true]],
                    "limits": [:],
                ]))
        #expect(
            made["spec"] == [
                "size": 3, "free": ["x": ["y": 1]], "items": [["name": "n", "value": "x"]], "limits": ["cpu": "1"],
                "colour": "green", "replicas": 1,
            ])
        #expect(made.at("metadata", "generation") == 1)
    }

    struct Row: Sendable {
        var spec: JSON
        var reason: String
        var field: String
    }

    static let rows = [
        Row(spec: [:], reason: "FieldValueRequired", field: "spec.size"),
        Row(spec: ["size": 0], reason: "FieldValueInvalid", field: "spec.size"),
        Row(spec: ["size": "3"], reason: "FieldValueTypeInvalid", field: "spec.size"),
        Row(spec: ["size": 3, "colour": "blue"], reason: "FieldValueNotSupported", field: "spec.colour"),
        Row(spec: ["size": 3, "name": "A1"], reason: "FieldValueInvalid", field: "spec.name"),
        Row(spec: ["size": 3, "surge": true], reason: "FieldValueTypeInvalid", field: "spec.surge"),
        Row(
            spec: ["size": 3, "items": [["name": "a"], ["name": "a"]]], reason: "FieldValueDuplicate",
            field: "spec.items[1]"),
        Row(spec: ["size": 3, "items": [[:]]], reason: "FieldValueRequired", field: "spec.items[0].name"),
    ]

    @Test("A value against the schema is refused with its field", arguments: rows) func validates(_ row: Row)
        async throws
    {
        let test = try await cluster()
        let error = await refusal { try await test.create(.widgets, Samples.widget("a", row.spec)) }
        #expect(error?.code == 422)
        #expect(
            error?.causes.contains { $0.reason == row.reason && $0.field == row.field } == true,
            "\(error?.message ?? "accepted")")
    }

    @Test("Status and spec have doors of their own") func status() async throws {
        let test = try await cluster()
        var object = Samples.widget("a")
        object["status"] = ["phase": "Done"]
        #expect(try await test.create(.widgets, object)["status"] == nil)
        let made = try await test.patch(
            .widgets, "a", .merge, ["status": ["phase": "Done"], "spec": ["size": 9]], subresource: "status")
        #expect(made["status"] == ["phase": "Done"])
        #expect(made.at("spec", "size") == 3)
        #expect(made.at("metadata", "generation") == 1)
    }

    @Test("Strategic merge patches are for built-in kinds") func noStrategicMerge() async throws {
        let test = try await cluster()
        try await test.create(.widgets, Samples.widget("a"))
        let error = await refusal { try await test.patch(.widgets, "a", .strategicMerge, ["spec": ["size": 4]]) }
        #expect(error?.code == 415)
    }

    @Test("Instances go with their definition") func deletesInstances() async throws {
        let test = try await cluster()
        try await test.create(.widgets, Samples.widget("a"))
        try await test.api.delete(.definitions, ObjectKey(name: "widgets.example.com"), DeleteOptions())
        let error = await refusal { _ = try await test.list(.widgets) }
        #expect(error?.isNotFound == true)
        #expect(try await test.list(.definitions).isEmpty)
    }

    @Test("An update needs a version") func updateNeedsVersion() async throws {
        let test = try await cluster()
        try await test.create(.widgets, Samples.widget("a"))
        let error = await refusal {
            _ = try await test.api.update(
                .widgets, ObjectKey(namespace: "default", name: "a"), Samples.widget("a", ["size": 5]),
                subresource: nil, WriteOptions())
        }
        #expect(error?.causes.first?.field == "metadata.resourceVersion")
    }
}
