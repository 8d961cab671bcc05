import Manifest
import Testing

@testable import RolloutEngine

@Suite("Deviations: the Deployment's way back") struct DeviationWorkloadTests {
    /// A Healthy Rollout that took the pods of a Deployment of three.
    static func migrated(restores: Bool = true, scaleDown: String = "onsuccess", size: Int = 3) throws -> World {
        let template = try #require(
            try Rollout(["metadata": ["name": "x"], "spec": World.spec(replicas: 2, canary: [:])]).spec.template)
        var spec = World.spec(replicas: 2, canary: ["steps": []])
        for field in ["template", "selector"] { spec[field] = nil }
        spec["workloadRef"] = [
            "apiVersion": "apps/v1", "kind": "Deployment", "name": "old", "scaleDown": .string(scaleDown),
        ]
        spec["progressDeadlineSeconds"] = 60
        var world = try World(spec: spec)
        world.restoresWorkload = restores
        world.workload = WorkloadFact(
            template: template, selector: LabelSelector(matchLabels: ["app": "web"]), generation: 1, replicas: size,
            availableReplicas: size)
        try world.edit(["metadata": ["finalizers": ["shop.example/other"]]])
        try world.run()
        #expect(world.status.phase == "Healthy")
        let left = world.workload?.replicas ?? 0
        world.workload?.availableReplicas = left
        return world
    }

    static func finalizers(_ world: World) -> [String] {
        (world.rollout.at("metadata", "finalizers")?.arrayValue ?? []).compactMap(\.stringValue)
    }

    static func delete(_ world: inout World) throws {
        try world.edit(["metadata": ["deletionTimestamp": .string(world.now.wholeSeconds.rfc3339)]])
    }

    @Test("D24: the finalizer comes before the pods go, and only where the flag is on and pods are taken")
    func promise() throws {
        let taken = try Self.migrated()
        #expect(taken.workload?.replicas == 0)
        #expect(Self.finalizers(taken) == ["shop.example/other", Keys.restoreWorkload])
        #expect(taken.rollout.annotations[Keys.workloadReplicas] == "3")
        let names = taken.decisions.flatMap(\.decision.effects).compactMap { effect -> String? in
            switch effect {
            case .patchRollout(let patch) where patch.at("metadata", "finalizers") != nil: "finalizer"
            case .scaleWorkload(_, let replicas): "scale to \(replicas)"
            default: nil
            }
        }
        #expect(names == ["finalizer", "scale to 0"])
        for world in [
            try Self.migrated(restores: false), try Self.migrated(scaleDown: "never"), try Self.migrated(size: 0),
        ] {
            #expect(Self.finalizers(world) == ["shop.example/other"])
            #expect(world.rollout.annotations[Keys.workloadReplicas] == nil)
            for case .patchRollout(let patch) in world.decisions.flatMap(\.decision.effects) {
                #expect(patch.at("metadata", "finalizers") == nil)
            }
        }
    }

    @Test("D24: a deleted Rollout stays until the Deployment has its pods")
    func restore() throws {
        var world = try Self.migrated()
        try Self.delete(&world)
        let first = try world.reconcile()
        #expect(world.workload?.replicas == 3 && Self.finalizers(world).contains(Keys.restoreWorkload))
        #expect(first.waiting?.message == "Deployment old gets its pods back: 0 of 3 are available")
        #expect(first.requeueAfter.map { $0 <= .seconds(60) } ?? false)
        world.workload?.availableReplicas = 2
        #expect(try world.reconcile().effects.isEmpty)
        world.workload?.availableReplicas = 3
        try world.reconcile()
        #expect(Self.finalizers(world) == ["shop.example/other"])
        #expect(try world.reconcile().effects.isEmpty)
    }

    @Test("D24: the Deployment gets as many pods as the Rollout has by now")
    func grown() throws {
        var world = try Self.migrated()
        try world.edit(["spec": ["replicas": 7]])
        try world.run()
        try Self.delete(&world)
        try world.reconcile()
        #expect(world.workload?.replicas == 7)
    }

    @Test("D24: nothing holds a Rollout for ever")
    func release() throws {
        var late = try Self.migrated()
        try Self.delete(&late)
        try late.reconcile()
        late.now = late.now + .seconds(61)
        try late.reconcile()
        #expect(Self.finalizers(late) == ["shop.example/other"], "the Deployment's pods do not come")

        var gone = try Self.migrated()
        gone.workload = nil
        try Self.delete(&gone)
        try gone.reconcile()
        #expect(Self.finalizers(gone) == ["shop.example/other"], "the Deployment is gone")

        var inline = try Self.migrated()
        try inline.edit(["metadata": ["annotations": [Keys.workloadReplicas: "many"]]])
        try Self.delete(&inline)
        try inline.reconcile()
        #expect(Self.finalizers(inline) == ["shop.example/other"], "the size is not known")
    }

    @Test("D24: without the flag, or without pods to take, the finalizer goes")
    func withdraw() throws {
        var world = try Self.migrated()
        world.restoresWorkload = false
        try world.run()
        #expect(Self.finalizers(world) == ["shop.example/other"])
        #expect(world.rollout.annotations[Keys.workloadReplicas] == nil)
        world = try Self.migrated()
        try world.edit(["spec": ["workloadRef": ["scaleDown": "never"]]])
        try world.run()
        #expect(Self.finalizers(world) == ["shop.example/other"])
    }
}
