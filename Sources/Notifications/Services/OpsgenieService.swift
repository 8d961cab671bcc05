import Manifest
import Transport

/// Opsgenie's alerts; the recipient is a team that has an API key.
struct OpsgenieService: ServiceSender {
    private let api: String
    private let keys: [String: String]
    private let tls: TLSOptions

    init(_ settings: ServiceSettings) throws(ConfigProblem) {
        // The address is often written without its scheme.
        if let host = settings.text("apiUrl"), !host.contains("://") {
            api = "https://" + host
            try ServiceSettings.check(api, "apiUrl")
        } else {
            api = try settings.address("apiUrl", "apiURL", otherwise: "https://api.opsgenie.com")
        }
        keys = try settings.map("apiKeys", "a map from teams, which subscriptions use, to API keys")
        for (team, key) in keys where !ServiceSettings.isLine(key) {
            throw ConfigProblem("apiKeys.\(team) holds line breaks; remove them")
        }
        tls = settings.tls
    }

    func send(_ delivery: Delivery, _ line: ServiceLine) async throws(DeliveryError) {
        guard let key = keys[delivery.recipient] else {
            throw line.failure("apiKeys has no entry for the recipient; add it, or name another")
        }
        let content = delivery.content
        let priority = content.field("priority")
        guard priority.map({ ["P1", "P2", "P3", "P4", "P5"].contains($0) }) ?? true else {
            throw line.failure("template \(delivery.template): opsgenie.priority must be P1 to P5")
        }
        var alert: JSON = [
            "message": .string(String(content.text.prefix(130))),
            "description": .string(content.field("description") ?? content.text),
            "alias": .string(content.field("alias") ?? delivery.id), "source": "Sluice",
            "responders": [["type": "team", "name": .string(delivery.recipient)]],
        ]
        alert["priority"] = priority.map { .string($0) }
        for name in ["note", "entity", "user"] { alert[name] = content.field(name).map { .string($0) } }
        for name in ["tags", "actions", "details"] {
            if let value = content.fields[name], value.arrayValue != nil || value.objectValue != nil {
                alert[name] = value
            }
        }
        _ = try await line.post(
            api + "/v2/alerts", alert, headers: [("Authorization", "GenieKey \(key)")], tls)
    }
}
