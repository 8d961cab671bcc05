import Manifest
import Testing

@Suite("Dynamic stable scale", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct DynamicScaleTests {
    /// A Rollout of four pods whose readiness the scenario holds, paused at 25 % with three stable pods.
    private func atFirstPause(_ name: String, more: String = "") async throws -> Scenario {
        let scenario = try await Scenario(name)
        try await scenario.apply(Manifests.routes())
        try await scenario.apply(
            Manifests.rollout(
                strategy: """
                          dynamicStableScale: true
                    \(more)
                          stableService: web-stable
                          canaryService: web-canary
                          trafficRouting: {istio: {virtualService: {name: web, routes: [primary]}}}
                          steps: [{setWeight: 25}, {pause: {}}, {setWeight: 75}, {pause: {}}]
                    """, podSpec: Scenario.gated))
        try await scenario.untilPods([1: 4])
        try await scenario.openGate(1, pods: 4)
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPods([1: 4, 2: 1])
        try await scenario.openGate(2, pods: 1)
        try await scenario.untilPaused("web", at: 1)
        try await scenario.untilPods([1: 3, 2: 1])
        return scenario
    }

    private func promoteToSecondPause(_ scenario: Scenario) async throws {
        try await scenario.promote("web")
        try await scenario.untilPods([1: 3, 2: 3])
        try await scenario.openGate(2, pods: 2)
        try await scenario.untilPaused("web", at: 3)
        try await scenario.untilPods([1: 1, 2: 3])
        #expect(try await scenario.weights("web") == ["web-stable": 25, "web-canary": 75])
    }

    @Test("an abort gives traffic back as stable pods come, and canary pods go as it leaves") func abort() async throws
    {
        let scenario = try await atFirstPause("dynamic")
        try await promoteToSecondPause(scenario)
        try await scenario.abort("web")
        try await scenario.untilPods([1: 3, 2: 3])
        #expect(try await scenario.weights("web")["web-canary"] == 75, "three stable pods are not there yet")
        try await scenario.openGate(1, pods: 2)
        try await scenario.untilWeight(canary: 25)
        try await scenario.untilPods([1: 4, 2: 1])
        #expect(try await scenario.serviceHash("web-canary") == scenario.hash(2))
        try await scenario.openGate(1, pods: 1)
        try await scenario.untilWeight(canary: 0)
        try await scenario.untilPods([1: 4, 2: 0])
        try await scenario.untilService("web-canary", selects: 1)
    }

    @Test("with an abort delay the canary keeps its pods until all traffic has left") func abortDelay() async throws {
        let scenario = try await atFirstPause("dynamic-delay", more: "      abortScaleDownDelaySeconds: 4")
        try await promoteToSecondPause(scenario)
        try await scenario.abort("web")
        try await scenario.untilPods([1: 3, 2: 3])
        let early = try await scenario.replicaSet(2)
        #expect(early.annotations[Scenario.deadline] == nil)
        #expect(try await scenario.weights("web")["web-canary"] == 75)
        try await scenario.openGate(1, pods: 2)
        try await scenario.untilPods([1: 4, 2: 3])
        try await scenario.untilWeight(canary: 25)
        #expect(try await scenario.replicaSet(2).annotations[Scenario.deadline] == nil)
        try await scenario.recording(Kinds.replicaSet) { log in
            try await scenario.openGate(1, pods: 1)
            // The deadline runs once the traffic has left.
            try await scenario.untilDeadlineWasSet(2, pods: 3, in: log)
            try await scenario.untilWeight(canary: 0)
            try await scenario.untilPods([1: 4, 2: 0])
        }
        try await scenario.untilService("web-canary", selects: 1)
    }

    @Test("a rollback to stable shifts no traffic before stable can take it") func rollback() async throws {
        let scenario = try await atFirstPause("dynamic-rollback")
        try await scenario.setImage("web", "shop:v1")
        try await scenario.untilPods([2: 1, 3: 4])
        #expect(try await scenario.weights("web") == ["web-stable": 75, "web-canary": 25])
        #expect(try await scenario.serviceHash("web-canary") == scenario.hash(2))
        #expect(try await scenario.serviceHash("web-stable") == scenario.hash(3))
        let status = try await scenario.get(Kinds.rollout, "web")?["status"]
        #expect(
            status?.at("canary", "weights", "canary", "podTemplateHash")?.stringValue == (try await scenario.hash(2)))
        #expect(status?.at("canary", "weights", "canary", "weight")?.intValue == 25)
        try await scenario.openGate(3, pods: 1)
        try await scenario.untilWeight(canary: 0)
        try await scenario.untilPods([2: 0, 3: 4])
        try await scenario.untilService("web-canary", selects: 3)
        try await scenario.untilStatus("the weights name stable alone") {
            $0.at("canary", "weights", "canary", "podTemplateHash") == $0["stableRS"]
                && $0.at("canary", "weights", "stable", "weight")?.intValue == 100
        }
    }
}
