import Kubernetes
import Manifest
import Testing

@Suite("Scaling", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct ScalingTests {
    @Test("setCanaryScale sets the canary's size by weight, by number and by traffic again")
    func canaryScale() async throws {
        let scenario = try await Scenario("set-scale")
        try await scenario.apply(Manifests.routes())
        try await scenario.apply(
            Manifests.rollout(
                strategy: Manifests.istio(
                    steps: """
                              - pause: {}
                              - setCanaryScale: {weight: 25}
                              - pause: {duration: 24h}
                              - setWeight: 50
                              - pause: {duration: 24h}
                              - setCanaryScale: {replicas: 3}
                              - pause: {}
                              - setCanaryScale: {matchTrafficWeight: true}
                              - pause: {duration: 24h}
                        """)))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        for (step, canary) in [(0, 0), (2, 1), (4, 1), (6, 3), (8, 2)] {
            try await scenario.untilPaused("web", at: Int64(step))
            try await scenario.untilPods([1: 4, 2: canary])
            try await scenario.promote("web")
        }
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.untilPods([2: 4])
    }

    @Test("an autoscaler's size is followed at the present weight while paused") func whilePaused() async throws {
        let scenario = try await Scenario("scale-paused")
        try await scenario.apply(Manifests.rollout(strategy: "      steps: [{setWeight: 25}, {pause: {}}]"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.scale(to: 8)
        try await scenario.untilPods([1: 6, 2: 2])
        let seen = try #require(
            try await scenario.stand.api.get(
                Kinds.rollout, .init(namespace: scenario.namespace, name: "web"), subresource: "scale"))
        #expect(seen.at("spec", "replicas")?.intValue == 8)
        #expect(seen.at("status", "selector")?.stringValue == "app=web")
        try await scenario.untilCounts([8, 8, 2, 8, 8])
        try await scenario.scale(to: 4)
        try await scenario.untilPods([1: 3, 2: 1])
        let paused = try await scenario.untilPaused("web", at: 1)
        #expect(paused.annotations["rollout.argoproj.io/revision"] == "2")
    }

    @Test("the scale subresource reports the active pods of a blue-green update") func blueGreenScale() async throws {
        let scenario = try await Scenario("scale-active")
        try await scenario.apply(Manifests.service("web"))
        try await scenario.apply(
            Manifests.rollout(
                replicas: 2, strategy: "      activeService: web\n      autoPromotionEnabled: false", kind: "blueGreen")
        )
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Paused")
        try await scenario.scale(to: 3)
        try await scenario.untilPods([1: 3, 2: 3])
        let hash = try await scenario.hash(1)
        try await scenario.untilStatus("the active pods alone count") {
            $0["HPAReplicas"]?.intValue == 3
                && $0["selector"]?.stringValue == "app=web,rollouts-pod-template-hash=\(hash)"
        }
        try await scenario.promote("web")
        try await scenario.untilService("web", selects: 2)
        try await scenario.untilPhase("web", "Healthy")
    }

    @Test("sizes in mid-update keep to maxSurge of 100 %") func surge() async throws {
        let scenario = try await Scenario("surge")
        try await scenario.apply(Manifests.rollout(strategy: "      maxSurge: 100%"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:bad-image")
        try await scenario.untilPods([1: 3, 2: 4])
        try await scenario.scale(to: 8)
        try await scenario.untilPods([1: 3, 2: 8])
        try await scenario.scale(to: 4)
        try await scenario.untilPods([1: 3, 2: 4])
    }

    @Test("sizes in mid-update keep to maxUnavailable of 0") func noneUnavailable() async throws {
        let scenario = try await Scenario("none-unavailable")
        try await scenario.apply(Manifests.rollout(strategy: "      maxSurge: 2\n      maxUnavailable: 0"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:bad-image")
        try await scenario.untilPods([1: 4, 2: 2])
        try await scenario.scale(to: 8)
        try await scenario.untilPods([1: 4, 2: 6])
        try await scenario.scale(to: 4)
        try await scenario.untilPods([1: 4, 2: 2])
    }

    @Test("a lower weight and an abort take no pod away before another serves") func lowerWeight() async throws {
        let scenario = try await Scenario("lower")
        try await scenario.apply(
            Manifests.rollout(
                replicas: 3,
                strategy: """
                          maxSurge: 2
                          maxUnavailable: 0
                          steps: [{setWeight: 100}, {pause: {}}, {setWeight: 0}, {pause: {}}, {setWeight: 100}, {pause: {}}]
                    """, podSpec: Scenario.gated))
        try await scenario.untilPods([1: 3])
        try await scenario.openGate(1, pods: 3)
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPods([1: 3, 2: 2])
        try await scenario.openGate(2, pods: 2)
        try await scenario.untilPods([1: 1, 2: 3])
        try await scenario.openGate(2, pods: 1)
        try await scenario.untilPaused("web", at: 1)
        try await scenario.untilPods([1: 0, 2: 3])
        try await scenario.promote("web")
        try await scenario.untilPods([1: 2, 2: 3])
        try await scenario.openGate(1, pods: 2)
        try await scenario.untilPods([1: 3, 2: 1])
        try await scenario.openGate(1, pods: 1)
        try await scenario.untilPaused("web", at: 3)
        try await scenario.untilPods([1: 3, 2: 0])
    }

    @Test("an update of a Rollout without pods completes, and pods come with its size") func zero() async throws {
        let scenario = try await Scenario("zero")
        try await scenario.apply(
            Manifests.rollout(replicas: 0, strategy: "      steps: [{setWeight: 50}, {setWeight: 75}]"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilStatus("revision 2 is stable") {
            $0["stableRS"] == $0["currentPodHash"] && $0["currentStepIndex"]?.intValue == 2
        }
        try await scenario.scale(to: 2)
        try await scenario.untilPods([2: 2])
        try await scenario.untilPhase("web", "Healthy")
    }

    @Test("a size that nobody gave is written down as 1") func defaultSize() async throws {
        let scenario = try await Scenario("default-size")
        try await scenario.apply(
            Manifests.rollout(strategy: "      steps: []").replacing("  replicas: 4\n", with: ""))
        let rollout = try await scenario.untilPhase("web", "Healthy")
        #expect(rollout.at("spec", "replicas")?.intValue == 1)
    }
}
