import Glibc
import Manifest
import Notifications
import SluiceTestKit
import Testing
import Transport

/// What `deploy/notifications.yaml` ships.
@Suite("Shipped triggers and templates", .timeLimit(.minutes(1))) struct ShippedTemplatesTests {
    static let triggers = [
        "on-analysis-run-error", "on-analysis-run-failed", "on-analysis-run-running", "on-rollout-aborted",
        "on-rollout-completed", "on-rollout-paused", "on-rollout-step-completed", "on-rollout-updated",
        "on-scaling-replica-set",
    ]

    static let services = [
        "service.webhook.hooks": "url: <url>\n", "service.slack": "token: t\napiURL: <url>\n",
        "service.teams": "recipientUrls: {r: <url>}\n", "service.teams-workflows": "recipientUrls: {r: <url>}\n",
        "service.grafana": "apiUrl: <url>\napiKey: k\n", "service.pagerdutyv2": "apiURL: <url>\nserviceKeys: {r: k}\n",
        "service.opsgenie": "apiUrl: <url>\napiKeys: {r: k}\n", "service.telegram": "apiURL: <url>\ntoken: t\n",
        "service.mattermost": "apiURL: <url>\ntoken: t\n", "service.googlechat": "webhooks: {r: <url>}\n",
    ]

    static let rollouts: [JSON] = [
        [
            "metadata": [
                "namespace": "shop", "name": "web", "uid": "u", "annotations": ["rollout.argoproj.io/revision": "7"],
            ],
            "spec": [
                "strategy": ["canary": ["steps": [["setWeight": 20], ["pause": [:]]]]],
                "template": [
                    "spec": ["containers": [["name": "a", "image": "a:\"1\""], ["name": "b", "image": "b:2"]]]
                ],
            ],
            "status": ["phase": "Degraded", "message": "metric \"errors\" is bad", "currentStepIndex": 1],
        ],
        // One that has next to nothing.
        ["metadata": ["namespace": "shop", "name": "web"], "spec": ["strategy": ["blueGreen": [:]]]],
    ]

    func configMap() throws -> [String: String] {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let yaml = try #require(readFile("/\(folder)/deploy/notifications.yaml"))
        return try #require(try YAML.parse(yaml).first?["data"]).stringMap
    }

    @Test("all triggers are there, each sends a template that is there, and nothing is sent by default")
    func complete() throws {
        let config = NotificationConfig(data: try configMap(), secret: [:])
        #expect(config.problems.isEmpty, "\(config.problems)")
        #expect(config.triggers.keys.sorted() == Self.triggers)
        for (name, rules) in config.triggers {
            let template = name == "on-scaling-replica-set" ? "scaling-replicaset" : String(name.dropFirst(3))
            #expect(rules.map(\.send) == [[template]] && rules[0].when == nil)
        }
        #expect(config.templates.count == Self.triggers.count)
        #expect(config.defaultTriggers.isEmpty && config.subscriptions.isEmpty && config.services.isEmpty)
    }

    @Test("a service and a subscription are enough for a message, for each service and each trigger")
    func sent() async throws {
        let seen = Lock<[LoopbackServer.Request]>([])
        let server = LoopbackServer { request, connection in
            seen.withLock { $0.append(request) }
            connection.respond(body: request.body.contains("MessageCard") ? "1" : #"{"ok":true,"ts":"1"}"#)
            return true
        }
        var data = try configMap()
        for (key, value) in Self.services { data[key] = value.replacing("<url>", with: server.url) }
        data["service.alertmanager"] = "targets: ['127.0.0.1:\(server.port)']\n"
        let config = NotificationConfig(data: data, secret: [:])
        #expect(config.problems.isEmpty, "\(config.problems)")
        let courier = ServiceCourier(client: HTTPClient()) { config.services[$0.service] }
        for rollout in Self.rollouts {
            for trigger in Self.triggers {
                for service in config.services.keys.sorted() {
                    var rollout = rollout
                    rollout.set(
                        "r", at: "metadata", "annotations", "notifications.argoproj.io/subscribe.\(trigger).\(service)")
                    let plan = DeliveryPlan.event(
                        trigger, fact: "f", NotificationContext(rollout: rollout, now: templateNow),
                        NotificationScope(config), isRecorded: { _ in false })
                    #expect(plan.problems.isEmpty, "\(plan.problems)")
                    let delivery = try #require(plan.deliveries.first)
                    #expect(delivery.content.text.contains("shop/web"))
                    #expect(!delivery.content.text.contains("<no value>") || rollout["status"] == nil)
                    do { try await courier.deliver(delivery) } catch { Issue.record("\(trigger) \(service): \(error)") }
                }
            }
        }
        #expect(seen.withLock { $0.count } == 2 * Self.triggers.count * config.services.count)
    }

    private func readFile(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
}
