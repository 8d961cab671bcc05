import Kubernetes
import Manifest
import Testing

@Suite("Pods in their roles", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct PodMetadataTests {
    /// Waits until all pods of a revision carry exactly these of the labels `role` and `role2`.
    private func untilRoles(
        _ scenario: Scenario, _ revision: Int, _ labels: [String: String], pods count: Int
    ) async throws {
        try await scenario.until("pods of revision \(revision) carry \(labels)") {
            let pods = try await scenario.pods(revision)
            return pods.count == count
                && pods.allSatisfy { $0.labels.filter { $0.key.hasPrefix("role") && !$0.key.contains("-") } == labels }
        }
    }

    @Test("a canary's pods wear their role, and change with it") func canary() async throws {
        let scenario = try await Scenario("roles-canary")
        try await scenario.apply(
            Manifests.rollout(
                replicas: 2,
                strategy: """
                          canaryMetadata: {labels: {role: canary}}
                          stableMetadata: {labels: {role: stable}}
                          steps: [{setWeight: 50}, {pause: {}}]
                    """))
        try await untilRoles(scenario, 1, ["role": "stable"], pods: 2)
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        try await untilRoles(scenario, 2, ["role": "canary"], pods: 1)
        try await untilRoles(scenario, 1, ["role": "stable"], pods: 1)
        try await scenario.patch(
            Kinds.rollout, "web",
            ["spec": ["strategy": ["canary": ["canaryMetadata": ["labels": ["role": .null, "role2": "second"]]]]]])
        try await untilRoles(scenario, 2, ["role2": "second"], pods: 1)
        try await scenario.promote("web")
        let done = try await scenario.untilPhase("web", "Healthy")
        // Looked at once: the status tells of the promotion when it is all done.
        #expect(try await scenario.pods(2).map { $0.labels["role"] } == ["stable", "stable"])
        #expect(done.annotations["rollout.argoproj.io/revision"] == "2", "metadata of a role is no new revision")
        try await scenario.patch(
            Kinds.rollout, "web",
            ["spec": ["strategy": ["canary": ["stableMetadata": ["labels": ["role": .null, "role2": "settled"]]]]]])
        try await untilRoles(scenario, 2, ["role2": "settled"], pods: 2)
        let template = try await scenario.replicaSet(2).at("spec", "template", "metadata", "labels")
        #expect(template?["role2"] == "settled" && template?["role"] == nil)
    }

    @Test("blue-green pods wear preview's or active's role") func blueGreen() async throws {
        let scenario = try await Scenario("roles-bg")
        try await scenario.apply(Manifests.service("web") + Manifests.service("web-preview"))
        try await scenario.apply(
            Manifests.rollout(
                replicas: 2,
                strategy: """
                          activeService: web
                          previewService: web-preview
                          autoPromotionEnabled: false
                          previewMetadata: {labels: {role: preview}}
                          activeMetadata: {labels: {role: active}}
                    """, kind: "blueGreen"))
        try await untilRoles(scenario, 1, ["role": "active"], pods: 2)
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPhase("web", "Paused")
        try await untilRoles(scenario, 2, ["role": "preview"], pods: 2)
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.pods(2).map { $0.labels["role"] } == ["active", "active"])
    }

    @Test("new pods are kept apart from the stable ones of now") func antiAffinity() async throws {
        let scenario = try await Scenario("apart")
        try await scenario.apply(
            Manifests.rollout(
                replicas: 1,
                strategy: """
                          antiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {}}
                          steps: [{setWeight: 50}, {pause: {}}]
                    """))
        try await scenario.untilPhase("web", "Healthy")
        #expect(try await scenario.replicaSet(1).at("spec", "template", "spec", "affinity") == nil)
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPaused("web", at: 1)
        let rule = try await scenario.replicaSet(2).at(
            "spec", "template", "spec", "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
        #expect(rule?[0]?["topologyKey"] == "kubernetes.io/hostname")
        let expression = rule?[0]?.at("labelSelector", "matchExpressions")?[0]
        #expect(expression?["key"]?.stringValue == Scenario.hashLabel)
        #expect(expression?["values"] == [.string(try await scenario.hash(1))])
        try await scenario.promote("web")
        try await scenario.untilPhase("web", "Healthy")
        let done = try #require(try await scenario.get(Kinds.rollout, "web"))
        #expect(done.annotations["rollout.argoproj.io/revision"] == "2")
        #expect(done.at("spec", "template", "spec", "affinity") == nil)
    }

    // MARK: Restart

    private func restart(_ scenario: Scenario) async throws {
        // Pods of the very second are not older than the restart.
        let newest = try await scenario.list(Kinds.pod).compactMap {
            $0.at("metadata", "creationTimestamp")?.stringValue.flatMap { Timestamp(rfc3339: $0) }
        }.max()
        let clock = SystemClock()
        try await scenario.until("a second has passed") { clock.now() > (newest ?? clock.now()) + .seconds(1) }
        try await scenario.patch(Kinds.rollout, "web", ["spec": ["restartAt": .string(clock.now().rfc3339)]])
    }

    @Test("a restart replaces every pod, as many at a time as may be missing") func restart() async throws {
        let scenario = try await Scenario("restart")
        try await scenario.apply(
            Manifests.rollout(
                strategy: "      maxUnavailable: 75%\n      steps: [{setWeight: 25}, {pause: {}}]",
                podSpec: Scenario.gated))
        try await scenario.untilPods([1: 4])
        try await scenario.openGate(1, pods: 4)
        try await scenario.untilPhase("web", "Healthy")
        try await scenario.setImage("web", "shop:v2")
        try await scenario.untilPods([2: 1])
        try await scenario.openGate(2, pods: 1)
        try await scenario.untilPaused("web", at: 1)
        try await scenario.untilCounts([4, 4, 1, 4, 4])
        try await restart(scenario)
        // Three of four may be missing.
        try await scenario.untilCounts([4, 4, 1, 1, 1])
    }

    @Test("a restart long after an update is recorded, changes no revision, and is no lack of progress")
    func restartDone() async throws {
        let scenario = try await Scenario("restart-done")
        try await scenario.recordingPhases { log in
            try await scenario.apply(
                Manifests.rollout(
                    replicas: 2, strategy: "      steps: [{setWeight: 20}]", extra: "  progressDeadlineAbort: true"))
            let healthy = try await scenario.untilPhase("web", "Healthy")
            // Its deadline has passed long ago.
            let past = JSON.string((SystemClock().now() - .seconds(3_600)).wholeSeconds.rfc3339)
            let conditions = (healthy.at("status", "conditions")?.arrayValue ?? []).map { condition in
                var condition = condition
                (condition["lastUpdateTime"], condition["lastTransitionTime"]) = (past, past)
                return condition
            }
            try await scenario.patch(
                Kinds.rollout, "web", ["status": ["conditions": .array(conditions)]], subresource: "status")
            let before = try await scenario.pods(1).map(\.uid)
            try await restart(scenario)
            let done = try await scenario.untilStatus("the restart is done") { $0["restartedAt"]?.stringValue != nil }
            #expect(done.at("status", "restartedAt") == done.at("spec", "restartAt"))
            try await scenario.untilPhase("web", "Healthy")
            try await scenario.untilPods([1: 2])
            #expect(try await scenario.pods(1).allSatisfy { !before.contains($0.uid) })
            #expect(!log.phases.contains("Degraded"))
        }
    }

    @Test("a PodDisruptionBudget holds a restart up, and its end lets it go on") func budget() async throws {
        let scenario = try await Scenario("budget")
        let budget = try await scenario.createBudget(app: "web", minAvailable: 2)
        try await scenario.apply(
            Manifests.rollout(replicas: 2, strategy: "      maxUnavailable: 100%\n      steps: [{setWeight: 20}]"))
        try await scenario.untilPhase("web", "Healthy")
        let before = try await scenario.pods(1).map(\.uid).sorted()
        try await restart(scenario)
        try await scenario.untilStatus("it restarts") { $0["message"] == "rollout is restarting" }
        #expect(try await scenario.pods(1).map(\.uid).sorted() == before, "the budget allows no disruption")
        try await scenario.stand.api.delete(
            budget, ObjectKey(namespace: scenario.namespace, name: "web"), DeleteOptions())
        // Refused evictions are tried again after half a minute.
        try await scenario.untilStatus("the restart is done") {
            $0["restartedAt"]?.stringValue != nil
        }
        #expect(try await scenario.pods(1).allSatisfy { !before.contains($0.uid) })
    }
}

extension Scenario {
    /// Makes a PodDisruptionBudget in the version that the cluster serves.
    fileprivate func createBudget(app: String, minAvailable: Int64) async throws -> Resource {
        var resource = Resource(
            group: "policy", version: "v1", plural: "poddisruptionbudgets", kind: "PodDisruptionBudget")
        for version in ["v1", "v1beta1"] {
            resource.version = version
            let object: JSON = [
                "apiVersion": .string(resource.apiVersion), "kind": "PodDisruptionBudget", "metadata": ["name": "web"],
                "spec": ["minAvailable": .int(minAvailable), "selector": ["matchLabels": ["app": .string(app)]]],
            ]
            do throws(KubernetesError) {
                _ = try await stand.api.create(
                    resource, namespace: namespace, object, subresource: nil, WriteOptions(fieldManager: "e2e"))
                return resource
            } catch {
                guard error.isNotFound else { throw error }
            }
        }
        throw ScenarioError(description: "the cluster serves no PodDisruptionBudget")
    }
}
