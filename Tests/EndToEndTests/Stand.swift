import EmbeddedCluster
import Glibc
import Kubernetes
import Logging
import Manifest
import Testing
import Transport

/// What all scenarios share: a cluster, a data plane, Prometheus and a controller under its own identity.
///
/// `SLUICE_E2E=embedded` starts the embedded cluster in this process; any other value is the path of an admin's
/// kubeconfig.
final class Stand: Sendable {
    static let isWanted = variable("SLUICE_E2E") != nil
    static let isRealServer = isWanted && variable("SLUICE_E2E") != "embedded"

    static let shared = Task { try await Stand() }

    let api: any KubernetesAPI
    let folder: TemporaryFolder
    let mesh: SimulatedMesh
    /// Address of the Prometheus that scrapes the data plane.
    let prometheus: String
    /// Makes namespaces of one run differ from those of another on a cluster that lives on.
    let suffix: String
    /// Path of an admin's kubeconfig.
    let kubeconfig: String
    private let controllerKubeconfig: String
    private let identity: String?
    private let main: ChildProcess
    private let background: [Task<Void, any Error>]

    var controllerOutput: String { main.output }

    private init() async throws {
        folder = try TemporaryFolder("sluice-e2e")
        suffix = String(UInt32.random(in: 0...0xFFFFF), radix: 36)
        var tasks: [Task<Void, any Error>] = []
        let target = Stand.variable("SLUICE_E2E") ?? "embedded"
        let adminKubeconfig: String
        if target == "embedded" {
            let cluster = try await EmbeddedStand.start(folder: folder.path)
            adminKubeconfig = cluster.kubeconfig
            tasks.append(Task { try await cluster.run() })
        } else {
            adminKubeconfig = target
        }
        kubeconfig = adminKubeconfig
        api = try await Stand.client(adminKubeconfig)
        try await Stand.install(api)
        if target == "embedded" {
            controllerKubeconfig = adminKubeconfig
            identity = nil
        } else {
            controllerKubeconfig = "\(folder.path)/controller.kubeconfig"
            identity = "sluice-system:sluice-sync"
            try await Stand.writeControllerKubeconfig(api, admin: adminKubeconfig, to: controllerKubeconfig)
        }
        let mesh = try SimulatedMesh(api)
        self.mesh = mesh
        tasks.append(Task { try await mesh.run() })
        let server = try PrometheusServer(targets: ["127.0.0.1:\(mesh.port)"], folder: "\(folder.path)/prometheus")
        prometheus = server.address
        tasks.append(Task { _ = try await server.process.run() })
        main = Stand.process(
            kubeconfig: controllerKubeconfig, folder: folder.path, name: "main", identity: identity, instance: nil)
        tasks.append(main.runningAgain())
        background = tasks
        try await server.waitUntilReady(HTTPClient(), within: Scenario.patience)
        // A Lease that nobody gave up would hold up the next run on the same cluster.
        atexit {
            isEnding.withLock { $0 = true }
            ChildProcess.endAll()
        }
    }

    /// A controller that minds only objects with this instance id; the caller runs it.
    /// - Parameters:
    ///   - isMortal: It is killed on purpose.
    ///   - more: Flags that the others do not have.
    func controller(instance: String, isMortal: Bool = false, more: [String] = []) async throws -> ChildProcess {
        Stand.process(
            kubeconfig: controllerKubeconfig, folder: folder.path, name: instance, identity: identity,
            instance: instance, isMortal: isMortal, more: more)
    }

    /// The instance id of the Rollouts that a controller with `--strict-compat` minds; it is started on first use.
    static func strictInstance() async throws -> String { try await strict.value }

    private static let strict = Task {
        let stand = try await shared.value
        let instance = "strict-\(stand.suffix)"
        let controller = process(
            kubeconfig: stand.controllerKubeconfig, folder: stand.folder.path, name: instance, identity: stand.identity,
            instance: instance, more: ["--strict-compat"])
        _ = controller.runningAgain()
        return instance
    }

    func createNamespace(_ name: String) async throws {
        _ = try await api.create(
            Kinds.namespace, namespace: "",
            ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]], subresource: nil,
            WriteOptions())
        guard identity != nil else { return }
        try await apply(
            """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: sluice-sync, namespace: \(name)}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
            subjects: [{kind: ServiceAccount, name: sluice-sync, namespace: sluice-system}]
            """)
    }

    /// Applies manifests that name their namespaces.
    func apply(_ yaml: String) async throws { try await Stand.apply(api, yaml) }

    func list(_ resource: Resource, _ namespace: String?) async throws -> [JSON] {
        let items = Lock<[JSON]>([])
        _ = try await api.list(resource, ListOptions(namespace: namespace)) { bytes in
            let object = try JSON(parsing: bytes)
            items.withLock { $0.append(object) }
        }
        return items.withLock { $0 }
    }

    // MARK: Inside

    private static func process(
        kubeconfig: String, folder: String, name: String, identity: String?, instance: String?,
        isMortal: Bool = false, more: [String] = []
    ) -> ChildProcess {
        var arguments = [
            "controller", "--kubeconfig", kubeconfig, "--allow-file-repositories", "--metricsPort", "0",
            "--healthzPort", "0", "--port", "0", "--mirrors", "\(folder)/mirrors-\(name)",
        ]
        // One that is killed on purpose has to come back soon; on a busy machine the others are late to renew.
        let (duration, deadline) = isMortal ? ("4", "3") : ("60", "45")
        arguments += [
            "--leader-election-lease-duration", duration, "--leader-election-renew-deadline", deadline,
            "--leader-election-retry-period", "1",
        ]
        if let identity { arguments += ["--sync-as", identity] }
        if let instance { arguments += ["--instance-id", instance] }
        arguments += more
        return ChildProcess(
            variable("SLUICE_BINARY") ?? packageRoot + "/.build/debug/sluice", arguments,
            environment: ["POD_NAMESPACE": "sluice-system"])
    }

    private static func install(_ api: any KubernetesAPI) async throws {
        for line in (BundledKinds.sluice + "\n" + BundledKinds.mesh).split(separator: "\n") {
            let definition = try JSON(parsing: String(line))
            _ = try await api.patch(
                Kinds.definition, definition.objectKey, .apply, definition, subresource: nil,
                WriteOptions(fieldManager: "e2e", force: true))
        }
        for file in ["namespace", "rbac"] { try await apply(api, try readFile("\(packageRoot)/deploy/\(file).yaml")) }
        // Definitions are served a moment after they are accepted.
        for resource in [Kinds.rollout, Kinds.application, Kinds.release, Kinds.virtualService, Kinds.destinationRule] {
            let deadline = ContinuousClock.now + Scenario.patience
            while ContinuousClock.now < deadline {
                if (try? await api.list(resource, ListOptions(namespace: "default"), item: { _ in })) != nil { break }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    private static func apply(_ api: any KubernetesAPI, _ yaml: String) async throws {
        for object in try YAML.parse(Array(yaml.utf8)) {
            guard let resource = Kinds.all.first(where: { $0.kind == object.groupVersionKind?.kind }) else {
                throw ScenarioError(description: "unknown kind in \(object)")
            }
            _ = try await api.patch(
                resource, object.objectKey, .apply, object, subresource: nil,
                WriteOptions(fieldManager: "e2e", force: true))
        }
    }

    /// A kubeconfig with a token of the ServiceAccount that `deploy/` gives the controller.
    private static func writeControllerKubeconfig(_ api: any KubernetesAPI, admin: String, to path: String) async throws
    {
        let request = try await api.create(
            Kinds.serviceAccount, namespace: "sluice-system",
            [
                "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                "spec": ["expirationSeconds": 36_000],
            ], subresource: ("token", "sluice"), WriteOptions())
        let token = try #require(request.at("status", "token")?.stringValue)
        let config = try #require(try YAML.parse(Array(try readFile(admin).utf8)).first)
        let current = config["current-context"]?.stringValue
        let context = config["contexts"]?.arrayValue?.first { $0["name"]?.stringValue == current }
        let cluster = config["clusters"]?.arrayValue?.first {
            $0["name"] == context?.at("context", "cluster")
        }
        var server = try #require(cluster?["cluster"])
        // Paths in a kubeconfig are relative to its file.
        if let authority = server["certificate-authority"]?.stringValue, !authority.hasPrefix("/") {
            server["certificate-authority"] = .string(
                admin.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/\(authority)")
        }
        let written: JSON = [
            "apiVersion": "v1", "kind": "Config", "current-context": "e2e",
            "clusters": [["name": "e2e", "cluster": server]],
            "users": [["name": "e2e", "user": ["token": .string(token)]]],
            "contexts": [["name": "e2e", "context": ["cluster": "e2e", "user": "e2e"]]],
        ]
        try writeFile(written.description, to: path)
    }

    private static func client(_ kubeconfig: String) async throws -> any KubernetesAPI {
        KubernetesClient(try Kubeconfig.load(path: kubeconfig).configuration())
    }

    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    static let packageRoot = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

    static func readFile(_ path: String) throws -> String {
        guard let file = fopen(path, "r") else { throw ScenarioError(description: "cannot read \(path)") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The test process is about to end.
private let isEnding = Lock(false)

extension ChildProcess {
    /// Runs it, and again when it ends, as a Deployment would.
    fileprivate func runningAgain() -> Task<Void, any Error> {
        Task {
            while !Task.isCancelled, !isEnding.withLock({ $0 }) {
                _ = try await run()
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}
