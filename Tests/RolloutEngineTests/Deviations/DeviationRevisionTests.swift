import Manifest
import Testing

@testable import RolloutEngine

/// Where this controller differs on purpose from the one whose objects it accepts: revisions, ownership and metadata.
@Suite("Deviations: revisions and ownership") struct DeviationRevisionTests {
    @Test("D3: without a known selector no ReplicaSet is let go")
    func d3() throws {
        var world = try DeviationWorld.basic()
        try world.edit([
            "spec": [
                "selector": .null, "template": .null,
                "workloadRef": ["apiVersion": "apps/v1", "kind": "Deployment", "name": "nowhere"],
            ]
        ])
        let decision = decide(world.snapshot(), now: world.now)
        let names = decision.effects.map { "\($0)" }
        #expect(names.allSatisfy { !$0.contains("releaseReplicaSet") && !$0.contains("updateReplicaSet") }, "\(names)")
        #expect(world.sets.values.map(\.replicas).reduce(0, +) == 4)
    }

    @Test("D15: what the template says itself comes back when a role's metadata goes")
    func d15() throws {
        var spec = World.spec(
            replicas: 2,
            canary: [
                "steps": DeviationWorld.steps, "canaryMetadata": ["labels": ["tier": "canary"]],
                "stableMetadata": ["labels": ["tier": "stable"]],
            ])
        spec.set("front", at: "template", "metadata", "labels", "tier")
        var world = try World(spec: spec)
        try world.run()
        let first = try #require(world.stable?.name)
        #expect(world.templates[first]?.labels["tier"] == "stable")
        try world.setImage("web:2")
        try world.run()
        let second = try #require(world.current?.name)
        #expect(world.templates[second]?.labels["tier"] == "canary")
        try world.edit(["spec": ["strategy": ["canary": ["canaryMetadata": .null, "stableMetadata": .null]]]])
        try world.run()
        #expect(world.templates[second]?.labels["tier"] == "front")
        #expect(world.templates[first]?.labels["tier"] == "front")
    }

    @Test(
        "D16: a ReplicaSet with another hash stays the Rollout's, whichever dialect wrote it", arguments: [true, false])
    func d16(isRecorded: Bool) throws {
        var world = try World(spec: World.spec(replicas: 2, canary: ["steps": []]))
        try world.run()
        let written = world.status.currentPodHash
        let template = try #require(world.typed.spec.template)
        let other = isRecorded ? "5f6d7c8b9" : template.hash(collisionCount: nil, dialect: .older)
        #expect(other != written)
        for name in world.sets.keys { world.sets[name]?.labels[Keys.podTemplateHash] = other }
        var status: JSON = ["currentPodHash": .string(other), "stableRS": .string(other)]
        if !isRecorded { status["currentPodHash"] = .null }
        try world.edit(["status": status])
        try world.run()
        #expect(world.sets.count == 1 && world.status.currentPodHash == other && world.status.stableRS == other)
        #expect(world.rollout.annotations[Keys.revision] == "1")
    }

    @Test("metadata that changes twice before the pods follow leaves none of the first behind")
    func metadataTwice() throws {
        var world = try World(
            spec: World.spec(
                replicas: 2, canary: ["steps": DeviationWorld.steps, "stableMetadata": ["labels": ["first": "1"]]]))
        try world.run()
        func change(_ old: String, _ new: String) throws {
            try world.edit([
                "spec": ["strategy": ["canary": ["stableMetadata": ["labels": [old: .null, new: "1"]]]]]
            ])
        }
        try change("first", "second")
        try world.reconcile()
        try change("second", "third")
        try world.reconcile()
        #expect(world.podMetadata.isEmpty, "the ReplicaSet controller has not seen the template yet")
        try world.run()
        let request = try #require(world.podMetadata.last)
        #expect(request.labels["third"] == .some("1"))
        #expect(request.labels["first"] == .some(nil) && request.labels["second"] == .some(nil))
    }

    @Test("D23: a new template calls a restart off")
    func d23CallOff() throws {
        var world = try DeviationWorld.basic()
        let time = world.now + .seconds(1)
        world.pods = [pod("old", of: world.status.stableRS, in: world)]
        try world.edit(["spec": ["restartAt": .string(time.rfc3339)]])
        try world.setImage("web:3")
        try world.run()
        try world.pass(60)
        #expect(world.evicted.isEmpty && world.status.restartedAt == Timestamp(rfc3339: time.rfc3339))
    }

    @Test("D23: pods restart stable first, then current, then older ones, the oldest first")
    func d23Order() throws {
        var world = try DeviationWorld.routed(["scaleDownDelaySeconds": 600])
        let (stable, second) = (world.status.stableRS, world.status.currentPodHash)
        try world.setImage("web:3")
        try world.run()
        let current = world.status.currentPodHash
        world.pods = [
            pod("a-older", of: second, in: world), pod("b-current", of: current, in: world),
            pod("c-stable-young", of: stable, in: world, age: 100),
            pod("d-stable-old", of: stable, in: world, age: 200),
        ]
        try world.edit(["spec": ["restartAt": .string((world.now - .seconds(1)).rfc3339)]])
        var order: [String] = []
        for _ in 0..<40 where order.count < 4 {
            let before = world.evicted.count
            try world.reconcile()
            order += world.evicted[before...]
            // Whatever is evicted comes back young and ready.
            let missing = 12 - world.pods.count
            for index in 0..<max(0, missing) {
                world.pods.append(pod("new-\(order.count)-\(index)", of: stable, in: world, age: 0))
            }
            world.now = world.now + .seconds(31)
        }
        #expect(order == ["d-stable-old", "c-stable-young", "b-current", "a-older"])
    }

    private func pod(_ name: String, of hash: String, in world: World, age: Int = 300) -> PodFact {
        PodFact(
            name: name, uid: name, ownerUID: world.set(hash: hash)?.uid ?? "",
            creationTimestamp: world.now - .seconds(age - (age == 0 ? 60 : 0)), readySince: world.now - .seconds(30))
    }

    @Test("D24: only the first revision takes a Deployment's pods away, and of other kinds nothing is sized")
    func d24() throws {
        let template = try #require(
            try Rollout(["metadata": ["name": "x"], "spec": World.spec(replicas: 2, canary: [:])]).spec.template)
        func world(_ kind: String) throws -> World {
            var spec = World.spec(replicas: 2, canary: ["steps": []])
            for field in ["template", "selector"] { spec[field] = nil }
            spec["workloadRef"] = [
                "apiVersion": "apps/v1", "kind": .string(kind), "name": "web", "scaleDown": "onsuccess",
            ]
            var world = try World(spec: spec)
            world.workload = WorkloadFact(
                template: template, selector: LabelSelector(matchLabels: ["app": "web"]), generation: 1, replicas: 2)
            try world.run()
            #expect(world.status.phase == "Healthy")
            return world
        }
        #expect(try world("ReplicaSet").workload?.replicas == 2)
        var migrated = try world("Deployment")
        #expect(migrated.workload?.replicas == 0)
        let next = try #require(
            try Rollout(["metadata": ["name": "x"], "spec": World.spec(replicas: 2, image: "web:2", canary: [:])])
                .spec.template)
        migrated.workload?.template = next
        migrated.workload?.generation = 2
        migrated.workload?.replicas = 2
        try migrated.run()
        #expect(migrated.rollout.annotations[Keys.revision] == "2" && migrated.status.phase == "Healthy")
        #expect(migrated.workload?.replicas == 2)
    }

    @Test("D30: a default size is one patch of one field, and unknown fields of a template reach the pods")
    func d30() throws {
        var spec = World.spec(replicas: 1, canary: ["steps": []])
        spec["replicas"] = nil
        spec.set(["field": ["of": "tomorrow"]], at: "template", "spec", "unknown")
        var world = try World(spec: spec)
        #expect(decide(world.snapshot(), now: world.now).effects == [.patchRollout(["spec": ["replicas": 1]])])
        try world.reconcile()
        let created = decide(world.snapshot(), now: world.now).effects.compactMap { effect -> JSON? in
            if case .createReplicaSet(let object, _) = effect { object } else { nil }
        }
        #expect(created.first?.at("spec", "template", "spec", "unknown", "field", "of") == "tomorrow")
    }

    @Test(
        "D32: a first revision that never ran is replaced without steps; strict, it is protected",
        arguments: [false, true])
    func d32(isStrict: Bool) throws {
        var world = try World(spec: World.spec(replicas: 4, canary: ["steps": DeviationWorld.steps]))
        world.isStrict = isStrict
        world.brokenImages = ["web:1"]
        try world.run()
        let first = world.status.stableRS
        #expect(!first.isEmpty)
        try world.setImage("web:2")
        try world.run()
        let second = world.status.currentPodHash
        if isStrict {
            #expect(world.status.stableRS == first && world.status.phase == "Paused")
        } else {
            #expect(world.status.stableRS == second && world.set(hash: second)?.replicas == 4)
            #expect(world.status.phase == "Healthy")
        }
    }

    @Test("D32: pods of a first revision that never ran make room as in any update, until a good one is there")
    func d32WithinSurge() throws {
        var world = try World(
            spec: World.spec(replicas: 4, canary: ["maxSurge": 1, "maxUnavailable": 0, "steps": DeviationWorld.steps]))
        world.brokenImages = ["web:1", "web:2", "web:3"]
        try world.run()
        let first = world.status.currentPodHash
        try world.setImage("web:2")
        try world.run()
        let second = world.status.currentPodHash
        #expect(world.status.stableRS == second)
        #expect(world.set(hash: first)?.replicas == 4 && world.set(hash: second)?.replicas == 1)
        try world.setImage("web:3")
        try world.run()
        let third = world.status.currentPodHash
        #expect(world.set(hash: first)?.replicas == 4 && world.set(hash: second)?.replicas == 0)
        #expect(world.set(hash: third)?.replicas == 1)
        try world.setImage("web:4")
        try world.run()
        #expect(world.set(hash: first)?.replicas == 0 && world.set(hash: third)?.replicas == 0)
        #expect(world.set(hash: world.status.stableRS)?.replicas == 4 && world.status.phase == "Healthy")
    }

    @Test("D38: of two ReplicaSets of the same second the one with the lower revision is older")
    func d38() throws {
        for names in [("web:1", "web:2"), ("web:2", "web:1"), ("web:3", "web:8")] {
            var spec = World.spec(replicas: 1, image: names.0, canary: ["steps": DeviationWorld.steps])
            spec["rollbackWindow"] = ["revisions": 1]
            var world = try World(spec: spec)
            try world.run()
            try world.setImage(names.1)
            try world.run()
            try world.resume()
            try world.run()
            #expect(Set(world.sets.values.map(\.creationTimestamp)).count == 1, "the clock stands still")
            let first = try #require(world.sets.values.first { $0.hash != world.status.stableRS }).hash
            try world.setImage(names.0)
            try world.run()
            #expect(world.status.stableRS == first && world.status.duration?.completionStatus == "FastRolledBack")
        }
    }
}
