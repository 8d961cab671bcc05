import Manifest
import Transport

/// Gives each request its credentials and renews them when they age or are refused.
actor CredentialSource {
    struct Credential: Sendable {
        var authorization: String?
        var certificate: TLSOptions.PEM?
        var key: TLSOptions.PEM?
    }

    private let identity: ClusterConfiguration.Identity
    private let clock: any WallClock
    private var cached: (credential: Credential, until: Timestamp)?
    private var running: Task<Credential, any Error>?

    init(_ identity: ClusterConfiguration.Identity, clock: any WallClock) {
        self.identity = identity
        self.clock = clock
    }

    func credential() async throws(ConfigurationError) -> Credential {
        switch identity {
        case .none: return Credential()
        case .token(let token): return Credential(authorization: "Bearer \(token)")
        case .basic(let user, let password):
            return Credential(authorization: "Basic " + Base64.encode("\(user):\(password)"))
        case .tokenFile(let path):
            let now = clock.now()
            if let cached, now < cached.until { return cached.credential }
            let token: String
            do {
                token = trimmed(try readFile(path, limit: 1 << 20))
            } catch {
                // The file is being replaced: what worked a minute ago works a little longer.
                if let cached { return cached.credential }
                throw error
            }
            if token.isEmpty { throw ConfigurationError("the token file \(path) is empty") }
            let credential = Credential(authorization: "Bearer \(token)")
            // The file changes well before the old token runs out; 50 s is a minute less some leeway.
            cached = (credential, now + .seconds(50))
            return credential
        case .exec(let plugin): return try await run(plugin)
        }
    }

    /// Forgets what was refused.
    /// - Returns: Whether a new try can use something else.
    func refused(_ authorization: String?) -> Bool {
        switch identity {
        case .none, .token, .basic: return false
        case .tokenFile, .exec:
            if cached?.credential.authorization == authorization { cached = nil }
            return true
        }
    }

    private func run(_ plugin: ExecPlugin) async throws(ConfigurationError) -> Credential {
        if let cached, clock.now() < cached.until { return cached.credential }
        // Many requests may ask at once; the program runs once for all of them.
        let task =
            running
            ?? Task {
                let given = try await plugin.run()
                return self.keep(given)
            }
        running = task
        defer { if running == task { running = nil } }
        do {
            return try await task.value
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError("cannot get credentials from \(plugin.command): \(error)")
        }
    }

    private func keep(_ given: ExecPlugin.Credential) -> Credential {
        let credential = Credential(
            authorization: given.token.map { "Bearer \($0)" }, certificate: given.certificate.map { .bytes($0) },
            key: given.key.map { .bytes($0) })
        // Without an expiry it lasts until it is refused.
        cached = (credential, given.expires.map { $0 - .seconds(10) } ?? Timestamp(seconds: .max))
        return credential
    }
}
