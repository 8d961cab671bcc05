import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@Suite("Store") struct StoreTests {
    static func object(_ name: String, _ version: String, uid: String = "u", owner: String? = nil) -> UntypedObject {
        var json: JSON = [
            "metadata": [
                "namespace": "shop", "name": .string(name), "resourceVersion": .string(version), "uid": .string(uid),
                "managedFields": [["manager": "x"]],
            ]
        ]
        if let owner {
            json.set([["uid": .string(owner), "controller": true]], at: "metadata", "ownerReferences")
        }
        return UntypedObject(json)
    }

    private let key = ObjectKey(namespace: "shop", name: "web")

    @Test(
        "only moves forward",
        arguments: [
            ("5", "6", "6", 1), ("6", "5", "6", 0), ("5", "5", "5", 0), ("9", "10", "10", 1), ("a", "b", "b", 1),
        ])
    func forward(_ first: String, _ second: String, _ kept: String, _ changes: Int) {
        let store = Store<UntypedObject>()
        #expect(store.apply(Self.object("web", first)).count == 1)
        #expect(store.apply(Self.object("web", second)).count == changes)
        #expect(store.get(key)?.resourceVersion == kept)
        #expect(store.count == 1)
    }

    @Test("a replaced object is gone and then new")
    func replaced() {
        let store = Store<UntypedObject>()
        _ = store.apply(Self.object("web", "5", uid: "a"))
        let changes = store.apply(Self.object("web", "6", uid: "b"))
        #expect(changes.map { [$0.old?.uid, $0.new?.uid] } == [["a", nil], [nil, "b"]])
    }

    @Test("D41: an own write is remembered until the watch has caught up, and never hides a later event")
    func readYourWrites() {
        let store = Store<UntypedObject>()
        _ = store.apply(Self.object("web", "5"))
        #expect(!store.isBehind(key))
        store.noteWrite(key, "9")
        #expect(store.isBehind(key))
        #expect(store.get(key)?.resourceVersion == "5")
        _ = store.apply(Self.object("web", "7"))
        #expect(store.get(key)?.resourceVersion == "7")
        #expect(store.isBehind(key))
        _ = store.apply(Self.object("web", "9"))
        #expect(!store.isBehind(key))
        store.noteWrite(key, "9")
        #expect(!store.isBehind(key), "a write that changed nothing")
    }

    @Test("a bookmark past the write, or the object's end, catches up too")
    func caughtUp() {
        let store = Store<UntypedObject>()
        store.noteWrite(key, "9")
        #expect(store.isBehind(key))
        store.advance(to: "8")
        #expect(store.isBehind(key))
        store.advance(to: "10")
        #expect(!store.isBehind(key))
        store.noteWrite(key, "12")
        _ = store.remove(key, resourceVersion: "13")
        #expect(!store.isBehind(key))
    }

    @Test("a late deletion does not take out a newer object")
    func lateDelete() {
        let store = Store<UntypedObject>()
        _ = store.apply(Self.object("web", "9"))
        #expect(store.remove(key, resourceVersion: "8").isEmpty)
        #expect(store.remove(key, resourceVersion: "10").count == 1)
        #expect(store.count == 0)
    }

    @Test("finds by namespace, owner and index, in order, and forgets what changed")
    func indexes() {
        let store = Store<UntypedObject>(indexes: ["first": { [String($0.key.name.prefix(1))] }])
        for name in ["b2", "a1", "b1"] { _ = store.apply(Self.object(name, "1", uid: name, owner: "o")) }
        #expect(store.all.map(\.key.name) == ["a1", "b1", "b2"])
        #expect(store.inNamespace("shop").count == 3)
        #expect(store.inNamespace("other").isEmpty)
        #expect(store.ownedBy("o").map(\.key.name) == ["a1", "b1", "b2"])
        #expect(store.indexed("first", "b").map(\.key.name) == ["b1", "b2"])
        _ = store.apply(Self.object("b1", "2", uid: "b1", owner: nil))
        #expect(store.ownedBy("o").map(\.key.name) == ["a1", "b2"])
        let gone = store.sweep(keeping: [ObjectKey(namespace: "shop", name: "b1")])
        #expect(gone.map(\.key.name) == ["a1", "b2"])
        #expect(store.indexed("first", "b").map(\.key.name) == ["b1"])
        #expect(store.ownedBy("o").isEmpty)
    }

    @Test("any order of additions and removals leaves what was not removed", arguments: 0..<20)
    func anyOrder(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let store = Store<UntypedObject>()
        var expected: [String: String] = [:]
        for step in 1...600 {
            let name = "web-\(Int.random(in: 0..<80, using: &random))"
            if Int.random(in: 0..<3, using: &random) == 0 {
                let gone = store.remove(ObjectKey(namespace: "shop", name: name), resourceVersion: "\(step)")
                #expect(gone.map(\.old?.resourceVersion) == (expected[name].map { [$0] } ?? []))
                expected[name] = nil
            } else {
                #expect(store.apply(Self.object(name, "\(step)")).count == 1)
                expected[name] = "\(step)"
            }
            #expect(store.get(ObjectKey(namespace: "shop", name: name))?.resourceVersion == expected[name])
        }
        #expect(store.count == expected.count)
        #expect(store.all.map(\.key.name) == expected.keys.sorted())
        for name in (0..<80).map({ "web-\($0)" }) {
            #expect(store.get(ObjectKey(namespace: "shop", name: name))?.resourceVersion == expected[name])
        }
    }

    @Test("a namespace that empties and fills again is found, and no other in its place")
    func namespaces() {
        func object(_ namespace: String, _ version: String) -> UntypedObject {
            UntypedObject([
                "metadata": [
                    "namespace": .string(namespace), "name": "web", "resourceVersion": .string(version),
                    "uid": .string(namespace),
                ]
            ])
        }
        let store = Store<UntypedObject>()
        for (index, namespace) in ["a", "b", "a"].enumerated() { _ = store.apply(object(namespace, "\(index + 1)")) }
        #expect(store.count == 2)
        #expect(store.remove(ObjectKey(namespace: "a", name: "web"), resourceVersion: "9").map(\.old?.uid) == ["a"])
        _ = store.apply(object("c", "10"))
        #expect(store.inNamespace("a").isEmpty)
        #expect(store.get(ObjectKey(namespace: "a", name: "web")) == nil)
        _ = store.apply(object("a", "11"))
        #expect(store.all.map(\.key.namespace) == ["a", "b", "c"])
        #expect(store.inNamespace("c").map(\.uid) == ["c"])
    }

    @Test("keeps no managedFields and fills in what items of a list lack")
    func untyped() throws {
        var reader = JSONReader(Array(#"{"metadata":{"name":"x","managedFields":[{"a":1}]},"spec":{"b":[1,2]}}"#.utf8))
        var object = try UntypedObject.decode(&reader)
        object.adopt(.leases)
        #expect(object.json.at("metadata", "managedFields") == nil)
        #expect(object.json["kind"] == "Lease")
        #expect(object.json["apiVersion"] == "coordination.k8s.io/v1")
        #expect(object.json.at("spec", "b") == [1, 2])
    }
}
