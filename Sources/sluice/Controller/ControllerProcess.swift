import Console
import Controllers
import Kubernetes
import Logging
import Manifest
import RolloutEngine
import ServiceLifecycle
import Transport
import UnixSignals

/// The controller with its web server, until a signal ends it.
struct ControllerProcess: Sendable {
    /// Ends the process when another one may lead now.
    struct LeaseLost: Error, CustomStringConvertible {
        var description: String { "the Lease was lost: start again" }
    }

    private let assembly: ControllerAssembly
    private let console: ConsoleServer
    private let logger: Logger

    /// - Parameters:
    ///   - jobs: The cluster in which the Jobs of analysis run, where it is another.
    ///   - bound: Called with the port that each listener got.
    init(
        _ configuration: ClusterConfiguration, jobs: ClusterConfiguration? = nil, client: KubernetesClient.Options,
        options: ControllerOptions,
        logger: Logger, bound: @escaping ConsoleServer.Bound = { _, _ in }
    ) {
        let http = HTTPClient()
        let metrics = MetricsRegistry.standard(version: Version.number)
        var client = client
        client.report = { metrics.report($0) }
        let api = KubernetesClient(configuration, http: http, options: client, logger: logger)
        let assembly = ControllerAssembly(
            api, jobs: jobs.map { KubernetesClient($0, http: http, options: client, logger: logger) },
            discovery: Discovery(api), http: http, options: options, metrics: metrics, logger: logger)
        self.assembly = assembly
        self.logger = logger
        let dashboard = RolloutDashboard(
            api: api, caches: assembly.rollouts.caches,
            waiting: { assembly.rollouts.reconciler.waiting($0) },
            record: { key in
                let decisions = assembly.rollouts.reconciler.log.decisions(of: key)
                return decisions.isEmpty ? nil : Recording.encode(decisions, version: Version.number)
            }, leading: { Leadership(isHere: assembly.manager.isLeading, holder: assembly.manager.leader) },
            releasesNamespace: options.argocdNamespace, enablesActions: options.enablesActions)
        assembly.rollouts.caches.rollouts.onChange { key, _, _ in dashboard.changed(key) }
        var server = ConsoleServer.Configuration()
        server.address = options.bindAddress
        server.metricsPort = options.metricsPort
        server.healthPort = options.healthPort
        server.httpPort = options.httpPort
        server.enablesActions = options.enablesActions
        console = ConsoleServer(
            server, metrics: assembly.metrics, dashboard: dashboard, isReady: { assembly.manager.notReady },
            webhook: { await ControllerProcess.webhook(api, namespace: options.argocdNamespace) },
            onPush: { assembly.pushed($0.urls, $0.ref) },
            logger: logger,
            bound: { name, port in
                logger.info("listening", metadata: ["listener": "\(name)", "port": "\(port)"])
                bound(name, port)
            })
    }

    /// Runs until SIGTERM or SIGINT; what is in hand is finished first.
    func run(handlingSignals: Bool = true) async throws {
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: Web(console: console)), .init(service: Manager(assembly: assembly))],
            logger: logger)
        if handlingSignals { configuration.gracefulShutdownSignals = [.sigterm, .sigint] }
        configuration.maximumGracefulShutdownDuration = .seconds(20)
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The webhook receiver with the secrets as they are now; without them pushes are believed, as upstream does.
    private static func webhook(_ api: any KubernetesAPI, namespace: String) async -> GitWebhook? {
        let secrets = Resource(group: "", version: "v1", plural: "secrets", kind: "Secret")
        let key = ObjectKey(namespace: namespace, name: "argocd-secret")
        let secret: JSON?
        do { secret = try await api.get(secrets, key, subresource: nil) } catch { return nil }
        let data = secret?["data"]
        func text(_ name: String) -> String {
            data?[name]?.stringValue.flatMap { Base64.decode($0) }.map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        return GitWebhook(
            githubSecret: text("webhook.github.secret"), gitlabSecret: text("webhook.gitlab.secret"))
    }

    private struct Web: Service {
        let console: ConsoleServer
        func run() async throws { try await console.run() }
    }

    private struct Manager: Service {
        let assembly: ControllerAssembly

        func run() async throws {
            try await withGracefulShutdownHandler {
                guard await assembly.manager.run() else { throw LeaseLost() }
            } onGracefulShutdown: {
                assembly.manager.shutDown()
            }
        }
    }
}
