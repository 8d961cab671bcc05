import EmbeddedCluster
import Glibc
import Kubernetes
import Manifest
import Testing

/// A controller of its own, selected by instance id, that is killed again and again while it works.
@Suite("SIGKILL at any moment", .enabled(if: Stand.isWanted, "not run: set SLUICE_E2E"), .timeLimit(.minutes(10)))
struct CrashTests {
    @Test("a routed canary ends the same", arguments: [UInt64(1), 2]) func canary(_ seed: UInt64) async throws {
        let scenario = try await Scenario("kill-\(seed)")
        let instance = scenario.namespace
        func rollout(_ image: String) -> String {
            Manifests.rollout(
                image: image,
                strategy: Manifests.istio(
                    steps: """
                              - setWeight: 20
                              - pause: {duration: 2}
                              - setWeight: 40
                              - pause: {duration: 2}
                              - setWeight: 80
                        """), instance: instance)
        }
        try await scenario.apply(Manifests.routes())
        try await scenario.apply(rollout("shop:v1"))
        let controller = try await scenario.stand.controller(instance: instance, isMortal: true)
        try await whileKilling(controller, lives: 12) {
            try await scenario.untilPhase("web", "Healthy")
            try await scenario.apply(rollout("shop:v2"))
            try await scenario.until("the canary ends") {
                guard let object = try await scenario.get(Kinds.rollout, "web") else { return false }
                // Never may traffic be on a canary without pods.
                let weights = try await scenario.weights("web")
                if weights["web-canary", default: 0] > 0 {
                    let canary = try await scenario.list(Kinds.replicaSet).contains {
                        $0.at("status", "availableReplicas")?.intValue ?? 0 > 0
                            && $0.at("spec", "template", "spec", "containers")?[0]?["image"]?.stringValue == "shop:v2"
                    }
                    #expect(canary, "traffic on a canary without pods: \(weights)")
                }
                return object.at("status", "phase")?.stringValue == "Healthy"
                    && object.at("status", "stableRS") == object.at("status", "currentPodHash")
                    && object.at("status", "observedGeneration")?.stringValue
                        == object.at("metadata", "generation")?.intValue.map(String.init)
            }
            // One look after the promotion, so the controller has to live until then.
            try await scenario.untilWeight(canary: 0)
        }
        let sets = try await scenario.list(Kinds.replicaSet)
        #expect(sets.count == 2, "a crash made a ReplicaSet too many")
    }

    @Test("a sync, its rejection and its revert end the same") func sync() async throws {
        let stand = try await Stand.shared.value
        let name = "kill-sync"
        let labels = "\(GitOpsTests.Shop.instanceLabel): \(name)-\(stand.suffix)"
        let shop = try await GitOpsTests.Shop(
            name, annotations: ["sluice.dev/on-rejection": "revert"], instance: true,
            files: GitOpsTests.guarded(stand, labels: labels))
        let first = try #require(try await shop.repository.head())
        let controller = try await stand.controller(instance: shop.scenario.namespace, isMortal: true)
        try await whileKilling(controller, lives: 14) {
            try await shop.untilRelease(first, "Released")
            let bad = try await shop.commit(
                "bad", GitOpsTests.guarded(stand, greeting: "oops", image: "shop:v2", errors: 30, labels: labels))
            try await shop.untilRelease(bad, "Rejected")
            let revert = try await shop.scenario.until("a revert commit") {
                let head = try await shop.repository.head()
                return head == bad ? nil : head
            }
            try await shop.untilSynced(revert)
            try await shop.scenario.untilPhase("web", "Healthy")
            #expect(try await shop.repository.commits(mentioning: "Sluice-Reverts: \(bad)") == [revert])
            try await shop.scenario.untilWeight(canary: 0)
            // A crash may neither leave one behind nor prune one too many.
            try await shop.scenario.until("one ConfigMap is left") {
                try await shop.scenario.list(Kinds.configMap).count { $0.objectKey.name.hasPrefix("settings-") } == 1
            }
        }
    }

    /// Runs `body` while the controller is started and killed, and once more left alone.
    private func whileKilling(
        _ controller: ChildProcess, lives: Int, _ body: () async throws -> Void
    ) async throws {
        let killer = Task {
            // Each life is long enough to act and short enough to die in the middle of something.
            for _ in 0..<lives {
                let life = Task { try await controller.run() }
                try await Task.sleep(for: .milliseconds(Int.random(in: 300...2_500)))
                controller.signal(SIGKILL)
                _ = await life.result
            }
            // On a busy machine it may lose its Lease, and ends then to be started again.
            while !Task.isCancelled { try await controller.run() }
        }
        defer {
            killer.cancel()
            controller.signal(SIGKILL)
        }
        try await body()
    }
}
