import Manifest
import Notifications
import SluiceTestKit
import Testing

@Suite("Slack service", .timeLimit(.minutes(1))) struct SlackTests {
    static let token = "token: $token\napiURL: <url>/api/\nusername: Sluice\nicon: \":wave:\"\n"

    static func template(_ more: String = "") -> String {
        """
        message: "{{.rollout.metadata.name}} is done"
        slack:
          attachments: '[{"title": {{.rollout.metadata.name | toJson}}}]'
          blocks: '[{"type": "divider"}]'
        \(more)
        """
    }

    @Test("an app posts message, attachments and blocks with its token")
    func post() async throws {
        let stage = ServiceStage { _ in ("200 OK", #"{"ok":true,"ts":"1.5","channel":"C1"}"#) }
        let request = try #require(
            try await stage.send("slack", Self.token, template: Self.template(), to: "ops").first)
        #expect(request.method == "POST" && request.path == "/api/chat.postMessage")
        #expect(request.header("Authorization") == "Bearer t0ken-s3cret")
        #expect(request.header("Content-Type") == "application/json")
        #expect(
            request.json == [
                "text": "web is done", "channel": "ops", "username": "Sluice", "icon_emoji": ":wave:",
                "attachments": [["title": "web"]], "blocks": [["type": "divider"]],
            ])
    }

    @Test("messages of one group go into one thread, for each channel its own")
    func threads() async throws {
        let stage = ServiceStage { _ in ("200 OK", #"{"ok":true,"ts":"1.5","channel":"C1"}"#) }
        let template = Self.template("  groupingKey: \"{{.rollout.metadata.uid}}\"\n  notifyBroadcast: true\n")
        let root = try await stage.send("slack", Self.token, template: template, to: "ops")
        #expect(root.first?.json["thread_ts"] == nil)
        let reply = try await stage.send("slack", Self.token, template: template, to: "ops", second: 1)
        #expect(reply.first?.json["thread_ts"] == "1.5" && reply.first?.json["reply_broadcast"] == true)
        let other = try await stage.send("slack", Self.token, template: template, to: "dev", second: 2)
        #expect(other.first?.json["thread_ts"] == nil)
        let update = try await stage.send(
            "slack", Self.token, template: template + "  deliveryPolicy: Update\n", to: "ops", second: 3)
        #expect(update.map(\.path) == ["/api/chat.update"])
        #expect(update.first?.json["ts"] == "1.5" && update.first?.json["channel"] == "C1")
        let both = try await stage.send(
            "slack", Self.token, template: template + "  deliveryPolicy: PostAndUpdate\n", to: "ops", second: 4)
        #expect(both.map(\.path) == ["/api/chat.postMessage", "/api/chat.update"])
        await stage.refuses(
            "slack", Self.token, template: template + "  deliveryPolicy: Never\n", to: "ops", "deliveryPolicy must be")
    }

    @Test("an incoming webhook gets the message at its own address")
    func webhook() async throws {
        let stage = ServiceStage { _ in ("200 OK", "ok") }
        let request = try #require(
            try await stage.send("slack", "url: <url>/services/$path\n", template: Self.template(), to: "").first)
        #expect(request.path == "/services/p4th-s3cret" && request.header("Authorization") == nil)
        #expect(request.json["text"] == "web is done" && request.json["channel"] == nil)
    }

    @Test(
        "what Slack refuses with a 200 is a failure, with its code",
        arguments: [
            ("channel_not_found", "channel_not_found", false), ("ratelimited", "ratelimited", true),
            ("t0ken-s3cret is bad", "the receiver refused it", false),
        ])
    func refused(_ code: String, _ part: String, _ isRetriable: Bool) async {
        let stage = ServiceStage { _ in ("200 OK", #"{"ok":false,"error":"\#(code)"}"#) }
        await stage.refuses("slack", Self.token, to: "ops", part, isRetriable: isRetriable)
    }

    @Test("attachments that are no JSON list are named, and no channel is no delivery")
    func broken() async {
        let stage = ServiceStage()
        await stage.refuses(
            "slack", Self.token, template: "slack: {attachments: '{\"a\": 1}'}\n", to: "o",
            "attachments must give a list")
        await stage.refuses(
            "slack", Self.token, template: "slack: {blocks: '[{{.secrets.token}}: ['}\n", to: "o",
            "blocks gives neither JSON nor YAML")
        await stage.refuses("slack", Self.token, "names no channel")
    }
}
