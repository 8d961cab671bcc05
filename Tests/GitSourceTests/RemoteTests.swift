import GitSource
import Manifest
import SyncEngine
import Testing

@Suite("Git over http") struct HTTPTests {
    let upstream = Upstream()

    func mirror(
        _ server: GitHTTPServer, _ credentials: GitCredentials = GitCredentials(), user: String = "",
        timeout: Duration = .seconds(30)
    )
        throws -> GitMirror
    {
        GitMirror(
            url: try RepositoryURL("http://\(user)127.0.0.1:\(server.port)/repo.git"), path: upstream.mirror,
            limits: GitLimits(timeout: timeout), credentials: { () throws(SourceError) in credentials })
    }

    func code(_ body: () async throws -> Void) async -> SourceError.Code? {
        do { try await body() } catch { return (error as? SourceError)?.code }
        return nil
    }

    @Test("clone, fetch and push work") func roundTrip() async throws {
        upstream.commit("first", ["a": "1\n", "noise": (0..<20_000).map { "\($0 &* 2_654_435_761)\n" }.joined()])
        let bad = upstream.commit("bad", ["a": "2\n"])
        let server = GitHTTPServer(serving: upstream.folder.path)
        let mirror = try mirror(server)
        try await mirror.fetch()
        #expect(try await mirror.resolve("HEAD") == bad)
        let outcome = try await mirror.revertAndPush(
            RevertRequest(
                commits: [bad], branch: "main", release: "shop/web-1", reason: "bad",
                now: Timestamp(seconds: 1_800_000_000)))
        #expect(outcome == .pushed(upstream.git("rev-parse", "main", in: upstream.bare)))
        #expect(upstream.git("fsck", "--strict", in: upstream.bare).isEmpty)
    }

    @Test("basic and bearer credentials are sent; wrong ones are named without being shown") func credentials()
        async throws
    {
        upstream.commit("first", ["a": "1\n"])
        let basic = GitHTTPServer(serving: upstream.folder.path, .authorized("Basic YWRhOnMzY3JldA=="))
        try await mirror(basic, GitCredentials(username: "ada", password: "s3cret")).fetch()
        try await mirror(basic, user: "ada:s3cret@").fetch()
        let bearer = GitHTTPServer(serving: upstream.folder.path, .authorized("Bearer t0ken"))
        try await mirror(bearer, GitCredentials(bearerToken: "t0ken")).fetch()
        for wrong in [
            GitCredentials(), GitCredentials(username: "ada", password: "wr0ng"), GitCredentials(bearerToken: "wr0ng"),
        ] {
            await #expect {
                try await mirror(basic, wrong, user: "eve:hunter2@").fetch()
            } throws: {
                let text = "\($0)"
                return ($0 as? SourceError)?.code == .authenticationFailed && !text.contains("wr0ng")
                    && !text.contains("hunter2")
            }
        }
    }

    @Test("a server that accepts and says nothing ends by the deadline", .timeLimit(.minutes(1))) func silent()
        async throws
    {
        upstream.commit("first", ["a": "1\n"])
        for behaviour in [GitHTTPServer.Behaviour.silent, .silentAfterAdvertisement] {
            let server = GitHTTPServer(serving: upstream.folder.path, behaviour)
            #expect(await code { try await mirror(server, timeout: .milliseconds(400)).fetch() } == .timedOut)
        }
    }

    @Test("a cancelled task lets go of a silent server", .timeLimit(.minutes(1))) func cancelled() async throws {
        let server = GitHTTPServer(serving: upstream.folder.path, .silent)
        let mirror = try mirror(server, timeout: .seconds(600))
        let task = Task { try await mirror.fetch() }
        task.cancel()
        await #expect { try await task.value } throws: { ($0 as? SourceError)?.code == .cancelled }
    }

    @Test("what is no Git server is told apart") func notGit() async throws {
        let rows: [(GitHTTPServer.Behaviour, SourceError.Code)] = [
            (.html, .repositoryNotFound), (.status(404), .repositoryNotFound), (.status(503), .unreachable),
            (.status(403), .authenticationFailed), (.redirect(to: "file:///etc"), .unreachable),
        ]
        for (behaviour, expected) in rows {
            let server = GitHTTPServer(serving: upstream.folder.path, behaviour)
            #expect(await code { try await mirror(server).fetch() } == expected, "\(behaviour)")
        }
        let gone = GitHTTPServer(serving: upstream.folder.path)
        let port = gone.port
        let closed = GitMirror(url: try RepositoryURL("http://127.0.0.1:\(port == 1 ? 2 : 1)/x"), path: upstream.mirror)
        #expect(await code { try await closed.fetch() } == .unreachable)
    }

    @Test("a redirect is followed, and another host gets no credentials") func redirect() async throws {
        let commit = upstream.commit("first", ["a": "1\n"])
        let target = GitHTTPServer(serving: upstream.folder.path)
        let server = GitHTTPServer(serving: upstream.folder.path, .redirect(to: "http://localhost:\(target.port)"))
        let mirror = try mirror(server, GitCredentials(username: "ada", password: "s3cret"))
        try await mirror.fetch()
        #expect(try await mirror.resolve("main") == commit)
        #expect(server.requests.contains { $0.contains("Authorization: Basic") })
        #expect(!target.requests.isEmpty)
        #expect(!target.requests.contains { $0.contains("Authorization") })
    }

    @Test("more than the limit is refused") func tooLarge() async throws {
        upstream.commit("first", ["noise": (0..<50_000).map { "\($0 &* 2_654_435_761)\n" }.joined()])
        let server = GitHTTPServer(serving: upstream.folder.path)
        let mirror = GitMirror(
            url: try RepositoryURL("http://127.0.0.1:\(server.port)/repo.git"), path: upstream.mirror,
            limits: GitLimits(fetchBytes: 50_000))
        #expect(await code { try await mirror.fetch() } == .tooLarge)
    }
}
