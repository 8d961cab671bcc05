import Glibc
import Manifest
import SluiceTestKit

/// A small SMTP server on this machine, which keeps what it hears.
final class MailServer: Sendable {
    struct Mail: Sendable {
        /// All commands, in order.
        var commands: [String] = []
        /// Header fields and text, with LF at the lines' ends.
        var content = ""
    }

    private let mails = Lock<[Mail]>([])
    private let listener: LoopbackListener
    var port: Int { listener.port }

    /// - Parameters:
    ///   - offers: What `EHLO` lists.
    ///   - answers: Instead of the usual answer to a command that begins so.
    init(offers: [String] = ["AUTH PLAIN LOGIN"], answers: [String: String] = [:]) {
        let mails = mails
        listener = LoopbackListener(isSerial: true) { connection in
            let mail = Self.talk(connection, offers, answers)
            mails.withLock { $0.append(mail) }
        }
    }

    /// Ends it; the mails of all connections so far.
    var received: [Mail] { mails.withLock { $0 } }

    func stop() { listener.stop() }

    private static func talk(_ connection: Int32, _ offers: [String], _ answers: [String: String]) -> Mail {
        var mail = Mail()
        var pending: [UInt8] = []
        func say(_ text: String) {
            let bytes = Array((text + "\r\n").utf8)
            _ = bytes.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }
        func line() -> String? {
            while true {
                if let end = pending.firstRange(of: [13, 10] as [UInt8]) {
                    let text = String(decoding: pending[..<end.lowerBound], as: UTF8.self)
                    pending.removeFirst(end.upperBound)
                    return text
                }
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = recv(connection, &buffer, buffer.count, 0)
                guard count > 0 else { return nil }
                pending += buffer[..<count]
            }
        }
        say("220 test ESMTP")
        while let command = line() {
            mail.commands.append(command)
            if let answer = answers.first(where: { command.uppercased().hasPrefix($0.key) }) {
                say(answer.value)
                continue
            }
            switch command.uppercased().prefix(4) {
            case "EHLO":
                for offer in offers { say("250-\(offer)") }
                say("250 8BITMIME")
            case "AUTH":
                if command.uppercased() == "AUTH LOGIN" {
                    say("334 VXNlcm5hbWU6")
                    mail.commands.append(line() ?? "")
                    say("334 UGFzc3dvcmQ6")
                    mail.commands.append(line() ?? "")
                } else if command.uppercased() == "AUTH PLAIN" {
                    say("334 ")
                    mail.commands.append(line() ?? "")
                }
                say("235 ok")
            case "DATA":
                say("354 go on")
                while let text = line(), text != "." {
                    mail.content += (text.hasPrefix("..") ? String(text.dropFirst()) : text) + "\n"
                }
                say("250 taken")
            case "QUIT":
                say("221 bye")
                return mail
            default: say("250 ok")
            }
        }
        return mail
    }
}
