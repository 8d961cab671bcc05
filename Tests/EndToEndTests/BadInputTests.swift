import Manifest
import Testing

@Suite("Bad input", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(5)))
struct BadInputTests {
    @Test("a broken Rollout says what, where and how to mend it, and its neighbour goes on") func invalidSpec()
        async throws
    {
        let scenario = try await Scenario("invalid")
        try await scenario.apply(Manifests.rollout("broken", strategy: "      steps: [{setWeight: 120}]"))
        try await scenario.apply(Manifests.rollout("fine", strategy: "      steps: [{setWeight: 20}]"))
        try await scenario.untilPhase("fine", "Healthy")
        let broken = try await scenario.untilPhase("broken", "Degraded")
        let message = broken.at("status", "message")?.stringValue ?? ""
        #expect(message.hasPrefix("InvalidSpec") && message.contains("steps[0].setWeight"), "\(message)")
        try await scenario.apply(Manifests.rollout("broken", strategy: "      steps: [{setWeight: 20}]"))
        try await scenario.untilPhase("broken", "Healthy")
    }

    @Test("amounts that are no quantities are as if they were not written, and a warning names them") func unreadable()
        async throws
    {
        let scenario = try await Scenario("unreadable")
        let requests = "resources: {requests: {cpu: 5m, memory: 16Mi}}"
        let manifest = { (name: String, more: String) in
            Manifests.rollout(name, replicas: 1, strategy: "      steps: []", podSpec: more)
                .replacing(requests, with: "resources: {requests: {memory: invalid}}")
        }
        try await scenario.apply(manifest("plain", ""))
        try await scenario.apply(
            manifest(
                "debugged",
                "      ephemeralContainers:\n      - {name: main, image: \"shop:v1\", resources: {requests: {memory: invalid}}}"
            ))
        for name in ["plain", "debugged"] {
            let healthy = try await scenario.untilPhase(name, "Healthy")
            // Programs with Kubernetes' own types can read it again.
            let container = healthy.at("spec", "template", "spec", "containers")?.arrayValue?.first
            #expect(container?.at("resources", "requests", "memory") == nil)
            #expect(healthy.at("spec", "template", "spec", "ephemeralContainers") == nil)
            #expect(try await scenario.replicaSets(of: name).count == 1)
            try await scenario.until("an Event names the amount") {
                try await scenario.list(Kinds.event).contains {
                    $0["reason"] == "RolloutSpecWarning" && $0.at("involvedObject", "name")?.stringValue == name
                        && $0["message"]?.stringValue?.contains("containers[0].resources.requests.memory") == true
                }
            }
        }
    }

    @Test("what is not supported yet is refused by name") func unsupported() async throws {
        let scenario = try await Scenario("unsupported")
        try await scenario.apply(
            Manifests.rollout(strategy: "      steps: [{plugin: {name: shop/check}}]"))
        let refused = try await scenario.untilPhase("web", "Degraded")
        #expect(refused.at("status", "message")?.stringValue?.contains("not supported yet") == true)
    }

    @Test("an AnalysisRun without a metric ends in an error that says so") func emptyRun() async throws {
        let scenario = try await Scenario("empty-run")
        try await scenario.apply(
            "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisRun\nmetadata: {name: empty}\nspec: {metrics: []}")
        try await scenario.until("the run has ended") {
            try await scenario.get(Kinds.analysisRun, "empty")?.at("status", "phase")?.stringValue == "Error"
        }
        let run = try await scenario.get(Kinds.analysisRun, "empty")
        #expect(run?.at("status", "message")?.stringValue?.contains("metric") == true)
    }

    @Test("a hostile expression ends, and so does the run") func endlessExpression() async throws {
        let scenario = try await Scenario("endless")
        try await scenario.apply(
            """
            apiVersion: argoproj.io/v1alpha1
            kind: AnalysisRun
            metadata: {name: endless}
            spec:
              metrics:
              - name: endless
                consecutiveErrorLimit: 0
                successCondition: all(1..1000000, all(1..1000000, # > 0))
                provider:
                  prometheus: {address: \(scenario.stand.prometheus), query: vector(1)}
            """)
        try await scenario.until("the run has ended") {
            try await scenario.get(Kinds.analysisRun, "endless")?.at("status", "phase")?.stringValue == "Error"
        }
    }

    @Test("numbers beyond reason do not stop the controller") func hugeNumbers() async throws {
        let scenario = try await Scenario("huge")
        try await scenario.apply(
            Manifests.rollout(
                "huge", replicas: 0,
                strategy: "      maxSurge: 2147483647\n      steps: [{setWeight: 100}, {pause: {duration: 99999999h}}]")
        )
        try await scenario.apply(Manifests.rollout("fine", replicas: 1, strategy: "      steps: []"))
        try await scenario.untilPhase("fine", "Healthy")
        try await scenario.until("the huge one has a phase") {
            try await scenario.get(Kinds.rollout, "huge")?.at("status", "phase")?.stringValue != nil
        }
    }
}
