import Manifest
import Notifications
import SluiceTestKit
import Testing
import Transport

@Suite("HTTP courier", .timeLimit(.minutes(1))) struct HTTPCourierTests {
    func delivery(_ config: NotificationConfig) throws -> Delivery {
        let rollout: JSON = [
            "metadata": [
                "namespace": "shop", "name": "web", "uid": "u1",
                "annotations": ["notifications.argoproj.io/subscribe.on-rollout-completed.hooks": ""],
            ]
        ]
        let plan = DeliveryPlan.event(
            "on-rollout-completed", fact: "f", rollout: rollout, analysisRuns: [], config, isRecorded: { _ in false },
            when: { _, _ in true })
        return try #require(plan.deliveries.first)
    }

    func config(_ url: String) -> NotificationConfig {
        NotificationConfig(
            data: [
                "service.webhook.hooks":
                    "url: \(url)/in?key=$token\nheaders: [{name: X-Team, value: shop}]\nhmacSecret: $key\n",
                "template.done": "message: done\n", "trigger.on-rollout-completed": "- send: [done]\n",
            ], secret: ["token": "t0ken", "key": "hm4c"])
    }

    @Test("a receiver gets body, id, headers and a signature that it can check") func received() async throws {
        let seen = Lock<[LoopbackServer.Request]>([])
        let server = LoopbackServer { request, connection in
            seen.withLock { $0.append(request) }
            connection.respond()
            return true
        }
        let config = config(server.url)
        let delivery = try delivery(config)
        try await HTTPCourier(client: HTTPClient()) { config.services[$0] }.deliver(delivery)
        let request = try #require(seen.withLock { $0 }.first)
        #expect(request.method == "POST")
        #expect(request.path == "/in?key=t0ken")
        #expect(request.header("X-Team") == "shop")
        #expect(request.header("X-Sluice-Delivery") == delivery.id)
        #expect(request.header("X-Hub-Signature-256") == signature(of: Array(request.body.utf8), key: "hm4c"))
        let body = try JSON(parsing: request.body)
        #expect(body["message"] == "done")
        #expect(body.at("rollout", "name") == "web")
    }

    @Test(
        "an answer decides whether it is tried again",
        arguments: [
            ("503 Busy", true), ("429 Slow", true), ("400 Bad", false), ("401 No", false), ("404 Gone", false),
            ("302 Found", false),
        ])
    func refused(_ status: String, _ isRetriable: Bool) async throws {
        let server = LoopbackServer { _, connection in
            connection.respond(
                status, headers: ["Retry-After: 7", "Location: http://127.0.0.1:1/"], body: "the token t0ken is wrong")
            return true
        }
        let config = config(server.url)
        let delivery = try delivery(config)
        let courier = HTTPCourier(client: HTTPClient()) { config.services[$0] }
        await #expect { try await courier.deliver(delivery) } throws: {
            guard let error = $0 as? DeliveryError else { return false }
            return error.isRetriable == isRetriable && error.retryAfter == .seconds(7) && !"\(error)".contains("t0ken")
        }
    }

    @Test("a receiver that accepts and says nothing ends by the deadline") func silent() async throws {
        let server = LoopbackServer { _, connection in
            connection.waitForClose()
            return false
        }
        let config = config(server.url)
        let delivery = try delivery(config)
        let courier = HTTPCourier(client: HTTPClient(), timeout: .milliseconds(300)) { config.services[$0] }
        await #expect { try await courier.deliver(delivery) } throws: { ($0 as? DeliveryError)?.isRetriable ?? false }
    }

    @Test("a service that is gone is no reason to try again") func gone() async throws {
        let delivery = try delivery(config("http://127.0.0.1:1"))
        let courier = HTTPCourier(client: HTTPClient()) { _ in nil }
        await #expect { try await courier.deliver(delivery) } throws: { ($0 as? DeliveryError)?.isRetriable == false }
    }
}
