import Manifest
import Testing

@testable import RolloutEngine

/// Worlds that the tests of single deviations begin with.
enum DeviationWorld {
    static let steps: JSON = [["setWeight": 50], ["pause": [:]]]

    /// A routed canary whose first revision is Healthy, with `web:2` as far as it goes.
    static func routed(
        replicas: Int = 4, steps: JSON = steps, _ more: [String: JSON] = [:], isStrict: Bool = false
    ) throws -> World {
        try updated(RoutedCanaryTests.spec(replicas: replicas, steps: steps, more: more), isStrict: isStrict)
    }

    /// A canary without a router, likewise.
    static func basic(
        replicas: Int = 4, _ canary: JSON = ["steps": steps], isStrict: Bool = false
    ) throws -> World {
        try updated(World.spec(replicas: replicas, canary: canary), isStrict: isStrict)
    }

    static func updated(_ spec: JSON, isStrict: Bool = false) throws -> World {
        var world = try World(spec: spec)
        world.isStrict = isStrict
        try world.run()
        #expect(world.status.phase == "Healthy")
        try world.setImage("web:2")
        try world.run()
        return world
    }
}

extension World {
    var stable: ReplicaSet? { self.set(hash: status.stableRS) }
    var current: ReplicaSet? { self.set(hash: status.currentPodHash) }

    mutating func pass(_ seconds: Int) throws {
        now = now + .seconds(seconds)
        try run()
    }

    mutating func abort() throws { try edit(["status": ["abort": true]]) }

    mutating func resume() throws { try edit(["status": ["pauseConditions": .null]]) }

    /// Takes available pods away from a ReplicaSet, as a failing node would.
    mutating func breakPods(of hash: String, leaving count: Int) {
        guard let name = set(hash: hash)?.name else { return }
        sets[name]?.availableReplicas = count
        sets[name]?.readyReplicas = count
        let version = bump()
        sets[name]?.resourceVersion = version
    }
}
