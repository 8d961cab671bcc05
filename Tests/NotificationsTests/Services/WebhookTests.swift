import Manifest
import Notifications
import SluiceTestKit
import Testing
import Transport

@Suite("Webhook service", .timeLimit(.minutes(1))) struct WebhookTests {
    static let settings = """
        url: <url>/in?key=$token
        headers: [{name: X-Team, value: shop}]
        basicAuth: {username: me, password: $key}
        hmacSecret: $key
        """

    @Test("a receiver gets facts, id, headers and a signature that it can check")
    func plain() async throws {
        let stage = ServiceStage()
        let request = try #require(
            try await stage.send("webhook.hooks", Self.settings, template: "message: done\n", to: "x").first)
        #expect(request.method == "POST" && request.path == "/in?key=t0ken-s3cret")
        #expect(request.header("X-Team") == "shop" && request.header("Content-Type") == "application/json")
        #expect(request.header("Authorization") == "Basic bWU6aG00Yy1zM2NyZXQ=")
        #expect(request.header("X-Hub-Signature-256") == signature(of: Array(request.body.utf8), key: "hm4c-s3cret"))
        // RFC 4231, case 2.
        #expect(
            signature(of: Array("what do ya want for nothing?".utf8), key: "Jefe")
                == "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(request.json["message"] == "done" && request.json["recipient"] == "x")
        #expect(
            request.json["rollout"] == [
                "namespace": "shop", "name": "web", "phase": "Degraded", "message": "it \"broke\"", "revision": "7",
            ])
        #expect(request.json["deliveryID"]?.stringValue == request.header("X-Sluice-Delivery"))
        #expect(request.header("Idempotency-Key") == request.header("X-Sluice-Delivery"))
    }

    @Test("a template decides method, path and body")
    func templated() async throws {
        let stage = ServiceStage()
        let template = """
            webhook:
              hooks:
                method: put
                path: /x/{{.rollout.metadata.name}}
                body: |
                  {"text": {{.rollout.status.message | toJson}}, "token": {{.secrets.token | toJson}}}
            """
        let request = try #require(
            try await stage.send("webhook.hooks", "url: <url>/a/\n", template: template).first)
        #expect(request.method == "PUT" && request.path == "/a/x/web")
        #expect(request.json == ["text": "it \"broke\"", "token": "t0ken-s3cret"])
        let text = try await stage.send(
            "webhook.hooks", "url: <url>\n", template: "webhook: {hooks: {method: GET, body: x}}\n")
        #expect(text.first?.method == "GET" && text.first?.body == "")
        await stage.refuses(
            "webhook.hooks", "url: <url>\n", template: "webhook: {hooks: {path: 'a b'}}\n", "path holds spaces")
        await stage.refuses(
            "webhook.hooks", "url: <url>\n", template: "webhook: {hooks: {method: LINK}}\n", "method is not")
    }

    @Test(
        "an answer decides whether it is tried again",
        arguments: [
            ("503 Busy", true), ("429 Slow", true), ("400 Bad", false), ("401 No", false), ("404 Gone", false),
            ("302 Found", false),
        ])
    func refused(_ status: String, _ isRetriable: Bool) async throws {
        let stage = ServiceStage { _ in (status, "the token t0ken-s3cret is wrong") }
        await stage.refuses(
            "webhook.hooks", Self.settings, "the receiver answered \(status.prefix(3))", isRetriable: isRetriable)
        await #expect {
            try await stage.send("webhook.hooks", "url: <url>\n", template: "message: x\n")
        } throws: { ($0 as? DeliveryError)?.retryAfter == .seconds(7) }
    }

    @Test(
        "a receiver that accepts and says nothing ends by the deadline, and one that is away is named without its address"
    )
    func silent() async throws {
        let server = LoopbackServer { _, connection in
            connection.waitForClose()
            return false
        }
        let stage = ServiceStage(timeout: .milliseconds(300))
        await #expect {
            try await stage.send("webhook.hooks", "url: \(server.url)\n", template: "message: x\n")
        } throws: { ($0 as? DeliveryError)?.isTimeout ?? false }
        await stage.refuses(
            "webhook.hooks", "url: http://127.0.0.1:1/$token\n", "refused the connection", isRetriable: true)
    }

    @Test("a service that is gone is no reason to try again")
    func gone() async throws {
        let courier = ServiceCourier(client: HTTPClient()) { _ in nil }
        let delivery = Delivery(
            id: "1", trigger: "t", template: "t", service: "s", recipient: "", object: ObjectKey(name: "web"),
            content: DeliveryContent(text: "", time: templateNow))
        await #expect { try await courier.deliver(delivery) } throws: { ($0 as? DeliveryError)?.isRetriable == false }
    }
}
