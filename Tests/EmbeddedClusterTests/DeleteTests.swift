import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@Suite("Deletes in the embedded cluster") struct DeleteTests {
    private func owned(_ name: String, by owner: JSON, blocking: Bool = false) -> JSON {
        var map = Samples.configMap(name)
        map.set(
            [
                [
                    "apiVersion": "v1", "kind": "ConfigMap", "name": .string(owner.objectKey.name),
                    "uid": .string(owner.uid),
                    "blockOwnerDeletion": .bool(blocking),
                ]
            ], at: "metadata", "ownerReferences")
        return map
    }

    @Test("A finalizer holds the object until it is taken off") func finalizers() async throws {
        let test = TestCluster()
        var map = Samples.configMap("a")
        map.set(["example.com/hold"], at: "metadata", "finalizers")
        try await test.create(.configMaps, map)
        let key = ObjectKey(namespace: "default", name: "a")
        #expect(try await test.api.delete(.configMaps, key, DeleteOptions()))
        #expect(try await test.get(.configMaps, "a")?.at("metadata", "deletionTimestamp") != nil)
        try await test.patch(.configMaps, "a", .merge, ["metadata": ["finalizers": .null]])
        #expect(try await test.get(.configMaps, "a") == nil)
        #expect(try await test.api.delete(.configMaps, key, DeleteOptions()) == false)
    }

    @Test("Dependents go with their last owner, through all levels") func background() async throws {
        let test = TestCluster()
        let root = try await test.create(.configMaps, Samples.configMap("root"))
        let child = try await test.create(.configMaps, owned("child", by: root))
        try await test.create(.configMaps, owned("grandchild", by: child))
        try await test.api.delete(.configMaps, root.objectKey, DeleteOptions())
        #expect(try await test.names(.configMaps, ListOptions(namespace: "default")) == ["kube-root-ca.crt"])
    }

    @Test("Orphans lose the owner and stay") func orphans() async throws {
        let test = TestCluster()
        let root = try await test.create(.configMaps, Samples.configMap("root"))
        try await test.create(.configMaps, owned("child", by: root))
        try await test.api.delete(.configMaps, root.objectKey, DeleteOptions(propagation: .orphan))
        let child = try await test.get(.configMaps, "child")
        #expect(child != nil)
        #expect(child?.at("metadata", "ownerReferences") == nil)
        #expect(try await test.get(.configMaps, "root") == nil)
    }

    @Test("In foreground the owner waits for blocking dependents") func foreground() async throws {
        let test = TestCluster()
        let root = try await test.create(.configMaps, Samples.configMap("root"))
        var child = owned("child", by: root, blocking: true)
        child.set(["example.com/hold"], at: "metadata", "finalizers")
        try await test.create(.configMaps, child)
        try await test.api.delete(.configMaps, root.objectKey, DeleteOptions(propagation: .foreground))
        #expect(try await test.get(.configMaps, "root") != nil)
        try await test.patch(.configMaps, "child", .merge, ["metadata": ["finalizers": .null]])
        #expect(try await test.names(.configMaps, ListOptions(namespace: "default")) == ["kube-root-ca.crt"])
    }

    @Test("A uid that is gone as owner is garbage at once") func lateChild() async throws {
        let test = TestCluster()
        let root = try await test.create(.configMaps, Samples.configMap("root"))
        try await test.api.delete(.configMaps, root.objectKey, DeleteOptions())
        _ = try? await test.create(.configMaps, owned("late", by: root))
        #expect(try await test.get(.configMaps, "late") == nil)
    }

    @Test("A namespace takes its content along") func namespaces() async throws {
        let test = TestCluster()
        try await test.create(.namespaces, ["metadata": ["name": "shop"]], namespace: "")
        #expect(
            try await test.api.get(.namespaces, ObjectKey(name: "shop"), subresource: nil)?.at("status", "phase")
                == "Active")
        try await test.create(.configMaps, Samples.configMap("a"), namespace: "shop")
        try await test.api.delete(.namespaces, ObjectKey(name: "shop"), DeleteOptions())
        #expect(try await test.get(.namespaces, "shop") == nil)
        #expect(try await test.list(.configMaps, ListOptions(namespace: "shop")).isEmpty)
        let error = await refusal { try await test.create(.configMaps, Samples.configMap("b"), namespace: "shop") }
        #expect(error?.isNotFound == true)
    }

    @Test("Preconditions hold back the wrong delete") func preconditions() async throws {
        let test = TestCluster()
        let made = try await test.create(.configMaps, Samples.configMap("a"))
        let error = await refusal {
            try await test.api.delete(.configMaps, made.objectKey, DeleteOptions(uid: "other"))
        }
        #expect(error?.isConflict == true)
        #expect(try await test.api.delete(.configMaps, made.objectKey, DeleteOptions(uid: made.uid)))
    }
}
