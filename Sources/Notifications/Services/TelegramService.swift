import Manifest
import Transport

/// Telegram, by a bot; the recipient is a channel's name, or the number of a chat.
struct TelegramService: ServiceSender {
    private let api: String
    private let token: String
    private let tls: TLSOptions

    init(_ settings: ServiceSettings) throws(ConfigProblem) {
        api = try settings.address("apiURL", otherwise: "https://api.telegram.org")
        token = try settings.required("token", "the bot's token")
        guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") })
        else { throw ConfigProblem("token is no bot's token; it looks like 123456:ABC") }
        tls = settings.tls
    }

    func send(_ delivery: Delivery, _ line: ServiceLine) async throws(DeliveryError) {
        let recipient = delivery.recipient
        guard !recipient.isEmpty else {
            throw line.failure("the subscription names no chat; write it as the annotation's value")
        }
        let isName = !recipient.hasPrefix("-") && !recipient.hasPrefix("@") && Int64(recipient) == nil
        let chat: JSON = Int64(recipient).map { .int($0) } ?? .string(isName ? "@" + recipient : recipient)
        let message: JSON = [
            "chat_id": chat, "text": .string(String(delivery.content.text.prefix(4_096))), "parse_mode": "Markdown",
        ]
        let response = try await line.post("\(api)/bot\(token)/sendMessage", message, tls)
        guard (try? JSON(parsing: response.body))?["ok"]?.boolValue ?? false else {
            throw line.refusal(nil, isRetriable: true)
        }
    }
}
