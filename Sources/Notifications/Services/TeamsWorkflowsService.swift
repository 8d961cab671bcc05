import Manifest
import Transport

/// Microsoft Teams by workflows, which take Adaptive Cards; the recipient is a workflow's name.
struct TeamsWorkflowsService: ServiceSender {
    private let urls: [String: String]
    /// The card alone is the body, without the message around it.
    private let isRaw: Bool
    private let tls: TLSOptions

    init(_ settings: ServiceSettings) throws(ConfigProblem) {
        urls = try settings.addresses("recipientUrls")
        isRaw = settings.flag("rawCardPayload")
        tls = settings.tls
    }

    func send(_ delivery: Delivery, _ line: ServiceLine) async throws(DeliveryError) {
        guard let url = urls[delivery.recipient] else {
            throw line.failure("recipientUrls has no entry for the recipient; add it, or name another")
        }
        let card = try card(delivery, line)
        let message: JSON = [
            "type": "message",
            "attachments": [["contentType": "application/vnd.microsoft.card.adaptive", "content": card]],
        ]
        _ = try await line.post(url, isRaw ? card : message, tls)
    }

    private func card(_ delivery: Delivery, _ line: ServiceLine) throws(DeliveryError) -> JSON {
        for field in ["adaptiveCard", "template"] {
            if let card = try delivery.structure(field, line) { return card }
        }
        let content = delivery.content
        var body: [JSON] = []
        if let title = content.field("title") {
            var block: JSON = [
                "type": "TextBlock", "text": .string(title), "size": "Large", "weight": "Bolder", "wrap": true,
            ]
            // A card knows colors by their meaning alone; another one would make it invalid.
            if let color = content.field("themeColor"), ["Good", "Warning", "Attention", "Accent"].contains(color) {
                block["color"] = .string(color)
            }
            body.append(block)
        }
        body.append(["type": "TextBlock", "text": .string(content.field("text") ?? content.text), "wrap": true])
        var groups: [JSON?] = [try delivery.list("facts", line)]
        for section in try delivery.list("sections", line)?.arrayValue ?? [] { groups.append(section["facts"]) }
        for facts in groups.compactMap({ $0?.arrayValue }) where !facts.isEmpty {
            body.append([
                "type": "FactSet",
                "facts": .array(facts.map { ["title": $0["name"] ?? "", "value": $0["value"] ?? ""] }),
            ])
        }
        var card: JSON = [
            "type": "AdaptiveCard", "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "version": "1.4",
            "body": .array(body),
        ]
        let actions = (try delivery.list("potentialAction", line)?.arrayValue ?? []).compactMap {
            (action: JSON) -> JSON? in
            guard action["@type"] == "OpenUri", let url = action["targets"]?[0]?["uri"] else { return nil }
            return ["type": "Action.OpenUrl", "title": action["name"] ?? "", "url": url]
        }
        if !actions.isEmpty { card["actions"] = .array(actions) }
        return card
    }
}
