import Manifest
import RolloutEngine
import Testing

@Suite("Basic canary") struct BasicCanaryTests {
    struct Trace: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var replicas: Int
        var canary: JSON
        /// `canary/stable` after each change of either size; `ready` lets new pods become available.
        var expected: String
    }

    static func step(_ weight: Int) -> JSON { [["setWeight": JSON(weight)], ["pause": [:]]] }
    static let traces = [
        Trace(
            testDescription: "R 10, w 20, 25 %/25 %", replicas: 10, canary: ["steps": step(20)],
            expected: "0/8 2/8 ready"),
        Trace(
            testDescription: "R 10, w 50, S 2, U 1", replicas: 10,
            canary: ["steps": step(50), "maxSurge": 2, "maxUnavailable": 1], expected: "0/9 3/9 ready 3/6 5/6 ready 5/5"
        ),
        Trace(
            testDescription: "R 5, no steps", replicas: 5, canary: [:], expected: "0/4 3/4 ready 3/1 5/1 ready 5/0"),
        Trace(
            testDescription: "R 4, w 100, S 1, U 0", replicas: 4,
            canary: ["steps": step(100), "maxSurge": 1, "maxUnavailable": 0],
            expected: "1/4 ready 1/3 2/3 ready 2/2 3/2 ready 3/1 4/1 ready 4/0"),
        Trace(
            testDescription: "R 10, w 30, S 0, U 20 %", replicas: 10,
            canary: ["steps": step(30), "maxSurge": 0, "maxUnavailable": "20%"],
            expected: "0/8 2/8 ready 2/7 3/7 ready"),
        Trace(
            testDescription: "R 3, w 100, S 2, U 0", replicas: 3,
            canary: ["steps": step(100), "maxSurge": 2, "maxUnavailable": 0], expected: "2/3 ready 2/1 3/1 ready 3/0"),
    ]

    /// Sizes in the order in which effects change them.
    static func sizes(_ world: inout World, stable: String) throws -> [String] {
        var lines: [String] = []
        for _ in 0..<40 {
            var canary = world.sets.values.filter { $0.hash != stable }.map(\.replicas).reduce(0, +)
            var old = world.set(hash: stable)?.replicas ?? 0
            let decision = try world.reconcile()
            if decision.effects.isEmpty { break }
            for effect in decision.effects {
                switch effect {
                case .createReplicaSet(let json, _):
                    canary = Int(json.at("spec", "replicas")?.intValue ?? 0)
                    if canary == 0 { continue }
                case .updateReplicaSet(let update) where update.replicas != nil:
                    if world.sets[update.name]?.hash == stable {
                        old = update.replicas ?? 0
                    } else {
                        canary = update.replicas ?? 0
                    }
                default: continue
                }
                lines.append("\(canary)/\(old)")
            }
        }
        return lines
    }

    @Test("sizes follow the worked traces", arguments: traces)
    func trace(_ row: Trace) throws {
        var world = try World(spec: World.spec(replicas: row.replicas, canary: row.canary))
        try world.run()
        let stable = world.status.stableRS
        #expect(world.status.phase == "Healthy")
        try world.setImage("web:2")
        var lines: [String] = []
        for _ in 0..<10 {
            lines += try Self.sizes(&world, stable: stable)
            let (version, before) = (world.version, world.current?.availableReplicas ?? 0)
            world.stepPods()
            if world.version == version { break }
            if world.current?.availableReplicas ?? 0 > before { lines.append("ready") }
        }
        #expect(lines == row.expected.split(separator: " ").map(String.init))
    }

    @Test("a canary that never becomes ready stops at the least that must be available, until the deadline")
    func neverReady() throws {
        var spec = World.spec(replicas: 4, canary: ["steps": [["setWeight": 100], ["pause": [:]]]])
        spec["progressDeadlineSeconds"] = 600
        var world = try World(spec: spec)
        try world.run()
        let stable = world.status.stableRS
        world.brokenImages = ["web:2"]
        try world.setImage("web:2")
        var lines: [String] = []
        for _ in 0..<5 {
            lines += try Self.sizes(&world, stable: stable)
            world.stepPods()
        }
        #expect(lines == ["0/3", "2/3"] && world.status.phase == "Progressing")
        try world.pass(601)
        #expect(world.status.message.hasPrefix("ProgressDeadlineExceeded"))
        #expect(world.sets.values.map(\.replicas).sorted() == [2, 3])
    }

    @Test("an abort at 5/5 brings the stable pods back first")
    func abort() throws {
        var world = try World(
            spec: World.spec(replicas: 10, canary: ["steps": Self.step(50), "maxSurge": 3, "maxUnavailable": 2]))
        try world.run()
        let stable = world.status.stableRS
        try world.setImage("web:2")
        try world.run()
        #expect(world.status.pauseConditions.map(\.reason) == ["CanaryPauseStep"])
        try world.edit(["status": ["abort": true]])
        var lines: [String] = []
        for _ in 0..<10 {
            lines += try Self.sizes(&world, stable: stable)
            world.stepPods()
        }
        #expect(lines == ["5/8", "3/8", "3/10", "0/10"] || lines == ["6/8", "3/8", "3/10", "0/10"])
        #expect(world.status.phase == "Degraded")
        #expect(world.status.message.hasPrefix("RolloutAborted: "))
        #expect(world.status.currentStepIndex == 0)
        #expect(world.events.filter { $0.reason == "RolloutAborted" }.count == 1)
    }

    @Test("a first deploy skips the steps and is healthy once its pods are")
    func firstDeploy() throws {
        var world = try World(spec: World.spec(replicas: 3, canary: ["steps": Self.step(20)]))
        try world.reconcile()
        #expect(world.sets.values.map(\.replicas) == [3])
        #expect(world.status.stableRS == world.status.currentPodHash && !world.status.stableRS.isEmpty)
        #expect(world.status.currentStepIndex == 2)
        try world.run()
        #expect(world.status.phase == "Healthy")
        #expect(world.status.condition(.healthy)?.status == "True")
        #expect(world.status.condition(.progressing)?.reason == "NewReplicaSetAvailable")
        #expect(world.rollout.annotations["rollout.argoproj.io/revision"] == "1")
    }

    @Test("a settled Rollout needs no request, whatever the time")
    func unchanged() throws {
        var world = try World(spec: World.spec(replicas: 3, canary: ["steps": Self.step(20)]))
        try world.run()
        for _ in 0..<5 {
            world.now = world.now + .seconds(10_000)
            #expect(try world.reconcile().effects.isEmpty)
        }
    }

    @Test("from image change to first pause takes few requests")
    func requests() throws {
        var world = try World(spec: World.spec(replicas: 10, canary: ["steps": Self.step(20)]))
        try world.run()
        world.requests = 0
        try world.setImage("web:2")
        try world.settle()
        #expect(world.requests <= 4)
        try world.run()
        #expect(world.status.phase == "Paused")
        #expect(world.status.message == "CanaryPauseStep")
        #expect(world.requests <= 6)
    }

    @Test("promote, promote full, retry and rollback end where they should")
    func operations() throws {
        var world = try World(
            spec: World.spec(
                replicas: 4, canary: ["steps": [["setWeight": 25], ["pause": [:]], ["setWeight": 50], ["pause": [:]]]]))
        try world.run()
        let first = world.status.stableRS
        try world.setImage("web:2")
        try world.run()
        #expect(world.status.currentStepIndex == 1)
        try world.edit(["status": ["pauseConditions": .null]])
        try world.run()
        #expect(world.status.currentStepIndex == 3)
        #expect(world.status.phase == "Paused")
        try world.edit(["status": ["abort": true]])
        try world.run()
        #expect(world.status.abort && world.status.stableRS == first)
        #expect(world.set(hash: first)?.availableReplicas == 4)
        try world.edit(["status": ["abort": false]])
        try world.run()
        #expect(world.status.currentStepIndex == 1)
        #expect(world.status.phase == "Paused")
        try world.edit(["status": ["promoteFull": true]])
        try world.run()
        #expect(world.status.phase == "Healthy")
        #expect(world.status.stableRS != first)
        #expect(world.status.duration?.completionStatus == "FastPromoted")
        try world.setImage("web:1")
        try world.run()
        #expect(world.status.currentPodHash == first)
        #expect(world.set(hash: first)?.annotations["rollout.argoproj.io/revision"] == "3")
        #expect(world.set(hash: first)?.annotations["rollout.argoproj.io/revision-history"] == "1")
    }

    @Test("the stable template applied again in mid-update goes straight back")
    func fastRollback() throws {
        var world = try World(spec: World.spec(replicas: 4, canary: ["steps": Self.step(50)]))
        try world.run()
        let first = world.status.stableRS
        try world.setImage("web:2")
        try world.run()
        try world.setImage("web:1")
        try world.run()
        #expect(world.status.phase == "Healthy")
        #expect(world.status.stableRS == first)
        #expect(world.events.contains { $0.reason == "SkipSteps" })
    }

    @Test("pods that are late after a pause pass their deadline too")
    func lateAfterPause() throws {
        var spec = World.spec(replicas: 3, canary: ["steps": [["setWeight": 20], ["pause": [:]]]])
        spec["progressDeadlineSeconds"] = 2
        var world = try World(spec: spec)
        try world.run()
        try world.setImage("web:2")
        try world.run()
        #expect(world.status.phase == "Paused")
        world.brokenImages = ["web:2"]
        world.now = world.now + .seconds(60)
        try world.edit(["status": ["pauseConditions": .null]])
        try world.run()
        #expect(world.status.phase == "Progressing")
        let wake = try #require(try world.reconcile().requeueAfter)
        #expect(wake <= .seconds(3))
        world.now = world.now + wake
        try world.run()
        #expect(world.status.message.hasPrefix("ProgressDeadlineExceeded"))
    }

    @Test("the deadline degrades, and aborts where that is asked for", arguments: [false, true])
    func deadline(_ aborts: Bool) throws {
        var spec = World.spec(replicas: 4, canary: ["steps": [["setWeight": 50]]])
        spec["progressDeadlineSeconds"] = 60
        spec["progressDeadlineAbort"] = .bool(aborts)
        var world = try World(spec: spec)
        try world.run()
        let first = world.status.stableRS
        world.brokenImages = ["web:2"]
        try world.setImage("web:2")
        try world.run()
        #expect(world.status.phase == "Progressing")
        world.now = world.now + .seconds(62)
        try world.run()
        #expect(world.status.phase == "Degraded")
        #expect(world.status.message.hasPrefix(aborts ? "RolloutAborted" : "ProgressDeadlineExceeded"))
        #expect(world.status.stableRS == first)
        if aborts { #expect(world.set(hash: first)?.availableReplicas == 4) }
    }
}
