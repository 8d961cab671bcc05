import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@Suite("Server-side apply through the embedded API") struct ApplyTests {
    private func apply(
        _ test: TestCluster, _ resource: Resource, _ object: JSON, _ manager: String, force: Bool = false
    ) async throws -> JSON {
        try await test.patch(
            resource, object.objectKey.name, .apply, object, WriteOptions(fieldManager: manager, force: force))
    }

    private func managers(_ object: JSON) -> [String] {
        (object.at("metadata", "managedFields")?.arrayValue ?? []).compactMap { entry in
            guard let manager = entry["manager"]?.stringValue, let operation = entry["operation"]?.stringValue else {
                return nil
            }
            return "\(manager) \(operation)\(entry["subresource"]?.stringValue.map { " " + $0 } ?? "")"
        }
    }

    private func map(_ data: [String: String]) -> JSON {
        ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "a"], "data": JSON(data)]
    }

    @Test("An apply creates, and again changes nothing") func createsOnce() async throws {
        let test = TestCluster()
        let made = try await apply(test, .configMaps, map(["k": "v"]), "git")
        #expect(managers(made) == ["git Apply"])
        test.clock.advance(by: .seconds(60))
        let again = try await apply(test, .configMaps, map(["k": "v"]), "git")
        #expect(again == made)
    }

    @Test("What an applier leaves out goes, unless another owns it") func removes() async throws {
        let test = TestCluster()
        _ = try await apply(test, .configMaps, map(["a": "1", "b": "2"]), "git")
        _ = try await apply(test, .configMaps, map(["b": "2", "c": "3"]), "team")
        let made = try await apply(test, .configMaps, map([:]), "git")
        #expect(made["data"] == ["b": "2", "c": "3"])
    }

    @Test("Another's value is a conflict that force takes over") func conflicts() async throws {
        let test = TestCluster()
        _ = try await apply(test, .configMaps, map(["a": "1"]), "git")
        let error = await refusal { _ = try await apply(test, .configMaps, map(["a": "2"]), "team") }
        #expect(error?.code == 409)
        #expect(
            error?.causes == [.init(reason: "FieldManagerConflict", message: "conflict with \"git\"", field: ".data.a")]
        )
        #expect(error?.message == "Apply failed with 1 conflict: conflict with \"git\": .data.a")
        let forced = try await apply(test, .configMaps, map(["a": "2"]), "team", force: true)
        #expect(forced["data"] == ["a": "2"])
        // git still owns the empty map around it; the one field is team's.
        #expect(managers(forced).contains("team Apply"))
    }

    @Test("Ports are told apart by number and protocol") func ports() async throws {
        let test = TestCluster()
        func service(_ ports: JSON) -> JSON {
            ["apiVersion": "v1", "kind": "Service", "metadata": ["name": "web"], "spec": ["ports": ports]]
        }
        _ = try await apply(test, .services, service([["name": "http", "port": 80]]), "git")
        let made = try await apply(test, .services, service([["name": "metrics", "port": 90]]), "team")
        #expect(made.at("spec", "ports")?.arrayValue?.compactMap { $0["port"]?.intValue }.sorted() == [80, 90])
        let fewer = try await apply(test, .services, service([["name": "web", "port": 80, "protocol": "TCP"]]), "git")
        #expect(fewer.at("spec", "ports")?.arrayValue?.count == 2)
    }

    @Test("Status has owners of its own") func statusOwners() async throws {
        let test = TestCluster()
        _ = try await apply(test, .deployments, Samples.deployment("web"), "git")
        let made = try await test.patch(
            .deployments, "web", .merge, ["status": ["replicas": 2]], subresource: "status",
            WriteOptions(fieldManager: "controller"))
        #expect(Set(managers(made)) == ["git Apply", "controller Update status"])
        let scaled = try await test.patch(
            .deployments, "web", .merge, ["spec": ["replicas": 9]], subresource: "scale",
            WriteOptions(fieldManager: "hpa"))
        #expect(scaled.at("spec", "replicas") == 9)
        let live = try await test.get(.deployments, "web")
        #expect(Set(managers(live ?? .null)) == ["git Apply", "controller Update status", "hpa Update scale"])
    }

    @Test("A dry run of an apply shows the result and stores nothing") func dryRun() async throws {
        let test = TestCluster()
        let made = try await test.patch(
            .configMaps, "a", .apply, map(["k": "v"]), WriteOptions(fieldManager: "git", dryRun: true))
        #expect(made["data"] == ["k": "v"])
        #expect(try await test.get(.configMaps, "a") == nil)
    }

    @Test("An apply names its manager and carries no managedFields") func refusals() async throws {
        let test = TestCluster()
        var object = map([:])
        object.set([["manager": "x"]], at: "metadata", "managedFields")
        let withFields = object
        #expect(await refusal { _ = try await apply(test, .configMaps, withFields, "git") }?.code == 400)
        let unnamed = WriteOptions(fieldManager: "")
        #expect(await refusal { try await test.patch(.configMaps, "a", .apply, map([:]), unnamed) }?.code == 422)
    }
}
