import EmbeddedCluster
import Glibc
import Kubernetes
import Manifest
import RolloutEngine
import Transport

/// An embedded cluster with Sluice's kinds, and a controller as a child.
struct Stage: Sendable {
    let cluster = ClusterAPI()
    let server: EmbeddedClusterServer
    let api: any KubernetesAPI
    private let folder: TemporaryFolder
    private let metricsPort: Int

    init() async throws {
        server = EmbeddedClusterServer(cluster)
        api = InMemoryKubernetes(cluster)
        folder = try TemporaryFolder("sluice-bench")
        metricsPort = freeLoopbackPort() ?? 18_090
        let port = try await server.start()
        try folder.write(EmbeddedClusterServer.kubeconfig(port: port), to: "kubeconfig")
        for line in (BundledKinds.sluice + "\n" + BundledKinds.mesh).split(separator: "\n") {
            let definition = try JSON(parsing: String(line))
            _ = try await api.patch(
                Kinds.definition, definition.objectKey, .apply, definition, subresource: nil,
                WriteOptions(fieldManager: "bench", force: true))
        }
    }

    /// Starts the controller that stands beside this program; it ends with this process.
    func startController(resync: Int) -> ChildProcess {
        let controller = ChildProcess(
            Stage.sibling("sluice"),
            [
                "controller", "--kubeconfig", "\(folder.path)/kubeconfig", "--leader-elect", "false", "--bind",
                "127.0.0.1", "--metricsPort", "\(metricsPort)", "--healthzPort", "0", "--port", "0", "--mirrors",
                "\(folder.path)/mirrors", "--rollout-resync", "\(resync)", "--loglevel", "warning",
            ])
        Task {
            let end = try await controller.run()
            let text = Array("the controller \(end):\n\(controller.output)\n".utf8)
            _ = write(STDERR_FILENO, text, text.count)
            ChildProcess.killAll()
            exit(1)
        }
        return controller
    }

    /// A program in this one's folder.
    private static func sibling(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/"
            + name
    }

    func createNamespaces(_ count: Int) async throws {
        for number in 0..<count {
            let name = Fixtures.namespace(number * 20)
            let namespace: JSON = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]]
            _ = try await api.create(
                Kinds.namespace, namespace: "", namespace, subresource: nil, WriteOptions(fieldManager: "bench"))
        }
    }

    /// Creates the fixtures' Rollout with no pods and neither traffic routing nor analysis, which would need a mesh.
    @discardableResult
    func createRollout(_ number: Int, replicas: Int = 0) async throws -> JSON {
        var rollout = try JSON(parsing: Fixtures.rollout(number))
        rollout.set(nil, at: "status")
        for field in ["uid", "resourceVersion", "managedFields", "generation", "creationTimestamp"] {
            rollout.set(nil, at: "metadata", field)
        }
        rollout.set(.int(Int64(replicas)), at: "spec", "replicas")
        rollout.set(["steps": [["setWeight": 10], ["pause": [:]]]], at: "spec", "strategy", "canary")
        if replicas > 0 {
            // Its pods are to start, and nobody has made the objects that the fixtures' name.
            var containers = rollout.at("spec", "template", "spec", "containers")?.arrayValue ?? []
            for index in containers.indices {
                (containers[index]["env"], containers[index]["volumeMounts"]) = (nil, nil)
            }
            rollout.set(.array(containers), at: "spec", "template", "spec", "containers")
            rollout.set(nil, at: "spec", "template", "spec", "volumes")
        }
        return try await api.create(
            Kinds.rollout, namespace: rollout.objectKey.namespace, rollout, subresource: nil,
            WriteOptions(fieldManager: "bench"))
    }

    /// Creates the fixtures' three ReplicaSets of a Rollout, as earlier revisions left them.
    func createReplicaSets(of rollout: JSON, _ number: Int) async throws {
        for index in 0..<3 {
            var set = try JSON(parsing: Fixtures.replicaSet(number * 3 + index))
            set["apiVersion"] = "apps/v1"
            set["kind"] = "ReplicaSet"
            set.set(nil, at: "status")
            for field in ["uid", "resourceVersion", "managedFields", "generation", "creationTimestamp"] {
                set.set(nil, at: "metadata", field)
            }
            var template = set.at("spec", "template") ?? .emptyObject
            template.set(nil, at: "metadata", "labels", Keys.podTemplateHash)
            let hash = PodTemplateHash.hash(template)
            template.set(.string(hash), at: "metadata", "labels", Keys.podTemplateHash)
            set.set(template, at: "spec", "template")
            set.set(.string(hash), at: "spec", "selector", "matchLabels", Keys.podTemplateHash)
            set.set(.string(hash), at: "metadata", "labels", Keys.podTemplateHash)
            set.set(.string("\(rollout.objectKey.name)-\(hash)"), at: "metadata", "name")
            set.set(.int(0), at: "spec", "replicas")
            set.set("0", at: "metadata", "annotations", "rollout.argoproj.io/desired-replicas")
            set.set(
                [
                    [
                        "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
                        "name": .string(rollout.objectKey.name), "uid": .string(rollout.uid), "controller": true,
                        "blockOwnerDeletion": true,
                    ]
                ], at: "metadata", "ownerReferences")
            _ = try await api.create(
                Kinds.replicaSet, namespace: rollout.objectKey.namespace, set, subresource: nil,
                WriteOptions(fieldManager: "bench"))
        }
    }

    /// Waits until every Rollout says that it was reconciled and the server has had no request for three seconds.
    func waitUntilIdle(rollouts: Int) async throws {
        var (last, quiet) = (-1, 0)
        while quiet < 3 {
            try await Task.sleep(for: .seconds(1))
            let requests = server.requests
            quiet = requests == last ? quiet + 1 : 0
            last = requests
            guard quiet == 3 else { continue }
            let done = Lock(0)
            _ = try await api.list(Kinds.rollout, ListOptions()) { bytes in
                let phase = try JSON(parsing: bytes).at("status", "phase")?.stringValue
                if phase == "Healthy" { done.withLock { $0 += 1 } }
            }
            if done.withLock({ $0 }) < rollouts { quiet = 0 }
        }
    }

    /// How often the controller has reconciled a Rollout.
    func reconciles(_ client: HTTPClient) async throws -> Double {
        let response = try await client.send(HTTPRequest("http://127.0.0.1:\(metricsPort)/metrics"))
        let lines = String(decoding: response.body, as: UTF8.self).split(separator: "\n")
        let rows = lines.filter {
            $0.hasPrefix("controller_runtime_reconcile_total{") && $0.contains(#"controller="Rollouts""#)
        }
        return rows.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }
}
