import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import SyncEngine
import Testing

@Suite("Application reconciler") struct ApplicationReconcilerTests {
    @Test("a commit is synced, released, and then left in peace")
    func released() async throws {
        try await ApplicationStand.run { stand in
            try await stand.releaseFirst()
            try await stand.until("it shows as synced and healthy") {
                let status = try await stand.application()["status"]
                return status?.at("sync", "status") == "Synced" && status?.at("health", "status") == "Healthy"
            }
            let application = try await stand.application()
            #expect(application.at("status", "operationState", "phase") == "Succeeded")
            #expect(application["operation"] == nil)
            #expect(application.at("status", "history")?.arrayValue?.count == 1)
            #expect(
                try await stand.configMap("web-v1")?.annotations["argocd.argoproj.io/tracking-id"]
                    == "web:/ConfigMap:shop/web-v1")
            let before = try await stand.application().resourceVersion
            try await stand.idle()
            #expect(try await stand.application().resourceVersion == before)
            #expect(try await stand.releases().count == 1)
        }
    }

    @Test("what a good commit removes is pruned once it is released, not before")
    func prunesLate() async throws {
        try await ApplicationStand.run { stand in
            try await stand.releaseFirst()
            stand.source.commit("b", ApplicationStand.files(2))
            stand.reconciler.requestRefresh(ApplicationStand.key)
            try await stand.until("the second version is applied") { try await stand.image == "shop:2" }
            try await stand.rollout("Paused")
            try await stand.idle()
            #expect(try await stand.configMap("web-v1") != nil)
            try await stand.rollout("Healthy")
            try await stand.until("the old ConfigMap is pruned") { try await stand.configMap("web-v1") == nil }
            #expect(try await stand.configMap("web-v2") != nil)
            #expect(try await stand.releases().map(\.status.phase) == [.released, .released])
        }
    }

    @Test("a rejected commit is restored, reverted once, and never applied again")
    func rejected() async throws {
        try await ApplicationStand.run { stand in
            try await stand.releaseFirst(onRejection: "revert")
            let bad = stand.source.commit("b", ApplicationStand.files(2))
            stand.reconciler.requestRefresh(ApplicationStand.key)
            try await stand.until("the second version is applied") { try await stand.image == "shop:2" }
            try await stand.rollout("Degraded", isAborted: true)
            try await stand.until("the first version is back") {
                let shared = try await stand.configMap("shared")
                return try await stand.image == "shop:1" && shared?.at("data", "version") == "1"
            }
            #expect(try await stand.configMap("web-v1") != nil)
            try await stand.rollout("Healthy")
            try await stand.until("what it brought is pruned") { try await stand.configMap("web-v2") == nil }
            try await stand.until("the application follows the revert") {
                let status = try await stand.application()["status"]
                return status?.at("sync", "revision") == .string(stand.source.head)
                    && status?.at("sync", "status") == "Synced"
            }
            try await stand.idle()
            #expect(try await stand.image == "shop:1")
            #expect(stand.source.pushes == 1)
            let release = try #require(try await stand.releases().first { $0.spec.revision == bad })
            #expect(release.status.phase == .rejected)
            #expect(release.status.reason == "AnalysisFailed")
            #expect(release.status.revertedBy == stand.source.head)
            #expect(!release.status.evidence.isEmpty)
            #expect(release.status.changed.contains { $0.object.name == "web-v2" && $0.kind == .added })
        }
    }

    @Test("a rejected commit shows as such while it is the newest, and a person may sync it again")
    func heldAndRetried() async throws {
        try await ApplicationStand.run { stand in
            try await stand.releaseFirst(onRejection: "hold")
            let bad = stand.source.commit("b", ApplicationStand.files(2))
            stand.reconciler.requestRefresh(ApplicationStand.key)
            try await stand.until("the second version is applied") { try await stand.image == "shop:2" }
            try await stand.until("its sync has ended") {
                try await stand.application().at("status", "operationState", "phase") == "Succeeded"
            }
            try await stand.rollout("Degraded", isAborted: true)
            try await stand.until("it is rejected") {
                let status = try await stand.application()["status"]
                let types = status?["conditions"]?.arrayValue?.compactMap { $0["type"]?.stringValue } ?? []
                return types == ["CommitRejected"]
            }
            try await stand.idle()
            // Held: what the commit brought stays, and so does what it removed.
            #expect(try await stand.configMap("web-v1") != nil)
            #expect(try await stand.configMap("web-v2") != nil)
            #expect(try await stand.releases().count == 2)

            _ = try await stand.api.patch(
                .applications, ApplicationStand.key, .merge,
                [
                    "operation": [
                        "sync": ["revision": .string(bad), "prune": true], "initiatedBy": ["username": "ada"],
                    ]
                ],
                subresource: nil, WriteOptions())
            try await stand.until("the ledger knows a second attempt") { try await stand.releases().count == 3 }
            try await stand.rollout("Healthy")
            try await stand.until("it is released after all") {
                try await stand.releases().last?.status.phase == .released
            }
            #expect(try await stand.releases().last?.spec.initiatedBy == "ada")
            try await stand.until("what it removed is pruned") { try await stand.configMap("web-v1") == nil }
        }
    }

    @Test("a live edit is healed")
    func heals() async throws {
        try await ApplicationStand.run { stand in
            try await stand.releaseFirst()
            _ = try await stand.api.patch(
                ApplicationStand.configMaps, ObjectKey(namespace: "shop", name: "shared"), .merge,
                ["data": ["version": "edited"]], subresource: nil, WriteOptions(fieldManager: "kubectl-edit"))
            try await stand.until("the edit is undone") {
                try await stand.configMap("shared")?.at("data", "version") == "1"
            }
            #expect(try await stand.releases().count == 1)
        }
    }

    @Test("lost answers, conflicts and server errors lead to the same end")
    func faults() async throws {
        try await ApplicationStand.run { stand in
            let busy = KubernetesError(code: 500, reason: "InternalError", message: "no")
            let conflict = KubernetesError(code: 409, reason: "Conflict", message: "changed")
            for (skip, effect) in [
                (1, FaultPlan.Effect.loseAnswer), (4, .fail(busy)), (7, .fail(conflict)), (9, .loseAnswer),
            ] {
                stand.cluster.faults.add(
                    .init(
                        effect, on: [.patch, .create], resource: nil, name: nil, subresource: nil, skipping: skip,
                        times: 1))
            }
            stand.source.commit("a", ApplicationStand.files(1))
            try await eventually("the Application is there") {
                do { try await stand.createApplication() } catch is KubernetesError {
                    return try await stand.application() != .null
                }
                return true
            }
            try await stand.until("the first version is applied") { try await stand.image == "shop:1" }
            try await eventually("the Rollout is healthy") {
                do { try await stand.rollout("Healthy") } catch is KubernetesError { return false }
                return true
            }
            try await stand.until("it is released") { try await stand.releases().first?.status.phase == .released }
            try await stand.until("it is synced") {
                try await stand.application().at("status", "sync", "status") == "Synced"
            }
            #expect(try await stand.releases().count == 1)
        }
    }

    @Test("a project other than default is refused, and says so")
    func refusedProject() async throws {
        try await ApplicationStand.run { stand in
            stand.source.commit("a", ApplicationStand.files(1))
            try await stand.createApplication(project: "team")
            try await stand.until("the condition stands") {
                let condition = try await stand.application().at("status", "conditions")?[0]
                return condition?["type"] == "InvalidSpecError"
            }
            #expect(try await stand.image == nil)
        }
    }

    @Test("a Git server that does not answer leaves the known commit in force")
    func gitIsDown() async throws {
        try await ApplicationStand.run { stand in
            try await stand.releaseFirst()
            stand.source.setDown(true)
            stand.reconciler.requestRefresh(ApplicationStand.key)
            try await stand.until("the condition says since when") {
                let condition = try await stand.application().at("status", "conditions")?[0]
                return condition?["message"]?.stringValue?.contains("since") == true
            }
            _ = try await stand.api.patch(
                ApplicationStand.configMaps, ObjectKey(namespace: "shop", name: "shared"), .merge,
                ["data": ["version": "edited"]], subresource: nil, WriteOptions(fieldManager: "kubectl-edit"))
            try await stand.until("healing goes on") {
                try await stand.configMap("shared")?.at("data", "version") == "1"
            }
        }
    }

    @Test(
        "a commit that does not render is told, and the one before stays",
        arguments: [["shop/x.yaml": "apiVersion: v1\nmetadata: {name: x}\nkind: ["], [:]])
    func doesNotRender(_ files: [String: String]) async throws {
        try await ApplicationStand.run { stand in
            try await stand.releaseFirst()
            stand.source.commit("b", files)
            stand.reconciler.requestRefresh(ApplicationStand.key)
            try await stand.until("the comparison fails") {
                let status = try await stand.application()["status"]
                return status?.at("sync", "status") == "Unknown"
                    && status?["conditions"]?[0]?["type"] == "ComparisonError"
            }
            try await stand.idle()
            #expect(try await stand.image == "shop:1")
        }
    }

    @Test("deleting with the finalizer deletes what it manages")
    func cascades() async throws {
        try await ApplicationStand.run { stand in
            try await stand.releaseFirst()
            _ = try await stand.api.patch(
                .applications, ApplicationStand.key, .merge,
                ["metadata": ["finalizers": ["resources-finalizer.argocd.argoproj.io"]]], subresource: nil,
                WriteOptions())
            try await stand.api.delete(.applications, ApplicationStand.key, DeleteOptions())
            try await stand.until("it is gone") { try await stand.application() == .null }
            #expect(try await stand.image == nil)
            #expect(try await stand.configMap("shared") == nil)
        }
    }

    @Test(
        "addresses of one repository are the same",
        arguments: [
            "https://git.example.org/Shop.git", "git@git.example.org:shop", "ssh://git@git.example.org:22/shop/",
            "http://u:p@git.example.org/shop",
        ])
    func addresses(_ url: String) {
        #expect(RepositoryAddress.normalized(url) == "git.example.org/shop")
    }
}
