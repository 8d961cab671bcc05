/// One mail to hand to an SMTP server, with its limits.
package struct MailMessage: Sendable {
    package enum Encryption: Sendable {
        /// From the first byte, as on port 465.
        case always
        /// By STARTTLS before anything else; without it the mail fails.
        case required
        /// By STARTTLS where the server offers it.
        case whereOffered
    }

    package var host: String
    package var port: Int
    package var encryption: Encryption
    /// Name and password; the strongest way that the server offers is taken.
    package var login: (name: String, password: String)?
    /// Addresses of the envelope.
    package var sender: String
    package var recipients: [String]
    /// Header fields and text, with CRLF at the lines' ends.
    package var content: [UInt8]
    package var timeout: Duration
    package var tls: TLSOptions

    package init(
        host: String, port: Int, encryption: Encryption, login: (name: String, password: String)? = nil,
        sender: String, recipients: [String], content: [UInt8], timeout: Duration = .seconds(30),
        tls: TLSOptions = TLSOptions()
    ) {
        self.host = host
        self.port = port
        self.encryption = encryption
        self.login = login
        self.sender = sender
        self.recipients = recipients
        self.content = content
        self.timeout = timeout
        self.tls = tls
    }

    /// Whether a text can stand as an address in an SMTP command.
    package static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return text.utf8.count <= 320 && parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
            && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !Array("<>(),;:\\\"[]".utf8).contains($0) }
    }

    /// Whether a text can stand as a host in a URL.
    package static func isHost(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || Array(".-_:".utf8).contains(byte)
            }
    }
}
