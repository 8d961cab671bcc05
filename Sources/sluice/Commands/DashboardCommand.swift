import ArgumentParser
import Console
import Controllers
import Kubernetes
import Logging
import Manifest

struct DashboardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dashboard", abstract: "Serve a dashboard on this machine, with your own rights.")

    @Option(name: .shortAndLong, help: "The port; 0 takes any.")
    var port = 3100

    @Option(help: "What the page's and the API's paths begin with.")
    var rootPath = "rollouts"

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard (0...65_535).contains(port) else { throw ValidationError("--port \(port) is no port; use 0 to 65535") }
    }

    func run() async throws {
        try await reporting {
            let session = try connection.connect("dashboard")
            // Without -n all namespaces, where they may be read; as a person who looks around would.
            let scope = ListOptions(namespace: connection.namespace)
            let caches = RolloutCaches(
                rollouts: Informer(session.client, .rollouts, scope, logger: .silent),
                replicaSets: Informer(session.client, .replicaSets, scope, logger: .silent),
                services: Informer(session.client, .services, scope, logger: .silent))
            let dashboard = RolloutDashboard(
                api: session.client, caches: caches, waiting: { _ in nil }, releasesNamespace: "argocd",
                enablesActions: true)
            caches.rollouts.onChange { key, _, _ in dashboard.changed(key) }
            let api = RolloutAPI(
                session.client, namespace: session.namespace, version: Version.number,
                listen: { dashboard.changes() })
            let server = LocalDashboard(
                dashboard, api: api, port: port, rootPath: rootPath, logger: .silent,
                bound: { Terminal.write("Argo Rollouts Dashboard is now available at \($0)\n") })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await caches.rollouts.run() }
                group.addTask { await caches.replicaSets.run() }
                let patience = ContinuousClock.now + .seconds(5)
                while !caches.rollouts.hasSynced || !caches.replicaSets.hasSynced {
                    for health in [caches.rollouts.health, caches.replicaSets.health] {
                        if let error = health.lastError, !error.isRetriable || ContinuousClock.now >= patience {
                            throw error
                        }
                    }
                    try await Task.sleep(for: .milliseconds(50))
                }
                group.addTask { try await server.run() }
                defer { group.cancelAll() }
                for try await _ in group { return }
            }
        }
    }
}
