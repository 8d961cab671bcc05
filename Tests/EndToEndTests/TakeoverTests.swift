import EmbeddedCluster
import Kubernetes
import Manifest
import Testing

/// Objects as another controller of the same kinds leaves them; ours starts only then.
@Suite("Taking over", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct TakeoverTests {
    /// The hash that builds on older libraries give the template with `nginx:1.25`.
    private static let new = "7c4bd8fbf8"
    private static let old = "6c8b9dd4f5"
    private static let hashLabel = Scenario.hashLabel

    private static func template(_ image: String) -> JSON {
        [
            "metadata": ["labels": ["app": "web"]],
            "spec": ["containers": [["name": "web", "image": .string(image), "resources": [:]]]],
        ]
    }

    private static func condition(_ type: String, _ status: String, _ reason: String) -> JSON {
        [
            "type": .string(type), "status": .string(status), "reason": .string(reason),
            "message": .string("worded by another controller: \(type) is \(status)"),
            "lastUpdateTime": "2026-01-02T03:04:05Z", "lastTransitionTime": "2026-01-02T03:04:05Z",
        ]
    }

    private func createRollout(_ scenario: Scenario, replicas: Int, strategy: JSON) async throws -> JSON {
        try await scenario.stand.api.create(
            Kinds.rollout, namespace: scenario.namespace,
            [
                "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
                "metadata": [
                    "name": "web",
                    "labels": ["argo-rollouts.argoproj.io/controller-instance-id": .string(scenario.namespace)],
                    "annotations": ["rollout.argoproj.io/revision": "2"],
                ],
                "spec": [
                    "replicas": JSON(replicas), "selector": ["matchLabels": ["app": "web"]],
                    "template": Self.template("nginx:1.25"), "strategy": strategy,
                ],
            ], subresource: nil, WriteOptions(fieldManager: "rollouts-controller"))
    }

    private func createReplicaSet(
        _ scenario: Scenario, _ rollout: JSON, _ hash: String, image: String, revision: Int, replicas: Int
    ) async throws {
        var template = Self.template(image)
        template.set(.string(hash), at: "metadata", "labels", Self.hashLabel)
        let notes: [String: JSON] = [
            "rollout.argoproj.io/revision": .string(String(revision)),
            "rollout.argoproj.io/desired-replicas": .string("\(rollout.at("spec", "replicas")?.intValue ?? 0)"),
        ]
        _ = try await scenario.stand.api.create(
            Kinds.replicaSet, namespace: scenario.namespace,
            [
                "apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": [
                    "name": .string("web-\(hash)"), "annotations": .object(notes),
                    "labels": ["app": "web", Self.hashLabel: .string(hash)],
                    "ownerReferences": [
                        [
                            "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web",
                            "uid": .string(rollout.uid), "controller": true, "blockOwnerDeletion": true,
                        ]
                    ],
                ],
                "spec": [
                    "replicas": JSON(replicas),
                    "selector": ["matchLabels": ["app": "web", Self.hashLabel: .string(hash)]],
                    "template": template,
                ],
            ], subresource: nil, WriteOptions(fieldManager: "rollouts-controller"))
        try await scenario.until("pods of \(hash) are available") {
            let set = try await scenario.get(Kinds.replicaSet, "web-\(hash)")
            return set?.at("status", "availableReplicas")?.intValue ?? 0 == Int64(replicas)
                && set?.at("status", "observedGeneration") != nil
        }
    }

    private func point(_ scenario: Scenario, _ service: String, at hash: String) async throws {
        try await scenario.patch(
            Kinds.service, service,
            [
                "metadata": ["annotations": ["argo-rollouts.argoproj.io/managed-by-rollouts": "web"]],
                "spec": ["selector": [Self.hashLabel: .string(hash)]],
            ])
    }

    private func setStatus(_ scenario: Scenario, _ status: JSON) async throws {
        var status = status
        let live = try await scenario.get(Kinds.rollout, "web")
        status["observedGeneration"] = .string("\(live?.at("metadata", "generation")?.intValue ?? 0)")
        try await scenario.patch(Kinds.rollout, "web", ["status": status], subresource: "status")
    }

    private func versions(_ scenario: Scenario) async throws -> [String: String] {
        var versions: [String: String] = [:]
        for kind in [Kinds.rollout, Kinds.replicaSet, Kinds.service, Kinds.virtualService] {
            for object in try await scenario.list(kind) where !object.objectKey.name.hasPrefix("sentinel") {
                versions["\(kind.kind) \(object.objectKey.name)"] = object.resourceVersion
            }
        }
        return versions
    }

    /// Starts the controller, and checks that it writes nothing while it has nothing to do.
    /// - Parameter due: When it has, if that comes by itself; a busy machine may be as late as that.
    private func takeOver(
        _ scenario: Scenario, until due: Timestamp? = nil, _ body: () async throws -> Void
    ) async throws {
        let before = try await versions(scenario)
        let controller = try await scenario.stand.controller(instance: scenario.namespace)
        let life = Task { try await controller.run() }
        defer { life.cancel() }
        // Younger than what is taken over; once it is done, the older ones have been looked at many times.
        try await scenario.apply(
            Manifests.rollout("sentinel", replicas: 1, strategy: "      steps: []", instance: scenario.namespace))
        try await scenario.untilPhase("sentinel", "Healthy")
        let after = try await versions(scenario)
        let written = after.keys.filter { after[$0] != before[$0] }.sorted()
        let status = try await scenario.get(Kinds.rollout, "web")?["status"]
        let isDue = due.map { $0 <= SystemClock().now() } ?? false
        #expect(written.isEmpty || isDue, "taking over wrote something: \(status?.description ?? "")")
        try await body()
        let rollout = try await scenario.get(Kinds.rollout, "web")
        #expect(rollout?.annotations["rollout.argoproj.io/revision"] == "2")
        #expect(try await scenario.replicaSets().count == 2, "taking over made a ReplicaSet")
        #expect(rollout?.at("status", "currentPodHash")?.stringValue == Self.new)
    }

    private static func paused(_ reason: JSON, completed: String = "False") -> [JSON] {
        [
            condition("Available", "True", "AvailableReason"), condition("Paused", "True", "RolloutPaused"),
            condition("Completed", completed, "RolloutCompleted"), condition("Healthy", "False", "RolloutHealthy"),
            condition("Progressing", "Unknown", "RolloutPaused"),
        ]
    }

    private static let steps: JSON = [
        ["setWeight": 20], ["pause": [:]], ["setWeight": 50], ["pause": ["duration": "10m"]],
    ]
    private static let stepHash: JSON = "6f5bfc45b6"
    private static let pause: JSON = [["reason": "CanaryPauseStep", "startTime": "2026-01-02T03:04:05Z"]]

    private static func canaryStatus(_ replicas: Int, stable: Int, canary: Int) -> JSON {
        [
            "HPAReplicas": JSON(stable + canary), "replicas": JSON(stable + canary), "updatedReplicas": JSON(canary),
            "readyReplicas": JSON(stable + canary), "availableReplicas": JSON(stable + canary),
            "blueGreen": [:], "canary": [:], "conditions": .array(paused("CanaryPauseStep")), "controllerPause": true,
            "pauseConditions": pause, "currentPodHash": .string(new), "stableRS": .string(old),
            "currentStepHash": stepHash, "currentStepIndex": 1, "phase": "Paused", "message": "CanaryPauseStep",
            "selector": "app=web",
        ]
    }

    @Test("a canary goes on from the pause at which it stood") func canary() async throws {
        let scenario = try await Scenario("take-canary")
        let rollout = try await createRollout(scenario, replicas: 5, strategy: ["canary": ["steps": Self.steps]])
        try await createReplicaSet(scenario, rollout, Self.old, image: "nginx:1.24", revision: 1, replicas: 4)
        try await createReplicaSet(scenario, rollout, Self.new, image: "nginx:1.25", revision: 2, replicas: 1)
        try await setStatus(scenario, Self.canaryStatus(5, stable: 4, canary: 1))
        try await takeOver(scenario) {
            try await scenario.promote("web")
            try await scenario.untilPaused("web", at: 3)
            try await scenario.untilPods([1: 3, 2: 3])
            try await scenario.promote("web")
            try await scenario.untilPhase("web", "Healthy")
            try await scenario.untilPods([1: 0, 2: 5])
        }
    }

    @Test("a routed canary keeps its weight until someone moves it") func routed() async throws {
        let scenario = try await Scenario("take-routed")
        try await scenario.apply(Manifests.routes())
        let rollout = try await createRollout(
            scenario, replicas: 5,
            strategy: [
                "canary": [
                    "stableService": "web-stable", "canaryService": "web-canary", "steps": Self.steps,
                    "trafficRouting": ["istio": ["virtualService": ["name": "web", "routes": ["primary"]]]],
                ]
            ])
        try await createReplicaSet(scenario, rollout, Self.old, image: "nginx:1.24", revision: 1, replicas: 5)
        try await createReplicaSet(scenario, rollout, Self.new, image: "nginx:1.25", revision: 2, replicas: 1)
        try await point(scenario, "web-stable", at: Self.old)
        try await point(scenario, "web-canary", at: Self.new)
        _ = try await scenario.stand.api.patch(
            Kinds.virtualService, ObjectKey(namespace: scenario.namespace, name: "web"), .json,
            [
                ["op": "replace", "path": "/spec/http/0/route/0/weight", "value": 80],
                ["op": "replace", "path": "/spec/http/0/route/1/weight", "value": 20],
            ], subresource: nil, WriteOptions(fieldManager: "rollouts-controller"))
        var status = Self.canaryStatus(5, stable: 5, canary: 1)
        status["canary"] = [
            "weights": [
                "canary": ["weight": 20, "serviceName": "web-canary", "podTemplateHash": .string(Self.new)],
                "stable": ["weight": 80, "serviceName": "web-stable", "podTemplateHash": .string(Self.old)],
            ]
        ]
        try await setStatus(scenario, status)
        try await takeOver(scenario) {
            try await scenario.promote("web")
            try await scenario.untilPaused("web", at: 3)
            #expect(try await scenario.weights("web") == ["web-stable": 50, "web-canary": 50])
            try await scenario.abort("web")
            try await scenario.untilPhase("web", "Degraded")
            try await scenario.until("the weight is back") { try await scenario.weights("web")["web-stable"] == 100 }
            try await scenario.untilService("web-canary", selects: 1)
        }
    }

    private func blueGreen(
        _ scenario: Scenario, active: String
    ) async throws -> JSON {
        try await scenario.apply(Manifests.service("web") + Manifests.service("web-preview"))
        let rollout = try await createRollout(
            scenario, replicas: 2,
            strategy: [
                "blueGreen": [
                    "activeService": "web", "previewService": "web-preview", "autoPromotionEnabled": false,
                    "scaleDownDelaySeconds": 86_400,
                ]
            ])
        try await createReplicaSet(scenario, rollout, Self.old, image: "nginx:1.24", revision: 1, replicas: 2)
        try await createReplicaSet(scenario, rollout, Self.new, image: "nginx:1.25", revision: 2, replicas: 2)
        try await point(scenario, "web", at: active)
        try await point(scenario, "web-preview", at: Self.new)
        return [
            "HPAReplicas": 2, "replicas": 4, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
            "blueGreen": ["activeSelector": .string(active), "previewSelector": .string(Self.new)], "canary": [:],
            "currentPodHash": .string(Self.new), "stableRS": .string(active),
            "selector": .string("app=web,\(Self.hashLabel)=\(active)"),
        ]
    }

    @Test("a blue-green update goes on from its pause") func blueGreenPaused() async throws {
        let scenario = try await Scenario("take-blue-green")
        var status = try await blueGreen(scenario, active: Self.old)
        status["conditions"] = .array(Self.paused("BlueGreenPause"))
        status["controllerPause"] = true
        status["pauseConditions"] = [["reason": "BlueGreenPause", "startTime": "2026-01-02T03:04:05Z"]]
        (status["phase"], status["message"]) = ("Paused", "BlueGreenPause")
        try await setStatus(scenario, status)
        try await takeOver(scenario) {
            try await scenario.promote("web")
            try await scenario.untilService("web", selects: 2)
            try await scenario.untilPhase("web", "Healthy")
            try await scenario.until("the old pods wait for their deadline") {
                try await scenario.replicaSet(1).annotations[Scenario.deadline] != nil
            }
        }
    }

    @Test("pods that wait for a deadline go at that instant") func deadline() async throws {
        let scenario = try await Scenario("take-deadline")
        var status = try await blueGreen(scenario, active: Self.new)
        status["conditions"] = [
            Self.condition("Available", "True", "AvailableReason"), Self.condition("Healthy", "True", "RolloutHealthy"),
            Self.condition("Completed", "True", "RolloutCompleted"),
            Self.condition("Progressing", "True", "NewReplicaSetAvailable"),
        ]
        status["phase"] = "Healthy"
        try await setStatus(scenario, status)
        let due = (SystemClock().now() + .seconds(25)).wholeSeconds
        try await scenario.patch(
            Kinds.replicaSet, "web-\(Self.old)",
            ["metadata": ["annotations": [Scenario.deadline: .string(due.rfc3339)]]])
        try await takeOver(scenario, until: due) {
            try await scenario.untilPods([1: 0, 2: 2])
            #expect(SystemClock().now() >= due)
            try await scenario.untilPhase("web", "Healthy")
        }
    }
}
