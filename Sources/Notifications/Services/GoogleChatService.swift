import Manifest
import Transport

/// Google Chat, by the webhooks of its spaces; the recipient is a webhook's name.
struct GoogleChatService: ServiceSender {
    private let webhooks: [String: String]
    private let tls: TLSOptions

    init(_ settings: ServiceSettings) throws(ConfigProblem) {
        webhooks = try settings.addresses("webhooks")
        tls = settings.tls
    }

    func send(_ delivery: Delivery, _ line: ServiceLine) async throws(DeliveryError) {
        guard var url = webhooks[delivery.recipient] else {
            throw line.failure("webhooks has no entry for the recipient; add it, or name another in the subscription")
        }
        if let thread = delivery.content.field("threadKey") {
            url += url.contains("?") ? "&" : "?"
            url += "threadKey=\(TemplateFunctions.urlEncoded(thread))"
            url += "&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
        }
        var message: JSON = .emptyObject
        if let cards = try delivery.list("cardsV2", line)?.arrayValue {
            message["cardsV2"] = .array(
                cards.enumerated().map { index, card in
                    ["cardId": .string("\(delivery.id.prefix(16))-\(index)"), "card": card]
                })
        }
        message["cards"] = try delivery.list("cards", line)
        if message.objectValue?.isEmpty ?? true { message["text"] = .string(delivery.content.text) }
        _ = try await line.post(url, message, tls)
    }
}
