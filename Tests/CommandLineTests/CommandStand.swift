import Controllers
import EmbeddedCluster
import Kubernetes
import Manifest
import SluiceTestKit
import Testing

@testable import sluice

/// The command line before an embedded cluster over HTTP, whose time stands still.
struct CommandStand {
    struct Outcome: Sendable {
        var code: Int32
        var output: String
        var error: String
    }

    let api: InMemoryKubernetes
    private let time: ManualWallClock
    private let folder = SluiceTestKit.TemporaryFolder()
    private let kubeconfig: String

    /// Starts a cluster for `body`, and stops it after.
    static func with(_ body: (CommandStand) async throws -> Void) async throws {
        let clock = ManualWallClock(Timestamp(seconds: 1_700_000_000))
        let cluster = ClusterAPI(clock: clock)
        let server = EmbeddedClusterServer(cluster)
        let port = try await server.start()
        let stand = CommandStand(cluster, time: clock, port: port)
        do {
            try await stand.install()
            try await body(stand)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private init(_ cluster: ClusterAPI, time: ManualWallClock, port: Int) {
        api = InMemoryKubernetes(cluster)
        self.time = time
        kubeconfig = folder.write("kubeconfig", EmbeddedClusterServer.kubeconfig(port: port))
    }

    func pass(_ length: Duration) { time.advance(by: length) }

    /// Writes a file and gives its path.
    func file(_ name: String, _ text: String) -> String { folder.write(name, text) }

    /// Runs a command as `main` does.
    func run(
        _ arguments: [String], as invocation: Invocation = .sluice, isTerminal: Bool = false,
        environment: [String: String] = [:], kubeconfig given: String? = nil,
        onOutput: @escaping @Sendable (String) -> Void = { _ in }
    ) async -> Outcome {
        let written = Lock((output: "", error: ""))
        let variables = environment.merging(["KUBECONFIG": given ?? kubeconfig, "TERM": "xterm"]) { first, _ in first }
        let time = time
        let surroundings = CommandSurroundings(
            isTerminal: isTerminal, variable: { variables[$0] },
            write: { text, stream in
                written.withLock { written in
                    if stream == .output { written.output += text } else { written.error += text }
                }
                if stream == .output { onOutput(text) }
            }, now: { time.now() })
        let code = await CommandSurroundings.$current.withValue(surroundings) {
            await Program.run(arguments, as: invocation)
        }
        let result = written.withLock { $0 }
        return Outcome(code: code, output: result.output, error: result.error)
    }

    /// A command's words, with `-n prod`.
    func run(_ line: String, as invocation: Invocation = .sluice) async -> Outcome {
        await run(line.split(separator: " ").map(String.init) + ["-n", "prod"], as: invocation)
    }

    // MARK: Objects

    static let definitions = Resource(
        group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
        kind: "CustomResourceDefinition", isNamespaced: false)

    private func install() async throws {
        for line in BundledKinds.sluice.split(separator: "\n") {
            try await create(Self.definitions, try JSON(parsing: String(line)))
        }
        for name in ["prod", "test"] {
            try await create(
                Resource(group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false),
                ["metadata": ["name": .string(name)]])
        }
    }

    /// Creates an object, and gives it its status.
    @discardableResult
    func create(_ resource: Resource, _ object: JSON, owner: JSON? = nil) async throws -> JSON {
        var object = object
        object["apiVersion"] = .string(resource.apiVersion)
        object["kind"] = .string(resource.kind)
        if let owner {
            object.set(
                [
                    [
                        "apiVersion": owner["apiVersion"] ?? "", "kind": owner["kind"] ?? "",
                        "name": .string(owner.objectKey.name), "uid": .string(owner.uid), "controller": true,
                    ]
                ], at: "metadata", "ownerReferences")
        }
        let status = object["status"]
        let namespace = resource.isNamespaced ? object.objectKey.namespace : ""
        let created = try await api.create(
            resource, namespace: namespace, object, subresource: nil, WriteOptions())
        guard let status else { return created }
        return try await api.patch(
            resource, created.objectKey, .merge, ["status": status],
            // Kinds of analysis and Applications have no status subresource.
            subresource: [.experiments, .analysisRuns, .applications].contains(resource) ? nil : "status",
            WriteOptions())
    }

    func get(_ resource: Resource, _ name: String) async throws -> JSON {
        try #require(try await api.get(resource, ObjectKey(namespace: "prod", name: name), subresource: nil))
    }

    func setStatus(_ resource: Resource, _ name: String, _ status: JSON) async throws {
        _ = try await api.patch(
            resource, ObjectKey(namespace: "prod", name: name), .merge, ["status": status], subresource: "status",
            WriteOptions())
    }
}
