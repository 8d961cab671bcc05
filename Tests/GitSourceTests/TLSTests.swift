import GitSource
import Glibc
import SluiceTestKit
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
        let port = LoopbackListener.freePort()
        let words = [
            "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-www", "-quiet", "-key", folder.path + "/key",
            "-cert", folder.path + "/certificate",
        ]
        let process = try #require(ChildProgram.spawn(words))
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
