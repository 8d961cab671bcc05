import Manifest
import Notifications
import SluiceTestKit
import Testing

@Suite("Mattermost service", .timeLimit(.minutes(1))) struct MattermostTests {
    @Test("a bot posts into a channel, answers in threads and updates")
    func post() async throws {
        let stage = ServiceStage { _ in ("201 Created", #"{"id":"p1"}"#) }
        let settings = "apiURL: <url>\ntoken: $token\n"
        let template = "message: done\nmattermost:\n  attachments: '[{\"title\": \"web\"}]'\n"
        let request = try #require(try await stage.send("mattermost", settings, template: template, to: "c1").first)
        #expect(request.method == "POST" && request.path == "/api/v4/posts")
        #expect(request.header("Authorization") == "Bearer t0ken-s3cret")
        #expect(
            request.json == [
                "channel_id": "c1", "message": "done", "props": ["attachments": [["title": "web"]]],
            ])
        let grouped = template + "  groupingKey: g\n"
        try await stage.send("mattermost", settings, template: grouped, to: "c1", second: 1)
        let reply = try await stage.send("mattermost", settings, template: grouped, to: "c1", second: 2)
        #expect(reply.first?.json["root_id"] == "p1")
        let update = try await stage.send(
            "mattermost", settings, template: grouped + "  deliveryPolicy: Update\n", to: "c1", second: 3)
        #expect(update.first?.method == "PUT" && update.first?.path == "/api/v4/posts/p1/patch")
        #expect(update.first?.json["channel_id"] == nil)
    }
}

@Suite("Google Chat service", .timeLimit(.minutes(1))) struct GoogleChatTests {
    static let settings = "webhooks:\n  space: <url>/v1/spaces/a/messages?key=$key&token=$token\n"

    @Test("a space gets text, or cards from YAML, and threads by key")
    func post() async throws {
        let stage = ServiceStage()
        let text = try #require(
            try await stage.send("googlechat", Self.settings, template: "message: done\n", to: "space").first)
        #expect(text.method == "POST" && text.path == "/v1/spaces/a/messages?key=hm4c-s3cret&token=t0ken-s3cret")
        #expect(text.json == ["text": "done"])
        let template = """
            googlechat:
              threadKey: "{{.rollout.metadata.name}} 1"
              cardsV2: |
                - header:
                    title: {{.rollout.metadata.name}}
            """
        let card = try #require(
            try await stage.send("googlechat", Self.settings, template: template, to: "space", second: 1).first)
        #expect(card.path.hasSuffix("&threadKey=web+1&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"))
        #expect(card.json["text"] == nil)
        #expect(card.json["cardsV2"]?[0]?["card"] == ["header": ["title": "web"]])
        #expect(card.json["cardsV2"]?[0]?["cardId"]?.stringValue?.isEmpty == false)
        await stage.refuses("googlechat", Self.settings, to: "nowhere", "webhooks has no entry")
    }
}

@Suite("Teams services", .timeLimit(.minutes(1))) struct TeamsTests {
    static let settings = "recipientUrls:\n  ops: <url>/hook/$path\n"

    static func template(_ kind: String) -> String {
        """
        message: done
        \(kind):
          title: "{{.rollout.metadata.name}}"
          themeColor: "Good"
          facts: '[{"name": "Phase", "value": {{.rollout.status.phase | toJson}}}]'
          sections: '[{"facts": [{"name": "Namespace", "value": "shop"}]}]'
          potentialAction: '[{"@type": "OpenUri", "name": "Open", "targets": [{"os": "default", "uri": "https://x"}]}]'
        """
    }

    @Test("a workflow gets an Adaptive Card in a message")
    func workflow() async throws {
        let stage = ServiceStage { _ in ("202 Accepted", "") }
        let request = try #require(
            try await stage.send(
                "teams-workflows", Self.settings, template: Self.template("teams-workflows"), to: "ops"
            ).first)
        #expect(request.method == "POST" && request.path == "/hook/p4th-s3cret")
        #expect(request.json["type"] == "message")
        let attachment = request.json["attachments"]?[0]
        #expect(attachment?["contentType"] == "application/vnd.microsoft.card.adaptive")
        let card = attachment?["content"]
        #expect(card?["type"] == "AdaptiveCard" && card?["version"] == "1.4")
        #expect(
            card?["body"] == [
                [
                    "type": "TextBlock", "text": "web", "size": "Large", "weight": "Bolder", "wrap": true,
                    "color": "Good",
                ],
                ["type": "TextBlock", "text": "done", "wrap": true],
                ["type": "FactSet", "facts": [["title": "Phase", "value": "Degraded"]]],
                ["type": "FactSet", "facts": [["title": "Namespace", "value": "shop"]]],
            ])
        #expect(card?["actions"] == [["type": "Action.OpenUrl", "title": "Open", "url": "https://x"]])
        let own = try #require(
            try await stage.send(
                "teams-workflows", Self.settings + "rawCardPayload: true\n",
                template: "teams-workflows: {adaptiveCard: '{\"type\": \"AdaptiveCard\", \"body\": []}'}\n", to: "ops"
            ).first)
        #expect(own.json == ["type": "AdaptiveCard", "body": []])
        await stage.refuses("teams-workflows", Self.settings, to: "dev", "recipientUrls has no entry")
    }

    @Test("a connector gets a message card, and its words of refusal count")
    func connector() async throws {
        let stage = ServiceStage { request in ("200 OK", request.body.contains("done") ? "1" : "Summary is required") }
        let request = try #require(
            try await stage.send("teams", Self.settings, template: Self.template("teams"), to: "ops").first)
        #expect(request.json["@type"] == "MessageCard" && request.json["title"] == "web")
        #expect(request.json["themeColor"] == "Good" && request.json["text"] == "done")
        #expect(request.json["sections"]?.arrayValue?.count == 2)
        await stage.refuses(
            "teams", Self.settings, template: "message: other\n", to: "ops", "the receiver refused it",
            isRetriable: true)
    }
}

@Suite("Telegram service", .timeLimit(.minutes(1))) struct TelegramTests {
    static let settings = "token: '123:$token'\napiURL: <url>\n"

    @Test(
        "a bot writes to a channel by name, or to a chat by number",
        arguments: [
            ("ops", JSON.string("@ops")), ("-100123", .int(-100_123)), ("@ops", .string("@ops")), ("42", .int(42)),
        ])
    func post(_ recipient: String, _ chat: JSON) async throws {
        let stage = ServiceStage { _ in ("200 OK", #"{"ok":true}"#) }
        let request = try #require(
            try await stage.send("telegram", Self.settings, template: "message: done\n", to: recipient).first)
        #expect(request.method == "POST" && request.path == "/bot123:t0ken-s3cret/sendMessage")
        #expect(request.json == ["chat_id": chat, "text": "done", "parse_mode": "Markdown"])
    }

    @Test("a refusal names neither token nor address")
    func refused() async {
        let stage = ServiceStage { _ in ("401 Unauthorized", #"{"ok":false,"description":"bot t0ken-s3cret"}"#) }
        await stage.refuses("telegram", Self.settings, to: "ops", "the receiver answered 401; check its token")
    }
}
