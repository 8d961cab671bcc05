import Crypto
import CryptoExtras
import Manifest
import Notifications
import SluiceTestKit
import Testing

@Suite("GitHub service", .timeLimit(.minutes(1))) struct GitHubTests {
    static let template = """
        message: |
          {{.rollout.metadata.name}} is done{{repeat 200 "!"}}
        github:
          repoURLPath: "git@github.com:acme/web.git"
          revisionPath: "0123456789abcdef0123456789abcdef01234567"
          status:
            state: success
            label: "rollout/{{.rollout.metadata.name}}"
            targetURL: "https://x"
        """

    @Test("a token sets a commit's status")
    func token() async throws {
        let stage = ServiceStage { _ in ("201 Created", "{}") }
        let request = try #require(
            try await stage.send("github", "enterpriseBaseURL: <url>/\ntoken: $token\n", template: Self.template).first)
        #expect(request.method == "POST")
        #expect(request.path == "/api/v3/repos/acme/web/statuses/0123456789abcdef0123456789abcdef01234567")
        #expect(request.header("Authorization") == "Bearer t0ken-s3cret")
        #expect(request.json["state"] == "success" && request.json["context"] == "rollout/web")
        #expect(request.json["target_url"] == "https://x")
        #expect(request.json["description"]?.stringValue?.count == 140)
    }

    @Test("an app shows its key, and uses the token that it gets until that ends")
    func app() async throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let stage = ServiceStage { request in
            request.path.hasSuffix("access_tokens")
                ? ("201 Created", #"{"token":"inst4ll","expires_at":"2026-11-21T11:00:00Z"}"#) : ("201 Created", "{}")
        }
        let pem = key.pkcs8PEMRepresentation.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
        let settings = "appID: 12\ninstallationID: 34\napiURL: <url>\nprivateKey: |\n\(pem)\n"
        let requests = try await stage.send("github", settings, template: Self.template)
        #expect(
            requests.map(\.path) == [
                "/app/installations/34/access_tokens",
                "/repos/acme/web/statuses/0123456789abcdef0123456789abcdef01234567",
            ])
        #expect(requests.last?.header("Authorization") == "Bearer inst4ll")
        let proof = try #require(requests.first?.header("Authorization")?.dropFirst("Bearer ".count))
        let parts = proof.split(separator: ".").map(String.init)
        func bytes(_ part: String) throws -> [UInt8] {
            let text = part.replacing("-", with: "+").replacing("_", with: "/")
            let padded = text + String(repeating: "=", count: (4 - text.count % 4) % 4)
            return Array(try #require(decoded(padded)))
        }
        let claims = try JSON(parsing: try bytes(parts[1]))
        #expect(claims == ["iat": 1_795_255_140, "exp": 1_795_255_740, "iss": "12"])
        let signature = _RSA.Signing.RSASignature(rawRepresentation: try bytes(parts[2]))
        let digest = SHA256.hash(data: Array("\(parts[0]).\(parts[1])".utf8))
        #expect(key.publicKey.isValidSignature(signature, for: digest, padding: .insecurePKCS1v1_5))
    }

    @Test("what a status lacks is named")
    func broken() async {
        let stage = ServiceStage()
        let settings = "apiURL: <url>\ntoken: $token\n"
        await stage.refuses("github", settings, "github.status.state is missing")
        await stage.refuses("github", settings, template: "github: {status: {state: done}}\n", "must be error, failure")
        await stage.refuses(
            "github", settings, template: "github: {status: {state: success}}\n", "repoURLPath must give")
        await stage.refuses(
            "github", settings,
            template:
                "github: {status: {state: success}, repoURLPath: 'https://github.com/a/b', revisionPath: '../x'}\n",
            "revisionPath must give a commit's hash")
    }

    /// Base64 with padding.
    private func decoded(_ text: String) -> [UInt8]? {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var bytes: [UInt8] = []
        var (bits, count): (UInt32, UInt32) = (0, 0)
        for byte in text.utf8 where byte != UInt8(ascii: "=") {
            guard let digit = alphabet.firstIndex(of: byte) else { return nil }
            bits = (bits << 6 | UInt32(digit)) & 0xFFFF
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return bytes
    }
}
