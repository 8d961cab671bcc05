import EmbeddedCluster
import Glibc
import Kubernetes
import Manifest
import Testing

import enum SluiceTestKit.ChildProgram

/// kubectl against the embedded cluster over HTTP; without kubectl on the machine it says so and passes.
@Suite("kubectl works with the embedded cluster", .timeLimit(.minutes(2))) struct KubectlTests {
    private static let kubectl = ["/usr/bin/kubectl", "/usr/local/bin/kubectl"].first { (path: String) in
        access(path, X_OK) == 0
    }

    /// Starts a cluster, runs the body and stops it.
    private func withKubectl(_ body: (Kubectl) async throws -> Void) async throws {
        guard let path = Self.kubectl else {
            print("kubectl: not run, it is not installed")
            return
        }
        let test = TestCluster()
        try await test.create(.definitions, Samples.widgetDefinition, namespace: "")
        let server = EmbeddedClusterServer(test.cluster)
        let port = try await server.start()
        let kubectl = try Kubectl(path: path, port: port)
        do {
            try await body(kubectl)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    static let manifest = """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - name: web
                image: shop:blue
                ports: [{containerPort: 8080}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          selector: {app: web}
          ports: [{port: 80, targetPort: 8080}]
        ---
        apiVersion: example.com/v1
        kind: Widget
        metadata: {name: first}
        spec: {size: 3}
        """

    @Test("apply, get, patch, scale, wait and delete") func lifeCycle() async throws {
        try await withKubectl { kubectl in
            let applied = try await kubectl.run("apply", "-f", kubectl.file(Self.manifest))
            #expect(applied.contains("deployment.apps/web created"), "\(applied)")
            #expect(applied.contains("widget.example.com/first created"))
            let again = try await kubectl.run("apply", "-f", kubectl.file(Self.manifest))
            #expect(again.contains("deployment.apps/web unchanged"), "\(again)")
            let changed = Self.manifest.replacing("shop:blue", with: "shop:green").replacing("size: 3", with: "size: 4")
            let third = try await kubectl.run("apply", "-f", kubectl.file(changed))
            #expect(third.contains("deployment.apps/web configured"), "\(third)")
            #expect(third.contains("service/web unchanged"))
            #expect(third.contains("widget.example.com/first configured"))

            let table = try await kubectl.run("get", "deployments,services,widgets")
            #expect(table.contains("deployment.apps/web   0/2"), "\(table)")
            #expect(table.contains("widget.example.com/first   4"))
            #expect(try await kubectl.run("get", "wd", "first", "-o", "jsonpath={.spec.colour}") == "green")
            #expect(try await kubectl.run("get", "deploy", "web", "-o", "wide").contains("shop:green"))
            #expect(try await kubectl.run("get", "all").contains("service/web"))

            #expect(try await kubectl.run("scale", "deployment/web", "--replicas=5").contains("scaled"))
            #expect(try await kubectl.run("scale", "widget/first", "--replicas=3").contains("scaled"))
            #expect(try await kubectl.run("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "5")
            _ = try await kubectl.run(
                "patch", "deployment", "web", "-p",
                #"{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"A","value":"1"}]}]}}}}"#)
            #expect(
                try await kubectl.run(
                    "get", "deploy", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}") == "shop:green")
            _ = try await kubectl.run("label", "deployment", "web", "team=shop")
            #expect(try await kubectl.run("get", "deploy", "-l", "team=shop", "-o", "name") == "deployment.apps/web\n")
            _ = try await kubectl.run(
                "patch", "deployment", "web", "--subresource=status", "--type=merge", "-p",
                #"{"status":{"conditions":[{"type":"Available","status":"True"}]}}"#)
            #expect(
                try await kubectl.run("wait", "--for=condition=Available", "deployment/web", "--timeout=10s").contains(
                    "condition met"))
            #expect(try await kubectl.run("describe", "deployment", "web").contains("shop:green"))
            // It sends protobuf and knows no other way; the answer says what to do instead.
            let refused = try await kubectl.run("create", "configmap", "made", fails: true)
            #expect(refused.contains("--dry-run=client -o yaml | kubectl apply -f -"), "\(refused)")
            let deleted = try await kubectl.run("delete", "-f", kubectl.file(Self.manifest), "--timeout=20s")
            #expect(deleted.contains("deployment.apps \"web\" deleted"))
            #expect(try await kubectl.run("get", "deployments").contains("No resources found"))
        }
    }

    @Test("Server-side apply, conflicts and dry runs") func serverSideApply() async throws {
        try await withKubectl { kubectl in
            let first = try await kubectl.run("apply", "--server-side", "-f", kubectl.file(Self.manifest))
            #expect(first.contains("deployment.apps/web serverside-applied"), "\(first)")
            let changed = Self.manifest.replacing("replicas: 2", with: "replicas: 7")
            let conflict = try await kubectl.run(
                "apply", "--server-side", "--field-manager=other", "-f", kubectl.file(changed), fails: true)
            #expect(conflict.contains("conflict with \"kubectl\": .spec.replicas"), "\(conflict)")
            _ = try await kubectl.run(
                "apply", "--server-side", "--force-conflicts", "--field-manager=other", "-f", kubectl.file(changed))
            #expect(try await kubectl.run("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}") == "7")
            let dry = try kubectl.file("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: dry}\n")
            #expect(try await kubectl.run("apply", "--dry-run=server", "-f", dry, "-o", "name") == "configmap/dry\n")
            #expect(try await kubectl.run("get", "configmap", "dry", fails: true).contains("not found"))
            let strict = try await kubectl.run(
                "apply", "-f", kubectl.file(Self.manifest.replacing("size: 3", with: "size: 3, odd: 1")), fails: true)
            #expect(strict.contains("unknown field \"spec.odd\""), "\(strict)")
        }
    }

    @Test("Discovery lists kinds with short names") func discovery() async throws {
        try await withKubectl { kubectl in
            let resources = try await kubectl.run("api-resources")
            #expect(resources.contains("deploy") && resources.contains("widgets"), "\(resources)")
            #expect(try await kubectl.run("api-versions").contains("example.com/v1"))
            #expect(try await kubectl.run("version").contains("Server Version: v1.32.0"))
            #expect(try await kubectl.run("explain", "deployment.spec.replicas").contains("integer"))
            let watched = try await kubectl.run("get", "namespaces", "--watch", "--request-timeout=2s")
            #expect(watched.contains("kube-system       Active"), "\(watched)")
        }
    }
}

/// Runs kubectl with a kubeconfig of its own.
private struct Kubectl {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    let path: String
    private let folder: TemporaryFolder

    init(path: String, port: Int) throws {
        self.path = path
        folder = try TemporaryFolder("kubectl")
        try folder.write(EmbeddedClusterServer.kubeconfig(port: port), to: "config")
    }

    /// Writes a manifest and gives its path.
    func file(_ text: String) throws -> String {
        let name = "m\(text.hashValue.magnitude).yaml"
        try folder.write(text, to: name)
        return "\(folder.path)/\(name)"
    }

    /// Gives standard output and error together.
    func run(_ arguments: String..., fails: Bool = false) async throws -> String {
        let output = "\(folder.path)/out\(UInt64.random(in: 0...UInt64.max))"
        let words = [path, "--kubeconfig=\(folder.path)/config", "--cache-dir=\(folder.path)/cache"] + arguments
        let environment = ["HOME": folder.path, "PATH": "/usr/bin:/bin"]
        guard let pid = ChildProgram.spawn(words, environment: environment, output: .file(output)) else {
            throw Failure(description: "cannot start kubectl")
        }
        let status = try await ChildProgram.end(of: pid)
        let text = read(output)
        let failed = status != 0
        if failed != fails {
            throw Failure(
                description:
                    "kubectl \(arguments.joined(separator: " ")) \(failed ? "failed" : "did not fail"): \(text)")
        }
        return text
    }

    private func read(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer.prefix(count)
        }
    }
}
