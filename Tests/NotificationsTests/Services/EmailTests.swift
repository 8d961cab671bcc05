import Manifest
import Notifications
import SluiceTestKit
import Testing

@Suite("E-mail service", .timeLimit(.minutes(1))) struct EmailTests {
    func settings(_ server: MailServer, _ more: String = "") -> String {
        "host: 127.0.0.1\nport: \(server.port)\nfrom: Sluice <sluice@example.org>\n" + more
    }

    /// The mail of the connection that has just ended.
    func mail(_ server: MailServer) async throws -> MailServer.Mail {
        // The client is done a moment before the server has noted it.
        try await eventually("the mail is noted") { !server.received.isEmpty }
        return try #require(server.received.first)
    }

    @Test("a mail has addresses, a subject, an id that stays, and its text in base64")
    func plain() async throws {
        let server = MailServer()
        defer { server.stop() }
        let stage = ServiceStage()
        try await stage.send(
            "email", settings(server),
            template:
                "message: \"Grüße\\n.\\nvon {{.rollout.metadata.name}}\"\nemail: {subject: \"{{.rollout.metadata.name}} fällt\\nX-Evil: 1\"}\n",
            to: "ops@example.org")
        let mail = try await mail(server)
        #expect(mail.commands.contains { $0.hasPrefix("MAIL FROM:<sluice@example.org>") })
        #expect(mail.commands.contains("RCPT TO:<ops@example.org>"))
        #expect(!mail.commands.contains { $0.hasPrefix("AUTH") })
        let lines = mail.content.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.contains("From: Sluice <sluice@example.org>") && lines.contains("To: <ops@example.org>"))
        #expect(lines.contains("Subject: =?utf-8?b?d2ViIGbDpGxsdCBYLUV2aWw6IDE=?="))
        #expect(lines.contains("Date: Sat, 21 Nov 2026 10:00:00 +0000"))
        #expect(lines.contains("Content-Type: text/plain; charset=utf-8"))
        #expect(lines.contains { $0.hasPrefix("Message-ID: <") && $0.hasSuffix("@example.org>") && $0.count > 70 })
        #expect(lines.contains("R3LDvMOfZQouCnZvbiB3ZWI="))
    }

    @Test("a server on this machine gets the login; the body may be HTML")
    func login() async throws {
        let server = MailServer(offers: ["AUTH PLAIN"])
        defer { server.stop() }
        try await ServiceStage().send(
            "email", settings(server, "username: me\npassword: $key\nhtml: true\n"),
            template: "message: plain\nemail: {subject: s, body: \"<b>x</b>\"}\n", to: "Ops <ops@example.org>")
        let mail = try await mail(server)
        // NUL, name, NUL, password.
        #expect(mail.commands.contains { $0.hasSuffix("AG1lAGhtNGMtczNjcmV0") })
        #expect(mail.content.contains("Content-Type: text/html; charset=utf-8\n"))
        #expect(mail.content.contains("PGI+eDwvYj4="))
    }

    @Test("LOGIN is spoken where it is all that is offered")
    func loginMechanism() async throws {
        let server = MailServer(offers: ["AUTH LOGIN"])
        defer { server.stop() }
        try await ServiceStage().send(
            "email", settings(server, "username: me\npassword: $key\n"), template: "message: x\n", to: "o@example.org")
        let mail = try await mail(server)
        #expect(mail.commands.contains("bWU=") || mail.commands.contains("AUTH LOGIN bWU="))
        #expect(mail.commands.contains("aG00Yy1zM2NyZXQ="))
    }

    @Test("where STARTTLS is offered, nothing is said before it")
    func startTLS() async throws {
        // The server agrees and then speaks no TLS: the client must not fall back.
        let server = MailServer(offers: ["STARTTLS", "AUTH PLAIN"], answers: ["STARTTLS": "220 go ahead"])
        defer { server.stop() }
        do {
            // Long enough for a busy machine to get as far as STARTTLS.
            try await ServiceStage(timeout: .seconds(10)).send(
                "email", settings(server, "username: me\npassword: $key\n"), template: "message: x\n",
                to: "o@example.org")
            Issue.record("a mail left without encryption")
        } catch is DeliveryError {}
        let mail = try await mail(server)
        #expect(mail.commands.contains("STARTTLS"))
        #expect(!mail.commands.contains { $0.hasPrefix("AUTH") || $0.hasPrefix("MAIL") })
    }

    @Test(
        "what a server refuses for good is not tried again",
        arguments: [
            ("RCPT", "550 no such user", false), ("RCPT", "451 later", true), ("AUTH", "535 wrong password", false),
            ("MAIL", "452 full", true),
        ])
    func refused(_ command: String, _ answer: String, _ isRetriable: Bool) async throws {
        let server = MailServer(offers: ["AUTH PLAIN"], answers: [command: answer])
        defer { server.stop() }
        await ServiceStage().refuses(
            "email", settings(server, "username: me\npassword: $key\n"), to: "o@example.org", "",
            isRetriable: isRetriable)
    }

    @Test("an address that is none goes nowhere")
    func addresses() async throws {
        let stage = ServiceStage()
        for address in ["", "ops", "a@b>\r\nRCPT TO:<c@d", "a b@c", "a@b@c"] {
            await stage.refuses(
                "email", "host: 127.0.0.1\nport: 1\nfrom: a@example.org\n", to: address,
                "the recipient is no mail address")
        }
        await stage.refuses(
            "email", "host: 127.0.0.1\nport: 1\nfrom: a@example.org\n", to: "o@example.org", "refused the connection",
            isRetriable: true)
        for settings in ["host: 'a/b'\nfrom: a@b\n", "host: a\nfrom: nobody\n", "host: a\nport: 0\nfrom: a@b\n"] {
            #expect(NotificationConfig(data: ["service.email": settings], secret: [:]).problems.count == 1)
        }
    }
}
