import GitSource
import Glibc
import Manifest
import SluiceTestKit
import SyncEngine
import Testing

/// OpenSSH's server on a loopback port with one user key.
private final class SSHServer {
    let folder = TemporaryFolder()
    let port: Int
    private var process = pid_t()

    init?() throws {
        // A port that was free a moment ago; the server is asked until it answers.
        port = LoopbackListener.freePort()
        run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", folder.path + "/host"])
        run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", folder.path + "/user"])
        run("mkdir", ["-p", "/run/sshd"])
        write(
            """
            ListenAddress 127.0.0.1:\(port)
            HostKey \(folder.path)/host
            AuthorizedKeysFile \(folder.path)/user.pub
            PidFile none
            StrictModes no
            UsePAM no
            PasswordAuthentication no
            PermitRootLogin yes
            """, to: folder.path + "/config")
        guard
            let process = ChildProgram.spawn(["/usr/sbin/sshd", "-D", "-r", "-e", "-f", folder.path + "/config"])
        else { return nil }
        self.process = process
        let waiting = run(
            "bash",
            [
                "-c",
                "for i in $(seq 100); do (echo > /dev/tcp/127.0.0.1/\(port)) 2>/dev/null && exit 0; sleep 0.05; done; exit 1",
            ])
        guard waiting.status == 0 else { return nil }
    }

    deinit { if process > 0 { kill(process, SIGTERM) } }

    var key: String { run("cat", [folder.path + "/user"]).output }
    var knownHosts: String { "[127.0.0.1]:\(port) " + run("cat", [folder.path + "/host.pub"]).output }
}

@Suite("Git over ssh", .enabled(if: access("/usr/sbin/sshd", X_OK) == 0 && getuid() == 0)) struct SSHTests {
    @Test(
        "an ed25519 key fetches and pushes; host keys are checked; a server that hangs ends by the deadline",
        .timeLimit(.minutes(1)))
    func ssh() async throws {
        let upstream = Upstream()
        upstream.commit("first", ["a": "1\n"])
        let bad = upstream.commit("bad", ["a": "2\n"])
        let server = try #require(try SSHServer(), "sshd did not start")
        func mirror(_ credentials: GitCredentials, port: Int? = nil) throws -> GitMirror {
            GitMirror(
                url: try RepositoryURL("ssh://root@127.0.0.1:\(port ?? server.port)\(upstream.bare)"),
                path: upstream.mirror,
                limits: GitLimits(timeout: .seconds(port == nil ? 30 : 1)),
                credentials: { () throws(SourceError) in credentials })
        }
        func code(_ mirror: GitMirror) async -> SourceError.Code? {
            do { try await mirror.fetch() } catch { return error.code }
            return nil
        }
        let good = GitCredentials(sshPrivateKey: server.key, knownHosts: server.knownHosts)
        let fetched = try mirror(good)
        try await fetched.fetch()
        #expect(try await fetched.resolve("main") == bad)
        let outcome = try await fetched.revertAndPush(
            RevertRequest(
                commits: [bad], branch: "main", release: "shop/web-1", reason: "bad", now: .init(seconds: 1_800_000_000)
            ))
        #expect(outcome == .pushed(upstream.git("rev-parse", "main", in: upstream.bare)))

        #expect(await code(try mirror(GitCredentials(sshPrivateKey: server.key))) == .untrustedServer)
        #expect(
            await code(
                try mirror(
                    GitCredentials(sshPrivateKey: server.key, knownHosts: "[127.0.0.1]:\(server.port) ssh-ed25519 AAAA")
                ))
                == .untrustedServer)
        #expect(await code(try mirror(GitCredentials(knownHosts: server.knownHosts))) == .authenticationFailed)
        run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", server.folder.path + "/other"])
        let other = run("cat", [server.folder.path + "/other"]).output
        #expect(
            await code(try mirror(GitCredentials(sshPrivateKey: other, knownHosts: server.knownHosts)))
                == .authenticationFailed)
        let silent = GitHTTPServer(serving: "/", .silent)
        #expect(await code(try mirror(good, port: silent.port)) == .timedOut)
        #expect(await code(try mirror(good, port: 1)) == .unreachable)
    }
}
