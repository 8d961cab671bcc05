import Controllers
import EmbeddedCluster
import Kubernetes
import Logging
import Manifest
import Transport

/// Everything that the demo runs in this process, and Prometheus beside it.
struct DemoStage: Sendable {
    let api: any KubernetesAPI
    let repository: GitFixture
    let receiver: WebhookReceiver
    let load: LoadGenerator
    let prometheus: PrometheusServer
    private let folder: TemporaryFolder
    private let stand: EmbeddedStand
    private let gateway: MeshGateway
    private let gatewayPort: Int
    private let page: ShopPage
    private let controller: ControllerProcess
    private let http: HTTPClient
    private let dashboard: Lock<Int>

    /// Starts the cluster and its gateway, and makes the rest ready to run.
    static func open(dashboardPort: Int, shopPort: Int, loglevel: String) async throws -> DemoStage {
        let folder = try TemporaryFolder("sluice-demo")
        let stand = try await EmbeddedStand.start(folder: folder.path)
        let http = HTTPClient()
        let configuration = try Kubeconfig.load(path: stand.kubeconfig).configuration()
        let api = KubernetesClient(configuration, http: http)
        try await install(api)
        let gateway = MeshGateway(stand.cluster, pods: stand.runtime)
        let gatewayPort = try await gateway.start()
        let prometheus = try PrometheusServer(
            targets: ["127.0.0.1:\(gatewayPort)"], folder: "\(folder.path)/prometheus")
        var options = ControllerOptions()
        options.mirrors = "\(folder.path)/mirrors"
        options.bindAddress = "127.0.0.1"
        options.metricsPort = 0
        options.healthPort = 0
        options.httpPort = dashboardPort
        options.enablesActions = true
        options.allowsFileRepositories = true
        // Who plays on and pushes should not wait for minutes; a look at a folder costs nothing.
        options.applicationResync = .seconds(5)
        let dashboard = Lock(0)
        let level = Logger.Level(rawValue: loglevel) ?? .error
        let controller = ControllerProcess(
            configuration, client: KubernetesClient.Options(), options: options,
            logger: Logger(label: "sluice") { _ in StandardErrorLog(format: .text, level: level) },
            bound: { name, port in if name == "http" { dashboard.withLock { $0 = port } } })
        return DemoStage(
            api: api, repository: try await GitFixture(in: folder.path), receiver: try WebhookReceiver(),
            load: LoadGenerator(
                http, url: "http://127.0.0.1:\(gatewayPort)/", host: "shop.localhost", rate: 200),
            prometheus: prometheus, folder: folder, stand: stand, gateway: gateway, gatewayPort: gatewayPort,
            page: try ShopPage(gateway: gateway, host: "shop.localhost", port: shopPort), controller: controller,
            http: http, dashboard: dashboard)
    }

    /// Runs it all until cancelled; a part that fails gives its error.
    func run(in group: inout TaskGroup<(any Error)?>) {
        let parts: [@Sendable () async throws -> Void] = [
            { try await stand.run() }, { _ = try await prometheus.process.run() }, { try await receiver.run() },
            { try await load.run() }, { try await page.run() },
            { try await controller.run(handlingSignals: false) },
        ]
        for part in parts {
            group.addTask {
                do {
                    try await part()
                    return nil
                } catch { return error }
            }
        }
    }

    func waitUntilReady() async throws {
        try await prometheus.waitUntilReady(http)
        while dashboard.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(20)) }
    }

    /// Ends what would outlive this process.
    func close() {
        ChildProcess.killAll()
        folder.remove()
    }

    /// Where things are.
    var welcome: [String] {
        [
            "kubeconfig  export KUBECONFIG=\(stand.kubeconfig)",
            "dashboard   http://127.0.0.1:\(dashboard.withLock { $0 })/",
            "shop        http://127.0.0.1:\(page.port)/",
            "repository  \(repository.url)",
        ]
    }

    /// What to do with a stage that stays.
    var invitation: [String] {
        [
            "Everything keeps running until you press Ctrl-C. Try:",
            "  git clone \(repository.bare) my-shop    # then change newTag in overlays/demo, commit, push",
            "  kubectl sluice get rollout shop -n \(DemoShop.namespace) --watch",
            "  kubectl delete pod -n \(DemoShop.namespace) -l app=shop",
        ]
    }

    private static func install(_ api: any KubernetesAPI) async throws {
        let definitions = Resource(
            group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
            kind: "CustomResourceDefinition", isNamespaced: false)
        for line in (BundledKinds.sluice + "\n" + BundledKinds.mesh).split(separator: "\n") {
            _ = try await api.create(
                definitions, namespace: "", try JSON(parsing: String(line)), subresource: nil, WriteOptions())
        }
        for name in [DemoShop.namespace, "argocd", "argo-rollouts", "sluice-system"] {
            let object: JSON = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]]
            _ = try await api.create(
                DemoResources.namespace, namespace: "", object, subresource: nil, WriteOptions())
        }
    }
}
