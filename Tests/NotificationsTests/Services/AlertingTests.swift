import Manifest
import Notifications
import SluiceTestKit
import Testing

@Suite("Alertmanager service", .timeLimit(.minutes(1))) struct AlertmanagerTests {
    static let template = """
        message: done
        alertmanager:
          labels: {severity: page, rollout: "{{.rollout.metadata.name}}"}
          annotations: {summary: "{{.rollout.status.message}}"}
          generatorURL: https://x/{{.rollout.metadata.name}}
        """

    @Test("every member of the cluster gets the alert")
    func alerts() async throws {
        let stage = ServiceStage()
        let targets =
            "targets: ['127.0.0.1:\(stage.server.port)', '127.0.0.1:\(stage.server.port)']\nbearerToken: $token\n"
        let requests = try await stage.send("alertmanager", targets, template: Self.template)
        #expect(requests.count == 2)
        let request = try #require(requests.first)
        #expect(request.method == "POST" && request.path == "/api/v2/alerts")
        #expect(request.header("Authorization") == "Bearer t0ken-s3cret")
        #expect(
            request.json == [
                [
                    "labels": ["severity": "page", "rollout": "web", "alertname": "done"],
                    "annotations": ["summary": "it \"broke\""], "generatorURL": "https://x/web",
                    "startsAt": "2026-11-21T10:00:00Z",
                ]
            ])
    }

    @Test("one member that takes it is enough, none is a failure")
    func cluster() async throws {
        let stage = ServiceStage()
        let half =
            "targets: ['127.0.0.1:1', '127.0.0.1:\(stage.server.port)']\nbasicAuth: {username: a, password: $key}\n"
        let request = try #require(try await stage.send("alertmanager", half, template: "message: done\n").first)
        #expect(request.header("Authorization") == "Basic YTpobTRjLXMzY3JldA==")
        #expect(request.json[0]?["labels"] == ["alertname": "done", "namespace": "shop", "rollout": "web"])
        #expect(request.json[0]?["annotations"] == ["message": "done"])
        await stage.refuses("alertmanager", "targets: ['127.0.0.1:1']\n", "refused the connection", isRetriable: true)
    }
}

@Suite("Grafana service", .timeLimit(.minutes(1))) struct GrafanaTests {
    @Test("an annotation has the tags of subscription, template and service")
    func annotation() async throws {
        let stage = ServiceStage()
        let request = try #require(
            try await stage.send(
                "grafana", "apiUrl: <url>/api\napiKey: $key\ntags: c\n",
                template: "message: done\ngrafana: {tags: 'b'}\n", to: "a1|a2"
            ).first)
        #expect(request.method == "POST" && request.path == "/api/annotations")
        #expect(request.header("Authorization") == "Bearer hm4c-s3cret")
        #expect(
            request.json == [
                "time": 1_795_255_200_000, "isRegion": false, "tags": ["a1", "a2", "b", "c"], "text": "done",
            ])
    }
}

@Suite("PagerDuty service", .timeLimit(.minutes(1))) struct PagerDutyTests {
    static let settings = "apiURL: <url>\nserviceKeys:\n  web: $key\n"

    @Test("an event has the service's key and an id by which it is told once")
    func event() async throws {
        let stage = ServiceStage { _ in ("202 Accepted", "{}") }
        let template = """
            message: done
            pagerdutyv2: {summary: "{{.rollout.metadata.name}} broke", severity: critical, source: shop, component: c,
              group: g, class: k, url: "https://x"}
            """
        let request = try #require(
            try await stage.send("pagerdutyv2", Self.settings, template: template, to: "web").first)
        #expect(request.method == "POST" && request.path == "/v2/enqueue")
        #expect(request.json["routing_key"] == "hm4c-s3cret" && request.json["event_action"] == "trigger")
        #expect(request.json["dedup_key"]?.stringValue == request.header("X-Sluice-Delivery"))
        #expect(request.json["client_url"] == "https://x")
        #expect(
            request.json["payload"] == [
                "summary": "web broke", "severity": "critical", "source": "shop", "component": "c", "group": "g",
                "class": "k", "timestamp": "2026-11-21T10:00:00Z",
            ])
        let plain = try await stage.send(
            "pagerdutyv2", Self.settings, template: "message: done\n", to: "web", second: 1)
        #expect(plain.first?.json.at("payload", "source") == "shop/web")
        #expect(plain.first?.json.at("payload", "severity") == "info")
        await stage.refuses("pagerdutyv2", Self.settings, to: "x", "serviceKeys has no entry")
        await stage.refuses(
            "pagerdutyv2", Self.settings, template: "pagerdutyv2: {severity: bad}\n", to: "web", "severity must be")
    }
}

@Suite("Opsgenie service", .timeLimit(.minutes(1))) struct OpsgenieTests {
    @Test("an alert goes to its team with the team's key")
    func alert() async throws {
        let stage = ServiceStage { _ in ("202 Accepted", "{}") }
        let settings = "apiUrl: <url>\napiKeys:\n  ops: $key\n"
        let template = """
            message: done
            opsgenie: {description: "{{.rollout.status.message}}", priority: P1, alias: a, tags: ["x-{{.recipient}}"]}
            """
        let request = try #require(try await stage.send("opsgenie", settings, template: template, to: "ops").first)
        #expect(request.method == "POST" && request.path == "/v2/alerts")
        #expect(request.header("Authorization") == "GenieKey hm4c-s3cret")
        #expect(
            request.json == [
                "message": "done", "description": "it \"broke\"", "priority": "P1", "alias": "a", "source": "Sluice",
                "tags": ["x-ops"], "responders": [["type": "team", "name": "ops"]],
            ])
        await stage.refuses("opsgenie", settings, to: "dev", "apiKeys has no entry")
        await stage.refuses(
            "opsgenie", settings, template: "opsgenie: {priority: high}\n", to: "ops", "must be P1 to P5")
    }
}
