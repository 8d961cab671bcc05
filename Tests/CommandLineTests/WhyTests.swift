import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import Testing

@testable import sluice

@Suite("why") struct WhyTests {
    @Test(
        "names a command that runs as it stands, by the caller's own name",
        arguments: [(.sluice, "sluice"), (.plugin, "kubectl sluice"), (.argoRollouts, "kubectl argo rollouts")]
            as [(Invocation, String)])
    func command(_ invocation: Invocation, _ typed: String) async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            for name in ["shop", "rollout/shop", "ro/shop"] {
                let why = await stand.run("why \(name)", as: invocation)
                #expect(why.code == 0, "\(why)")
                #expect(why.output.contains("Rollout prod/shop waits: PauseStep"))
                #expect(why.output.contains("`\(typed) promote shop -n prod`"), "\(why.output)")
                #expect(why.output.contains("since:     2023-11-14T22:00:00Z"))
            }
        }
    }

    @Test("of an Application, too")
    func application() async throws {
        try await CommandStand.with { stand in
            try await stand.create(
                .applications,
                [
                    "metadata": ["name": "pz", "namespace": "prod"],
                    "spec": [
                        "project": "default", "source": ["repoURL": "https://git/x", "path": "."],
                        "destination": ["namespace": "prod", "server": "https://kubernetes.default.svc"],
                    ], "status": ["sync": ["status": "OutOfSync"]],
                ])
            let why = await stand.run("why app/pz", as: .plugin)
            #expect(why.output.contains("`kubectl sluice app sync pz -n prod`"), "\(why)")
        }
    }

    @Test("a name that is none is refused", arguments: ["rollout/", "/shop"])
    func usage(_ name: String) async throws {
        try await CommandStand.with { stand in #expect(await stand.run("why \(name)").code == 64) }
    }

    @Test("a Rollout that runs a Deployment's template waits for what it waits for")
    func workload() async throws {
        try await CommandStand.with { stand in
            var object = try await stand.createShop()
            object.set(.null, at: "spec", "template")
            object.set(.null, at: "spec", "selector")
            object.set(
                ["apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"], at: "spec", "workloadRef")
            try await stand.create(
                .deployments,
                [
                    "metadata": ["name": "shop", "namespace": "prod"], "spec": CommandStand.spec(.null),
                ])
            _ = try await stand.api.patch(
                .rollouts, object.objectKey, .merge, ["spec": object["spec"] ?? .null], subresource: nil, WriteOptions()
            )
            try await stand.setStatus(.rollouts, "shop", ["observedGeneration": "2"])
            let why = await stand.run("why shop")
            #expect(why.output.contains("waits: PauseStep"), "\(why)")
        }
    }

    @Test("what the controller has found invalid is told as it says, since it says so")
    func invalid() async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            let condition: JSON = [
                "type": "InvalidSpec", "status": "True", "reason": "InvalidSpec",
                "message": "AnalysisTemplate \"smoke\" does not exist", "lastUpdateTime": "2023-11-15T10:00:00Z",
                "lastTransitionTime": "2023-11-15T10:00:00Z",
            ]
            try await stand.setStatus(.rollouts, "shop", ["conditions": [condition]])
            let why = await stand.run("why shop")
            #expect(why.output.contains("Rollout prod/shop waits: InvalidSpec"), "\(why)")
            #expect(why.output.contains("AnalysisTemplate \"smoke\" does not exist"))
            #expect(why.output.contains("since:     2023-11-15T10:00:00Z"))
        }
    }

    @Test("since when is read from the status, which asking anew would change")
    func since() async throws {
        try await CommandStand.with { stand in
            try await stand.createShop()
            let progressing: JSON = [
                "type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated", "message": "",
                "lastUpdateTime": "2023-11-15T11:00:00Z", "lastTransitionTime": "2023-11-15T11:00:00Z",
            ]
            try await stand.setStatus(
                .rollouts, "shop",
                [
                    "phase": "Progressing", "pauseConditions": .null, "controllerPause": false, "currentStepIndex": 0,
                    "conditions": [progressing],
                ])
            try await stand.setStatus(.replicaSets, "shop-7c5d9f6b84", ["replicas": 1, "availableReplicas": 0])
            let why = await stand.run("why shop")
            #expect(why.output.contains("since:     2023-11-15T11:00:00Z"), "\(why)")
        }
    }
}
