import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import SyncEngine
import Testing

@Suite("Forced sync in mid-canary") struct ForcedSyncTests {
    private static let services = Resource(group: "", version: "v1", plural: "services", kind: "Service")
    private static let canaryService = ObjectKey(namespace: "shop", name: "web-canary")
    private static let virtualService = ObjectKey(namespace: "shop", name: "web")

    private static func files(_ version: Int) -> [String: String] {
        var files = ApplicationStand.files(version)
        files["shop/rollout.yaml"] = files["shop/rollout.yaml"]?.replacing(
            "canary: {steps:",
            with: "canary: {canaryService: web-canary, stableService: web-stable, "
                + "trafficRouting: {istio: {virtualService: {name: web}}}, steps:")
        files["shop/traffic.yaml"] = """
            apiVersion: v1
            kind: Service
            metadata: {name: web-canary}
            spec: {selector: {app: web}, ports: [{port: 80}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: web-stable}
            spec: {selector: {app: web}, ports: [{port: 80}]}
            ---
            apiVersion: networking.istio.io/v1alpha3
            kind: VirtualService
            metadata: {name: web}
            spec:
              hosts: [web]
              http:
              - name: primary
                route:
                - {destination: {host: web-stable}, weight: 100}
                - {destination: {host: web-canary}, weight: 0}
            """
        return files
    }

    private func route(_ stand: ApplicationStand) async throws -> JSON? {
        let live = try await stand.api.get(ApplicationStand.virtualServices, Self.virtualService, subresource: nil)
        return live?.at("spec", "http")?[0]
    }

    private func patch(_ stand: ApplicationStand, _ route: JSON, manager: String) async throws {
        _ = try await stand.api.patch(
            ApplicationStand.virtualServices, Self.virtualService, .merge, ["spec": ["http": [route]]],
            subresource: nil, WriteOptions(fieldManager: manager))
    }

    @Test("weights and hashes stay, every other edit of the same objects is healed")
    func midCanary() async throws {
        try await ApplicationStand.run { stand in
            stand.source.commit("a", Self.files(1))
            try await stand.createApplication()
            try await stand.until("everything is applied") { try await route(stand) != nil }
            try await stand.rollout("Healthy")
            try await stand.until("it is synced") {
                try await stand.application().at("status", "sync", "status") == "Synced"
            }
            // The canary is on its way: other engines write weights and hashes.
            var weighted = try #require(try await route(stand))
            weighted["route"] = [
                ["destination": ["host": "web-stable"], "weight": 75],
                ["destination": ["host": "web-canary"], "weight": 25],
            ]
            try await patch(stand, weighted, manager: "sluice-traffic")
            _ = try await stand.api.patch(
                Self.services, Self.canaryService, .merge,
                [
                    "metadata": ["annotations": ["argo-rollouts.argoproj.io/managed-by-rollouts": "web"]],
                    "spec": ["selector": ["rollouts-pod-template-hash": "abc"]],
                ], subresource: nil, WriteOptions(fieldManager: "sluice-rollout"))
            try await stand.idle()
            #expect(try await route(stand) == weighted)
            #expect(try await stand.application().at("status", "sync", "status") == "Synced")

            // Someone adds a field to the same route, and breaks the selector.
            var edited = weighted
            edited["timeout"] = "1s"
            try await patch(stand, edited, manager: "kubectl-edit")
            _ = try await stand.api.patch(
                Self.services, Self.canaryService, .merge, ["spec": ["selector": ["app": "other"]]], subresource: nil,
                WriteOptions(fieldManager: "kubectl-edit"))
            try await stand.until("both edits are undone") {
                let service = try await stand.api.get(Self.services, Self.canaryService, subresource: nil)
                return try await route(stand)?["timeout"] == nil && service?.at("spec", "selector", "app") == "web"
            }
            #expect(try await route(stand) == weighted)
            let service = try await stand.api.get(Self.services, Self.canaryService, subresource: nil)
            #expect(service?.at("spec", "selector", "rollouts-pod-template-hash") == "abc")

            // A person forces a sync.
            try await stand.until("no operation runs") { try await stand.application()["operation"] == nil }
            _ = try await stand.api.patch(
                .applications, ApplicationStand.key, .merge,
                ["operation": ["sync": ["revision": "main", "prune": true], "initiatedBy": ["username": "ada"]]],
                subresource: nil, WriteOptions())
            try await stand.until("the forced sync has ended") {
                let state = try await stand.application().at("status", "operationState")
                return state?["phase"] == "Succeeded" && state?.at("operation", "initiatedBy", "username") == "ada"
            }
            #expect(try await route(stand) == weighted)
        }
    }
}
