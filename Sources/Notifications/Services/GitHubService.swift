import Manifest
import Transport

/// Commit statuses on GitHub, by an app or by a token.
struct GitHubService: ServiceSender {
    private enum Access: Sendable {
        case token(String)
        case app(GitHubApp)
    }

    private let api: String
    private let access: Access
    private let tls: TLSOptions

    init(_ settings: ServiceSettings) throws(ConfigProblem) {
        tls = settings.tls
        if settings.text("enterpriseBaseURL") != nil {
            let base = try settings.address("enterpriseBaseURL")
            api = base.hasSuffix("/api/v3") ? base : base + "/api/v3"
        } else {
            api = try settings.address("apiURL", otherwise: "https://api.github.com")
        }
        if settings.text("token") != nil {
            access = .token(try settings.required("token", ""))
        } else {
            guard let key = settings.text("privateKey") else {
                throw ConfigProblem("privateKey is missing: the app's key in PEM, or token with a personal one")
            }
            access = .app(
                try GitHubApp(
                    id: try settings.required("appID", "the app's number"),
                    installation: try settings.required("installationID", "the number of the app's installation"),
                    key: key))
        }
    }

    func send(_ delivery: Delivery, _ line: ServiceLine) async throws(DeliveryError) {
        let content = delivery.content
        let place = "template \(delivery.template)"
        guard let state = content.field("status", "state") else {
            throw line.failure("\(place): github.status.state is missing; deployments and comments are not supported")
        }
        guard ["error", "failure", "pending", "success"].contains(state) else {
            throw line.failure("\(place): github.status.state must be error, failure, pending or success")
        }
        guard let url = content.field("repoURLPath"), let repository = GitHubService.repository(url) else {
            throw line.failure("\(place): github.repoURLPath must give the repository's URL")
        }
        guard let revision = content.field("revisionPath"), (7...64).contains(revision.utf8.count),
            revision.utf8.allSatisfy({ isTemplateWord($0) && $0 < 0x80 })
        else { throw line.failure("\(place): github.revisionPath must give a commit's hash") }
        // GitHub takes 140 characters.
        var status: JSON = [
            "state": .string(state), "description": .string(String(content.text.prefix(140))),
            "context": .string(
                content.field("status", "label") ?? "progressive-delivery/\(delivery.object.name)"),
        ]
        status["target_url"] = content.field("status", "targetURL").map { .string($0) }
        let token =
            switch access {
            case .token(let token): token
            case .app(let app): try await app.token(api, at: content.time, line, tls)
            }
        _ = try await line.post(
            "\(api)/repos/\(repository)/statuses/\(revision)", status,
            headers: [
                ("Authorization", "Bearer \(token)"), ("Accept", "application/vnd.github+json"),
            ], tls)
    }

    /// `owner/name` of `https://github.com/owner/name.git` and `git@github.com:owner/name.git`.
    private static func repository(_ url: String) -> String? {
        let path = url.replacing(":", with: "/").split(separator: "/").map(String.init)
        guard path.count >= 2, var name = path.last else { return nil }
        if name.hasSuffix(".git") { name = String(name.dropLast(4)) }
        let parts = [path[path.count - 2], name]
        let isName = parts.allSatisfy { part in
            !part.isEmpty && part != ".."
                && part.utf8.allSatisfy { (isTemplateWord($0) && $0 < 0x80) || $0 == 0x2D || $0 == 0x2E }
        }
        return isName ? parts.joined(separator: "/") : nil
    }
}
