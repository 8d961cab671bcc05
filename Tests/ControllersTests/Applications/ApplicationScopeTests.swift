import Controllers
import Kubernetes
import Manifest
import SluiceTestKit
import SyncEngine
import Testing

@Suite("Whose Application it is, and as whom it is acted on") struct ApplicationScopeTests {
    static let instance = "argo-rollouts.argoproj.io/controller-instance-id"

    static func options(_ change: (inout ControllerOptions) -> Void) -> ControllerOptions {
        var options = ControllerOptions()
        change(&options)
        return options
    }

    static func delete(_ stand: ApplicationStand) async throws {
        _ = try await stand.api.patch(
            .applications, ApplicationStand.key, .merge,
            ["metadata": ["finalizers": ["resources-finalizer.argocd.argoproj.io/background"]]], subresource: nil,
            WriteOptions())
        try await stand.api.delete(.applications, ApplicationStand.key, DeleteOptions())
    }

    @Test("cascading deletion acts as the account that applies and prunes act as")
    func impersonates() async throws {
        try await ApplicationStand.run(Self.options { $0.syncAs = "sluice-system:sluice-sync" }) { stand in
            try await stand.releaseFirst()
            stand.api.reset()
            try await Self.delete(stand)
            try await stand.until("it is gone with its objects") {
                try await stand.application() == .null
            }
            #expect(try await stand.configMap("web-v1") == nil)
            let user = "system:serviceaccount:sluice-system:sluice-sync"
            #expect(stand.api.impersonated == ["delete configmaps as \(user)", "delete rollouts as \(user)"])
        }
    }

    @Test("a deletion that is refused says so in the Application")
    func refusedDeletion() async throws {
        try await ApplicationStand.run { stand in
            try await stand.releaseFirst()
            stand.api.refusals.withLock {
                $0["delete configmaps"] = KubernetesError(code: 403, reason: "Forbidden", message: "no")
            }
            try await Self.delete(stand)
            try await stand.until("it says what is missing") {
                let conditions = try await stand.application().at("status", "conditions")?.arrayValue ?? []
                return conditions.contains {
                    $0["type"] == "DeletionError" && ($0["message"]?.stringValue ?? "").contains("403 Forbidden: no")
                }
            }
        }
    }

    @Test("without an instance id, an Application of another instance is left alone; with one, only its own are seen")
    func instances() async throws {
        let stand = try await ApplicationStand()
        try await stand.createApplication()
        _ = try await stand.api.patch(
            .applications, ApplicationStand.key, .merge, ["metadata": ["labels": .object([Self.instance: "blue"])]],
            subresource: nil, WriteOptions())
        func seen(_ id: String) async -> Int {
            let caches = ApplicationCaches(
                stand.api, options: Self.options { $0.instanceID = id }, logger: .silent)
            let task = Task { await caches.applications.run() }
            await caches.applications.waitUntilSynced()
            task.cancel()
            return caches.applications.store.count
        }
        #expect(await seen("") == 0)
        #expect(await seen("blue") == 1)
        #expect(await seen("green") == 0)
    }

    @Test("an Application that cannot be followed says so in its status and an Event, once")
    func refused() async throws {
        try await ApplicationStand.run { stand in
            try await stand.createApplication(project: "other")
            try await stand.until("its status tells") {
                let conditions = try await stand.application().at("status", "conditions")?.arrayValue ?? []
                return conditions.contains { $0["type"] == "InvalidSpecError" }
            }
            try await stand.idle(5)
            await stand.recorder.drain(for: .seconds(60))
            let events = Lock<[JSON]>([])
            _ = try await stand.api.list(.events, ListOptions(namespace: "argocd")) { bytes in
                let event = try JSON(parsing: bytes)
                events.withLock { $0.append(event) }
            }
            let found = events.withLock { $0 }
            #expect(found.map { $0["reason"] } == ["InvalidSpecError"])
            #expect(found.first?["type"] == "Warning")
            #expect(found.first?["count"] == 1)
        }
    }
}
