import Crypto
import CryptoExtras
import Manifest
import Transport

/// A GitHub App that is installed somewhere: gets a token for an hour by showing that it has the app's key.
final class GitHubApp: Sendable {
    private let id: String
    private let installation: String
    private let key: _RSA.Signing.PrivateKey
    private let current = Lock<(token: String, until: Timestamp)?>(nil)

    init(id: String, installation: String, key: String) throws(ConfigProblem) {
        guard installation.utf8.allSatisfy(isTemplateDigit) else {
            throw ConfigProblem("installationID must be a number")
        }
        self.id = id
        self.installation = installation
        do {
            self.key = try _RSA.Signing.PrivateKey(pemRepresentation: key)
        } catch {
            // The library's words could hold parts of the key.
            throw ConfigProblem("privateKey is no RSA key in PEM, as GitHub gives it out")
        }
    }

    /// A token for the installation; asked for again five minutes before it ends.
    func token(
        _ api: String, at now: Timestamp, _ line: ServiceLine, _ tls: TLSOptions
    ) async throws(DeliveryError) -> String {
        if let known = current.withLock({ $0 }), now + .seconds(300) < known.until { return known.token }
        guard let proof = proof(at: now) else { throw line.failure("its privateKey cannot sign") }
        let response = try await line.post(
            "\(api)/app/installations/\(installation)/access_tokens", .emptyObject,
            headers: [("Authorization", "Bearer \(proof)"), ("Accept", "application/vnd.github+json")], tls)
        guard let answer = try? JSON(parsing: response.body), let token = answer["token"]?.stringValue,
            ServiceSettings.isLine(token)
        else { throw line.failure("its answer cannot be read", isRetriable: true) }
        let until = answer["expires_at"]?.stringValue.flatMap { Timestamp(rfc3339: $0) } ?? now
        current.withLock { $0 = (token, until) }
        return token
    }

    /// A JSON web token, signed with RS256, that is good for nine minutes.
    private func proof(at now: Timestamp) -> String? {
        let header: JSON = ["alg": "RS256", "typ": "JWT"]
        // A minute back: clocks differ.
        let claims: JSON = [
            "iat": .int(now.seconds - 60), "exp": .int(now.seconds + 540), "iss": .string(id),
        ]
        let text = [header, claims].map { GitHubApp.encoded($0.serialized()) }.joined(separator: ".")
        let digest = SHA256.hash(data: [UInt8](text.utf8))
        guard let signature = try? key.signature(for: digest, padding: .insecurePKCS1v1_5) else { return nil }
        return text + "." + GitHubApp.encoded([UInt8](signature.rawRepresentation))
    }

    private static func encoded(_ bytes: [UInt8]) -> String {
        String(Base64.encode(bytes).map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }.filter { $0 != "=" })
    }
}
