import Manifest
import Testing

@Suite("Canary without a router", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct CanaryTests {
    @Test("the first revision goes straight to all replicas") func initialDeploy() async throws {
        let scenario = try await Scenario("initial")
        try await scenario.apply(Manifests.rollout(strategy: "      steps: [{setWeight: 25}, {pause: {}}]"))
        let rollout = try await scenario.untilPhase("web", "Healthy")
        #expect(rollout.at("status", "availableReplicas")?.intValue == 4)
        #expect(rollout.at("status", "stableRS") == rollout.at("status", "currentPodHash"))
        #expect(rollout.at("status", "currentStepIndex")?.intValue == 2)
        #expect(rollout.annotations["rollout.argoproj.io/revision"] == "1")
    }

    @Test("an update pauses at its weight, and a promotion takes it to the end") func pauseAndPromote() async throws {
        let scenario = try await Scenario("pause")
        try await scenario.apply(Manifests.rollout(strategy: "      steps: [{setWeight: 25}, {pause: {}}]"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        let paused = try await scenario.untilPaused("web", at: 1)
        #expect(try await scenario.sizes() == ["v1": 3, "v2": 1])
        #expect(paused.at("status", "pauseConditions")?[0]?["reason"]?.stringValue == "CanaryPauseStep")
        try await scenario.promote("web")
        let done = try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.sizes() == ["v1": 0, "v2": 4])
        #expect(done.at("status", "stableRS") == done.at("status", "currentPodHash"))
        #expect(done.annotations["rollout.argoproj.io/revision"] == "2")
    }

    @Test("a timed pause goes on by itself") func timedPause() async throws {
        let scenario = try await Scenario("timed")
        try await scenario.apply(
            Manifests.rollout(strategy: "      steps: [{setWeight: 50}, {pause: {duration: 2}}, {setWeight: 75}]"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.recordingPhases { log in
            try await scenario.setImage("web", "shop:v2")
            try await scenario.untilPhase("web", "Healthy")
            #expect(try await scenario.sizes() == ["v1": 0, "v2": 4])
            try await scenario.until("the log shows the end") { log.phases.last == "Healthy" }
            #expect(log.phases.suffix(4) == ["Progressing", "Paused", "Progressing", "Healthy"])
        }
    }

    @Test("an abort takes all pods back to stable, and a retry starts again") func abortAndRetry() async throws {
        let scenario = try await Scenario("abort")
        try await scenario.apply(Manifests.rollout(strategy: "      steps: [{setWeight: 50}, {pause: {}}]"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.abort("web")
        let aborted = try await scenario.untilPhase("web", "Degraded")
        #expect(aborted.at("status", "message")?.stringValue?.hasPrefix("RolloutAborted") == true)
        try await scenario.until("all pods are stable's") { try await scenario.sizes() == ["v1": 4, "v2": 0] }
        try await scenario.retry("web")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
    }

    @Test("promote full skips the steps that are left") func promoteFull() async throws {
        let scenario = try await Scenario("full")
        try await scenario.apply(
            Manifests.rollout(strategy: "      steps: [{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {}}]"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.promoteFull("web")
        let done = try await scenario.untilPhase("web", "Healthy")
        #expect(done.at("status", "promoteFull") == nil || done.at("status", "promoteFull")?.boolValue == false)
        #expect(try await scenario.sizes() == ["v1": 0, "v2": 4])
    }

    @Test("the old template in mid-update rolls back at once") func rollback() async throws {
        let scenario = try await Scenario("rollback")
        try await scenario.apply(Manifests.rollout(strategy: "      steps: [{setWeight: 50}, {pause: {}}]"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.setImage("web", "shop:v1")
        let back = try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.sizes() == ["v1": 4, "v2": 0])
        #expect(back.annotations["rollout.argoproj.io/revision"] == "3")
    }

    @Test("a third version in mid-update replaces the second") func supersede() async throws {
        let scenario = try await Scenario("supersede")
        try await scenario.apply(Manifests.rollout(strategy: "      steps: [{setWeight: 50}, {pause: {}}]"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.setImage("web", "shop:v3")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.until("the second version's pods are gone") { try await scenario.sizes()["v2"] == 0 }
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.sizes() == ["v1": 0, "v2": 0, "v3": 4])
    }

    @Test("pods that never become ready hold the update, and the deadline says so") func neverReady() async throws {
        let scenario = try await Scenario("stuck")
        try await scenario.apply(
            Manifests.rollout(
                strategy: "      steps: [{setWeight: 50}, {pause: {}}]", extra: "  progressDeadlineSeconds: 4"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:bad-image")
        let stuck = try await scenario.untilPhase("web", "Degraded")
        #expect(stuck.at("status", "message")?.stringValue?.hasPrefix("ProgressDeadlineExceeded") == true)
        #expect(try await scenario.sizes()["v1", default: 0] >= 3)
        try await scenario.setImage("web", "shop:v1")
        try await scenario.untilPhase("web", "Healthy")
    }

    @Test("a change of replicas in mid-update keeps the weight") func scale() async throws {
        let scenario = try await Scenario("scale")
        try await scenario.apply(Manifests.rollout(strategy: "      steps: [{setWeight: 50}, {pause: {}}]"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.patch(Kinds.rollout, "web", ["spec": ["replicas": 8]])
        try await scenario.until("both sides have half") { try await scenario.sizes() == ["v1": 4, "v2": 4] }
        try await scenario.patch(Kinds.rollout, "web", ["spec": ["replicas": 2]])
        try await scenario.until("both sides shrink") { try await scenario.sizes() == ["v1": 1, "v2": 1] }
    }

    @Test("old ReplicaSets beyond the history limit are deleted") func history() async throws {
        let scenario = try await Scenario("history")
        try await scenario.apply(
            Manifests.rollout(replicas: 1, strategy: "      steps: []", extra: "  revisionHistoryLimit: 1"))
        try await scenario.untilPhase("web", "Healthy")
        for version in ["v2", "v3", "v4"] {
            try await scenario.setImage("web", "shop:\(version)")
            try await scenario.untilPhase("web", "Healthy")
        }
        try await scenario.until("one old ReplicaSet is left") { try await scenario.list(Kinds.replicaSet).count == 2 }
    }

    @Test("paused by a person, nothing moves until unpaused") func specPaused() async throws {
        let scenario = try await Scenario("frozen")
        try await scenario.apply(Manifests.rollout(strategy: "      steps: [{setWeight: 50}]"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.patch(Kinds.rollout, "web", ["spec": ["paused": true]])
        try await scenario.setImage("web", "shop:v2")
        let paused = try await scenario.untilPhase("web", "Paused")
        #expect(paused.at("status", "message")?.stringValue == "manually paused")
        #expect(try await scenario.sizes()["v1"] == 4)
        try await scenario.patch(Kinds.rollout, "web", ["spec": ["paused": false]])
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.sizes() == ["v1": 0, "v2": 4])
    }

    @Test("paused by a person while nothing is under way, its progress is not unknown") func pausedAtRest() async throws
    {
        let scenario = try await Scenario("rest")
        try await scenario.apply(Manifests.rollout(replicas: 2, strategy: "      steps: [{setWeight: 20}]"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.patch(Kinds.rollout, "web", ["spec": ["paused": true]])
        try await scenario.untilPhase("web", "Paused")
        let start = ContinuousClock.now
        try await scenario.until("conditions have had time to flap") {
            let progressing = try await scenario.get(Kinds.rollout, "web")?.condition("Progressing")
            #expect(progressing?["status"] == "True" && progressing?["reason"] != "RolloutPaused")
            return ContinuousClock.now - start > .seconds(3)
        }
    }

    @Test("quantities in every form, and volumes with items, are no reason to refuse or to renew pods") func forms()
        async throws
    {
        let scenario = try await Scenario("forms")
        try await scenario.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: b, c: d}")
        try await scenario.apply(
            Manifests.rollout(
                replicas: 1, strategy: "      steps: []",
                podSpec: """
                          volumes:
                          - name: settings
                            configMap: {name: settings, items: [{key: a, path: a}, {key: c, path: c}]}
                          terminationGracePeriodSeconds: 1
                    """
            ).replacing(
                "resources: {requests: {cpu: 5m, memory: 16Mi}}",
                with: """
                    resources: {requests: {cpu: 0.001}}
                            volumeMounts: [{name: settings, mountPath: /settings}]
                          - {name: text, image: "shop:side", resources: {requests: {cpu: "0.001"}}}
                          - {name: milli, image: "shop:side", resources: {requests: {cpu: 1m}}}
                    """))
        let rollout = try await scenario.untilPhase("web", "Healthy")
        #expect(rollout.annotations["rollout.argoproj.io/revision"] == "1")
        let containers = try #require(try await scenario.pods(1).first?.at("spec", "containers")?.arrayValue)
        for container in containers {
            let cpu = container.at("resources", "requests", "cpu").flatMap { Quantity($0) }
            #expect(cpu == Quantity("1m"))
        }
        #expect(containers.count == 3)
    }

    @Test("an abort reaches a rollout that a person has paused") func abortWhilePaused() async throws {
        let scenario = try await Scenario("frozen-abort")
        try await scenario.apply(Manifests.rollout(strategy: "      steps: [{setWeight: 50}, {pause: {}}]"))
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await scenario.patch(Kinds.rollout, "web", ["spec": ["paused": true]])
        try await scenario.until("it is paused by hand") {
            try await scenario.get(Kinds.rollout, "web")?.at("status", "message")?.stringValue == "manually paused"
        }
        try await scenario.abort("web")
        let aborted = try await scenario.untilPhase("web", "Degraded")
        #expect(aborted.at("status", "message")?.stringValue?.hasPrefix("RolloutAborted") == true)
        try await scenario.until("all pods are stable's") { try await scenario.sizes() == ["v1": 4, "v2": 0] }
    }
}
