import Manifest
import Testing

private func set(_ paths: [FieldStep]...) -> FieldSet { FieldSet(paths.map(FieldPath.init)) }

private let replicas: [FieldStep] = [.field("spec"), .field("replicas")]
private let web: [FieldStep] = [.field("spec"), .field("containers"), .keys(["name": "web"])]
private let image = web + [.field("image")]

@Suite("Field sets") struct FieldSetTests {
    @Test("FieldsV1 is read and written")
    func fieldsV1() throws {
        let json: JSON = [
            "f:metadata": ["f:finalizers": ["v:\"a\"": [:]], "f:labels": [".": [:], "f:app": [:]]],
            "f:spec": [
                "f:replicas": [:],
                "f:ports": ["k:{\"containerPort\":80,\"protocol\":\"TCP\"}": [".": [:], "f:name": [:]], "i:2": [:]],
            ],
        ]
        let fields = try FieldSet(fieldsV1: json)
        #expect(fields.fieldsV1 == json)
        #expect(
            fields.paths.map(\.description) == [
                ".metadata.finalizers[=\"a\"]", ".metadata.labels", ".metadata.labels.app", ".spec.ports[2]",
                ".spec.ports[containerPort=80,protocol=\"TCP\"]", ".spec.ports[containerPort=80,protocol=\"TCP\"].name",
                ".spec.replicas",
            ])
        #expect(!fields.contains([.field("spec")]))
        #expect(fields.contains(replicas))
    }

    @Test(
        "Unreadable sets are refused",
        arguments: [["x:a": [:]], ["k:[]": [:]], ["v:{": [:]], ["i:-1": [:]], ["f:a": 1], 1] as [JSON])
    func malformed(json: JSON) { #expect(throws: PatchError.self) { try FieldSet(fieldsV1: json) } }

    @Test("Sets are joined, cut and taken from each other")
    func algebra() {
        let a = set(replicas, web, image)
        let b = set(image, [.field("status")])
        #expect(a.union(b) == set(replicas, web, image, [.field("status")]))
        #expect(a.intersection(b) == set(image))
        #expect(a.difference(b) == set(replicas, web))
        #expect(a.difference(a).isEmpty)
        #expect(a.difference(set([.field("spec")])) == a)
        #expect(a.recursiveDifference(set([.field("spec")])).isEmpty)
        #expect(a.recursiveDifference(set(web)) == set(replicas))
        #expect(a.union(a) == a)
    }
}

private let schema = ApplyTable([
    "": .structure, "metadata": .structure, "metadata.labels": .map, "metadata.finalizers": .set, "spec": .structure,
    "spec.selector": .atomic, "spec.strategy": .structure, "spec.containers": .keyed(["name"]),
    "spec.containers.ports": .keyed(["containerPort", "protocol"], defaults: ["protocol": "TCP"]),
])
private let noon = Timestamp(seconds: 1_800_000_000)
private let later = Timestamp(seconds: 1_800_000_060)

private func apply(
    _ live: JSON?, _ configuration: JSON, _ manager: String = "ann", force: Bool = false, at now: Timestamp = noon
) throws(ApplyConflict) -> JSON {
    try ServerSideApply.apply(
        live: live, applied: configuration, manager: manager, force: force, apiVersion: "v1", now: now, schema: schema,
        ignoring: [["status"]])
}

private func update(_ live: JSON?, _ new: JSON, _ manager: String, at now: Timestamp = noon) -> JSON {
    ManagedFields.updated(
        live: live, new: new, manager: manager, apiVersion: "v1", now: now, schema: schema, ignoring: [["status"]])
}

/// Who owns what: `ann: .spec.replicas`.
private func owners(_ object: JSON) -> [String] {
    (ManagedFields(of: object)?.entries ?? []).flatMap { entry in
        entry.fields.paths.map { "\(entry.manager): \($0)" }
    }.sorted()
}

private func plain(_ object: JSON) -> JSON {
    var result = object
    result.set(nil, at: "metadata", "managedFields")
    return result
}

private func object(_ spec: JSON, labels: JSON? = nil) -> JSON {
    var result: JSON = ["apiVersion": "v1", "kind": "Thing", "metadata": ["name": "a"], "spec": spec]
    if let labels { result.set(labels, at: "metadata", "labels") }
    return result
}

@Suite("Server-side apply") struct ServerSideApplyTests {
    @Test("A first apply owns what it says, and nothing of the object's identity")
    func create() throws {
        let configuration = object(
            [
                "replicas": 1, "selector": ["a": "b"],
                "containers": [["name": "web", "ports": [["containerPort": 80]]]],
            ],
            labels: ["app": "a"])
        let created = try apply(nil, configuration)
        #expect(plain(created) == configuration)
        #expect(
            owners(created) == [
                "ann: .metadata.labels.app", "ann: .spec.containers[name=\"web\"]",
                "ann: .spec.containers[name=\"web\"].name",
                "ann: .spec.containers[name=\"web\"].ports[containerPort=80,protocol=\"TCP\"]",
                "ann: .spec.containers[name=\"web\"].ports[containerPort=80,protocol=\"TCP\"].containerPort",
                "ann: .spec.replicas", "ann: .spec.selector",
            ])
        #expect(created.at("metadata", "managedFields")?[0]?["time"] == .string(noon.rfc3339))
        #expect(try apply(created, configuration, at: later) == created, "again, nothing changes, not even the time")
    }

    @Test("What the manager leaves out goes, unless another one owns it")
    func prune() throws {
        let first = try apply(
            nil, object(["replicas": 1, "paused": true, "containers": [["name": "a"], ["name": "b", "image": "1"]]]))
        let shared = try apply(first, object(["paused": true, "containers": [["name": "b", "image": "1"]]]), "bob")
        let second = try apply(shared, object(["replicas": 2]), at: later)
        #expect(plain(second)["spec"] == ["replicas": 2, "paused": true, "containers": [["name": "b", "image": "1"]]])
        #expect(
            owners(second) == [
                "ann: .spec.replicas", "bob: .spec.containers[name=\"b\"]", "bob: .spec.containers[name=\"b\"].image",
                "bob: .spec.containers[name=\"b\"].name", "bob: .spec.paused",
            ])
        let last = try apply(second, object(["replicas": 2]), "bob")
        #expect(plain(last)["spec"] == ["replicas": 2])
        #expect(owners(last) == ["ann: .spec.replicas", "bob: .spec.replicas"])
    }

    @Test("Another value for another manager's field is a conflict; force takes the field")
    func conflicts() throws {
        let live = update(nil, object(["replicas": 1, "paused": true]), "kubectl")
        #expect(throws: Never.self) { try apply(live, object(["replicas": 1])) }
        do throws(ApplyConflict) {
            _ = try apply(live, object(["replicas": 2]))
            Issue.record("no conflict")
        } catch {
            #expect(
                error.description
                    == "Apply failed with 1 conflict: conflict with \"kubectl\" using v1 at \(noon.rfc3339): .spec.replicas"
            )
        }
        do throws(ApplyConflict) {
            _ = try apply(live, object(["replicas": 2, "paused": false]))
            Issue.record("no conflict")
        } catch {
            #expect(
                error.description == """
                    Apply failed with 2 conflicts: conflicts with "kubectl" using v1 at \(noon.rfc3339):
                    - .spec.paused
                    - .spec.replicas
                    """)
        }
        let forced = try apply(live, object(["replicas": 2]), force: true)
        #expect(plain(forced)["spec"] == ["replicas": 2, "paused": true])
        #expect(owners(forced) == ["ann: .spec.replicas", "kubectl: .spec", "kubectl: .spec.paused"])
    }

    @Test("An object without managers belongs to before-first-apply")
    func beforeFirstApply() throws {
        let live = object(["replicas": 1, "selector": ["a": "b"]])
        #expect(throws: ApplyConflict.self) { try apply(live, object(["replicas": 2])) }
        let applied = try apply(live, object(["replicas": 1]))
        #expect(
            owners(applied) == [
                "ann: .spec.replicas", "before-first-apply: .spec", "before-first-apply: .spec.replicas",
                "before-first-apply: .spec.selector",
            ])
    }

    @Test("Elements keep the live order around those that are applied")
    func order() throws {
        let live = update(
            nil, object(["containers": [["name": "x"], ["name": "a"], ["name": "y"], ["name": "b"]]]), "kubectl")
        let applied = try apply(live, object(["containers": [["name": "b"], ["name": "new"], ["name": "a"]]]))
        #expect(
            applied.at("spec", "containers") == [
                ["name": "x"], ["name": "b"], ["name": "new"], ["name": "a"], ["name": "y"],
            ])
    }

    @Test("Sets and maps are owned element by element, atoms whole")
    func granularity() throws {
        var configuration = object(["selector": ["a": "1"]], labels: ["x": "1"])
        configuration.set(["f1"], at: "metadata", "finalizers")
        var live = try apply(nil, configuration)
        live = update(
            live,
            {
                var o = live; o.set(["f1", "f2"], at: "metadata", "finalizers");
                o.set("2", at: "metadata", "labels", "y"); return o
            }(), "bob")
        let again = try apply(live, object(["selector": ["b": "2"]]))
        #expect(again.at("metadata", "finalizers") == ["f2"])
        #expect(again.at("metadata", "labels") == ["y": "2"])
        #expect(again.at("spec", "selector") == ["b": "2"])
    }

    @Test("What cannot be applied is refused")
    func invalid() {
        #expect(throws: ApplyConflict.self) { try apply(nil, object(["containers": [["image": "x"]]])) }
        #expect(throws: ApplyConflict.self) { try apply(nil, object(["containers": [["name": "x"], ["name": "x"]]])) }
        #expect(throws: ApplyConflict.self) { try apply(nil, 3) }
        #expect(throws: ApplyConflict.self) {
            try apply(nil, ["apiVersion": "v1", "metadata": ["managedFields": [["manager": "x"]]]])
        }
    }

    @Test("A plain write owns what it changes and others lose it")
    func updates() throws {
        let created = update(nil, object(["replicas": 1, "strategy": ["type": "R"]]), "kubectl")
        #expect(
            owners(created) == [
                "kubectl: .spec", "kubectl: .spec.replicas", "kubectl: .spec.strategy", "kubectl: .spec.strategy.type",
            ])
        var changed = created
        changed.set(3, at: "spec", "replicas")
        changed.set(nil, at: "spec", "strategy")
        changed.set("ignored", at: "status")
        let scaled = update(created, changed, "hpa", at: later)
        #expect(owners(scaled) == ["hpa: .spec.replicas", "kubectl: .spec"])
        #expect(update(scaled, scaled, "hpa", at: later) == scaled)
        var reset = scaled
        reset.set([[:]], at: "metadata", "managedFields")
        #expect(owners(update(scaled, reset, "x")) == [])
        var absent = scaled
        absent.set(nil, at: "metadata", "managedFields")
        #expect(owners(update(scaled, absent, "x")) == owners(scaled))
    }

    @Test("Plain writes do not begin to track an object that nobody owns")
    func untracked() {
        let live = object(["replicas": 1])
        #expect(update(live, object(["replicas": 2]), "kubectl") == object(["replicas": 2]))
    }

    @Test("A set written under another schema is brought up to the present one")
    func schemaChanges() throws {
        func live(_ fields: JSON) -> JSON {
            var result = object(["replicas": 1, "selector": ["a": "b"]], labels: ["x": "1", "y": "2"])
            result.set(
                [
                    [
                        "manager": "old", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
                        "fieldsV1": fields,
                    ]
                ],
                at: "metadata", "managedFields")
            return result
        }
        // Granular then, whole now.
        let atom = try apply(live(["f:spec": ["f:selector": ["f:a": [:]]]]), object(["replicas": 1]))
        #expect(owners(atom) == ["ann: .spec.replicas", "old: .spec.selector"])
        // Whole then, granular now.
        let granular = try apply(live(["f:metadata": ["f:labels": [:]]]), object(["replicas": 1]))
        #expect(
            owners(granular) == [
                "ann: .spec.replicas", "old: .metadata.labels", "old: .metadata.labels.x", "old: .metadata.labels.y",
            ])
    }

    @Test("More than ten writers become ancient changes")
    func ancient() {
        var live = update(nil, object(["f0": 0]), "m0")
        for number in 1...14 {
            var changed = live
            changed.set(.int(Int64(number)), at: "spec", "f\(number)")
            live = update(live, changed, "m\(number)", at: noon + .seconds(number))
        }
        let managers = ManagedFields(of: live)?.entries.map(\.manager) ?? []
        #expect(managers.count == 10)
        #expect(managers.contains("ancient-changes"))
        #expect(owners(live).contains("ancient-changes: .spec.f1"))
    }
}
