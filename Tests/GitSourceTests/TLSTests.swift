import GitSource
import Glibc
import SyncEngine
import Testing

@Suite("Git over https", .enabled(if: access("/usr/bin/openssl", X_OK) == 0)) struct TLSTests {
    @Test("a certificate is trusted by its CA alone, also for an IP address", .timeLimit(.minutes(1))) func trust()
        async throws
    {
        let folder = TemporaryFolder()
        run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=test",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder.path + "/key", "-out",
                folder.path + "/certificate",
            ])
        let port = 41_000 + Int(getpid()) % 10_000
        let words = [
            "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-www", "-quiet", "-key", folder.path + "/key",
            "-cert",
            folder.path + "/certificate",
        ]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for text in arguments { free(text) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        for descriptor: Int32 in 0...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        defer { posix_spawn_file_actions_destroy(&actions) }
        var process = pid_t()
        try #require(posix_spawn(&process, "/usr/bin/openssl", &actions, nil, &arguments, nil) == 0)
        defer { kill(process, SIGKILL) }
        let waiting = run(
            "bash",
            [
                "-c",
                "for i in $(seq 200); do (echo > /dev/tcp/127.0.0.1/\(port)) 2>/dev/null && exit 0; sleep 0.05; done; exit 1",
            ])
        try #require(waiting.status == 0, "openssl s_server did not start")

        let certificate = run("cat", [folder.path + "/certificate"]).output
        let rows: [(GitCredentials, SourceError.Code)] = [
            (GitCredentials(), .untrustedServer),
            // The server answers with a page: the certificate was accepted.
            (GitCredentials(caCertificates: certificate), .repositoryNotFound),
            (GitCredentials(insecure: true), .repositoryNotFound),
        ]
        for (credentials, expected) in rows {
            let mirror = GitMirror(
                url: try RepositoryURL("https://127.0.0.1:\(port)/x.git"), path: folder.path + "/mirror",
                credentials: { () throws(SourceError) in credentials })
            await #expect { try await mirror.fetch() } throws: { ($0 as? SourceError)?.code == expected }
        }
    }
}
