import Crypto
import Manifest

/// Reads pushes from Git hosts, and only those that carry the shared secret.
package struct GitWebhook: Sendable {
    /// Why a request is refused, with the status to answer.
    package struct Refusal: Error, Equatable {
        package var status: Int
        package var reason: String
    }

    /// `webhook.github.secret` and `webhook.gitlab.secret` of Secret `argocd-secret`; empty ones check nothing.
    package var githubSecret: String
    package var gitlabSecret: String

    package init(githubSecret: String = "", gitlabSecret: String = "") {
        self.githubSecret = githubSecret
        self.gitlabSecret = gitlabSecret
    }

    /// - Parameter header: Looks a header up by its name in lower case.
    /// - Returns: The push, or `nil` for an event that is none.
    package func push(body: [UInt8], header: (String) -> String?) throws(Refusal) -> GitPush? {
        if let event = header("x-github-event") {
            try checkGitHub(body, header("x-hub-signature-256"))
            guard event == "push" else { return nil }
            return try parse(body, ["clone_url", "ssh_url", "git_url", "html_url"], in: "repository")
        }
        if let event = header("x-gitlab-event") {
            // Where one host's pushes are signed, nobody gets past by naming the other.
            guard !gitlabSecret.isEmpty || githubSecret.isEmpty else {
                throw Refusal(status: 401, reason: "webhook.gitlab.secret is not set, so GitLab's pushes are refused")
            }
            guard gitlabSecret.isEmpty || isEqual(header("x-gitlab-token") ?? "", gitlabSecret) else {
                throw Refusal(status: 401, reason: "X-Gitlab-Token does not match webhook.gitlab.secret")
            }
            guard event == "Push Hook" || event == "Tag Push Hook" else { return nil }
            return try parse(body, ["git_http_url", "git_ssh_url", "homepage"], in: "project")
        }
        throw Refusal(status: 400, reason: "neither X-GitHub-Event nor X-Gitlab-Event is set")
    }

    private func checkGitHub(_ body: [UInt8], _ signature: String?) throws(Refusal) {
        guard !githubSecret.isEmpty else {
            guard gitlabSecret.isEmpty else {
                throw Refusal(status: 401, reason: "webhook.github.secret is not set, so GitHub's pushes are refused")
            }
            return
        }
        let code = HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: Array(githubSecret.utf8)))
        let expected = "sha256=" + code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        guard let signature, isEqual(signature, expected) else {
            throw Refusal(status: 401, reason: "X-Hub-Signature-256 does not match webhook.github.secret")
        }
    }

    private func parse(_ body: [UInt8], _ names: [String], in member: String) throws(Refusal) -> GitPush {
        let json: JSON
        do { json = try JSON(parsing: body, maxDepth: 32) } catch {
            throw Refusal(status: 400, reason: "the body is no JSON: \(error)")
        }
        let urls = names.compactMap { json.at(member, $0)?.stringValue }
        guard !urls.isEmpty, let ref = json["ref"]?.stringValue else {
            throw Refusal(status: 400, reason: "the body names no repository or no ref")
        }
        var files = Set<String>()
        for commit in json["commits"]?.arrayValue ?? [] {
            for list in ["added", "modified", "removed"] {
                for file in commit[list]?.arrayValue ?? [] { if let path = file.stringValue { files.insert(path) } }
            }
        }
        return GitPush(urls: urls, ref: ref, files: files.sorted())
    }

    /// Compares without telling by its time how much was right.
    private func isEqual(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
