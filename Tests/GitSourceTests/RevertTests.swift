import GitSource
import Manifest
import SyncEngine
import Testing

@Suite("Revert commits") struct RevertTests {
    let upstream = Upstream()

    func request(_ commits: [String], pushTo: String? = nil) -> RevertRequest {
        RevertRequest(
            commits: commits, branch: "main", pushTo: pushTo, release: "shop/web-2",
            reason: "analysis success-rate failed:\n0.90 < 0.95",
            now: Timestamp(seconds: 1_800_000_000))
    }

    func mirror() throws -> GitMirror { GitMirror(url: try RepositoryURL(upstream.bare), path: upstream.mirror) }

    @Test("a revert is made once and undoes exactly its commit") func once() async throws {
        upstream.commit("first", ["a": "1\n", "b": "1\n"])
        let bad = upstream.commit("bad one", ["a": "2\n"])
        upstream.commit("later", ["b": "2\n"])
        let mirror = try mirror()
        guard case .pushed(let id) = try await mirror.revertAndPush(request([bad])) else {
            Issue.record("nothing was pushed")
            return
        }
        upstream.git("pull", "-q", "origin", "main")
        #expect(upstream.git("rev-parse", "HEAD") == id)
        #expect(upstream.git("show", "HEAD:a") == "1")
        #expect(upstream.git("show", "HEAD:b") == "2")
        #expect(
            upstream.git("log", "-1", "--format=%an <%ae> %ct %s")
                == "Sluice <sluice@localhost> 1800000000 Revert \"bad one\"")
        let trailers = upstream.git("log", "-1", "--format=%(trailers)")
        #expect(trailers == "Sluice-Release: shop/web-2\nSluice-Reverts: \(bad)")
        #expect(upstream.git("fsck", "--strict", in: upstream.bare).isEmpty)
        // A run that died after the push starts from nothing but the repository.
        run("rm", ["-rf", upstream.mirror])
        #expect(try await mirror.revertAndPush(request([bad])) == .alreadyReverted(id))
        #expect(try await mirror.commit(id).sluiceReverts == [bad])
    }

    @Test("several commits, a merge among them, become one revert") func several() async throws {
        let first = upstream.commit("first", ["a": "1\n", "b": "1\n"])
        upstream.git("checkout", "-q", "-b", "side")
        upstream.commit("side", ["b": "2\n"], push: false)
        upstream.git("checkout", "-q", "main")
        let second = upstream.commit("second", ["a": "2\n"])
        upstream.git("merge", "-q", "--no-ff", "-m", "merge", "side")
        upstream.git("push", "-q", "origin", "HEAD:main")
        let merge = upstream.git("rev-parse", "HEAD")
        let mirror = try mirror()
        guard case .pushed(let id) = try await mirror.revertAndPush(request([merge, second])) else {
            Issue.record("nothing was pushed")
            return
        }
        #expect(try await mirror.commit(id).treeID == mirror.commit(first).treeID)
        #expect(try await mirror.commit(id).sluiceReverts == [merge, second])
    }

    @Test("a change that a person undid already is left alone") func undone() async throws {
        upstream.commit("first", ["a": "1\n"])
        let bad = upstream.commit("bad", ["a": "2\n"])
        upstream.commit("by hand", ["a": "1\n"])
        #expect(try await mirror().revertAndPush(request([bad])) == .nothingToRevert)
    }

    @Test("a revert for review goes to a branch of its own, once") func review() async throws {
        upstream.commit("first", ["a": "1\n"])
        let bad = upstream.commit("bad", ["a": "2\n"])
        let mirror = try mirror()
        guard case .pushed(let id) = try await mirror.revertAndPush(request([bad], pushTo: "sluice/revert-1")) else {
            Issue.record("nothing was pushed")
            return
        }
        #expect(upstream.git("rev-parse", "main", in: upstream.bare) == bad)
        #expect(upstream.git("rev-parse", "sluice/revert-1", in: upstream.bare) == id)
        #expect(try await mirror.revertAndPush(request([bad], pushTo: "sluice/revert-1")) == .alreadyReverted(id))
    }

    @Test("HEAD and an empty branch mean the server's default branch") func defaultBranch() async throws {
        upstream.commit("first", ["a": "1\n"])
        let bad = upstream.commit("bad", ["a": "2\n"])
        let mirror = try mirror()
        var wanted = request([bad])
        (wanted.branch, wanted.pushTo) = ("HEAD", "HEAD")
        let outcome = try await mirror.revertAndPush(wanted)
        #expect(outcome == .pushed(upstream.git("rev-parse", "main", in: upstream.bare)))
        (wanted.branch, wanted.pushTo) = ("", "")
        guard case .alreadyReverted = try await mirror.revertAndPush(wanted) else {
            Issue.record("reverted twice")
            return
        }
    }

    @Test("lines that changed again since are a conflict for a person") func conflict() async throws {
        upstream.commit("first", ["a": "1\n"])
        let bad = upstream.commit("bad", ["a": "2\n"])
        upstream.commit("worse", ["a": "3\n"])
        await #expect {
            try await mirror().revertAndPush(request([bad]))
        } throws: {
            ($0 as? SourceError)?.code == .revertConflict && "\($0)".contains("a changed again since")
        }
    }

    @Test("a server that refuses the push is quoted") func refused() async throws {
        upstream.commit("first", ["a": "1\n"])
        let bad = upstream.commit("bad", ["a": "2\n"])
        let hook = upstream.bare + "/hooks/pre-receive"
        write("#!/bin/sh\nexit 1\n", to: hook)
        run("chmod", ["+x", hook])
        // libgit2's local transport runs no hooks, so this one goes over http.
        let server = GitHTTPServer(serving: upstream.folder.path)
        let mirror = GitMirror(
            url: try RepositoryURL("http://127.0.0.1:\(server.port)/repo.git"), path: upstream.mirror)
        await #expect { try await mirror.revertAndPush(request([bad])) } throws: {
            ($0 as? SourceError)?.code == .pushRejected && "\($0)".contains("pre-receive hook declined")
        }
    }
}
