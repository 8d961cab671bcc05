import Glibc
import Kubernetes
import Manifest
import SluiceTestKit
import Testing
import Transport

@Suite("Kubeconfig") struct KubeconfigTests {
    private static let yaml = """
        apiVersion: v1
        kind: Config
        current-context: dev
        clusters:
        - name: dev
          cluster: {server: "https://10.0.0.1:6443/", certificate-authority: pki/ca.crt, tls-server-name: kubernetes}
        - name: prod
          cluster: {server: "https://prod", insecure-skip-tls-verify: true, certificate-authority-data: aGVsbG8=}
        - name: odd
          cluster: {server: "me:pass@nowhere"}
        contexts:
        - name: dev
          context: {cluster: dev, user: cert, namespace: shop}
        - name: prod
          context: {cluster: prod, user: token}
        - name: exec
          context: {cluster: prod, user: exec}
        - name: lost
          context: {cluster: gone, user: token}
        - name: odd
          context: {cluster: odd, user: token}
        - name: old
          context: {cluster: prod, user: old}
        users:
        - name: cert
          user: {client-certificate: /abs/me.crt, client-key: me.key, as: someone, as-groups: [a, b]}
        - name: token
          user: {token: abc, tokenFile: token.txt}
        - name: exec
          user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, args: [x], provideClusterInfo: true}}
        - name: old
          user: {auth-provider: {name: gcp}}
        """

    private func config() throws -> Kubeconfig {
        var config = Kubeconfig()
        try config.merge(Array(Self.yaml.utf8), path: "/home/me/.kube/config")
        return config
    }

    @Test("the current context gives server, trust, identity and namespace; paths are relative to the file")
    func current() throws {
        let found = try config().configuration()
        #expect(found.server == "https://10.0.0.1:6443")
        #expect(found.namespace == "shop")
        #expect(
            found.tls
                == TLSOptions(
                    authorities: .file("/home/me/.kube/pki/ca.crt"), certificate: .file("/abs/me.crt"),
                    key: .file("/home/me/.kube/me.key"), serverName: "kubernetes"))
        #expect(found.impersonation.user == "someone")
        #expect(found.impersonation.groups == ["a", "b"])
    }

    @Test("inline data wins over files, a token file over a token")
    func precedence() throws {
        let found = try config().configuration(context: "prod")
        #expect(found.tls.authorities == .bytes(Array("hello".utf8)))
        #expect(found.tls.isInsecure)
        guard case .tokenFile("/home/me/.kube/token.txt") = found.identity else {
            Issue.record("\(found.identity)")
            return
        }
        #expect(found.namespace == "default")
    }

    @Test("of several files the first to name something wins")
    func merging() throws {
        var config = try config()
        try config.merge(
            Array(
                #"{"current-context":"other","users":[{"name":"token","user":{"token":"evil"}}],"contexts":[{"name":"new","context":{"cluster":"prod","user":"token"}}]}"#
                    .utf8),
            path: "/tmp/second")
        #expect(config.currentContext == "dev")
        guard case .tokenFile = try config.configuration(context: "new").identity else {
            Issue.record("the second file's user won")
            return
        }
    }

    @Test(
        "what is missing is named, without secrets",
        arguments: [
            ("nope", "the kubeconfig has no context \"nope\""), ("lost", "no cluster \"gone\""),
            ("odd", "is no http or https URL"), ("old", "auth-provider \"gcp\""),
        ])
    func problems(_ context: String, _ part: String) throws {
        let config = try config()
        let error = #expect(throws: ConfigurationError.self) { try config.configuration(context: context) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test("a kubeconfig that cannot be read is told with the cause, and one that does not exist with what to do")
    func unreadable() {
        let folder = TemporaryFolder()
        // A folder in its place cannot be read by anybody.
        for name in [".kube", ".kube/config"] { #expect(mkdir("\(folder.path)/\(name)", 0o700) == 0) }
        for (variables, problem) in [
            (["HOME": folder.path], "cannot read \(folder.path)/.kube/config: Is a directory; name another"),
            (
                ["KUBECONFIG": "\(folder.path)/.kube/config:\(folder.path)/b"],
                "cannot read \(folder.path)/.kube/config: Is a directory; name another"
            ),
            (["HOME": "\(folder.path)/nobody"], "there is no kubeconfig ~/.kube/config;"),
            (["KUBECONFIG": "\(folder.path)/b"], "cannot read \(folder.path)/b: No such file or directory;"),
        ] {
            let error = #expect(throws: ConfigurationError.self) {
                try Kubeconfig.load(environment: { variables[$0] })
            }
            #expect(error?.description.hasPrefix(problem) == true, "\(error?.description ?? "")")
            #expect(
                error?.description.hasSuffix("name one with --kubeconfig or KUBECONFIG") == true
                    || error?.description.hasSuffix("name another with --kubeconfig or KUBECONFIG") == true)
        }
    }

    @Test(
        "only a file that we may not read is to be made readable",
        arguments: [(EACCES, true), (EPERM, true), (EISDIR, false), (ELOOP, false), (EIO, false), (ENOENT, false)])
    func denied(_ code: Int32, _ isDenied: Bool) {
        let error = ConfigurationError(opening: "/etc/kube", code)
        #expect(error.isDenied == isDenied)
        #expect(error.isMissingFile == (code == ENOENT))
    }

    @Test("programs are run only where that is allowed, and their output never reaches an error")
    func exec() throws {
        let config = try config()
        #expect(throws: ConfigurationError.self) { try config.configuration(context: "exec", allowsExec: false) }
        guard case .exec(let plugin) = try config.configuration(context: "exec").identity else {
            Issue.record("no exec")
            return
        }
        #expect(plugin.command == "/home/me/.kube/./login")
        #expect(plugin.cluster?["server"] == "https://prod")
        let good = #"{"kind":"ExecCredential","status":{"token":"t","expirationTimestamp":"2026-11-21T10:00:00Z"}}"#
        let credential = try ExecPlugin.credential(from: good, command: "x")
        #expect(credential.token == "t")
        #expect(credential.expires == Timestamp(rfc3339: "2026-11-21T10:00:00Z"))
        let error = #expect(throws: ConfigurationError.self) {
            try ExecPlugin.credential(from: "token: s3cret", command: "x")
        }
        #expect(error?.description.contains("s3cret") == false)
    }

    @Test("a program's token is used, once for many requests")
    func execRun() async throws {
        let folder = TemporaryFolder()
        let script = folder.write(
            "login",
            """
            #!/bin/sh
            echo run >> \(folder.path)/runs
            case "$KUBERNETES_EXEC_INFO" in *ExecCredential*) ;; *) exit 3 ;; esac
            echo '{"kind":"ExecCredential","status":{"token":"from-'$1'"}}'
            """)
        let tokens = Lock<Set<String>>([])
        let server = LoopbackServer { request, connection in
            tokens.withLock { _ = $0.insert(request.header("Authorization") ?? "") }
            connection.respond(body: "{}")
            return true
        }
        var config = Kubeconfig()
        let text: JSON = [
            "current-context": "c",
            "clusters": [["name": "c", "cluster": ["server": .string(server.url)]]],
            "contexts": [["name": "c", "context": ["cluster": "c", "user": "u"]]],
            "users": [
                [
                    "name": "u",
                    "user": [
                        "exec": [
                            "apiVersion": "client.authentication.k8s.io/v1", "command": "sh",
                            "args": [.string(script), "plugin"],
                        ]
                    ],
                ]
            ],
        ]
        try config.merge(text.serialized(), path: "\(folder.path)/config")
        let client = KubernetesClient(try config.configuration(), clock: ManualWallClock())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<5 { group.addTask { _ = try await client.raw("/version") } }
            try await group.waitForAll()
        }
        #expect(tokens.withLock { $0 } == ["Bearer from-plugin"])
    }

    @Test("in a pod, the service account is found")
    func inCluster() throws {
        let folder = TemporaryFolder()
        folder.write("namespace", "sluice-system\n")
        let variables = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
        let found = try #require(ClusterConfiguration.inCluster(environment: { variables[$0] }, folder: folder.path))
        #expect(found.server == "https://[fd00::1]:443")
        #expect(found.namespace == "sluice-system")
        #expect(ClusterConfiguration.inCluster(environment: { _ in nil }) == nil)
    }
}
