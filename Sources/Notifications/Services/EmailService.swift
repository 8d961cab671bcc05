import Manifest
import Transport

/// Mail over SMTP; the recipient is an address.
struct EmailService: ServiceSender {
    private let host: String
    private let port: Int
    private let login: (name: String, password: String)?
    private let from: String
    private let isHTML: Bool
    private let tls: TLSOptions

    init(_ settings: ServiceSettings) throws(ConfigProblem) {
        host = try settings.required("host", "the mail server's name")
        guard MailMessage.isHost(host) else {
            throw ConfigProblem("host is no server's name; write it without a scheme")
        }
        guard let port = Int(settings.text("port") ?? "587"), (1...65_535).contains(port) else {
            throw ConfigProblem("port must be a number from 1 to 65535")
        }
        self.port = port
        login = settings.text("username").map { ($0, settings.text("password") ?? "") }
        from = try settings.required("from", "the sender's address")
        guard MailMessage.isAddress(EmailService.address(from)) else {
            throw ConfigProblem("from is no address; write it like sluice@example.org or Sluice <sluice@example.org>")
        }
        isHTML = settings.flag("html")
        tls = settings.tls
    }

    func send(_ delivery: Delivery, _ line: ServiceLine) async throws(DeliveryError) {
        let recipient = EmailService.address(delivery.recipient)
        guard MailMessage.isAddress(recipient) else {
            throw line.failure("the recipient is no mail address; correct it in the subscription")
        }
        // A password never leaves unencrypted; only a server on this machine may do without.
        let isLocal = host == "localhost" || host == "::1" || host.hasPrefix("127.")
        let encryption: MailMessage.Encryption =
            port == 465 ? .always : login != nil && !isLocal ? .required : .whereOffered
        try await line.mail(
            MailMessage(
                host: host, port: port, encryption: encryption, login: login, sender: EmailService.address(from),
                recipients: [recipient], content: content(delivery, recipient), timeout: line.timeout, tls: tls))
    }

    /// Header fields and the text in base64, which survives any server.
    private func content(_ delivery: Delivery, _ recipient: String) -> [UInt8] {
        let content = delivery.content
        let subject =
            content.field("subject") ?? content.text.split(whereSeparator: \.isNewline).first.map(String.init)
            ?? "\(delivery.trigger) \(delivery.object)"
        let domain = EmailService.address(from).split(separator: "@").last ?? "localhost"
        let time = GoTimeLayout.format(content.time, "Mon, 02 Jan 2006 15:04:05 -0700")
        var lines = [
            "From: \(EmailService.person(from))", "To: <\(recipient)>", "Subject: \(EmailService.header(subject))",
            "Date: \(time)",
            // The same at each try, for the receiver to tell.
            "Message-ID: <\(delivery.id)@\(domain)>", "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
            "Content-Type: text/\(isHTML ? "html" : "plain"); charset=utf-8", "Content-Transfer-Encoding: base64", "",
        ]
        let text = content.field("body") ?? content.text
        let encoded = Array(Base64.encode(text).utf8)
        for start in stride(from: 0, to: encoded.count, by: 76) {
            lines.append(String(decoding: encoded[start..<min(start + 76, encoded.count)], as: UTF8.self))
        }
        return [UInt8]((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    /// The address in `Name <address>`.
    private static func address(_ person: String) -> String {
        guard let open = person.lastIndex(of: "<"), person.hasSuffix(">") else {
            return TemplateFunctions.trimmed(person) { $0 == " " }
        }
        return String(person[person.index(after: open)...].dropLast())
    }

    private static func person(_ person: String) -> String {
        let address = address(person)
        let name = TemplateFunctions.trimmed(String(person.prefix { $0 != "<" })) { $0 == " " || $0 == "\"" }
        return name.isEmpty || name == address ? "<\(address)>" : "\(header(name)) <\(address)>"
    }

    /// A header's text: without line breaks, and in encoded words where it is more than plain ASCII.
    private static func header(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
        let line = TemplateFunctions.trimmed(String(String.UnicodeScalarView(scalars.prefix(500)))) { $0 == " " }
        let isPlain = line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && !line.contains("=?") && line.utf8.count <= 900
        guard !isPlain else { return line }
        var words: [String] = []
        var word: [UInt8] = []
        for scalar in line.unicodeScalars {
            let bytes = Array(String(Character(scalar)).utf8)
            // An encoded word has at most 75 characters.
            if word.count + bytes.count > 45 {
                words.append("=?utf-8?b?\(Base64.encode(word))?=")
                word = []
            }
            word += bytes
        }
        words.append("=?utf-8?b?\(Base64.encode(word))?=")
        return words.joined(separator: "\r\n ")
    }
}
