import Console
import Manifest
import Testing

@Suite("Git webhook") struct GitWebhookTests {
    static let github = Array(
        """
        {"ref":"refs/heads/main","repository":{"clone_url":"https://git.example.org/shop.git","ssh_url":"git@git.example.org:shop.git"},
        "commits":[{"added":["b.yaml"],"modified":["a.yaml"],"removed":[]},{"added":[],"modified":["a.yaml"],"removed":["c.yaml"]}]}
        """.utf8)

    @Test("a signed GitHub push names repository, ref and files") func github() throws {
        let webhook = GitWebhook()
        let push = try webhook.push(body: Self.github) { ["x-github-event": "push"][$0] }
        #expect(
            push
                == GitPush(
                    urls: ["https://git.example.org/shop.git", "git@git.example.org:shop.git"], ref: "refs/heads/main",
                    files: ["a.yaml", "b.yaml", "c.yaml"]))
    }

    @Test("a signature is checked over the raw body") func signature() throws {
        let webhook = GitWebhook(githubSecret: "key")
        let body = Array("The quick brown fox jumps over the lazy dog".utf8)
        // HMAC-SHA256 of that sentence with "key": a published test vector.
        let good = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        let ping = ["x-github-event": "ping", "x-hub-signature-256": good]
        #expect(try webhook.push(body: body) { ping[$0] } == nil)
        let forged = ["x-github-event": "ping", "x-hub-signature-256": good.replacing("f7", with: "f8")]
        #expect(throws: GitWebhook.Refusal.self) { try webhook.push(body: body) { forged[$0] } }
        #expect(throws: GitWebhook.Refusal.self) { try webhook.push(body: body) { ["x-github-event": "push"][$0] } }
    }

    @Test("a GitLab push needs the token") func gitlab() throws {
        let body = Array(
            #"{"ref":"refs/heads/main","project":{"git_http_url":"https://gl.example.org/shop.git"},"commits":[]}"#.utf8
        )
        let webhook = GitWebhook(gitlabSecret: "s3cret")
        let good = ["x-gitlab-event": "Push Hook", "x-gitlab-token": "s3cret"]
        #expect(try webhook.push(body: body) { good[$0] }?.urls == ["https://gl.example.org/shop.git"])
        let bad = ["x-gitlab-event": "Push Hook", "x-gitlab-token": "guess"]
        #expect(throws: GitWebhook.Refusal.self) { try webhook.push(body: body) { bad[$0] } }
    }

    @Test(
        "what is no push is refused with a status",
        arguments: [
            ([:], "{}", 400), (["x-github-event": "push"], "not json", 400), (["x-github-event": "push"], "{}", 400),
            (["x-github-event": "push"], String(repeating: "[", count: 100_000), 400),
        ] as [([String: String], String, Int)])
    func refusals(_ headers: [String: String], _ body: String, _ status: Int) {
        #expect { try GitWebhook().push(body: Array(body.utf8)) { headers[$0] } } throws: { error in
            (error as? GitWebhook.Refusal)?.status == status
        }
    }

    @Test("where one host signs, the other's unsigned pushes are refused") func otherHost() {
        let body = Array(
            #"{"ref":"refs/heads/main","project":{"git_http_url":"https://gl.example.org/shop.git"}}"#.utf8)
        #expect(throws: GitWebhook.Refusal.self) {
            try GitWebhook(githubSecret: "key").push(body: body) { ["x-gitlab-event": "Push Hook"][$0] }
        }
        #expect(throws: GitWebhook.Refusal.self) {
            try GitWebhook(gitlabSecret: "key").push(body: Self.github) { ["x-github-event": "push"][$0] }
        }
    }
}
