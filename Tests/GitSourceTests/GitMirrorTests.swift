import GitSource
import Glibc
import Manifest
import SyncEngine
import Testing

@Suite("Git mirror over file") struct GitMirrorTests {
    func mirror(_ upstream: Upstream, limits: GitLimits = GitLimits()) throws -> GitMirror {
        GitMirror(url: try RepositoryURL("file://\(upstream.bare)"), path: upstream.mirror, limits: limits)
    }

    @Test("a mirror follows branches and tags, also when they are deleted or forced") func follows() async throws {
        let upstream = Upstream()
        let first = upstream.commit("first", ["a.yaml": "a: 1\n"])
        upstream.git("tag", "-a", "v1.0.0", "-m", "one")
        upstream.git("push", "-q", "origin", "v1.0.0", "HEAD:refs/heads/gone")
        let mirror = try mirror(upstream)
        try await mirror.fetch()
        #expect(try await mirror.resolve("main") == first)
        #expect(try await mirror.resolve("gone") == first)
        #expect(try await mirror.resolve("v1.0.0") == first)
        upstream.git("push", "-q", "origin", ":gone")
        upstream.git("commit", "-q", "--amend", "-m", "forced")
        upstream.git("push", "-q", "-f", "origin", "HEAD:main")
        try await mirror.fetch()
        let forced = upstream.git("rev-parse", "HEAD")
        #expect(try await mirror.resolve("main") == forced)
        await #expect { try await mirror.resolve("gone") } throws: { ($0 as? SourceError)?.code == .referenceNotFound }
    }

    @Test("revisions name what Git and Argo CD mean by them") func revisions() async throws {
        let upstream = Upstream()
        let first = upstream.commit("first", ["a.yaml": "a: 1\n"])
        for tag in ["v1.2.0", "1.3.0", "v1.10.0-rc.1"] { upstream.git("tag", tag) }
        let second = upstream.commit("second", ["a.yaml": "a: 2\n"])
        for tag in ["v1.10.0", "v2.0.0"] { upstream.git("tag", tag) }
        upstream.git("push", "-q", "--tags", "origin", "HEAD:refs/heads/feature/x")
        let mirror = try mirror(upstream)
        try await mirror.fetch()
        for name in [
            "", "HEAD", "main", "feature/x", "refs/heads/main", second, String(second.prefix(8)), "^1.2.0", "1.x",
            ">=1.3, <2",
        ] {
            #expect(try await mirror.resolve(name) == second, "\(name)")
        }
        for name in ["~1.3", "<1.10.0", ">=1.10.0-0 <1.10.0-z", first] {
            #expect(try await mirror.resolve(name) == first, "\(name)")
        }
        for name in ["nope", "main~1", "@{-1}", ">=3", "../../etc", String(repeating: "f", count: 40)] {
            await #expect(throws: SourceError.self, "\(name)") { try await mirror.resolve(name) }
        }
    }

    @Test("a commit tells author, message, trailers and what is in between") func commits() async throws {
        let upstream = Upstream()
        let first = upstream.commit("first", ["a": "1"])
        let second = upstream.commit("second", ["a": "2"])
        let third = upstream.commit(
            "third\n\nWhy.\n\nSluice-Release: shop/web-1\nSluice-Reverts: \(second)", ["a": "3"])
        let mirror = try mirror(upstream)
        try await mirror.fetch()
        let info = try await mirror.commit(third)
        #expect(info.author == "Ada <ada@example.org>")
        #expect(info.subject == "third")
        #expect(info.parents == [second])
        #expect(info.sluiceReverts == [second])
        #expect(info.values(of: "sluice-release") == ["shop/web-1"])
        #expect(try await mirror.commits(after: first, upTo: third, limit: 10).map(\.id) == [third, second])
        #expect(try await mirror.commits(after: nil, upTo: third, limit: 2).map(\.id) == [third, second])
    }

    @Test("files are read from the database: kinds, sizes, links and paths that leave") func tree() async throws {
        let upstream = Upstream()
        run("ln", ["-s", "../../etc/passwd", upstream.work + "/link"])
        let commit = upstream.commit(
            "files", ["base/a.yaml": "a: 1\n", "base/deep/b.yaml": "b\n", "big": String(repeating: "x", count: 5000)])
        let mirror = try mirror(upstream, limits: GitLimits(blobBytes: 4096))
        try await mirror.fetch()
        let tree = try await mirror.tree(at: commit)
        #expect(tree.treeID == upstream.git("rev-parse", "HEAD^{tree}"))
        #expect(try tree.entries(of: "")?.map(\.name) == ["base", "big", "link"])
        #expect(try tree.entry(at: "base")?.id == upstream.git("rev-parse", "HEAD:base"))
        #expect(try tree.entry(at: "link")?.kind == .symlink)
        #expect(try tree.bytes(at: "./base//a.yaml").map { String(decoding: $0, as: UTF8.self) } == "a: 1\n")
        #expect(try tree.bytes(at: "base") == nil)
        #expect(try tree.entry(at: "base/none") == nil)
        #expect { try tree.bytes(at: "big") } throws: { ($0 as? SourceError)?.code == .tooLarge }
        #expect { try tree.bytes(at: "base/../../x") } throws: { ($0 as? SourceError)?.code == .invalidSource }
    }

    @Test("many callers at once share fetches and read correctly") func concurrent() async throws {
        let upstream = Upstream()
        let commit = upstream.commit("first", ["a": "1"])
        let mirror = try mirror(upstream)
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    try await mirror.fetch()
                    let tree = try await mirror.tree(at: commit)
                    return String(decoding: try tree.bytes(at: "a") ?? [], as: UTF8.self)
                }
            }
            for try await text in group { #expect(text == "1") }
        }
    }

    @Test("packs are joined, nothing is lost, and open trees go on reading") func compaction() async throws {
        let upstream = Upstream()
        let first = upstream.commit("first", ["a": "1"])
        let mirror = try mirror(upstream, limits: GitLimits(packs: 3))
        try await mirror.fetch()
        let open = try await mirror.tree(at: first)
        var commits = [first]
        for index in 2..<8 {
            commits.append(upstream.commit("commit", ["a": "\(index)"]))
            try await mirror.fetch()
        }
        // Not reachable any more, and kept all the same.
        upstream.git("reset", "-q", "--hard", first)
        upstream.git("push", "-q", "-f", "origin", "HEAD:main")
        try await mirror.fetch()
        #expect(
            run("sh", ["-c", "ls \(upstream.mirror)/objects/pack/*.pack | wc -l"]).output.filter { $0 != " " } <= "4")
        for (index, commit) in commits.enumerated() {
            let tree = try await mirror.tree(at: commit)
            #expect(try tree.bytes(at: "a").map { String(decoding: $0, as: UTF8.self) } == "\(index + 1)")
        }
        #expect(try open.bytes(at: "a").map { String(decoding: $0, as: UTF8.self) } == "1")
        #expect(run("git", ["fsck", "--full"], in: upstream.mirror).status == 0)
    }

    @Test("locks and rubbish that a killed process left do not stop the next fetch") func crash() async throws {
        let upstream = Upstream()
        upstream.commit("first", ["a": "1"])
        let mirror = try mirror(upstream)
        try await mirror.fetch()
        write("", to: upstream.mirror + "/refs/heads/main.lock")
        write("", to: upstream.mirror + "/HEAD.lock")
        let second = upstream.commit("second", ["a": "2"])
        try await mirror.fetch()
        #expect(try await mirror.resolve("main") == second)
        write("rubbish", to: upstream.mirror + "/HEAD")
        run("rm", ["-rf", upstream.mirror + "/objects"])
        try await mirror.fetch()
        #expect(try await mirror.resolve("main") == second)
    }

    @Test("a missing repository is named, and an empty one has no default branch") func missing() async throws {
        let upstream = Upstream()
        let nowhere = GitMirror(url: try RepositoryURL("/nonexistent/x.git"), path: upstream.folder.path + "/m2")
        await #expect { try await nowhere.fetch() } throws: { ($0 as? SourceError)?.code == .repositoryNotFound }
        let mirror = try mirror(upstream)
        try await mirror.fetch()
        await #expect { try await mirror.resolve("HEAD") } throws: { ($0 as? SourceError)?.code == .referenceNotFound }
    }
}
