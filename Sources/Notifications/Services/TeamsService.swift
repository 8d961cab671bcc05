import Manifest
import Transport

/// Microsoft Teams by the connectors of old; the recipient is a connector's name.
struct TeamsService: ServiceSender {
    private let urls: [String: String]
    private let tls: TLSOptions

    init(_ settings: ServiceSettings) throws(ConfigProblem) {
        urls = try settings.addresses("recipientUrls")
        tls = settings.tls
    }

    func send(_ delivery: Delivery, _ line: ServiceLine) async throws(DeliveryError) {
        guard let url = urls[delivery.recipient] else {
            throw line.failure("recipientUrls has no entry for the recipient; add it, or name another")
        }
        let response = try await line.post(url, try card(delivery, line), tls)
        // A connector answers 200 and says in words what it could not do.
        guard response.text == "1" || response.body.isEmpty else { throw line.refusal(nil, isRetriable: true) }
    }

    private func card(_ delivery: Delivery, _ line: ServiceLine) throws(DeliveryError) -> JSON {
        let content = delivery.content
        if let template = try delivery.structure("template", line) { return template }
        var card: JSON = [
            "@type": "MessageCard", "@context": "https://schema.org/extensions",
            "text": .string(content.field("text") ?? content.text),
        ]
        for key in ["title", "summary", "themeColor"] { card[key] = content.field(key).map { .string($0) } }
        if card["summary"] == nil, card["title"] == nil { card["summary"] = .string(String(content.text.prefix(120))) }
        var sections = try delivery.list("sections", line)?.arrayValue ?? []
        if let facts = try delivery.list("facts", line) { sections.append(["facts": facts]) }
        if !sections.isEmpty { card["sections"] = .array(sections) }
        card["potentialAction"] = try delivery.list("potentialAction", line)
        return card
    }
}
